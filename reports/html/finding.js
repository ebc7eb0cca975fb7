// One finding in full: who, where, the proof step by step, why it matters, what to do, and how to see that it is gone.

const STEPS = {
  subject: "Who",
  group: "Group",
  binding: "Binding",
  role: "Role",
  "aggregated-from": "Built from",
  rule: "Grants",
  "role-template": "Role template",
  "template-binding": "Template binding",
  person: "Person",
  fact: "Fact",
};
// What stands between the step before and this one in a sentence.
const JOINTS = { binding: " ", role: " ", "template-binding": "; ", fact: ". " };

function findingPanel(data, finding, view) {
  const [before, after] = view.neighbours(finding);
  return [
    h(
      "div",
      { class: "panel-bar" },
      before && h("a", { href: findingHref(before) }, t("Previous")),
      after && h("a", { href: findingHref(after) }, t("Next")),
      h("a", { href: view.filter.hash, class: "close" }, t("Close")),
    ),
    h("h2", { tabindex: "-1", lang: "en" }, visible(finding.message)),
    h(
      "p",
      { class: "marks" },
      severity(finding.rank),
      " ",
      chip(CONFIDENCE[finding.confidence]),
      finding.news === "new" ? [" ", chip(["New"])] : null,
    ),
    ...findingParts(data, finding),
  ];
}

function findingParts(data, finding) {
  const rule = data.rules.get(finding.rule);
  return [
    facts([
      [t("Object"), objectLine(finding.object, finding.cluster)],
      [t("Cluster"), clusterName(data, finding.cluster)],
      [t("Who"), finding.subjects.length ? list(finding.subjects.map(subjectLine)) : null],
      [t("Where"), scopeLines(finding)],
      [t("Rule"), [rule ? [h("span", { lang: "en" }, visible(rule[0])), h("br")] : null, code(finding.rule)]],
    ]),
    finding.chain.length ? [h("h3", null, t("How it comes about")), chainParts(data, finding)] : null,
    h("h3", null, t("Why it matters")),
    rule && rule[1] ? paragraph(rule[1]) : null,
    h("p", null, hereText(data, finding)),
    h("h3", null, t("What to do")),
    h("p", null, chip(SAFETY[finding.safety])),
    finding.fix ? paragraph(finding.fix) : null,
    rule && rule[2] ? planParts(finding) : null,
    h("h3", null, t("How to check that it is gone")),
    checkParts(data, finding),
    finding.related.length
      ? [h("h3", null, t("Related objects")), list(finding.related.map((each) => objectLine(each, finding.cluster)))]
      : null,
    finding.references.length ? [h("h3", null, t("References")), list(finding.references.map(reference))] : null,
    h(
      "p",
      { class: "muted fingerprint" },
      t("Fingerprint"),
      " ",
      code(finding.fingerprint),
      " ",
      copyButton(finding.fingerprint, t("Copy"), t("Copy the fingerprint")),
    ),
  ]
    .flat(Infinity)
    .filter(Boolean);
}

// What the rule means on this estate: how many are concerned, where, and what else hangs on the same object.
function hereText(data, finding) {
  const who = finding.subjects.length
    ? n(finding.subjects.length, "Here it concerns {n} subject", "Here it concerns {n} subjects")
    : t("Here it concerns nobody by name");
  const projects = finding.projects.map((project) => visible(project.title)).join(", ");
  const where = finding.wide
    ? t("on the whole cluster")
    : projects
      ? t("in {projects}", { projects })
      : n(finding.namespaces.length, "in {n} namespace", "in {n} namespaces");
  const more = data.findings.filter((each) => each !== finding && each.cause === finding.cause).length;
  return [
    `${who} ${finding.wide || projects || finding.namespaces.length ? where : ""}`.trimEnd(),
    ". ",
    more
      ? h(
          "a",
          { href: `#findings?${new URLSearchParams([["cause", finding.cause]])}` },
          n(more, "{n} more finding is about the same object.", "{n} more findings are about the same object."),
        )
      : null,
  ];
}

// `fix plan` takes the finding; whether it plans a change or says why not depends on more than a report holds.
function planParts(finding) {
  const command = `rbac-audit fix plan ${t("SOURCE")} --rule ${shellWord(finding.rule)} -o plan.yaml`;
  return [
    h("p", null, t("It can be planned: the plan says what everybody keeps, gains and loses, or why it cannot be done by the tool.")),
    h(
      "p",
      null,
      h("code", { class: "command break" }, visible(command)),
      " ",
      copyButton(command, t("Copy"), t("Copy: {text}", { text: command })),
    ),
  ];
}

function checkParts(data, finding) {
  const again = `rbac-audit audit ${t("SOURCE")} --rule ${shellWord(finding.rule)} --since ${t("REPORT")}.json`;
  return h(
    "ol",
    { class: "checks" },
    h(
      "li",
      null,
      t("Look at the object: it is gone, or does not say any more what stands above."),
      " ",
      h("code", { class: "command break" }, visible(kubectl(finding.object))),
      " ",
      objectCopy(finding.object),
    ),
    h(
      "li",
      null,
      t("Read the estate again and run the rule again: the fingerprint is among those that are gone. Exit code 3 says that the rule could not be judged, which is no proof."),
      " ",
      h("code", { class: "command break" }, visible(again)),
      " ",
      copyButton(again, t("Copy"), t("Copy: {text}", { text: again })),
    ),
  );
}

function subjectLine(subject) {
  const plain =
    subject.display && subject.display !== subject.plain
      ? [" ", h("code", { class: "muted" }, bdi(subject.plain))]
      : [];
  return [personLink(subject), plain, " ", muted(visible(subject.kind))];
}

function scopeLines(finding) {
  const lines = [];
  if (finding.wide) lines.push(h("strong", null, t("The whole cluster")));
  if (finding.projects.length) lines.push([t("Project"), " ", separated(finding.projects.map(projectLink))]);
  if (finding.namespaces.length)
    lines.push([finding.namespaces.length > 1 ? t("Namespaces") : t("Namespace"), " ", nameList(finding.namespaces)]);
  return lines.length ? list(lines) : null;
}

// Long lists of names open on demand.
function nameList(names) {
  const all = separated(names.map(code));
  return names.length <= 12 ? all : h("details", { class: "inline" }, h("summary", null, number(names.length)), all);
}

const separated = (nodes) => nodes.flatMap((node, index) => (index ? [", ", node] : [node]));

// The sentence first, then the same drawn, step by step.
function chainParts(data, finding) {
  const steps = finding.chain.map((index) => data.links[index]);
  return [
    h("p", { class: "sentence", lang: "en" }, visible(chainSentence(steps))),
    h(
      "ol",
      { class: "chain" },
      steps.map((link) =>
        h(
          "li",
          { class: `step-${pick(STEPS, link.step, "") ? link.step : "fact"}` },
          h("span", { class: "step" }, t(pick(STEPS, link.step, visible(link.step)))),
          h("span", { class: "step-text", lang: "en" }, stepText(link, finding.cluster)),
        ),
      ),
    ),
  ];
}

function chainSentence(steps) {
  // Who is known to be in a group is said beside it.
  const parts = steps.map(({ step, text }, index) =>
    step === "group" ? ` (${text})` : (index ? pick(JOINTS, step, ", ") : "") + text,
  );
  return `${parts.join("")}.`;
}

// Where the sentence names the object, the object stands in the sentence.
function stepText({ text, object }, cluster) {
  if (!object) return visible(text);
  const [before, after] = split(text, `${object.kind} ${objectText(object)}`);
  if (after === null) return [visible(text), h("span", { class: "step-object" }, objectLine(object, cluster))];
  return [
    visible(before),
    objectCode(object),
    visible(after),
    " ",
    elsewhere(object, cluster),
    " ",
    objectCopy(object),
  ];
}

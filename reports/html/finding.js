// One finding in full: who, where, the proof step by step, why it matters and what to do.

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

function findingPanel(data, finding, view) {
  const [before, after] = view.neighbours(finding);
  return [
    h(
      "div",
      { class: "panel-bar" },
      before && h("a", { href: findingHref(before) }, "Previous"),
      after && h("a", { href: findingHref(after) }, "Next"),
      h("a", { href: view.filter.hash, class: "close" }, "Close"),
    ),
    h("h2", { tabindex: "-1" }, visible(finding.message)),
    h("p", { class: "marks" }, severity(finding.rank), " ", chip(CONFIDENCE[finding.confidence])),
    ...findingParts(data, finding),
  ];
}

function findingParts(data, finding) {
  const rule = data.rules.get(finding.rule);
  return [
    facts([
      ["Object", objectLine(finding.object, finding.cluster)],
      ["Cluster", clusterName(data, finding.cluster)],
      ["Who", finding.subjects.length ? list(finding.subjects.map(subjectLine)) : null],
      ["Where", scopeLines(finding)],
      ["Rule", [rule ? [visible(rule[0]), h("br")] : null, code(finding.rule)]],
    ]),
    finding.chain.length ? [h("h3", null, "How it comes about"), chainList(data, finding)] : null,
    rule && rule[1] ? [h("h3", null, "Why it matters"), paragraph(rule[1])] : null,
    h("h3", null, "What to do"),
    h("p", null, chip(SAFETY[finding.safety])),
    finding.fix ? paragraph(finding.fix) : null,
    finding.related.length
      ? [h("h3", null, "Related objects"), list(finding.related.map((each) => objectLine(each, finding.cluster)))]
      : null,
    finding.references.length ? [h("h3", null, "References"), list(finding.references.map(reference))] : null,
    h(
      "p",
      { class: "muted fingerprint" },
      "Fingerprint ",
      code(finding.fingerprint),
      " ",
      copyButton(finding.fingerprint, "Copy", "Copy the fingerprint"),
    ),
  ]
    .flat(2)
    .filter(Boolean);
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
  if (finding.wide) lines.push(h("strong", null, "The whole cluster"));
  if (finding.projects.length) lines.push(["Project ", separated(finding.projects.map(projectLink))]);
  if (finding.namespaces.length)
    lines.push([finding.namespaces.length > 1 ? "Namespaces " : "Namespace ", nameList(finding.namespaces)]);
  return lines.length ? list(lines) : null;
}

// Long lists of names open on demand.
function nameList(names) {
  const all = separated(names.map(code));
  return names.length <= 12 ? all : h("details", { class: "inline" }, h("summary", null, number(names.length)), all);
}

const separated = (nodes) => nodes.flatMap((node, index) => (index ? [", ", node] : [node]));

function chainList(data, finding) {
  const steps = finding.chain.map((index) => data.links[index]);
  return h(
    "ol",
    { class: "chain" },
    steps.map((link) =>
      h(
        "li",
        null,
        h("span", { class: "step" }, pick(STEPS, link.step, visible(link.step))),
        h("span", { class: "step-text" }, stepText(link, finding.cluster)),
      ),
    ),
  );
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

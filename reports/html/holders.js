// Who can do what: the tables that the pages of projects and of people share, and where a right comes from.

const HOLDERS_SHOWN = 200;
const SOURCES = {
  rancher: ["Rancher", "A role template binding of Rancher makes it."],
  shipped: ["Shipped", "A part of the platform brings it."],
  unproven: ["Says Rancher", "It says that Rancher made it, which could not be verified."],
  raw: ["By hand", "Made by hand or by a program: Rancher does not show it and does not take it away."],
};
const sourceChip = (source) => chip(pick(SOURCES, source, [source, ""]), `source-${source}`);

// The first cell of each row is its name.
function plainTable(titles, rows, label, className) {
  const head = h(
    "tr",
    null,
    titles.map((title) => h("th", { scope: "col" }, title)),
  );
  const lines = rows.map(([first, ...rest]) =>
    h(
      "tr",
      null,
      h("th", { scope: "row" }, first),
      rest.map((cell) => h("td", null, cell)),
    ),
  );
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "group", "aria-label": label },
    h("table", { class: `plain-table ${className || ""}` }, h("thead", null, head), h("tbody", null, lines)),
  );
}

const counted = (number_) => h("span", { class: "count" }, number(number_));

// All holders, or with a capability those who hold it; outsiders first and apart.
function holderParts(data, project, chosen) {
  if (!project.holdings.length) return h("p", { class: "empty" }, t("Nobody was found."));
  const held = project.holdings.filter((holding) => !chosen || holding.capabilities.includes(chosen));
  const outside = held.filter(isOutsider);
  const inside = held.filter((holding) => !isOutsider(holding));
  const titled = (title, className, rows) => [
    h("h3", { class: className }, title, " ", counted(holders(rows).size)),
    holderTable(rows, title),
  ];
  const insiders = project.reach === "project" ? t("Members") : t("Holders");
  return [
    capabilityLinks(data, project, chosen),
    outside.length
      ? titled(t("Outsiders: can, although Rancher does not show them here"), "outside", outside)
      : null,
    inside.length ? titled(insiders, null, inside) : null,
  ];
}

function capabilityLinks(data, project, chosen) {
  const entry = (capability, title, rows) =>
    h(
      "a",
      { href: projectHref(project, capability), "aria-current": capability === chosen ? "true" : null },
      visible(title),
      " ",
      counted(holders(rows).size),
    );
  const links = data.capabilities.map((each) => [
    each,
    project.holdings.filter((holding) => holding.capabilities.includes(each)),
  ]);
  return h(
    "nav",
    { class: "choices", "aria-label": t("What can be done") },
    h(
      "ul",
      null,
      h("li", null, entry(null, t("Anything"), project.holdings)),
      links.filter(([, rows]) => rows.length).map(([each, rows]) => h("li", null, entry(each, t(each.title), rows))),
    ),
  );
}

function holderTable(holdings, label) {
  const rows = holdings
    .slice(0, HOLDERS_SHOWN)
    .map((holding) => [
      subjectLine(holding.subject),
      capabilityList(holding.capabilities),
      whereHeld(holding.wide, holding.namespaces),
      list(holding.grants.map((grant) => [grantLine(grant, holding.project.cluster)])),
    ]);
  const more = holdings.length - rows.length;
  return [
    plainTable([t("Who"), t("Can"), t("Where"), t("Through")], rows, label, "holders"),
    more > 0 ? moreInJson(more) : null,
  ];
}

const moreInJson = (more) =>
  h("p", { class: "muted" }, n(more, "{n} more is in the JSON report.", "{n} more are in the JSON report."));

// From the object that gives a right to the role: what made it, by which role template.
function grantLine({ through, source, role, template }, cluster) {
  const by = template ? [t("role template"), " ", code(template), ", ", t("as"), " ", code(role)] : [t("to"), " ", code(role)];
  return [sourceChip(source), " ", objectLine(through, cluster), " ", muted(...by)];
}

function wideNote(data, project) {
  const whole = data.projects.find((each) => each.reach === "cluster" && each.cluster === project.cluster);
  if (!whole || whole === project) return null;
  const who = holders(whole.holdings).size;
  return h(
    "p",
    { class: "muted" },
    n(
      who,
      "{n} subject has rights on the whole cluster, and so here too.",
      "{n} subjects have rights on the whole cluster, and so here too.",
    ),
    " ",
    h("a", { href: projectHref(whole) }, t("Whole cluster")),
  );
}

const capabilityList = (capabilities) => capabilities.map((capability) => visible(t(capability.title))).join(", ");
const whereHeld = (wide, namespaces) => (wide ? t("whole cluster") : nameList(namespaces));

function findingsPart(data, findings, facet, key, title) {
  const shown = findings.slice(0, 50);
  const href = `#findings?${new URLSearchParams([[facet, key]])}`;
  return [
    h("h2", null, title, " ", counted(findings.length)),
    shown.length
      ? plainTable(
          [t("Finding"), t("Severity"), t("Object")],
          shown.map((finding) => [
            h("a", { href: findingHref(finding), lang: "en" }, visible(finding.message)),
            severity(finding.rank),
            objectCode(finding.object),
          ]),
          title,
          "about",
        )
      : h("p", { class: "empty" }, t("None.")),
    shown.length
      ? h(
          "p",
          null,
          h(
            "a",
            { href },
            findings.length > shown.length
              ? t("All {n} in the list of findings", { n: number(findings.length) })
              : t("Show them in the list of findings"),
          ),
        )
      : null,
  ];
}

const KIND_WORDS = {
  VirtualMachine: ["{n} VM", "{n} VMs"],
  VirtualMachineImage: ["{n} image", "{n} images"],
  VirtualMachineTemplate: ["{n} VM template", "{n} VM templates"],
  NetworkAttachmentDefinition: ["{n} VM network", "{n} VM networks"],
  VirtualMachineBackup: ["{n} backup", "{n} backups"],
  PersistentVolumeClaim: ["{n} volume", "{n} volumes"],
  KeyPair: ["{n} SSH key", "{n} SSH keys"],
  Secret: ["{n} Secret", "{n} Secrets"],
};

// How many objects of which kind lie somewhere; a kind that was not read is not there.
function contentsLine(contents) {
  const order = [...new Set([...Object.keys(KIND_WORDS), ...Object.keys(contents)])];
  const kinds = order.map((kind) => [kind, pick(contents, kind, 0)]).filter(([, total]) => total);
  if (!kinds.length) return Object.keys(contents).length ? t("nothing of what is looked at") : t("not known");
  return kinds.map(([kind, total]) => n(total, ...pick(KIND_WORDS, kind, [`{n} ${visible(kind)}`, `{n} ${visible(kind)}`]))).join(", ");
}

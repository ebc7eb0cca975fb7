// Who can do what: the tables that the pages of projects and of people share.

const HOLDERS_SHOWN = 200;

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

// All holders, or with a capability those who hold it; outsiders first and apart.
function holderParts(data, project, chosen) {
  if (!project.holdings.length) return h("p", { class: "empty" }, "Nobody was found.");
  const held = project.holdings.filter((holding) => !chosen || holding.capabilities.includes(chosen));
  const outside = held.filter(isOutsider);
  const inside = held.filter((holding) => !isOutsider(holding));
  const titled = (title, className, rows) => [
    h("h3", { class: className }, title, " ", h("span", { class: "count" }, number(holders(rows).size))),
    holderTable(rows, title),
  ];
  return [
    capabilityLinks(data, project, chosen),
    outside.length ? titled("Outsiders: can, although Rancher does not show them here", "outside", outside) : null,
    inside.length ? titled(project.reach === "project" ? "Members" : "Holders", null, inside) : null,
    h("p", { class: "muted" }, HELD_TOGETHER),
  ];
}

function capabilityLinks(data, project, chosen) {
  const entry = (capability, title, rows) =>
    h(
      "a",
      { href: projectHref(project, capability), "aria-current": capability === chosen ? "true" : null },
      visible(title),
      " ",
      h("span", { class: "count" }, number(holders(rows).size)),
    );
  const links = data.capabilities.map((each) => [
    each,
    project.holdings.filter((holding) => holding.capabilities.includes(each)),
  ]);
  return h(
    "nav",
    { class: "choices", "aria-label": "What can be done" },
    h(
      "ul",
      null,
      h("li", null, entry(null, "Anything", project.holdings)),
      links.filter(([, rows]) => rows.length).map(([each, rows]) => h("li", null, entry(each, each.title, rows))),
    ),
  );
}

function holderTable(holdings, label) {
  const rows = holdings
    .slice(0, HOLDERS_SHOWN)
    .map((holding) => [
      subjectLine(holding.subject),
      capabilityList(holding),
      whereHeld(holding),
      throughList(holding),
    ]);
  const more = holdings.length - rows.length;
  return [
    plainTable(["Who", "Can", "Where", "Through"], rows, label, "holders"),
    more > 0 ? h("p", { class: "muted" }, `${number(more)} more are in the JSON report.`) : null,
  ];
}

function wideNote(data, project) {
  const whole = data.projects.find((each) => each.reach === "cluster" && each.cluster === project.cluster);
  if (!whole || whole === project) return null;
  return h(
    "p",
    { class: "muted" },
    count(holders(whole.holdings).size, "more subject has", "more subjects have"),
    " rights on the ",
    h("a", { href: projectHref(whole) }, "whole cluster"),
    ", and so here too.",
  );
}

const throughList = (holding) => list(holding.through.map((object) => objectLine(object, holding.project.cluster)));
const capabilityList = (holding) => holding.capabilities.map((capability) => visible(capability.title)).join(", ");
const HELD_TOGETHER =
  "A line lists everything that one subject can do there. Not each of it need hold in each of the namespaces, nor come through each of the bindings.";
const whereHeld = (holding) => (holding.wide ? "whole cluster" : nameList(holding.namespaces));

function findingsPart(data, findings, facet, key, title) {
  const shown = findings.slice(0, 50);
  const href = `#findings?${new URLSearchParams([[facet, key]])}`;
  return [
    h("h2", null, title, " ", h("span", { class: "count" }, number(findings.length))),
    shown.length
      ? plainTable(
          ["Finding", "Severity", "Object"],
          shown.map((finding) => [
            h("a", { href: findingHref(finding) }, visible(finding.message)),
            severity(finding.rank),
            objectCode(finding.object),
          ]),
          title,
          "about",
        )
      : h("p", { class: "empty" }, "None."),
    shown.length
      ? h(
          "p",
          null,
          h(
            "a",
            { href },
            findings.length > shown.length
              ? `All ${number(findings.length)} in the list of findings`
              : "Show them in the list of findings",
          ),
        )
      : null,
  ];
}

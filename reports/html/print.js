// What is put on paper: the views that need scripts are written out, up to a length that can still be read.

const PRINTED = { findings: 500, projects: 100, matrix: 200, upgrade: 300 };

function printout(data, view) {
  const parts = [
    ["findings", t("Findings"), () => printedFindings(data, view.filter.passing())],
    data.holdings.length ? ["matrix", t("Who can do what, by project"), () => printedMatrix(data)] : null,
    data.projects.length ? ["members", t("Members"), () => printedMembers(data)] : null,
    data.public.length ? ["public", t("The namespace harvester-public"), () => publicParts(data)] : null,
    data.survival.length ? ["upgrade", t("What an upgrade does to bindings"), () => printedUpgrade(data)] : null,
  ].filter(Boolean);
  return [
    printedContents(parts),
    ...parts.map(([id, title, make]) =>
      h("section", { class: "print-part" }, h("h1", { id: `print-${id}` }, title), make()),
    ),
  ];
}

// In a PDF these are links; the summary stands before it, the static parts behind it.
function printedContents(parts) {
  const entry = (id, title) => h("li", null, h("a", { href: `#${id}` }, title));
  return h(
    "nav",
    { class: "contents", "aria-label": t("Contents") },
    h("h1", null, t("Contents")),
    h(
      "ol",
      null,
      entry("summary-title", t("Summary")),
      parts.map(([id, title]) => entry(`print-${id}`, title)),
      entry("rules-title", t("Rules")),
      entry("estate-title", t("The estate")),
    ),
  );
}

function printedFindings(data, findings) {
  return [
    cutNote(findings.length, PRINTED.findings, data.findings.length),
    findings.slice(0, PRINTED.findings).map((finding) => printedFinding(data, finding)),
  ];
}

function cutNote(passing, limit, all) {
  const shown = Math.min(passing, limit);
  if (shown === all) return h("p", null, n(all, "The only line of this report.", "All {n} lines of this report."));
  const said = [t("{shown} of {all} lines.", { shown: number(shown), all: number(all) })];
  if (passing < all) said.push(t("The filters on the screen let {n} through.", { n: number(passing) }));
  if (passing > limit)
    said.push(t("{n} more are cut here: they are in the file itself and in the JSON report.", { n: number(passing - limit) }));
  return h("p", { class: "cut" }, said.join(" "));
}

function printedUpgrade(data) {
  const rows = data.survival.flatMap((row) => row.bindings);
  const printed = rows
    .slice(0, PRINTED.upgrade)
    .map((row) => [
      [objectCode(row.binding), " ", t("to"), " ", code(row.role)],
      t(fateWords(row.survival)[0]),
      separated(row.subjects.map((subject) => bdi(subject.title))),
      visible(row.reason),
      visible(row.first),
    ]);
  return [
    cutNote(rows.length, PRINTED.upgrade, rows.length),
    rows.length
      ? plainTable(
          [t("Binding"), t("What happens"), t("Who"), t("Why"), t("What to do first")],
          printed,
          t("What an upgrade does to bindings"),
          "printed-upgrade",
        )
      : null,
    data.extract ? null : restNote(data),
  ];
}

function printedFinding(data, finding) {
  const rule = data.rules.get(finding.rule);
  return h(
    "article",
    { class: "printed" },
    h("h2", null, severity(finding.rank), " ", visible(finding.message)),
    facts([
      [t("Object"), objectCode(finding.object)],
      [t("Cluster"), clusterName(data, finding.cluster)],
      [
        t("Who"),
        finding.subjects.length
          ? separated(
              finding.subjects.map((subject) => [
                bdi(subject.title),
                subject.display ? [" ", code(subject.plain)] : null,
              ]),
            )
          : null,
      ],
      [
        t("Where"),
        finding.wide
          ? t("the whole cluster")
          : separated([
              ...finding.projects.map((project) => bdi(project.title)),
              ...finding.namespaces.slice(0, 20).map(code),
              ...(finding.namespaces.length > 20 ? [t("and {n} more", { n: number(finding.namespaces.length - 20) })] : []),
            ]),
      ],
      [
        t("Comes about"),
        finding.chain.length
          ? h(
              "ol",
              null,
              finding.chain
                .map((index) => data.links[index])
                .map((link) =>
                  h(
                    "li",
                    null,
                    visible(link.text),
                    link.object && !link.text.includes(objectText(link.object)) ? [" ", objectCode(link.object)] : null,
                  ),
                ),
            )
          : null,
      ],
      [t("What to do"), [chip(SAFETY[finding.safety]), " ", visible(finding.fix)]],
      [t("Rule"), [rule ? `${visible(rule[0])} ` : "", code(finding.rule)]],
      [t("Fingerprint"), code(finding.fingerprint)],
    ]),
  );
}

function printedMatrix(data) {
  const rows = matrixRows(data);
  const head = h(
    "tr",
    null,
    h("th", { scope: "col" }, t("Project")),
    data.capabilities.map((capability) => h("th", { scope: "col" }, visible(t(capability.title)))),
  );
  const lines = rows.slice(0, PRINTED.matrix).map(({ project, cells }) =>
    h(
      "tr",
      null,
      h("th", { scope: "row" }, bdi(project.title), " ", muted(clusterName(data, project.cluster))),
      data.capabilities.map((capability) =>
        h("td", null, printedCell(cells.get(capability), isIncomplete(data, project.cluster))),
      ),
    ),
  );
  return [
    cutNote(rows.length, PRINTED.matrix, rows.length),
    data.incomplete.size ? h("p", null, unsureText()) : null,
    h("table", { class: "plain-table printed-matrix" }, h("thead", null, head), h("tbody", null, lines)),
  ];
}

function printedCell(cell, unsure) {
  if (!cell) return unsure ? "?" : "\u2013";
  const outside = cell.outside.size ? h("span", { class: "outside" }, t("{n} outside", { n: number(cell.outside.size) })) : null;
  return [h("span", { class: "all" }, number(cell.all.size)), outside];
}

function printedMembers(data) {
  const projects = data.projects.filter((project) => project.reach === "project");
  return [
    cutNote(projects.length, PRINTED.projects, projects.length),
    projects.slice(0, PRINTED.projects).map((project) =>
      h(
        "section",
        { class: "printed" },
        h("h2", null, bdi(project.title), " ", muted(clusterName(data, project.cluster))),
        facts([
          [t("Namespaces"), project.namespaces.length ? separated(project.namespaces.map(code)) : t("none")],
          [
            t("Members"),
            project.members.length
              ? separated(project.members.map(({ subject, role }) => [bdi(subject.title), " (", code(role), ")"]))
              : t("none"),
          ],
          [t("Outsiders"), separated([...outsiders(project.holdings)].map((subject) => bdi(subject.title)))],
        ]),
      ),
    ),
  ];
}

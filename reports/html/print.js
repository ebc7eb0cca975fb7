// What is put on paper: the views that need scripts are written out, up to a length that can still be read.

const PRINTED = { findings: 500, projects: 100, matrix: 200 };

function printout(data, view) {
  const findings = view.filter.passing();
  return [
    h(
      "section",
      { class: "print-part" },
      h("h1", null, "Findings"),
      cutNote(findings.length, PRINTED.findings, data.findings.length, "finding"),
      findings.slice(0, PRINTED.findings).map((finding) => printedFinding(data, finding)),
    ),
    data.holdings.length
      ? h("section", { class: "print-part" }, h("h1", null, "Who can do what, by project"), printedMatrix(data))
      : null,
    data.projects.length ? h("section", { class: "print-part" }, h("h1", null, "Members"), printedMembers(data)) : null,
  ].filter(Boolean);
}

function cutNote(passing, limit, all, noun) {
  const shown = Math.min(passing, limit);
  if (shown === all) return h("p", null, `All ${count(all, noun)} of this report.`);
  const filtered = passing < all ? ` The filters on the screen let ${number(passing)} through.` : "";
  const cut =
    passing > limit
      ? ` ${number(passing - limit)} more are cut here: they are in the file itself and in the JSON report.`
      : "";
  return h("p", { class: "cut" }, `${number(shown)} of ${count(all, noun)}.${filtered}${cut}`);
}

function printedFinding(data, finding) {
  const rule = data.rules.get(finding.rule);
  return h(
    "article",
    { class: "printed" },
    h("h2", null, severity(finding.rank), " ", visible(finding.message)),
    facts([
      ["Object", objectCode(finding.object)],
      ["Cluster", clusterName(data, finding.cluster)],
      [
        "Who",
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
        "Where",
        finding.wide
          ? "the whole cluster"
          : separated([
              ...finding.projects.map((project) => bdi(project.title)),
              ...finding.namespaces.slice(0, 20).map(code),
              ...(finding.namespaces.length > 20 ? [`${finding.namespaces.length - 20} more namespaces`] : []),
            ]),
      ],
      [
        "Comes about",
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
      ["What to do", [chip(SAFETY[finding.safety]), " ", visible(finding.fix)]],
      ["Rule", [rule ? `${visible(rule[0])} ` : "", code(finding.rule)]],
      ["Fingerprint", code(finding.fingerprint)],
    ]),
  );
}

function printedMatrix(data) {
  const rows = matrixRows(data);
  const head = h(
    "tr",
    null,
    h("th", { scope: "col" }, "Project"),
    data.capabilities.map((capability) => h("th", { scope: "col" }, visible(capability.title))),
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
    cutNote(rows.length, PRINTED.matrix, rows.length, "row"),
    data.incomplete.size ? h("p", null, UNSURE) : null,
    h("table", { class: "plain-table printed-matrix" }, h("thead", null, head), h("tbody", null, lines)),
  ];
}

function printedCell(cell, unsure) {
  if (!cell) return unsure ? "?" : "\u2013";
  const outside = cell.outside.size ? h("span", { class: "outside" }, `${number(cell.outside.size)} outside`) : null;
  return [h("span", { class: "all" }, number(cell.all.size)), outside];
}

function printedMembers(data) {
  const projects = data.projects.filter((project) => project.reach === "project");
  return [
    cutNote(projects.length, PRINTED.projects, projects.length, "project"),
    projects.slice(0, PRINTED.projects).map((project) =>
      h(
        "section",
        { class: "printed" },
        h("h2", null, bdi(project.title), " ", muted(clusterName(data, project.cluster))),
        facts([
          ["Namespaces", project.namespaces.length ? separated(project.namespaces.map(code)) : "none"],
          [
            "Members",
            project.members.length
              ? separated(project.members.map(({ subject, role }) => [bdi(subject.title), " (", code(role), ")"]))
              : "none",
          ],
          ["Outsiders", separated([...outsiders(project.holdings)].map((subject) => bdi(subject.title)))],
        ]),
      ),
    ),
  ];
}

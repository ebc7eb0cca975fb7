// Projects against what can be done in them: how many can, and how many of them are outsiders.

const UNSURE =
  "? stands where nobody was found, but not everything could be read on that cluster. Numbers there are the least there can be.";

class MatrixView {
  constructor(data) {
    this.data = data;
    const place = byId("matrix-app");
    this.rows = matrixRows(data);
    if (data.incomplete.size)
      place.append(h("p", { class: "note" }, UNSURE, " ", h("a", { href: "#estate/gaps" }, "What could not be read")));
    const box = h("div", { class: "matrix-box" });
    place.append(box);
    this.table = new RowTable(box, {
      label: "Projects and what can be done in them",
      className: "matrix",
      columns: matrixColumns(data),
      empty: "This report lists no rights by project.",
    });
    this.table.box.tabIndex = 0;
    this.table.box.setAttribute("role", "region");
    this.table.box.setAttribute("aria-label", "Matrix of projects and rights");
    this.table.show(this.rows);
  }
}

function matrixRows(data) {
  const order = { cluster: 0, outside: 1, project: 2, unknown: 2 };
  const rows = data.projects.map((project) => ({ project, cells: new Map() }));
  for (const holding of data.holdings) {
    const { cells } = rows[holding.project.index];
    for (const capability of holding.capabilities) {
      if (!cells.has(capability)) cells.set(capability, { all: new Set(), outside: new Set() });
      const cell = cells.get(capability);
      cell.all.add(holding.subject);
      if (isOutsider(holding)) cell.outside.add(holding.subject);
    }
  }
  const key = ({ project }) =>
    [project.cluster, order[project.reach], project.title.toLowerCase(), project.id].join("\n");
  return rows
    .map((row) => [key(row), row])
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, row]) => row);
}

function matrixColumns(data) {
  const name = {
    key: "project",
    title: "Project",
    className: "c-name",
    header: true,
    cell: ({ project }) => two(projectLink(project), clusterName(data, project.cluster)),
  };
  return [
    name,
    ...data.capabilities.map((capability) => ({
      key: capability.name,
      title: visible(capability.title),
      className: "cell",
      cell: (row) => matrixCell(data, row, capability),
    })),
  ];
}

function matrixCell(data, { project, cells }, capability) {
  const cell = cells.get(capability);
  if (!cell) {
    const unsure = isIncomplete(data, project.cluster);
    return h(
      "span",
      { class: "none", title: unsure ? "Nobody found, but not everything could be read" : "Nobody" },
      unsure ? "?" : "\u2013",
    );
  }
  const words = `${count(cell.all.size, "subject")} can: ${visible(capability.title)}${cell.outside.size ? `; ${count(cell.outside.size, "outsider")}` : ""}`;
  return h(
    "a",
    {
      href: projectHref(project, capability),
      "aria-label": words,
      title: words,
      class: cell.outside.size ? "has-outside" : null,
    },
    h("span", { class: "all" }, number(cell.all.size)),
    cell.outside.size ? h("span", { class: "outside" }, `${number(cell.outside.size)} outside`) : null,
  );
}

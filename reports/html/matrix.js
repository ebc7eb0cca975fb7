// Projects against what can be done in them, and one project against its people.

const unsureText = () =>
  t("? stands where nobody was found, but not everything could be read on that cluster. Numbers there are the least there can be.");
const gridHref = (project) => `#matrix/${project.key}`;

class MatrixView {
  constructor(data) {
    this.data = data;
    const place = byId("matrix-app");
    this.rows = matrixRows(data);
    if (data.incomplete.size)
      place.append(
        h("p", { class: "note" }, unsureText(), " ", h("a", { href: "#estate/gaps" }, t("What could not be read"))),
      );
    this.table = boxedTable(place, {
      label: t("Projects and what can be done in them"),
      className: "matrix",
      columns: matrixColumns(data),
      empty: t("This report lists no rights by project."),
    });
    this.table.show(this.rows);
  }
}

function boxedTable(place, options) {
  const box = h("div", { class: "matrix-box" });
  place.append(box);
  const table = new RowTable(box, options);
  table.box.tabIndex = 0;
  table.box.setAttribute("role", "region");
  table.box.setAttribute("aria-label", options.label);
  return table;
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
    title: t("Project"),
    className: "c-name",
    header: true,
    cell: ({ project }) =>
      two(
        h("a", { href: project.holdings.length ? gridHref(project) : projectHref(project) }, bdi(project.title)),
        clusterName(data, project.cluster),
      ),
  };
  return [
    name,
    ...data.capabilities.map((capability) => ({
      key: capability.name,
      title: visible(t(capability.title)),
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
      { class: "none", title: unsure ? t("Nobody found, but not everything could be read") : t("Nobody") },
      unsure ? "?" : "\u2013",
    );
  }
  const who = n(cell.all.size, "{n} subject can: {what}", "{n} subjects can: {what}", { what: visible(t(capability.title)) });
  const outside = cell.outside.size ? `; ${n(cell.outside.size, "{n} outsider", "{n} outsiders")}` : "";
  return h(
    "a",
    {
      href: projectHref(project, capability),
      "aria-label": who + outside,
      title: who + outside,
      class: cell.outside.size ? "has-outside" : null,
    },
    h("span", { class: "all" }, number(cell.all.size)),
    cell.outside.size ? h("span", { class: "outside" }, t("{n} outside", { n: number(cell.outside.size) })) : null,
  );
}

// What a cell of the table of people says: what made the right, and whether the role says so.
const MARKS = [
  ["rancher", "R", "through a role template binding of Rancher"],
  ["unproven", "U", "through a binding that says it is Rancher's"],
  ["raw", "H", "through a binding made by hand"],
  ["shipped", "S", "through what a part of the platform brings"],
];

function gridPage(data, project) {
  const place = h("div");
  const rows = gridRows(data, project);
  const table = boxedTable(place, {
    label: t("People and what they can do in this project"),
    className: "matrix grid",
    columns: gridColumns(data, project),
    empty: t("Nobody was found."),
  });
  return [
    [
      h("p", { class: "crumb" }, h("a", { href: "#matrix" }, t("Capabilities")), " / ", clusterName(data, project.cluster)),
      h("h1", { id: "matrix-project-title", tabindex: "-1" }, bdi(project.title)),
      h("p", { class: "lead" }, t("Who can do what here, where it comes from, and whether the role that Rancher shows says so.")),
      h("p", null, h("a", { href: projectHref(project) }, t("The page of this project"))),
      incompleteNote(isIncomplete(data, project.cluster)),
      gridLegend(),
      place,
    ].filter(Boolean),
    () => table.show(rows),
  ];
}

function gridLegend() {
  const entry = (mark, words) => h("li", null, h("span", { class: "mark" }, mark), " ", t(words));
  return h(
    "ul",
    { class: "legend", "aria-label": t("What the marks mean") },
    MARKS.map(([, mark, words]) => entry(mark, words)),
    entry("W", "on the whole cluster, and so here too"),
    entry("+", "more than the role of a member says"),
    entry("\u2260", "the role says it, but nothing gives it"),
  );
}

// Everybody who holds something here by name, the members, and the people in groups of either kind.
function gridRows(data, project) {
  const named = new Set([...holders(project.holdings), ...project.members.map(({ subject }) => subject)]);
  const groups = new Set([...named].filter((each) => each.kind === "Group").map((each) => each.name));
  for (const subject of data.subjects)
    if (subject.person && subject.person.groups.some((name) => groups.has(name))) named.add(subject);
  return [...named].map((subject) => gridRow(data, project, subject)).sort((a, b) => a.order - b.order || (a.name < b.name ? -1 : 1));
}

function gridRow(data, project, subject) {
  const roles = [subject, ...groupsOf(data, subject)]
    .flatMap((each) => each.memberships)
    .filter((membership) => membership.project === project);
  const templates = roles.map(({ role }) => templateOf(data, project.cluster, role)).filter(Boolean);
  const says = new Set(templates.flatMap((template) => [...template.capabilities]));
  const ways = waysOf(data, subject).filter(
    ({ holding }) => holding.project === project || (holding.wide && holding.project.cluster === project.cluster),
  );
  // The service accounts of its namespaces are in a project without a role.
  const member = roles.length > 0 || ways.some(({ holding, via }) => !via && holding.project === project && holding.member);
  return { subject, roles, says, ways, member, order: member ? 1 : 0, name: subject.title.toLowerCase() };
}

function gridColumns(data, project) {
  const name = {
    key: "who",
    title: t("Who"),
    className: "c-name",
    header: true,
    cell: ({ subject, roles, member }) => two(personLink(subject), standing(roles, member)),
  };
  return [
    name,
    ...data.capabilities.map((capability) => ({
      key: capability.name,
      title: visible(t(capability.title)),
      className: "cell",
      cell: (row) => gridCell(row, capability),
    })),
  ];
}

function standing(roles, member) {
  if (roles.length) return roles.map(({ role }) => visible(role)).join(", ");
  return member ? t("of its namespaces") : h("span", { class: "outside" }, t("Outsider"));
}

function gridCell({ roles, says, ways }, capability) {
  const found = ways.flatMap(({ holding, via }) =>
    holding.grants
      .filter((grant) => grant.capabilities.includes(capability))
      .map((grant) => ({ grant, via, wide: holding.wide })),
  );
  if (!found.length) {
    if (!says.has(capability)) return h("span", { class: "none", title: t("no") }, "\u2013");
    const words = t("the role says it, but nothing gives it");
    return h("span", { class: "differs", title: words, role: "img", "aria-label": words }, "\u2260");
  }
  const marks = MARKS.filter(([source]) => found.some(({ grant }) => grant.source === source));
  const here = found.some(({ wide }) => !wide);
  const more = roles.length && !says.has(capability);
  const words = [
    ...found.slice(0, 5).map(({ grant, via, wide }) => wayWords(grant, via, wide)),
    ...(found.length > 5 ? [t("and {n} more", { n: number(found.length - 5) })] : []),
    ...(more ? [t("more than the role of a member says")] : []),
  ].join("; ");
  const text = `${marks.map(([, mark]) => mark).join("")}${here ? "" : "W"}${more ? "+" : ""}`;
  return h("span", { class: more ? "mark differs" : "mark", title: words, role: "img", "aria-label": words }, text);
}

function wayWords({ through, role, template }, via, wide) {
  const object = `${through.kind} ${objectText(through)}`;
  const parts = [visible(object), template ? `${t("role template")} ${visible(template)}` : visible(role)];
  if (via) parts.push(`${t("as one of")} ${visible(via.title)}`);
  if (wide) parts.push(t("whole cluster"));
  return parts.join(", ");
}

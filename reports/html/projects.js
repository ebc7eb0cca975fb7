// The projects: a table of all, and a page for each.

class ProjectsView {
  constructor(data) {
    this.data = data;
    const place = byId("projects-app");
    const search = nameSearch(place, "Search projects", () => this.refresh());
    this.search = search;
    this.result = h("p", { class: "result", role: "status" });
    place.append(this.result);
    this.table = new RowTable(place, {
      label: "Projects",
      className: "projects",
      columns: projectColumns(data),
      empty: "No project fits.",
    });
    this.all = data.projects.filter((project) => project.reach === "project" || project.reach === "unknown");
    this.refresh();
  }

  refresh() {
    const wanted = this.search.value.toLowerCase();
    const rows = this.all.filter((project) =>
      [project.title, project.id, project.cluster, ...project.namespaces].some((each) =>
        each.toLowerCase().includes(wanted),
      ),
    );
    this.table.show(rows);
    this.result.textContent = `${number(rows.length)} of ${count(this.all.length, "project")}`;
  }
}

function nameSearch(place, label, changed) {
  const id = `search-${label.toLowerCase().replace(/\W+/g, "-")}`;
  const field = h("input", { type: "search", id, autocomplete: "off", spellcheck: "false", placeholder: "Name\u2026" });
  field.addEventListener("input", changed);
  place.append(h("div", { class: "toolbar" }, h("div", { class: "search" }, h("label", { for: id }, label), field)));
  return field;
}

const worstCell = (row) => (row.findings.length ? severity(row.worst) : muted("none"));

function projectColumns(data) {
  const people = (row) => holders(row.holdings).size;
  return [
    {
      key: "name",
      title: "Project",
      className: "c-name",
      header: true,
      value: (row) => row.title.toLowerCase(),
      cell: (row) =>
        two(projectLink(row), [
          code(row.id),
          row.system ? " system project" : "",
          row.reach === "unknown" ? " not read" : "",
        ]),
    },
    {
      key: "cluster",
      title: "Cluster",
      className: "c-cluster",
      value: (row) => row.cluster,
      cell: (row) => clusterName(data, row.cluster),
    },
    {
      key: "namespaces",
      title: "Namespaces",
      className: "numeric c-extra",
      downFirst: true,
      value: (row) => row.namespaces.length,
      cell: (row) => number(row.namespaces.length),
    },
    {
      key: "members",
      title: "Members",
      className: "numeric c-mid",
      downFirst: true,
      value: (row) => row.members.length,
      cell: (row) => number(row.members.length),
    },
    {
      key: "holders",
      title: "Can act",
      help: "Subjects that can do at least one of the things in the matrix",
      className: "numeric c-extra",
      downFirst: true,
      value: people,
      cell: (row) => number(people(row)),
    },
    {
      key: "outsiders",
      title: "Outsiders",
      help: "Can act in the project, although Rancher does not show them as members",
      className: "numeric",
      downFirst: true,
      value: (row) => outsiders(row.holdings).size,
      cell: (row) => outsiderCount(outsiders(row.holdings).size),
    },
    { key: "worst", title: "Worst", className: "c-severity", value: (row) => row.worst, cell: worstCell },
    {
      key: "findings",
      title: "Findings",
      className: "numeric",
      downFirst: true,
      value: (row) => row.findings.length,
      cell: (row) => number(row.findings.length),
    },
  ];
}

const outsiderCount = (value) => (value ? h("strong", { class: "outside" }, number(value)) : "0");

function projectPage(data, project, chosen) {
  const titles = {
    cluster: "Rights that hold in every namespace of the cluster.",
    outside: "Rights in namespaces that belong to no project.",
    unknown: "A project that is mentioned, but was not read itself.",
  };
  return [
    h("p", { class: "crumb" }, h("a", { href: "#projects" }, "Projects"), " / ", clusterName(data, project.cluster)),
    h("h1", { id: "project-title", tabindex: "-1" }, bdi(project.title)),
    titles[project.reach] ? h("p", { class: "lead" }, titles[project.reach]) : null,
    incompleteNote(isIncomplete(data, project.cluster), "this cluster"),
    facts([
      ["Id", project.id ? code(project.id) : null],
      ["Cluster", clusterName(data, project.cluster)],
      ["Kind", project.system ? "System project: for Harvester and Rancher themselves" : null],
      [
        "Namespaces",
        project.namespaces.length ? nameList(project.namespaces) : project.reach === "project" ? "none" : null,
      ],
    ]),
    project.reach === "project" ? [h("h2", null, "Members"), memberTable(project)] : null,
    h("h2", { id: "holders", tabindex: "-1" }, "Who can do what"),
    wideNote(data, project),
    holderParts(data, project, chosen),
    findingsPart(data, project.findings, "project", project.key, "Findings here"),
  ]
    .flat(3)
    .filter(Boolean);
}

function incompleteNote(unsure, where) {
  if (!unsure) return null;
  return h(
    "p",
    { class: "note" },
    `Not everything could be read on ${where}: there may be more than what is listed here. `,
    h("a", { href: "#estate/gaps" }, "What could not be read"),
  );
}

function memberTable(project) {
  if (!project.members.length) return h("p", { class: "empty" }, "Rancher shows no members.");
  const roles = new Map();
  for (const { subject, role } of project.members) roles.set(role, [...(roles.get(role) || []), subject]);
  const rows = [...roles]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([role, subjects]) => [code(role), list(subjects.map(subjectLine))]);
  return plainTable(["Role template", "Members"], rows, "Members");
}

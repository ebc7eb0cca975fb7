// The projects: a table of all, and a page for each.

class ProjectsView {
  constructor(data) {
    this.data = data;
    const place = byId("projects-app");
    const search = nameSearch(place, "search-projects", t("Search projects"), () => this.refresh());
    this.search = search;
    this.result = h("p", { class: "result", role: "status" });
    place.append(this.result);
    this.table = new RowTable(place, {
      label: t("Projects"),
      className: "projects",
      columns: projectColumns(data),
      empty: t("No project fits."),
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
    this.result.textContent = `${number(rows.length)} ${n(this.all.length, "of {n} project", "of {n} projects")}`;
  }
}

function nameSearch(place, id, label, changed) {
  const field = h("input", { type: "search", id, autocomplete: "off", spellcheck: "false", placeholder: t("Name\u2026") });
  field.addEventListener("input", changed);
  place.append(h("div", { class: "toolbar" }, h("div", { class: "search" }, h("label", { for: id }, label), field)));
  return field;
}

const worstCell = (row) => (row.findings.length ? severity(row.worst) : muted(t("none")));

function projectColumns(data) {
  const people = (row) => holders(row.holdings).size;
  return [
    {
      key: "name",
      title: t("Project"),
      className: "c-name",
      header: true,
      value: (row) => row.title.toLowerCase(),
      cell: (row) =>
        two(projectLink(row), [
          code(row.id),
          row.system ? ` ${t("system project")}` : "",
          row.reach === "unknown" ? ` ${t("not read")}` : "",
        ]),
    },
    {
      key: "cluster",
      title: t("Cluster"),
      className: "c-cluster",
      value: (row) => row.cluster,
      cell: (row) => clusterName(data, row.cluster),
    },
    {
      key: "namespaces",
      title: t("Namespaces"),
      className: "numeric c-extra",
      downFirst: true,
      value: (row) => row.namespaces.length,
      cell: (row) => number(row.namespaces.length),
    },
    {
      key: "members",
      title: t("Members"),
      className: "numeric c-mid",
      downFirst: true,
      value: (row) => row.members.length,
      cell: (row) => number(row.members.length),
    },
    {
      key: "holders",
      title: t("Can act"),
      help: t("Subjects that can do at least one of the things in the matrix"),
      className: "numeric c-extra",
      downFirst: true,
      value: people,
      cell: (row) => number(people(row)),
    },
    {
      key: "outsiders",
      title: t("Outsiders"),
      help: t("Can act in the project, although Rancher does not show them as members"),
      className: "numeric",
      downFirst: true,
      value: (row) => outsiders(row.holdings).size,
      cell: (row) => outsiderCount(outsiders(row.holdings).size),
    },
    { key: "worst", title: t("Worst"), className: "c-severity", value: (row) => row.worst, cell: worstCell },
    {
      key: "findings",
      title: t("Findings"),
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
    cluster: t("Rights that hold in every namespace of the cluster."),
    outside: t("Rights in namespaces that belong to no project."),
    unknown: t("A project that is mentioned, but was not read itself."),
  };
  const own = project.reach === "project";
  return [
    h("p", { class: "crumb" }, h("a", { href: "#projects" }, t("Projects")), " / ", clusterName(data, project.cluster)),
    h("h1", { id: "project-title", tabindex: "-1" }, bdi(project.title)),
    titles[project.reach] ? h("p", { class: "lead" }, titles[project.reach]) : null,
    incompleteNote(isIncomplete(data, project.cluster)),
    facts([
      [t("Id"), project.id ? code(project.id) : null],
      [t("Cluster"), clusterName(data, project.cluster)],
      [t("Kind"), project.system ? t("System project: for Harvester and Rancher themselves") : null],
      [t("Namespaces"), project.namespaces.length ? nameList(project.namespaces) : own ? t("none") : null],
      [t("Holds"), own ? contentsLine(project.contents) : null],
      [t("Quota"), own ? quotaLine(project.quota) : null],
    ]),
    own ? [h("h2", null, t("Members")), memberTable(data, project)] : null,
    h("h2", { id: "holders", tabindex: "-1" }, t("Who can do what")),
    own && project.holdings.length
      ? h("p", null, h("a", { href: gridHref(project) }, t("As a table of people and capabilities")))
      : null,
    wideNote(data, project),
    holderParts(data, project, chosen),
    own ? [h("h2", null, t("What others can read of it")), sharedParts(project)] : null,
    findingsPart(data, project.findings, "project", project.key, t("Findings here")),
  ]
    .flat(Infinity)
    .filter(Boolean);
}

function quotaLine(quota) {
  if (!quota) return t("not known");
  const limits = Object.entries(quota);
  return limits.length
    ? limits.map(([name, limit]) => `${visible(name)} ${visible(limit)}`).join(", ")
    : t("none: the project may fill the cluster");
}

function sharedParts(project) {
  if (!project.shared.length)
    return h("p", { class: "empty" }, t("No image, network or backup of it can be read by anybody outside, as far as bindings in its namespaces say."));
  return plainTable(
    [t("Kind"), t("Objects"), t("Can be read by outsiders")],
    project.shared.map(({ kind, objects, readers }) => [
      visible(kind),
      nameList(objects.map(objectText)),
      list(readers.map(subjectLine)),
    ]),
    t("What others can read of it"),
    "shared",
  );
}

function incompleteNote(unsure) {
  if (!unsure) return null;
  return h(
    "p",
    { class: "note" },
    t("Not everything could be read: there may be more than what is listed here."),
    " ",
    h("a", { href: "#estate/gaps" }, t("What could not be read")),
  );
}

// What a role template says, in the words of the matrix; null where it was not read.
const templateOf = (data, cluster, name) => data.templates.get(`${cluster}\n${name}`) || null;

function memberTable(data, project) {
  if (!project.members.length) return h("p", { class: "empty" }, t("Rancher shows no members."));
  const roles = new Map();
  for (const { subject, role } of project.members) roles.set(role, [...(roles.get(role) || []), subject]);
  const rows = [...roles]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([role, subjects]) => {
      const template = templateOf(data, project.cluster, role);
      const title = template && template.title ? [bdi(template.title), h("br")] : null;
      const says = template ? capabilityList([...template.capabilities]) || t("nothing of the matrix") : t("not known");
      return [[title, code(role)], says, list(subjects.map(subjectLine))];
    });
  return plainTable([t("Role template"), t("Gives"), t("Members")], rows, t("Members"), "members");
}

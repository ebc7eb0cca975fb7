// The subjects: a table of all, and a page for each.

class PeopleView {
  constructor(data) {
    this.data = data;
    const place = byId("people-app");
    this.search = nameSearch(place, "Search people, groups and service accounts", () => this.refresh());
    this.result = h("p", { class: "result", role: "status" });
    place.append(this.result);
    this.table = new RowTable(place, {
      label: "People, groups and service accounts",
      className: "people",
      columns: personColumns(),
      sort: { key: "worst", down: false },
      empty: "Nobody fits.",
    });
    this.refresh();
  }

  refresh() {
    const wanted = this.search.value.toLowerCase();
    const rows = this.data.subjects.filter((subject) =>
      `${subject.display}\n${subject.plain}\n${subject.kind}`.toLowerCase().includes(wanted),
    );
    this.table.show(rows);
    this.result.textContent = `${number(rows.length)} of ${number(this.data.subjects.length)}`;
  }
}

function personColumns() {
  const projects = (row) => new Set(row.memberships.map(({ project }) => project)).size;
  const outside = (row) => new Set(row.holdings.filter(isOutsider).map((holding) => holding.project)).size;
  return [
    {
      key: "name",
      title: "Name",
      className: "c-name",
      header: true,
      value: (row) => row.title.toLowerCase(),
      cell: (row) => two(personLink(row), row.display ? code(row.plain) : visible(row.kind)),
    },
    { key: "kind", title: "Kind", className: "c-kind c-extra", value: (row) => kindWord(row), cell: kindWord },
    {
      key: "member",
      title: "Member of",
      help: "Projects in which Rancher shows the subject",
      className: "numeric c-mid",
      downFirst: true,
      value: projects,
      cell: (row) => number(projects(row)),
    },
    {
      key: "outside",
      title: "Outsider in",
      help: "Projects in which the subject can act although Rancher does not show it there",
      className: "numeric",
      downFirst: true,
      value: outside,
      cell: (row) => outsiderCount(outside(row)),
    },
    {
      key: "worst",
      title: "Worst",
      className: "c-severity",
      value: (row) => row.worst * 1e9 - row.findings.length,
      cell: worstCell,
    },
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

function kindWord(subject) {
  if (subject.person) return subject.person.enabled ? "Person" : "Person, disabled";
  return pick(
    { User: "User unknown to Rancher", Group: "Group", ServiceAccount: "Service account" },
    subject.kind,
    visible(subject.kind),
  );
}

function personPage(data, subject) {
  return [
    h("p", { class: "crumb" }, h("a", { href: "#people" }, "People, groups and service accounts")),
    h("h1", { id: "person-title", tabindex: "-1" }, bdi(subject.title)),
    incompleteNote(data.incomplete.size, "every cluster"),
    facts([
      ["Kind", kindWord(subject)],
      [
        "Name",
        h(
          "span",
          { class: "object-line" },
          code(subject.plain),
          " ",
          copyButton(subject.plain, "Copy", "Copy the name"),
        ),
      ],
      ...personFacts(data, subject.person),
      ["Known members", subject.kind === "Group" ? knownMembers(data, subject) : null],
      [
        "Member of",
        subject.memberships.length
          ? list(subject.memberships.map(({ project, role }) => [projectLink(project), " as ", code(role)]))
          : "no project",
      ],
    ]),
    h("h2", null, "What they can do"),
    holdingParts(data, subject),
    findingsPart(data, subject.findings, "subject", subject.key, "Findings about them"),
  ]
    .flat(2)
    .filter(Boolean);
}

function personFacts(data, person) {
  if (!person) return [];
  const aged = (moment) => (moment ? [visible(moment), " ", muted(days(data, moment))] : muted("not known"));
  return [
    ["Enabled", person.enabled ? "yes" : h("strong", null, "no: cannot log in, but the rights below are still given")],
    ["Last login", aged(person.lastLogin)],
    ["Groups", person.groups.length ? list(person.groups.map((name) => groupLink(data, name))) : "none known"],
    [
      "Groups as of",
      [
        aged(person.groupsAsOf),
        person.groups.length ? muted(". Rancher learns groups at login: a group left since then still counts.") : null,
      ],
    ],
  ];
}

const groupLink = (data, name) => {
  const group = data.subjects.find((each) => each.kind === "Group" && each.name === name);
  return group ? h("a", { href: personHref(group) }, code(name)) : code(name);
};

function knownMembers(data, group) {
  const members = data.subjects.filter((each) => each.person && each.person.groups.includes(group.name));
  return members.length ? list(members.map(personLink)) : "none: Rancher learns who is in a group when they log in";
}

// By cluster, then project, then what can be done there.
function holdingParts(data, subject) {
  if (!subject.holdings.length) return h("p", { class: "empty" }, "Nothing of what the matrix lists was found.");
  const clusters = new Map();
  for (const holding of subject.holdings) {
    const { project } = holding;
    const projects = clusters.get(project.cluster) || new Map();
    projects.set(project, [...(projects.get(project) || []), holding]);
    clusters.set(project.cluster, projects);
  }
  const parts = [...clusters].map(([cluster, projects]) => [
    h("h3", null, clusterName(data, cluster)),
    [...projects].map(([project, holdings]) => [
      h(
        "h4",
        null,
        projectLink(project),
        holdings.some(isOutsider)
          ? [" ", chip(["Outsider", "Rancher does not show them in this project."], "chip-outside")]
          : null,
      ),
      plainTable(
        ["Can", "Where", "Through"],
        holdings.map((holding) => [capabilityList(holding), whereHeld(holding), throughList(holding)]),
        project.title,
        "held",
      ),
    ]),
  ]);
  return [...parts.flat(3), h("p", { class: "muted" }, HELD_TOGETHER)];
}

// The subjects: a table of all, and a page for each.

class PeopleView {
  constructor(data) {
    this.data = data;
    const place = byId("people-app");
    this.search = nameSearch(place, "search-people", t("Search people, groups and service accounts"), () => this.refresh());
    this.result = h("p", { class: "result", role: "status" });
    place.append(this.result);
    this.table = new RowTable(place, {
      label: t("People, groups and service accounts"),
      className: "people",
      columns: personColumns(),
      sort: { key: "worst", down: false },
      empty: t("Nobody fits."),
    });
    this.refresh();
  }

  refresh() {
    const wanted = this.search.value.toLowerCase();
    const rows = this.data.subjects.filter((subject) =>
      `${subject.display}\n${subject.plain}\n${subject.kind}`.toLowerCase().includes(wanted),
    );
    this.table.show(rows);
    this.result.textContent = t("{n} of {all}", { n: number(rows.length), all: number(this.data.subjects.length) });
  }
}

function personColumns() {
  const projects = (row) => new Set(row.memberships.map(({ project }) => project)).size;
  const outside = (row) => new Set(row.holdings.filter(isOutsider).map((holding) => holding.project)).size;
  return [
    {
      key: "name",
      title: t("Name"),
      className: "c-name",
      header: true,
      value: (row) => row.title.toLowerCase(),
      cell: (row) => two(personLink(row), row.display ? code(row.plain) : visible(row.kind)),
    },
    { key: "kind", title: t("Kind"), className: "c-kind c-extra", value: (row) => kindWord(row), cell: kindWord },
    {
      key: "member",
      title: t("Member of"),
      help: t("Projects in which Rancher shows the subject"),
      className: "numeric c-mid",
      downFirst: true,
      value: projects,
      cell: (row) => number(projects(row)),
    },
    {
      key: "outside",
      title: t("Outsider in"),
      help: t("Projects in which the subject can act although Rancher does not show it there"),
      className: "numeric",
      downFirst: true,
      value: outside,
      cell: (row) => outsiderCount(outside(row)),
    },
    {
      key: "worst",
      title: t("Worst"),
      className: "c-severity",
      value: (row) => row.worst * 1e9 - row.findings.length,
      cell: worstCell,
    },
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

const KINDS = { User: "User unknown to Rancher", Group: "Group", ServiceAccount: "Service account" };

function kindWord(subject) {
  if (subject.person) return subject.person.enabled ? t("Person") : t("Person, disabled");
  return t(pick(KINDS, subject.kind, visible(subject.kind)));
}

function personPage(data, subject) {
  return [
    h("p", { class: "crumb" }, h("a", { href: "#people" }, t("People, groups and service accounts"))),
    h("h1", { id: "person-title", tabindex: "-1" }, bdi(subject.title)),
    incompleteNote(data.incomplete.size),
    facts([
      [t("Kind"), kindWord(subject)],
      [
        t("Name"),
        h(
          "span",
          { class: "object-line" },
          code(subject.plain),
          " ",
          copyButton(subject.plain, t("Copy"), t("Copy the name")),
        ),
      ],
      ...personFacts(data, subject.person),
      [t("Known members"), subject.kind === "Group" ? knownMembers(data, subject) : null],
      [t("Workloads"), subject.workloads ? workloadList(subject) : null],
      [
        t("Member of"),
        subject.memberships.length
          ? list(subject.memberships.map(({ project, role }) => [projectLink(project), " ", t("as"), " ", code(role)]))
          : t("no project"),
      ],
    ]),
    h("h2", null, t("What they can do")),
    holdingParts(data, subject),
    findingsPart(data, subject.findings, "subject", subject.key, t("Findings about them")),
  ]
    .flat(Infinity)
    .filter(Boolean);
}

const workloadList = (subject) =>
  subject.workloads.length ? list(subject.workloads.map((item) => objectLine(item, item.cluster))) : t("none was read");

function personFacts(data, person) {
  if (!person) return [];
  const aged = (moment) => (moment ? [visible(moment), " ", muted(days(data, moment))] : muted(t("not known")));
  return [
    [t("Login name"), person.username ? code(person.username) : null],
    [t("Logs in by"), person.principals.length ? list(person.principals.map(code)) : null],
    [
      t("Enabled"),
      person.enabled ? t("yes") : h("strong", null, t("no: cannot log in, but the rights below are still given")),
    ],
    [t("Last login"), aged(person.lastLogin)],
    [t("Tokens"), person.tokens.length ? list(person.tokens.map(tokenLine)) : t("none known")],
    [t("Groups"), person.groups.length ? list(person.groups.map((name) => groupLink(data, name))) : t("none known")],
    [
      t("Groups as of"),
      [
        aged(person.groupsAsOf),
        person.groups.length
          ? muted(". ", t("Rancher learns groups at login: a group left since then still counts."))
          : null,
      ],
    ],
  ];
}

// That a token is there, never what it is.
function tokenLine({ name, kind, never, ends, cluster }) {
  const end = never ? h("strong", null, t("never ends")) : ends ? t("ends {moment}", { moment: visible(ends) }) : t("its end is not known");
  const reach = cluster ? [t("for cluster"), " ", code(cluster)] : t("for every cluster");
  return [visible(kind), " ", code(name), ": ", end, ", ", reach];
}

const groupLink = (data, name) => {
  const group = data.groups.get(name);
  return group ? h("a", { href: personHref(group) }, code(name)) : code(name);
};

function knownMembers(data, group) {
  const members = data.subjects.filter((each) => each.person && each.person.groups.includes(group.name));
  return members.length
    ? list(members.map(personLink))
    : t("none: Rancher learns who is in a group when they log in");
}

// By cluster, then project, then namespace; what Rancher made apart from what was made by hand.
function holdingParts(data, subject) {
  const ways = waysOf(data, subject);
  if (!ways.length) return h("p", { class: "empty" }, t("Nothing of what the matrix lists was found."));
  const projects = [...new Set(ways.map(({ holding }) => holding.project))];
  const clusters = [...new Set(projects.map((project) => project.cluster))].sort();
  return clusters.map((cluster) => [
    h("h3", null, clusterName(data, cluster)),
    projects
      .filter((project) => project.cluster === cluster)
      .map((project) => projectRights(project, ways.filter(({ holding }) => holding.project === project))),
  ]);
}

function projectRights(project, ways) {
  const outside = project.reach === "project" && !ways.some(({ holding }) => holding.member);
  const rows = ways.flatMap(({ holding, via }) => holding.grants.map((grant) => ({ grant, via, wide: holding.wide })));
  const titled = (title, className, found) =>
    found.length ? [h("h5", { class: className }, title), rightsTable(project, found, title)] : null;
  return [
    h(
      "h4",
      null,
      projectLink(project),
      outside ? [" ", chip(["Outsider", "Rancher does not show them in this project."], "chip-outside")] : null,
    ),
    titled(t("Through role templates of Rancher"), null, rows.filter(({ grant }) => grant.source === "rancher")),
    titled(t("Raw: not through a role template"), "outside", rows.filter(({ grant }) => grant.source !== "rancher")),
  ];
}

function rightsTable(project, rows, title) {
  return plainTable(
    [t("Can"), t("Where"), t("Comes about")],
    rows.map(({ grant, via, wide }) => [
      capabilityList(grant.capabilities),
      whereHeld(wide, grant.namespaces),
      [via ? [t("as one of"), " ", personLink(via), h("br")] : null, grantLine(grant, project.cluster)],
    ]),
    `${visible(project.title)}: ${title}`,
    "held",
  );
}

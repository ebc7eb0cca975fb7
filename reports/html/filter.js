// Which findings a search and the facets let through. A facet is a question with several possible answers.

const FACETS = [
  { key: "severity", title: "Severity", ids: (finding) => [SEVERITIES[finding.rank]] },
  { key: "rule", title: "Rule", ids: (finding) => [finding.rule] },
  { key: "project", title: "Project", ids: (finding) => finding.projects.map((project) => project.key) },
  { key: "namespace", title: "Namespace", ids: (finding) => finding.namespaces },
  { key: "cluster", title: "Cluster", ids: (finding) => [finding.cluster] },
  { key: "subject", title: "Subject", ids: (finding) => finding.subjects.map((subject) => subject.key) },
  { key: "confidence", title: "Confidence", ids: (finding) => [finding.confidence] },
  { key: "safety", title: "Fix", ids: (finding) => [finding.safety] },
  { key: "cause", title: "Object to change", ids: (finding) => [finding.cause] },
  { key: "since", title: "Since the last run", ids: (finding) => [finding.news] },
];
const NEWS = { new: "New", unchanged: "Unchanged" };

// What the list can be put together by.
const GROUPS = {
  cause: ["Object to change", (finding) => finding.cause],
  rule: ["Rule", (finding) => finding.rule],
};

class Filter {
  constructor(data) {
    this.data = data;
    this.query = "";
    this.group = "";
    this.facets = FACETS.filter((facet) => facet.key !== "since" || data.since);
    this.chosen = new Map(this.facets.map((facet) => [facet.key, new Set()]));
    this.labels = { project: new Map(), subject: new Map(), cause: new Map() };
    for (const project of data.projects) this.labels.project.set(project.key, project.title);
    for (const subject of data.subjects) this.labels.subject.set(subject.key, subject.title);
    for (const { cause, object } of data.findings) this.labels.cause.set(cause, `${object.kind} ${objectText(object)}`);
  }

  label(key, id) {
    if (key === "severity") return t(pick(SEVERITY_WORDS, SEVERITIES.indexOf(id), id));
    if (key === "confidence") return t(pick(CONFIDENCE, id, [id])[0]);
    if (key === "safety") return t(pick(SAFETY, id, [id])[0]);
    if (key === "since") return t(pick(NEWS, id, id));
    if (key === "cluster") return this.data.clusterTitles.get(id) || id;
    return (this.labels[key] && this.labels[key].get(id)) || id;
  }

  // Built when somebody searches for the first time: reading needs none.
  haystacks() {
    if (!this.index) this.index = this.data.findings.map(searchText);
    return this.index;
  }

  words() {
    return this.query.toLowerCase().split(/\s+/).filter(Boolean);
  }

  // The findings that pass all facets but `except`, and the search.
  passing(except) {
    const words = this.words();
    const active = this.facets.filter((facet) => facet.key !== except && this.chosen.get(facet.key).size);
    const index = words.length ? this.haystacks() : null;
    return this.data.findings.filter(
      (finding) =>
        (!index || words.every((word) => index[finding.index].includes(word))) &&
        active.every((facet) => facet.ids(finding).some((id) => this.chosen.get(facet.key).has(id))),
    );
  }

  // Every answer to a facet with how many findings it would show, given the other facets.
  answers(facet) {
    const counts = new Map([...this.chosen.get(facet.key)].map((id) => [id, 0]));
    for (const finding of this.passing(facet.key)) {
      for (const id of new Set(facet.ids(finding))) counts.set(id, (counts.get(id) || 0) + 1);
    }
    const order = facet.key === "severity" ? ([id]) => SEVERITIES.indexOf(id) : ([, total]) => -total;
    return [...counts].sort((a, b) => order(a) - order(b) || (a[0] < b[0] ? -1 : 1));
  }

  toggle(key, id) {
    const chosen = this.chosen.get(key);
    if (!chosen.delete(id)) chosen.add(id);
  }

  clear() {
    this.query = "";
    for (const chosen of this.chosen.values()) chosen.clear();
  }

  read(parameters) {
    this.clear();
    this.group = Object.hasOwn(GROUPS, parameters.get("group")) ? parameters.get("group") : "";
    this.query = parameters.get("q") || "";
    for (const { key } of this.facets) for (const id of parameters.getAll(key)) this.chosen.get(key).add(id);
  }

  get hash() {
    const parameters = new URLSearchParams();
    if (this.group) parameters.set("group", this.group);
    if (this.query) parameters.set("q", this.query);
    for (const [key, chosen] of this.chosen) for (const id of chosen) parameters.append(key, id);
    const text = parameters.toString();
    return text ? `#findings?${text}` : "#findings";
  }
}

function searchText(finding) {
  const { object, projects, subjects } = finding;
  return [
    finding.message,
    finding.rule,
    object.kind,
    objectText(object),
    finding.cluster,
    finding.fingerprint,
    finding.namespaces.join(" "),
    ...projects.map((project) => `${project.title} ${project.id}`),
    ...subjects.map((subject) => `${subject.display} ${subject.plain}`),
  ]
    .join("\n")
    .toLowerCase();
}

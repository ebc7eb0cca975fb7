// The data block, unpacked. html_payload.py writes the rows in the same order as they are read here.

async function unpack() {
  const raw = Uint8Array.from(atob(byId("payload").textContent), (character) => character.charCodeAt(0));
  const stream = new Blob([raw]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

const encoded = (...parts) => parts.map(encodeURIComponent).join("/");

function readData(raw) {
  const text = (index) => raw.texts[index];
  const texts = (indexes) => indexes.map(text);
  const data = {
    date: raw.date,
    rules: new Map(Object.entries(raw.rules)),
    clusters: raw.clusters,
    incomplete: new Set(raw.incomplete),
  };
  data.clusterTitles = new Map(raw.clusters);
  data.capabilities = raw.capabilities.map(([name, title]) => ({ name, title }));
  data.objects = raw.objects.map((row) => {
    const [group, kind, name, namespace, cluster] = texts(row);
    return { group, kind, name, namespace, cluster };
  });
  data.subjects = raw.subjects.map((row, index) => readSubject(texts(row), index));
  data.links = raw.links.map(([step, words, object]) => ({
    step: text(step),
    text: text(words),
    object: data.objects[object],
  }));
  data.projects = raw.projects.map((row, index) => readProject(data, row, index, text));
  data.findings = raw.findings.map((row, index) => readFinding(data, row, index, text));
  data.holdings = raw.holdings.map((row) => readHolding(data, row, text));
  for (const row of raw.people) {
    const [subject, enabled, groups, groupsAsOf, lastLogin] = row;
    data.subjects[subject].person = { enabled, groups, groupsAsOf, lastLogin };
  }
  return join(data);
}

function readSubject([kind, name, namespace, display], index) {
  const plain = namespace ? `${namespace}/${name}` : name;
  return {
    index,
    kind,
    name,
    namespace,
    display,
    plain,
    title: display || plain,
    key: encoded(kind, namespace, name),
    person: null,
    findings: [],
    holdings: [],
    memberships: [],
    worst: 5,
  };
}

function readProject(data, [cluster, id, name, system, namespaces, members, reach], index, text) {
  const title = { project: name || id, unknown: id, cluster: "Whole cluster", outside: "Namespaces outside projects" }[
    reach
  ];
  const project = {
    index,
    id,
    name,
    system,
    reach,
    title,
    cluster: text(cluster),
    namespaces: namespaces.map(text),
    members: members.map(([subject, role]) => ({ subject: data.subjects[subject], role })),
    findings: [],
    holdings: [],
    worst: 5,
  };
  project.key = encoded(project.cluster, reach === "project" || reach === "unknown" ? id : `/${reach}`);
  for (const member of project.members) member.subject.memberships.push({ project, role: member.role });
  return project;
}

function readFinding(data, row, index, text) {
  const [
    rule,
    rank,
    confidence,
    cluster,
    object,
    message,
    related,
    subjects,
    namespaces,
    projects,
    wide,
    chain,
    safety,
    fix,
    references,
    fingerprint,
  ] = row;
  return {
    index,
    rank,
    confidence,
    message,
    safety,
    fingerprint,
    wide,
    rule: text(rule),
    cluster: text(cluster),
    fix: text(fix),
    object: data.objects[object],
    related: related.map((item) => data.objects[item]),
    subjects: subjects.map((item) => data.subjects[item]),
    namespaces: namespaces.map(text),
    projects: projects.map((item) => data.projects[item]),
    references: references.map(text),
    chain,
  };
}

function readHolding(data, [subject, capabilities, project, namespaces, wide, through, member], text) {
  return {
    subject: data.subjects[subject],
    capabilities: capabilities.sort((a, b) => a - b).map((item) => data.capabilities[item]),
    project: data.projects[project],
    namespaces: namespaces.map(text),
    wide,
    member,
    through: through.map((item) => data.objects[item]),
  };
}

// Lets each finding and holding be found from its subjects and projects.
function join(data) {
  data.byFingerprint = new Map();
  for (const finding of data.findings) {
    if (!data.byFingerprint.has(finding.fingerprint)) data.byFingerprint.set(finding.fingerprint, finding);
    for (const owner of new Set([...finding.subjects, ...finding.projects])) {
      owner.findings.push(finding);
      owner.worst = Math.min(owner.worst, finding.rank);
    }
  }
  for (const holding of data.holdings) {
    holding.subject.holdings.push(holding);
    holding.project.holdings.push(holding);
  }
  data.texts = null;
  return data;
}

// Outsiders are a matter of projects: nobody can be a member of a whole cluster.
const isOutsider = (holding) => holding.project.reach === "project" && !holding.member;
const holders = (holdings) => new Set(holdings.map((holding) => holding.subject));
const outsiders = (holdings) => holders(holdings.filter(isOutsider));

function days(data, moment) {
  const passed = Math.floor((Date.parse(data.date) - Date.parse(moment)) / 86400000);
  if (Number.isNaN(passed)) return "";
  return passed < 1 ? "on the day of this report" : `${count(passed, "day")} before this report`;
}

const projectHref = (project, capability) =>
  `#project/${project.key}${capability ? `/${encodeURIComponent(capability.name)}` : ""}`;
const personHref = (subject) => `#person/${subject.key}`;
const findingHref = (finding) => `#finding/${encodeURIComponent(finding.fingerprint)}`;

const projectLink = (project) => h("a", { href: projectHref(project) }, bdi(project.title));
const personLink = (subject) => h("a", { href: personHref(subject) }, bdi(subject.title));

// What could not be read may belong to a cluster, or to no cluster in particular.
const isIncomplete = (data, cluster) => data.incomplete.has(cluster) || data.incomplete.has("");

function clusterName(data, name) {
  return bdi(data.clusterTitles.get(name) || name);
}

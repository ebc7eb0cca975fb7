// The data block, unpacked. html_payload.py writes the rows in the same order as they are read here.

async function unpack() {
  const text = atob(byId("payload").textContent);
  const raw = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index += 1) raw[index] = text.charCodeAt(index);
  const stream = new Blob([raw]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

const encoded = (...parts) => parts.map(encodeURIComponent).join("/");

function readData(raw) {
  for (const [english, own] of Object.entries(raw.words)) WORDS.set(english, own);
  const text = (index) => raw.texts[index];
  const texts = (indexes) => indexes.map(text);
  const data = {
    date: raw.date,
    rules: new Map(Object.entries(raw.rules)),
    clusters: raw.clusters,
    incomplete: new Set(raw.incomplete),
    command: raw.command,
    extract: raw.extract,
    risky: new Set(raw.risky),
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
    const [subject, enabled, groups, groupsAsOf, lastLogin, username, principals, rows] = row;
    const tokens = rows.map(([name, kind, never, ends, cluster]) => ({ name, kind, never, ends, cluster }));
    data.subjects[subject].person = { enabled, groups, groupsAsOf, lastLogin, username, principals, tokens };
  }
  for (const [subject, workloads] of raw.accounts)
    data.subjects[subject].workloads = workloads.map((item) => data.objects[item]);
  data.templates = new Map(
    raw.templates.map(([cluster, name, title, capabilities]) => [
      `${text(cluster)}\n${name}`,
      { title, capabilities: new Set(capabilities.map((item) => data.capabilities[item])) },
    ]),
  );
  data.survival = raw.survival.map((row) => readSurvival(data, row, text));
  data.public = raw.public.map((row) => readPublic(data, row, text));
  data.since = raw.since && readSince(data, raw.since, text);
  return join(data);
}

function readSurvival(data, [cluster, shipped, rendered, fates], text) {
  const bindings = fates.map(([survival, binding, role, subjects, reason, first]) => ({
    survival: text(survival),
    binding: data.objects[binding],
    role: text(role),
    subjects: subjects.map((item) => data.subjects[item]),
    reason: text(reason),
    first: text(first),
    cluster: text(cluster),
  }));
  return { cluster: text(cluster), shipped, rendered, bindings };
}

function readPublic(data, [cluster, project, contents, bindings, secrets, readers, writers, unread], text) {
  return {
    cluster: text(cluster),
    project: data.projects[project],
    contents,
    bindings: bindings.map(([shipped, binding, role, subjects, capabilities]) => ({
      shipped,
      binding: data.objects[binding],
      role,
      subjects: subjects.map((item) => data.subjects[item]),
      capabilities: capabilities.map((item) => data.capabilities[item]),
    })),
    secrets: secrets.map(([shipped, secret, type]) => ({ shipped, secret: data.objects[secret], type })),
    readers: readers.map((item) => data.subjects[item]),
    writers: writers.map(([item, kinds]) => ({ subject: data.subjects[item], kinds })),
    unread,
  };
}

function readSince(data, [date, digest, marks, unchanged, gone, unjudged], text) {
  const findings = (rows) => rows.map((row, index) => readFinding(data, row, index, text));
  return { date, digest, marks: new Set(marks), unchanged, gone: findings(gone), unjudged: findings(unjudged) };
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
    workloads: null,
    findings: [],
    holdings: [],
    memberships: [],
    worst: 5,
  };
}

function readProject(data, row, index, text) {
  const [cluster, id, name, system, namespaces, members, reach, contents, quota, shared] = row;
  const title = {
    project: name || id,
    unknown: id,
    cluster: t("Whole cluster"),
    outside: t("Namespaces outside projects"),
  }[reach];
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
    contents,
    quota,
    shared: shared.map(([kind, objects, readers]) => ({
      kind,
      objects: objects.map((item) => data.objects[item]),
      readers: readers.map((item) => data.subjects[item]),
    })),
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
    cause: causeKey(text(cluster), data.objects[object]),
  };
}

// As cause_key in html.py.
const causeKey = (cluster, { group, kind, namespace, name }) => [cluster, group, kind, namespace, name].join("/");

function readHolding(data, [subject, project, wide, member, rows], text) {
  const grants = rows.map(([through, source, role, capabilities, namespaces, template]) => ({
    through: data.objects[through],
    source: text(source),
    role: text(role),
    capabilities: ordered(capabilities).map((item) => data.capabilities[item]),
    namespaces: namespaces.map(text),
    template: text(template),
  }));
  return {
    subject: data.subjects[subject],
    project: data.projects[project],
    wide,
    member,
    grants,
    capabilities: data.capabilities.filter((each) => grants.some((grant) => grant.capabilities.includes(each))),
    namespaces: [...new Set(grants.flatMap((grant) => grant.namespaces))].sort(),
  };
}

const ordered = (numbers) => numbers.sort((a, b) => a - b);

// Lets each finding and holding be found from its subjects and projects.
function join(data) {
  data.byFingerprint = new Map();
  data.byKey = new Map(data.subjects.map((subject) => [subject.key, subject]));
  data.groups = new Map(data.subjects.filter((each) => each.kind === "Group").map((each) => [each.name, each]));
  for (const finding of data.findings) {
    finding.news = data.since && data.since.marks.has(finding.fingerprint) ? "new" : "unchanged";
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
  return passed < 1 ? t("on the day of this report") : n(passed, "{n} day before this report", "{n} days before this report");
}

const projectHref = (project, capability) =>
  `#project/${project.key}${capability ? `/${encodeURIComponent(capability.name)}` : ""}`;
const personHref = (subject) => `#person/${subject.key}`;
const findingHref = (finding) => `#finding/${encodeURIComponent(finding.fingerprint)}`;

const projectLink = (project) => h("a", { href: projectHref(project) }, bdi(project.title));
const personLink = (subject) => h("a", { href: personHref(subject) }, bdi(subject.title));

// The groups that a subject is in, as far as that is known; everybody who logged in is in system:authenticated.
function groupsOf(data, subject) {
  const names = subject.person ? [...subject.person.groups] : [];
  if (subject.kind === "ServiceAccount") names.push("system:serviceaccounts", `system:serviceaccounts:${subject.namespace}`);
  if (subject.kind !== "Group") names.push("system:authenticated");
  return names.map((name) => data.groups.get(name)).filter(Boolean);
}

// Everything that a subject holds: by itself, and through its groups.
const waysOf = (data, subject) => [
  ...subject.holdings.map((holding) => ({ holding, via: null })),
  ...groupsOf(data, subject).flatMap((via) => via.holdings.map((holding) => ({ holding, via }))),
];

// What could not be read may belong to a cluster, or to no cluster in particular.
const isIncomplete = (data, cluster) => data.incomplete.has(cluster) || data.incomplete.has("");

function clusterName(data, name) {
  return bdi(data.clusterTitles.get(name) || name);
}

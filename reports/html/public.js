// The namespace harvester-public: what ships, what is exposed beyond it, who reads and who writes there.

class PublicView {
  constructor(data) {
    byId("public-app").append(...publicParts(data));
  }
}

function publicParts(data) {
  if (!data.public.length) return [h("p", { class: "empty" }, t("No cluster of this report shows this namespace."))];
  return data.public.flatMap((place) => publicPlace(data, place)).filter(Boolean);
}

function publicPlace(data, place) {
  const findings = data.findings.filter(
    (finding) => finding.cluster === place.cluster && finding.namespaces.includes("harvester-public"),
  );
  const shipped = place.bindings.filter((each) => each.shipped);
  const added = place.bindings.filter((each) => !each.shipped);
  const part = (title, parts, note) => [h("h3", null, title), note ? h("p", { class: "muted" }, note) : null, parts];
  return [
    h("h2", null, clusterName(data, place.cluster)),
    place.unread.length
      ? h("p", { class: "note" }, t("Not read here:"), " ", place.unread.map(visible).join(", "), ". ", t("About these this page knows nothing."))
      : null,
    facts([
      [
        t("Project"),
        place.project
          ? [projectLink(place.project), " ", h("strong", { class: "outside" }, t("it should be in none"))]
          : t("none, as it should be"),
      ],
      [t("Holds"), contentsLine(place.contents)],
    ]),
    part(t("What ships"), publicBindings(data, shipped, t("What ships"))),
    part(t("What is exposed beyond it"), publicBindings(data, added, t("What is exposed beyond it"))),
    part(
      t("Secrets there"),
      secretTable(place),
      t("The values were never read. Who can read one of them can read all, unless a role names single Secrets."),
    ),
    part(t("Who can read the Secrets"), subjectList(place.readers)),
    part(t("Who can change what all share"), writerTable(place)),
    findingsPart(data, findings, "namespace", "harvester-public", t("Findings here")),
  ].flat(Infinity);
}

function publicBindings(data, bindings, title) {
  if (!bindings.length) return h("p", { class: "empty" }, t("None."));
  return plainTable(
    [t("Binding"), t("Role"), t("Who"), t("Can")],
    bindings.map(({ binding, role, subjects, capabilities }) => [
      objectLine(binding, binding.cluster),
      code(role),
      list(subjects.map(subjectLine)),
      capabilityList(capabilities) || t("nothing of the matrix"),
    ]),
    title,
    "public-bindings",
  );
}

function secretTable({ secrets, unread }) {
  if (!secrets.length) return h("p", { class: "empty" }, unread.includes("Secret") ? t("not known") : t("None."));
  return plainTable(
    [t("Secret"), t("Type"), t("Shipped")],
    secrets.map(({ shipped, secret, type }) => [
      objectLine(secret, secret.cluster),
      code(type || "Opaque"),
      shipped ? t("yes, by its name") : h("strong", { class: "outside" }, t("no")),
    ]),
    t("Secrets there"),
    "public-secrets",
  );
}

const subjectList = (subjects) =>
  subjects.length ? list(subjects.map(subjectLine)) : h("p", { class: "empty" }, t("Nobody was found."));

function writerTable({ writers }) {
  if (!writers.length) return h("p", { class: "empty" }, t("Nobody was found."));
  return plainTable(
    [t("Who"), t("Can change")],
    writers.map(({ subject, kinds }) => [subjectLine(subject), kinds.map(visible).join(", ")]),
    t("Who can change what all share"),
    "public-writers",
  );
}

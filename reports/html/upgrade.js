// What an upgrade may do to each binding that somebody made.

const FATES = {
  "operator-gc": ["Deleted by the operator", "It carries the operator's label and is not what the operator installs."],
  "helm-owned": ["Reset by its chart", "It belongs to a Helm release, which restores its own content."],
  "wrangler-owned": ["Reset by its controller", "A controller of Rancher or Harvester applies it again at every start."],
  "rancher-rendered": ["Marked as Rancher's", "It carries a mark of Rancher, whose controllers keep or delete it."],
  dangling: ["Gives nothing", "Its role does not exist; whoever makes one of that name decides what it gives."],
  "kubevirt-role": ["Rests on an operator's role", "The role changes with the operator's version."],
  aggregated: ["Stays, its role changes", "What the role gives follows the versions that are installed."],
  "custom-role": ["Stays", "No code is known that touches it."],
};
const fateWords = (survival) => pick(FATES, survival, [survival, ""]);

class UpgradeView {
  constructor(data) {
    this.data = data;
    this.all = data.survival.flatMap((row) => row.bindings);
    const place = byId("upgrade-app");
    this.choices = h("nav", { class: "choices", "aria-label": t("What an upgrade does") });
    this.result = h("p", { class: "result", role: "status" });
    place.append(incompleteNote(data.incomplete.size) || "", this.choices, this.result);
    this.table = boxedTable(place, {
      label: t("Bindings and what an upgrade does to them"),
      className: "upgrade",
      columns: upgradeColumns(data),
      empty: t("No binding was made by hand."),
    });
    if (!data.extract) place.append(restNote(data));
  }

  show(survival) {
    const counts = new Map(Object.keys(FATES).map((key) => [key, 0]));
    for (const row of this.all) counts.set(row.survival, (counts.get(row.survival) || 0) + 1);
    const entry = (key, title, total) =>
      h(
        "li",
        null,
        h(
          "a",
          { href: key ? `#upgrade/${encodeURIComponent(key)}` : "#upgrade", "aria-current": key === survival ? "true" : null },
          title,
          " ",
          counted(total),
        ),
      );
    const found = [...counts].filter(([, total]) => total);
    this.choices.replaceChildren(
      h(
        "ul",
        null,
        entry("", t("All"), this.all.length),
        found.map(([key, total]) => entry(key, t(fateWords(key)[0]), total)),
      ),
    );
    const rows = survival ? this.all.filter((row) => row.survival === survival) : this.all;
    const risky = rows.filter((row) => this.data.risky.has(row.survival)).length;
    this.result.replaceChildren(
      n(rows.length, "{n} binding", "{n} bindings"),
      "; ",
      h("strong", { id: "risky" }, n(risky, "{n} may not survive the next upgrade", "{n} may not survive the next upgrade")),
    );
    this.table.show(rows);
  }
}

// Those that are no matter of concern are counted, so that the numbers add up.
function restNote(data) {
  const sum = (key) => data.survival.reduce((total, row) => total + row[key], 0);
  return h(
    "p",
    { class: "muted" },
    n(sum("shipped"), "{n} more binding is shipped as it is.", "{n} more bindings are shipped as they are."),
    " ",
    n(
      sum("rendered"),
      "{n} more is made again by Rancher from its own objects.",
      "{n} more are made again by Rancher from its own objects.",
    ),
  );
}

function upgradeColumns(data) {
  const order = Object.keys(FATES);
  const clamp = (text) => h("span", { class: "clamp", title: visible(text) }, visible(text));
  return [
    {
      key: "survival",
      title: t("What happens"),
      className: "c-fate",
      value: (row) => order.indexOf(row.survival),
      cell: (row) => chip(fateWords(row.survival), data.risky.has(row.survival) ? "chip-outside" : ""),
    },
    {
      key: "binding",
      title: t("Binding"),
      className: "c-binding",
      header: true,
      value: ({ binding }) => objectText(binding),
      cell: (row) => [
        h("span", { class: "line" }, code(objectText(row.binding))),
        h("span", { class: "line muted" }, visible(row.binding.kind), " ", t("to"), " ", code(row.role)),
        h("span", { class: "line" }, objectCopy(row.binding)),
      ],
    },
    {
      key: "who",
      title: t("Who"),
      className: "c-whom",
      value: whoText,
      cell: ({ subjects }) => (subjects.length ? whoLinks(subjects) : two(t("nobody"), "")),
    },
    { key: "why", title: t("Why"), className: "c-why", cell: (row) => h("span", { lang: "en" }, clamp(row.reason)) },
    { key: "first", title: t("What to do first"), className: "c-first", cell: (row) => h("span", { lang: "en" }, clamp(row.first)) },
  ];
}

const whoText = ({ subjects }) => (subjects.length ? subjects[0].title.toLowerCase() : "\uffff");
const whoLinks = (subjects) =>
  two(personLink(subjects[0]), subjects.length > 1 ? n(subjects.length - 1, "and {n} other", "and {n} others") : visible(subjects[0].kind));

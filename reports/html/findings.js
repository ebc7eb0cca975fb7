// The view of all findings: search, facets, the table, and beside it the finding that is open.

class FindingsView {
  constructor(data) {
    this.data = data;
    this.filter = new Filter(data);
    const place = byId("findings-app");
    this.bar = new FacetBar(place, this.filter, () => this.refresh());
    this.result = h("p", { class: "result", role: "status" });
    this.list = h("div", { class: "list" });
    this.panel = h("aside", { class: "panel", "aria-label": t("The open finding"), hidden: true });
    this.split = h("div", { class: "split" }, this.list, this.panel);
    place.append(this.result, this.split);
    this.table = new RowTable(this.list, {
      label: t("Findings, worst first"),
      className: "findings",
      columns: findingColumns(data),
      empty: t("No finding fits. Take a filter away, or search for less."),
      arrange: (rows) => this.arranged(rows),
    });
    this.opened = new Set();
    this.refresh();
  }

  // Puts findings together under what they have in common, the group with most of the worst first.
  arranged(rows) {
    const by = pick(GROUPS, this.filter.group, null);
    if (!by) return rows;
    const groups = new Map();
    for (const row of rows) {
      const key = by[1](row);
      if (!groups.has(key)) groups.set(key, { key, found: [], weights: SEVERITIES.map(() => 0) });
      const group = groups.get(key);
      group.found.push(row);
      group.weights[row.rank] += 1;
    }
    return [...groups.values()]
      .sort((a, b) => heavier(a.weights, b.weights) || (a.key < b.key ? -1 : 1))
      .flatMap(({ key, found, weights }) => [
        { group: key, cell: () => this.groupCell(key, found, weights) },
        ...(this.opened.has(key) ? found : []),
      ]);
  }

  groupCell(key, found, weights) {
    const open = this.opened.has(key);
    const title =
      this.filter.group === "rule"
        ? [bdi((this.data.rules.get(key) || [key])[0]), " ", h("code", { class: "muted" }, bdi(key))]
        : [objectCode(found[0].object), " ", muted(clusterName(this.data, found[0].cluster))];
    const button = h("button", { type: "button", class: "toggle", "aria-expanded": String(open) }, title);
    button.addEventListener("click", () => this.toggle(key));
    return [
      h("span", { class: "line" }, button),
      h(
        "span",
        { class: "line weights" },
        n(found.length, "{n} finding", "{n} findings"),
        weights.map((total, rank) => (total ? [" \u00b7 ", number(total), " ", severity(rank)] : null)),
      ),
    ];
  }

  toggle(key) {
    if (!this.opened.delete(key)) this.opened.add(key);
    this.table.show(this.table.rows);
    this.table.focus(this.table.sorted.findIndex((row) => row.group === key));
  }

  refresh() {
    const rows = this.filter.passing();
    this.table.show(rows);
    this.result.replaceChildren(
      h("strong", null, number(rows.length)),
      " ",
      n(this.data.findings.length, "of {n} finding", "of {n} findings"),
    );
    if (location.hash.startsWith("#findings")) history.replaceState(null, "", this.filter.hash);
  }

  showList(query) {
    const parameters = new URLSearchParams(query);
    if (new URLSearchParams(this.filter.hash.split("?")[1] || "").toString() !== parameters.toString()) {
      this.filter.read(parameters);
      this.bar.refresh();
      this.refresh();
    }
    const closed = this.open;
    this.close();
    this.table.measure();
    return closed;
  }

  showFinding(fingerprint) {
    const finding = this.data.byFingerprint.get(fingerprint);
    this.open = finding || null;
    this.split.classList.add("open");
    this.panel.hidden = false;
    this.panel.replaceChildren(...(finding ? findingPanel(this.data, finding, this) : this.missing(fingerprint)));
    this.panel.scrollTop = 0;
    const index = this.table.select(finding);
    this.table.measure();
    if (index >= 0 && this.table.table.offsetParent) this.table.reveal(index);
    return finding;
  }

  missing(fingerprint) {
    return [
      h("div", { class: "panel-bar" }, h("a", { href: this.filter.hash, class: "close" }, t("Close"))),
      h("h2", { tabindex: "-1" }, t("No such finding")),
      h(
        "p",
        null,
        t("This report has no finding with this fingerprint:"),
        " ",
        code(fingerprint),
        ". ",
        t("It may have been mended since, or a filter of the run left it out."),
      ),
    ];
  }

  close() {
    this.open = null;
    this.split.classList.remove("open");
    this.panel.hidden = true;
    this.panel.replaceChildren();
    this.table.select(null);
  }

  // The finding before and the one after in the order on the screen.
  neighbours(finding) {
    const rows = this.table.sorted.filter((row) => !row.group);
    const index = rows.indexOf(finding);
    return index < 0 ? [] : [rows[index - 1], rows[index + 1]];
  }
}

// Compares numbers by severity, worst first.
function heavier(a, b) {
  const rank = a.findIndex((total, index) => total !== b[index]);
  return rank < 0 ? 0 : b[rank] - a[rank];
}

const two = (first, second) => [h("span", { class: "line" }, first), h("span", { class: "line muted" }, second)];

function findingColumns(data) {
  return [
    {
      key: "severity",
      title: t("Severity"),
      className: "c-severity",
      value: (row) => row.rank,
      cell: (row) => severity(row.rank),
    },
    {
      key: "finding",
      title: t("Finding"),
      className: "c-finding",
      header: true,
      value: (row) => row.message.toLowerCase(),
      cell: findingCell,
    },
    {
      key: "object",
      title: t("Object"),
      className: "c-object",
      value: ({ object }) => `${object.kind}\n${objectText(object)}`,
      cell: ({ object }) => two(code(objectText(object)), visible(object.kind)),
    },
    {
      key: "who",
      title: t("Who"),
      className: "c-who",
      value: (row) => (row.subjects.length ? row.subjects[0].title.toLowerCase() : "\uffff"),
      cell: whoCell,
    },
    {
      key: "where",
      title: t("Where"),
      className: "c-where",
      value: whereText,
      cell: (row) => two(whereCell(row), clusterName(data, row.cluster)),
    },
  ];
}

function findingCell(row) {
  const news = row.news === "new" ? [" ", chip(["New"])] : [];
  const doubt = row.confidence === "possible" ? [" ", chip(CONFIDENCE.possible)] : [];
  return [
    h("span", { class: "clamp" }, h("a", { href: findingHref(row), lang: "en" }, bdi(row.message))),
    h("span", { class: "line muted" }, h("code", null, visible(row.rule)), doubt, news),
  ];
}

function whoCell({ subjects }) {
  if (!subjects.length) return two("", "");
  const [first] = subjects;
  return two(
    bdi(first.title),
    subjects.length > 1 ? n(subjects.length - 1, "and {n} other", "and {n} others") : visible(first.kind),
  );
}

function whereText(row) {
  if (row.wide) return "";
  const project = row.projects.find((each) => each.title);
  return (project ? project.title : row.namespaces[0] || "").toLowerCase();
}

const andMore = (items) => (items.length > 1 ? ` ${t("and {n} more", { n: number(items.length - 1) })}` : "");

function whereCell(row) {
  if (row.wide) return t("Whole cluster");
  if (row.projects.length)
    return [bdi(row.projects[0].title), andMore(row.projects)];
  if (!row.namespaces.length) return "\u2013";
  return [code(row.namespaces[0]), andMore(row.namespaces)];
}

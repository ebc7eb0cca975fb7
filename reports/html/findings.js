// The view of all findings: search, facets, the table, and beside it the finding that is open.

class FindingsView {
  constructor(data) {
    this.data = data;
    this.filter = new Filter(data);
    const place = byId("findings-app");
    this.bar = new FacetBar(place, this.filter, () => this.refresh());
    this.result = h("p", { class: "result", role: "status" });
    this.list = h("div", { class: "list" });
    this.panel = h("aside", { class: "panel", "aria-label": "The open finding", hidden: true });
    this.split = h("div", { class: "split" }, this.list, this.panel);
    place.append(this.result, this.split);
    this.table = new RowTable(this.list, {
      label: "Findings, worst first",
      className: "findings",
      columns: findingColumns(data),
      empty: "No finding fits. Take a filter away, or search for less.",
    });
    this.refresh();
  }

  refresh() {
    const rows = this.filter.passing();
    this.table.show(rows);
    this.result.replaceChildren(
      h("strong", null, number(rows.length)),
      ` of ${count(this.data.findings.length, "finding")}`,
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
    this.table.select(finding);
    this.table.measure();
    return finding;
  }

  missing(fingerprint) {
    return [
      h("div", { class: "panel-bar" }, h("a", { href: this.filter.hash, class: "close" }, "Close")),
      h("h2", { tabindex: "-1" }, "No such finding"),
      h(
        "p",
        null,
        "This report has no finding with the fingerprint ",
        code(fingerprint),
        ". It may have been mended since, or a filter of the run left it out.",
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
    const index = this.table.sorted.indexOf(finding);
    return index < 0 ? [] : [this.table.sorted[index - 1], this.table.sorted[index + 1]];
  }
}

const two = (first, second) => [h("span", { class: "line" }, first), h("span", { class: "line muted" }, second)];

function findingColumns(data) {
  return [
    {
      key: "severity",
      title: "Severity",
      className: "c-severity",
      value: (row) => row.rank,
      cell: (row) => severity(row.rank),
    },
    {
      key: "finding",
      title: "Finding",
      className: "c-finding",
      header: true,
      value: (row) => row.message.toLowerCase(),
      cell: findingCell,
    },
    {
      key: "object",
      title: "Object",
      className: "c-object",
      value: ({ object }) => `${object.kind}\n${objectText(object)}`,
      cell: ({ object }) => two(code(objectText(object)), visible(object.kind)),
    },
    {
      key: "who",
      title: "Who",
      className: "c-who",
      value: (row) => (row.subjects.length ? row.subjects[0].title.toLowerCase() : "\uffff"),
      cell: whoCell,
    },
    {
      key: "where",
      title: "Where",
      className: "c-where",
      value: whereText,
      cell: (row) => two(whereCell(row), clusterName(data, row.cluster)),
    },
  ];
}

function findingCell(row) {
  const doubt = row.confidence === "possible" ? [" ", chip(CONFIDENCE.possible)] : [];
  return [
    h("span", { class: "clamp" }, h("a", { href: findingHref(row) }, bdi(row.message))),
    h("span", { class: "line muted" }, h("code", null, visible(row.rule)), doubt),
  ];
}

function whoCell({ subjects }) {
  if (!subjects.length) return two("", "");
  const [first] = subjects;
  return two(
    bdi(first.title),
    subjects.length > 1 ? `and ${count(subjects.length - 1, "other")}` : visible(first.kind),
  );
}

function whereText(row) {
  if (row.wide) return "";
  const project = row.projects.find((each) => each.title);
  return (project ? project.title : row.namespaces[0] || "").toLowerCase();
}

function whereCell(row) {
  if (row.wide) return "Whole cluster";
  if (row.projects.length)
    return [bdi(row.projects[0].title), row.projects.length > 1 ? ` and ${row.projects.length - 1} more` : ""];
  if (!row.namespaces.length) return "\u2013";
  return [code(row.namespaces[0]), row.namespaces.length > 1 ? ` and ${row.namespaces.length - 1} more` : ""];
}

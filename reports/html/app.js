// Starts the page, and shows the view that the address names.

const TABS = { finding: "findings", project: "projects", person: "people" };
const BASE_TITLE = document.title;

class App {
  constructor(data) {
    this.data = data;
    this.views = {};
    this.makers = {
      findings: FindingsView,
      projects: ProjectsView,
      people: PeopleView,
      matrix: MatrixView,
      public: PublicView,
      upgrade: UpgradeView,
    };
    window.addEventListener("hashchange", () => this.route(true));
    document.addEventListener("keydown", (event) => this.onKey(event));
    window.addEventListener("beforeprint", () =>
      byId("print-app").replaceChildren(...printout(data, this.view("findings"))),
    );
    window.addEventListener("afterprint", () => byId("print-app").replaceChildren());
    this.route(location.hash.length > 1);
    document.documentElement.dataset.ready = "yes";
  }

  // Views are made when they are first looked at.
  view(name) {
    if (!this.views[name]) this.views[name] = new this.makers[name](this.data);
    return this.views[name];
  }

  route(moveFocus) {
    const [path, query] = split(location.hash.slice(1) || "summary", "?");
    const [name, ...parts] = path.split("/");
    const show = `show_${name}`;
    if (!this[show]) return;
    const target = this[show](parts, query || "");
    if (target && moveFocus) target.focus({ preventScroll: name === "findings" });
  }

  // Shows one section, and answers its heading.
  reveal(view, tab, title) {
    for (const section of document.querySelectorAll(".view")) section.hidden = section.id !== `view-${view}`;
    for (const link of document.querySelectorAll(".tabs a")) {
      if (link.dataset.view === tab) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    const heading = byId(`view-${view}`).querySelector("h1");
    document.title = `${visible(title || heading.textContent)} \u2013 ${BASE_TITLE}`;
    if (this.shown !== view) window.scrollTo(0, 0);
    this.shown = view;
    return heading;
  }

  show_summary() {
    return this.reveal("summary", "summary", t("Summary"));
  }

  show_rules() {
    return this.reveal("rules", "rules");
  }

  show_estate([part]) {
    const heading = this.reveal("estate", "estate");
    return part === "gaps" ? byId("gaps-title") : heading;
  }

  show_findings(_, query) {
    const view = this.view("findings");
    const heading = this.reveal("findings", "findings", t("Findings"));
    const closed = view.showList(query);
    if (!closed) return heading;
    view.table.focus(view.table.select(closed));
    view.table.select(null);
    return null;
  }

  show_finding([fingerprint]) {
    const view = this.view("findings");
    this.reveal("findings", "findings", t("Finding"));
    const finding = view.showFinding(decoded(fingerprint));
    document.title = `${visible(finding ? finding.message : t("No such finding"))} \u2013 ${BASE_TITLE}`;
    return view.panel.querySelector("h2");
  }

  show_projects() {
    const view = this.view("projects");
    const heading = this.reveal("projects", "projects");
    view.table.measure();
    return heading;
  }

  show_people() {
    const view = this.view("people");
    const heading = this.reveal("people", "people");
    view.table.measure();
    return heading;
  }

  show_matrix([cluster, id]) {
    if (id) return this.show_grid(cluster, id);
    const view = this.view("matrix");
    const heading = this.reveal("matrix", "matrix");
    view.table.measure();
    return heading;
  }

  show_public() {
    this.view("public");
    return this.reveal("public", "public");
  }

  show_upgrade([survival]) {
    const heading = this.reveal("upgrade", "upgrade");
    this.view("upgrade").show(decoded(survival));
    return heading;
  }

  project(cluster, id) {
    return this.data.projects.find((each) => each.key === encoded(decoded(cluster), decoded(id)));
  }

  show_grid(cluster, id) {
    let filled = null;
    const heading = this.page("matrix-project", "matrix", this.project(cluster, id), (data, item) => {
      const [nodes, fill] = gridPage(data, item);
      filled = fill;
      return nodes;
    });
    if (filled) filled();
    return heading;
  }

  show_project([cluster, id, capability]) {
    const project = this.project(cluster, id);
    const chosen = this.data.capabilities.find((each) => each.name === decoded(capability)) || null;
    const heading = this.page("project", "projects", project, (data, item) => projectPage(data, item, chosen));
    return (chosen && byId("holders")) || heading;
  }

  show_person([kind, namespace, ...name]) {
    const key = encoded(decoded(kind), decoded(namespace), decoded(name.join("/")));
    return this.page(
      "person",
      "people",
      this.data.byKey.get(key),
      personPage,
    );
  }

  page(view, tab, item, make) {
    const missing = [
      h("h1", { id: `${view}-title`, tabindex: "-1" }, t("Not in this report")),
      h("p", null, h("a", { href: `#${tab}` }, t("Back to the list"))),
    ];
    byId(`${view}-app`).replaceChildren(...(item ? make(this.data, item) : missing));
    this.shown = null;
    return this.reveal(view, tab, item && item.title);
  }

  onKey(event) {
    if (event.key !== "Escape" || this.shown !== "findings") return;
    const view = this.view("findings");
    if (!view.bar.escape() && !view.panel.hidden) location.hash = view.filter.hash;
  }
}

function decoded(text) {
  try {
    return decodeURIComponent(text || "");
  } catch {
    return text;
  }
}

function failed(error) {
  const words = "This browser could not unpack the data ({reason}). The summary, the rules and the estate are complete; for the rest use a newer browser or the JSON report.";
  const note = h("p", { class: "note", role: "alert" }, t(words, { reason: visible(error.message) }));
  byId("main").prepend(note);
  document.documentElement.classList.remove("js");
}

document.documentElement.classList.add("js");
unpack()
  .then((raw) => new App(readData(raw)))
  .catch((error) => {
    failed(error);
    throw error;
  });

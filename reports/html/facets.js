// The controls above the findings: search, one drop-down for each facet, and what is chosen.

const ANSWERS_SHOWN = 60;

class FacetBar {
  constructor(place, filter, changed) {
    Object.assign(this, { filter, changed });
    this.search = h("input", {
      type: "search",
      id: "search",
      autocomplete: "off",
      spellcheck: "false",
      placeholder: t("Name, namespace, rule, words\u2026"),
    });
    this.search.addEventListener("input", () => {
      this.filter.query = this.search.value;
      this.update();
    });
    this.chosen = h("ul", { class: "chosen", "aria-label": t("Filters in force") });
    this.boxes = filter.facets.map((facet) => new FacetBox(facet, filter, () => this.update()));
    place.append(
      h(
        "div",
        { class: "toolbar" },
        h("div", { class: "search" }, h("label", { for: "search" }, t("Search")), this.search),
        this.grouping(),
        h(
          "div",
          { class: "facets", role: "group", "aria-label": t("Filters") },
          this.boxes.map((box) => box.element),
        ),
      ),
      this.chosen,
    );
    document.addEventListener("click", (event) => this.close(event.target));
  }

  grouping() {
    this.group = h(
      "select",
      { id: "group" },
      h("option", { value: "" }, t("nothing")),
      Object.entries(GROUPS).map(([value, [title]]) => h("option", { value }, t(title))),
    );
    this.group.addEventListener("change", () => {
      this.filter.group = this.group.value;
      this.update();
    });
    return h("div", { class: "search group-by" }, h("label", { for: "group" }, t("Group by")), this.group);
  }

  update() {
    this.refresh();
    this.changed();
  }

  refresh() {
    if (this.search.value !== this.filter.query) this.search.value = this.filter.query;
    this.group.value = this.filter.group;
    const chips = this.filter.facets.flatMap(({ key, title }) =>
      [...this.filter.chosen.get(key)].map((id) => this.chip(key, title, id)),
    );
    const clear = h("button", { type: "button", class: "quiet", onclick: () => this.clear() }, t("Clear all"));
    this.chosen.replaceChildren(...chips, ...(chips.length ? [h("li", null, clear)] : []));
    for (const box of this.boxes) box.refresh();
  }

  chip(key, title, id) {
    const label = visible(this.filter.label(key, id));
    const remove = () => {
      this.filter.toggle(key, id);
      this.update();
      this.search.focus();
    };
    const button = h(
      "button",
      { type: "button", class: "remove", "aria-label": t("Remove the filter {facet}: {value}", { facet: t(title), value: label }), onclick: remove },
      h("bdi", null, label),
      " \u00d7",
    );
    return h("li", null, muted(`${t(title)} `), button);
  }

  clear() {
    this.filter.clear();
    this.update();
    this.search.focus();
  }

  close(target) {
    for (const box of this.boxes)
      if (box.element.open && !(target && box.element.contains(target))) box.element.open = false;
  }

  // True when there was something to close.
  escape() {
    const open = this.boxes.find((box) => box.element.open);
    if (open) {
      open.element.open = false;
      open.summary.focus();
    }
    return Boolean(open);
  }
}

class FacetBox {
  constructor(facet, filter, changed) {
    Object.assign(this, { facet, filter, changed });
    this.badge = h("span", { class: "badge" });
    this.summary = h("summary", null, t(facet.title), " ", this.badge);
    this.narrow = h("input", {
      type: "search",
      "aria-label": t("Find in {facet}", { facet: t(facet.title) }),
      placeholder: t("Find\u2026"),
      autocomplete: "off",
      spellcheck: "false",
    });
    this.narrow.addEventListener("input", () => this.draw());
    this.list = h("ul", { class: "answers" });
    this.more = h("p", { class: "muted" });
    this.element = h(
      "details",
      { class: "facet", name: "facet", "data-facet": facet.key },
      this.summary,
      h("div", { class: "facet-box" }, this.narrow, this.list, this.more),
    );
    this.element.addEventListener("toggle", () => this.open());
  }

  open() {
    if (!this.element.open) return;
    this.narrow.value = "";
    this.answers = this.filter.answers(this.facet);
    this.narrow.hidden = this.answers.length <= 10;
    this.draw();
  }

  draw() {
    const wanted = this.narrow.value.toLowerCase();
    const label = (id) => this.filter.label(this.facet.key, id);
    const found = this.answers.filter(([id]) => !wanted || `${label(id)}\n${id}`.toLowerCase().includes(wanted));
    this.list.replaceChildren(...found.slice(0, ANSWERS_SHOWN).map(([id, total]) => this.answer(id, label(id), total)));
    const hidden = found.length - ANSWERS_SHOWN;
    this.more.textContent =
      hidden > 0 ? t("{n} more: type to find them.", { n: number(hidden) }) : found.length ? "" : t("Nothing to choose from.");
  }

  answer(id, label, total) {
    const box = h("input", { type: "checkbox", "data-id": id });
    box.checked = this.filter.chosen.get(this.facet.key).has(id);
    box.addEventListener("change", () => {
      this.filter.toggle(this.facet.key, id);
      this.changed();
    });
    return h(
      "li",
      null,
      h(
        "label",
        null,
        box,
        h("span", { class: "answer" }, bdi(label)),
        h("span", { class: "answer-count" }, number(total)),
      ),
    );
  }

  refresh() {
    const chosen = this.filter.chosen.get(this.facet.key).size;
    this.badge.textContent = chosen ? String(chosen) : "";
    if (this.element.open)
      for (const box of this.list.querySelectorAll("input"))
        box.checked = this.filter.chosen.get(this.facet.key).has(box.dataset.id);
  }
}

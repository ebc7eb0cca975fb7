// A table of any length: only the rows in view are in the document. It scrolls with the page, or in its own box.

const OVERSCAN = 8;

// What of a row is focused when one goes through the rows.
const firstLink = (line) => line.querySelector("a, button");

class RowTable {
  // columns: [{ key, title, className, value(row) for sorting, cell(row), header: true for the row's name }]
  // arrange: puts group rows ({ group: … , cell() }) between the sorted rows.
  constructor(place, { label, columns, sort, className, empty, arrange }) {
    Object.assign(this, { columns, arrange, rows: [], sorted: [], sort: sort || null, active: 0 });
    this.head = h(
      "tr",
      { "aria-rowindex": "1" },
      columns.map((column) => this.headCell(column)),
    );
    this.body = h("tbody");
    this.table = h(
      "table",
      { class: `rows ${className || ""}` },
      h("caption", { class: "visually-hidden" }, label),
      h("thead", null, this.head),
      this.body,
    );
    this.note = h("p", { class: "empty", hidden: true }, empty);
    this.box = h("div", { class: "rows-box" }, this.table);
    place.append(this.box, this.note);
    this.body.addEventListener("keydown", (event) => this.onKey(event));
    document.addEventListener("scroll", () => this.draw(), { capture: true, passive: true });
    window.addEventListener("resize", () => this.measure());
  }

  headCell(column) {
    const label = column.value
      ? h("button", { type: "button", class: "sort", onclick: () => this.sortBy(column) }, column.title)
      : column.title;
    return h("th", { scope: "col", class: column.className, title: column.help, "data-key": column.key }, label);
  }

  sortBy(column) {
    const again = this.sort && this.sort.key === column.key;
    this.sort = { key: column.key, down: again ? !this.sort.down : Boolean(column.downFirst) };
    this.show(this.rows);
    const way = this.sort.down ? t("Sorted by {column}, descending", { column: column.title }) : t("Sorted by {column}, ascending", { column: column.title });
    announce(way);
  }

  show(rows) {
    this.rows = rows;
    this.sorted = this.arrange ? this.arrange(this.ordered(rows)) : this.ordered(rows);
    for (const [index, cell] of [...this.head.children].entries()) {
      const sorted = this.sort && this.sort.key === this.columns[index].key;
      if (sorted) cell.setAttribute("aria-sort", this.sort.down ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    }
    this.table.setAttribute("aria-rowcount", String(this.sorted.length + 1));
    this.table.hidden = !rows.length;
    this.note.hidden = Boolean(rows.length);
    this.active = 0;
    this.measure();
  }

  ordered(rows) {
    const column = this.sort && this.columns.find((each) => each.key === this.sort.key);
    if (!column) return rows;
    const keys = rows.map((row, index) => [column.value(row), index]);
    const sign = this.sort.down ? -1 : 1;
    keys.sort(([a, i], [b, j]) => (a < b ? -sign : a > b ? sign : i - j));
    return keys.map(([, index]) => rows[index]);
  }

  // Rows have one height, which depends on the font and the width of the window.
  measure() {
    this.first = this.last = -1;
    if (!this.sorted.length || !this.table.offsetParent) return;
    this.fill(0, 1);
    this.height = this.body.children[1].getBoundingClientRect().height || 40;
    this.first = -1;
    this.draw();
  }

  draw() {
    if (!this.sorted.length || !this.height || !this.table.offsetParent) return;
    const top = this.body.getBoundingClientRect().top;
    const box = this.box.getBoundingClientRect();
    const from = Math.max(0, box.top) - top;
    const until = Math.min(window.innerHeight, box.bottom) - top;
    const first = Math.min(this.sorted.length, Math.max(0, Math.floor(from / this.height) - OVERSCAN));
    const last = Math.max(first, Math.min(this.sorted.length, Math.ceil(until / this.height) + OVERSCAN));
    if (first !== this.first || last !== this.last) this.fill(first, last);
  }

  fill(first, last) {
    const focused = this.body.contains(document.activeElement) ? this.active : -1;
    this.first = first;
    this.last = last;
    const rows = [];
    for (let index = first; index < last; index += 1) rows.push(this.row(index));
    this.body.replaceChildren(this.spacer(first), ...rows, this.spacer(this.sorted.length - last));
    if (focused >= first && focused < last) this.link(focused).focus({ preventScroll: true });
  }

  row(index) {
    const row = this.sorted[index];
    const attributes = { "aria-rowindex": String(index + 2), "data-index": String(index) };
    const line = row.group ? this.groupRow(row, attributes) : h("tr", attributes, this.cells(row));
    for (const each of line.querySelectorAll("a, button")) each.tabIndex = index === this.active ? 0 : -1;
    if (this.selected && this.selected === row) line.classList.add("selected");
    return line;
  }

  cells(row) {
    return this.columns.map((column) =>
      h(
        column.header ? "th" : "td",
        { class: column.className, scope: column.header ? "row" : null },
        column.cell(row),
      ),
    );
  }

  groupRow(row, attributes) {
    const cell = h("th", { scope: "row", colspan: String(this.columns.length), class: "group-cell" }, row.cell());
    return h("tr", { ...attributes, class: "group" }, cell);
  }

  spacer(count) {
    const cell = h("td");
    cell.style.height = `${count * (this.height || 0)}px`;
    return h("tr", { class: "spacer", "aria-hidden": "true", hidden: !count }, cell);
  }

  link(index) {
    const line = this.body.querySelector(`tr[data-index="${index}"]`);
    return line && firstLink(line);
  }

  onKey(event) {
    const page = Math.max(1, Math.floor(window.innerHeight / (this.height || 40)) - 3);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (!(event.key in steps) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const line = event.target.closest("tr[data-index]");
    this.focus(Number(line.dataset.index) + steps[event.key]);
  }

  focus(index) {
    const target = Math.max(0, Math.min(this.sorted.length - 1, index));
    if (!this.sorted.length) return;
    this.active = target;
    this.reveal(target);
    this.fill(this.first, this.last);
    const link = this.link(target);
    if (link) link.focus({ preventScroll: true });
  }

  // The page scrolls where the table has no box of its own.
  reveal(index) {
    const top = this.body.getBoundingClientRect().top + index * this.height;
    const boxed = getComputedStyle(this.box).overflowY !== "visible";
    const floor = boxed ? this.box.getBoundingClientRect().bottom : window.innerHeight;
    const ceiling = this.head.firstChild.getBoundingClientRect().bottom;
    const by = top < ceiling ? top - ceiling : top + this.height > floor ? top + this.height - floor : 0;
    if (by) (boxed ? this.box : window).scrollBy(0, by);
    this.draw();
  }

  select(row) {
    this.selected = row;
    const index = this.sorted.indexOf(row);
    if (index >= 0) this.active = index;
    if (this.first >= 0 && this.table.offsetParent) this.fill(this.first, this.last);
    return index;
  }
}

// A table of any number of rows, of which only those in sight are elements.
//
// Rows are numbers: what they stand for is the columns' matter. Sorting is stable, so equal rows
// keep the order in which they were set.

const kRowHeight = 24;
const kRowsBeyond = 6;

class VirtualTable {
  /** columns: [{title, width (a grid track), text(row), class, sort(row): number or text,
      wide (has a tooltip with its text), leavesNarrow (is left out on a phone)}].
      options: onSelect(row), rowClass(row), empty (text), label, name. */
  constructor(columns, options) {
    const isNarrow = matchMedia("(max-width: 760px)").matches;
    this.columns = columns.filter(({ leavesNarrow }) => !(isNarrow && leavesNarrow));
    this.options = options;
    this.rows = [];
    this.order = [];
    this.sorted = { column: -1, isDown: false };
    this.current = -1; // Index into order, for the keyboard.
    this.pool = [];
    this.build();
    this.draw = oncePerFrame(() => this.render());
    new ResizeObserver(this.draw).observe(this.scroller);
  }

  build() {
    // No row is narrower than its columns' least widths, so that all rows have the same columns.
    const least = this.columns.reduce((sum, { width }) => sum + Number(/\d+/.exec(width)[0]), 0);
    const style = {
      "--tracks": this.columns.map(({ width }) => width).join(" "),
      "--least": `${least}px`,
    };
    this.headers = this.columns.map((column, index) => this.buildHeader(column, index));
    this.head = el("div", { class: "table-head", role: "row", style }, ...this.headers);
    this.body = el("div", { class: "table-body", role: "rowgroup", style });
    this.nothing = el("p", {
      class: "empty",
      text: this.options.empty ?? "Nothing here.",
      hidden: true,
    });
    this.scroller = el(
      "div",
      {
        class: "table",
        role: "table",
        tabindex: "0",
        "aria-label": this.options.label,
        "data-table": this.options.name,
        on: {
          scroll: () => this.draw(),
          keydown: (event) => this.onKey(event),
          click: (event) => this.onClick(event),
        },
      },
      this.head,
      this.body,
      this.nothing,
    );
  }

  buildHeader(column, index) {
    const header = el("div", { role: "columnheader", class: column.class });
    if (!column.sort) {
      header.append(el("span", { text: column.title }));
      return header;
    }
    header.append(
      el("button", {
        type: "button",
        class: "sort",
        text: column.title,
        on: { click: () => this.sortBy(index) },
      }),
    );
    return header;
  }

  get element() {
    return this.scroller;
  }

  setRows(rows) {
    const kept = this.current >= 0 ? this.order[this.current] : -1;
    this.rows = rows;
    this.applyOrder();
    this.current = kept >= 0 ? this.order.indexOf(kept) : -1;
    this.nothing.hidden = rows.length > 0;
    this.scroller.setAttribute("aria-rowcount", rows.length + 1);
    this.scroller.dataset.rows = rows.length;
    this.draw();
  }

  sortBy(index) {
    const { column, isDown } = this.sorted;
    if (column !== index) this.sorted = { column: index, isDown: false };
    else if (!isDown) this.sorted = { column: index, isDown: true };
    else this.sorted = { column: -1, isDown: false };
    const kept = this.current >= 0 ? this.order[this.current] : -1;
    this.applyOrder();
    this.current = kept >= 0 ? this.order.indexOf(kept) : -1;
    this.scroller.scrollTop = 0;
    this.draw();
  }

  applyOrder() {
    const { column, isDown } = this.sorted;
    this.headers.forEach((header, index) => {
      const order = index !== column ? "none" : isDown ? "descending" : "ascending";
      if (this.columns[index].sort) header.setAttribute("aria-sort", order);
    });
    this.order = Array.from(this.rows);
    if (column < 0) return;
    const keyOf = this.columns[column].sort;
    const keyed = this.order.map((row, index) => ({ row, index, key: keyOf(row) }));
    const sign = isDown ? -1 : 1;
    keyed.sort((a, b) => {
      const order =
        typeof a.key === "string"
          ? a.key.localeCompare(b.key, "en", { numeric: true })
          : a.key - b.key;
      return order !== 0 ? sign * order : a.index - b.index;
    });
    this.order = keyed.map((entry) => entry.row);
  }

  /** Marks a row, and brings it into sight where `scrolls`. */
  select(row, scrolls) {
    this.current = row < 0 ? -1 : this.order.indexOf(row);
    if (scrolls && this.current >= 0) this.bringToSight(this.current);
    this.draw();
  }

  bringToSight(index) {
    const height = this.scroller.clientHeight - this.head.offsetHeight;
    const top = index * kRowHeight;
    const { scrollTop } = this.scroller;
    if (top < scrollTop) this.scroller.scrollTop = top;
    else if (top + kRowHeight > scrollTop + height)
      this.scroller.scrollTop = top + kRowHeight - height;
  }

  render() {
    this.body.style.height = `${this.order.length * kRowHeight}px`;
    const height = this.scroller.clientHeight;
    if (height === 0) return;
    const first = Math.max(0, Math.floor(this.scroller.scrollTop / kRowHeight) - kRowsBeyond);
    const last = Math.min(
      this.order.length,
      first + Math.ceil(height / kRowHeight) + 2 * kRowsBeyond,
    );
    while (this.pool.length < last - first) this.pool.push(this.buildRow());
    while (this.pool.length > last - first) this.pool.pop().element.remove();
    for (let index = first; index < last; ++index) this.fill(this.pool[index - first], index);
  }

  buildRow() {
    const cells = this.columns.map((column) => el("div", { role: "cell", class: column.class }));
    const element = el("div", { role: "row" }, ...cells);
    this.body.append(element);
    return { element, cells };
  }

  fill({ element, cells }, index) {
    const row = this.order[index];
    element.style.transform = `translateY(${index * kRowHeight}px)`;
    element.dataset.row = row;
    element.setAttribute("aria-rowindex", index + 2);
    const marks = this.options.rowClass ? this.options.rowClass(row) : "";
    element.className = `table-row ${marks}`;
    if (index === this.current) element.setAttribute("aria-selected", "true");
    else element.removeAttribute("aria-selected");
    this.columns.forEach((column, position) => {
      const text = column.text(row);
      const cell = cells[position];
      if (cell.textContent !== text) cell.textContent = text;
      if (column.wide) cell.title = text;
    });
  }

  onClick(event) {
    const element = event.target.closest("[data-row]");
    if (element) this.choose(this.order.indexOf(Number(element.dataset.row)));
  }

  choose(index) {
    if (index < 0 || index >= this.order.length) return;
    this.current = index;
    this.bringToSight(index);
    this.draw();
    this.options.onSelect?.(this.order[index]);
  }

  onKey(event) {
    if (event.target !== this.scroller || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / kRowHeight) - 2);
    const steps = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -Infinity,
      End: Infinity,
    };
    if (!(event.key in steps)) return;
    event.preventDefault();
    const from = this.current < 0 ? (steps[event.key] > 0 ? -1 : 0) : this.current;
    this.choose(Math.min(this.order.length - 1, Math.max(0, from + steps[event.key])));
  }
}

/** A small table whose rows are all there.
    columns: [{title, class, cell(row): text or element, sort(row)}]. */
function plainTable(columns, rows, properties = {}) {
  let order = rows;
  let sorted = { column: -1, isDown: false };
  const body = el("tbody");
  const heads = columns.map((column, index) => {
    const head = el("th", { scope: "col", class: column.class });
    if (column.sort) {
      head.append(
        el("button", {
          type: "button",
          class: "sort",
          text: column.title,
          on: { click: () => sort(index) },
        }),
      );
    } else head.textContent = column.title;
    return head;
  });
  const fill = () =>
    replaceChildren(
      body,
      ...order.map((row) =>
        el(
          "tr",
          {},
          ...columns.map((column, index) =>
            el(
              index === 0 ? "th" : "td",
              {
                scope: index === 0 ? "row" : null,
                class: column.class,
                "data-title": column.title,
              },
              column.cell(row),
            ),
          ),
        ),
      ),
    );
  const sort = (index) => {
    const isDown = sorted.column === index && !sorted.isDown;
    sorted = { column: index, isDown };
    heads.forEach((head, i) => {
      if (i !== index) head.removeAttribute("aria-sort");
      else head.setAttribute("aria-sort", isDown ? "descending" : "ascending");
    });
    const keyOf = columns[index].sort;
    const compare = (a, b) =>
      typeof a === "string" ? a.localeCompare(b, "en", { numeric: true }) : a - b;
    order = [...rows].sort((a, b) => (isDown ? -1 : 1) * compare(keyOf(a), keyOf(b)));
    fill();
  };
  fill();
  return el(
    "div",
    { class: "scroll-x" },
    el("table", { class: "plain", ...properties }, el("thead", {}, el("tr", {}, ...heads)), body),
  );
}

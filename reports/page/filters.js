// Which rows are shown: by machine, kind and what a record names, and only what led to the failure.
//
// In each menu nothing ticked means everything.

const kChoicesMax = 400;
/** Facets that have a menu in the bar; those beyond kMenusInBar are in one for the rest. */
const kFacetsFirst = ["segment", "writer"];
const kMenusInBar = 4;

class Filters {
  constructor(model, onChange) {
    this.model = model;
    this.onChange = onChange;
    this.machines = new Set();
    this.kinds = new Set();
    const order = (name) => kFacetsFirst.indexOf(name) + 1 || kFacetsFirst.length + 1;
    const facets = [...model.data.facets].sort((a, b) => order(a.name) - order(b.name));
    this.facets = facets.map((facet) => ({
      ...facet,
      of: Int32Array.from(facet.of),
      chosen: new Set(),
    }));
    this.isOnlyRelated = model.evidence.length > 0;
    this.apply();
  }

  /** Rows that the menus let through, and of these the ones that the diagram shows. */
  apply() {
    const { events, count } = this.model;
    const rows = new Int32Array(count);
    let length = 0;
    for (let row = 0; row < count; ++row) {
      if (this.kinds.size > 0 && !this.kinds.has(events.kind[row])) continue;
      if (
        this.machines.size > 0 &&
        !this.machines.has(events.machine[row]) &&
        !this.machines.has(events.peer[row])
      )
        continue;
      if (this.facets.some(({ chosen, of }) => chosen.size > 0 && !chosen.has(of[row]))) continue;
      rows[length++] = row;
    }
    this.rows = rows.subarray(0, length);
    this.shown = this.isOnlyRelated
      ? this.rows.filter((row) => this.model.isRelated(row))
      : this.rows;
  }

  changed() {
    this.apply();
    this.onChange();
  }

  setOnlyRelated(isOnly) {
    this.isOnlyRelated = isOnly;
    this.changed();
  }

  /** The toggle and the menus. */
  build() {
    const { model } = this;
    this.toggle = el("input", {
      type: "checkbox",
      id: "only-related",
      on: {
        change: () => this.setOnlyRelated(this.toggle.checked),
      },
    });
    this.toggle.checked = this.isOnlyRelated;
    this.toggle.disabled = model.evidence.length === 0;
    const present = new Set(model.events.kind);
    this.menus = [
      new Menu(
        "machine",
        model.machines.map((machine, value) => ({ value, label: machine.name })),
        this.machines,
        this,
      ),
      new Menu(
        "kind",
        kKinds.map((label, value) => ({ value, label })).filter(({ value }) => present.has(value)),
        this.kinds,
        this,
      ),
      ...this.facets.map(
        ({ name, values, chosen }) =>
          new Menu(
            name,
            values.map((label, value) => ({ value, label })),
            chosen,
            this,
          ),
      ),
    ];
    document.addEventListener("pointerdown", (event) => this.closeMenus(event.target));
    return [
      el(
        "label",
        {
          class: "toggle",
          title:
            model.evidence.length === 0
              ? "This run has no evidence"
              : "Show only the records related to the failure",
        },
        this.toggle,
        el("span", { text: "only what led to it" }),
      ),
      ...this.menus.slice(0, kMenusInBar).map((menu) => menu.element),
      this.buildRest(this.menus.slice(kMenusInBar)),
    ];
  }

  /** The menus for which the bar has no room. */
  buildRest(menus) {
    if (menus.length === 0) return null;
    this.rest = el(
      "details",
      { class: "menu", "data-menu": "more" },
      el("summary", {}, "more", el("span", { class: "icon", "aria-hidden": "true", text: "▾" })),
      el("div", { class: "menu-box" }, ...menus.map((menu) => menu.element)),
    );
    return this.rest;
  }

  closeMenus(target) {
    const elements = this.menus.map(({ element }) => element);
    for (const element of [...elements, this.rest]) {
      if (element?.open && !element.contains(target)) element.open = false;
    }
  }
}

/** A drop-down list of boxes to tick. */
class Menu {
  constructor(name, choices, chosen, filters) {
    this.name = name;
    this.choices = choices;
    this.chosen = chosen;
    this.filters = filters;
    this.caption = el("span", { class: "menu-caption" });
    this.list = el("div", { class: "menu-list" });
    this.element = el(
      "details",
      {
        class: "menu",
        "data-menu": name,
        on: {
          toggle: () => this.onToggle(),
          keydown: (event) => this.onKey(event),
        },
      },
      el(
        "summary",
        {},
        this.caption,
        el("span", { class: "icon", "aria-hidden": "true", text: "▾" }),
      ),
      el("div", { class: "menu-box" }, this.buildSearch(), this.list, this.buildClear()),
    );
    this.update();
  }

  buildSearch() {
    if (this.choices.length <= 12) return null;
    this.search = el("input", {
      type: "search",
      placeholder: `find a ${this.name}`,
      "aria-label": `find a ${this.name}`,
      on: { input: () => this.fill() },
    });
    return this.search;
  }

  buildClear() {
    this.clearButton = el("button", {
      type: "button",
      class: "link",
      text: "show all",
      on: {
        click: () => {
          this.chosen.clear();
          this.update();
          this.filters.changed();
        },
      },
    });
    return this.clearButton;
  }

  onToggle() {
    if (this.element.open) this.fill();
  }

  onKey(event) {
    if (event.key !== "Escape" || !this.element.open) return;
    event.stopPropagation();
    this.element.open = false;
    this.element.querySelector("summary").focus();
  }

  fill() {
    const wanted = this.search ? this.search.value.toLowerCase() : "";
    const found = this.choices.filter(({ label }) => label.toLowerCase().includes(wanted));
    const boxes = found.slice(0, kChoicesMax).map((choice) => this.buildChoice(choice));
    const more = found.length - boxes.length;
    if (more > 0)
      boxes.push(el("p", { class: "hint", text: `${countText(more)} more: narrow the search` }));
    replaceChildren(this.list, ...boxes);
  }

  buildChoice({ value, label }) {
    const box = el("input", {
      type: "checkbox",
      on: {
        change: () => {
          if (box.checked) this.chosen.add(value);
          else this.chosen.delete(value);
          this.update();
          this.filters.changed();
        },
      },
    });
    box.checked = this.chosen.has(value);
    return el("label", { class: "choice" }, box, el("span", { text: label, title: label }));
  }

  update() {
    const [only] = this.chosen;
    const label =
      this.chosen.size === 1
        ? this.choices.find(({ value }) => value === only).label
        : this.chosen.size;
    this.caption.textContent = this.chosen.size === 0 ? this.name : `${this.name}: ${label}`;
    this.element.classList.toggle("is-narrowed", this.chosen.size > 0);
    this.clearButton.disabled = this.chosen.size === 0;
    if (this.element.open) this.fill();
  }
}

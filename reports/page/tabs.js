// Tabs: a list of buttons, of which one shows its panel. Panels are built when first shown.

class Tabs {
  /** tabs: [{id, title, count (text, may be null), build(): element, onShow()}]. */
  constructor(tabs, label) {
    this.tabs = tabs;
    this.shown = null;
    this.list = el("div", {
      class: "tab-list",
      role: "tablist",
      "aria-label": label,
      on: { keydown: (event) => this.onKey(event) },
    });
    this.panels = el("div", { class: "panels" });
    for (const tab of tabs) this.add(tab);
  }

  add(tab) {
    tab.badge = el("span", { class: "count", text: tab.count ?? "" });
    tab.button = el(
      "button",
      {
        type: "button",
        class: "tab",
        role: "tab",
        id: `tab-${tab.id}`,
        "aria-controls": `panel-${tab.id}`,
        "aria-selected": "false",
        tabindex: "-1",
        on: { click: () => this.show(tab.id) },
      },
      tab.title,
      tab.badge,
    );
    tab.panel = el("section", {
      class: `panel panel-${tab.id}`,
      role: "tabpanel",
      id: `panel-${tab.id}`,
      "aria-labelledby": `tab-${tab.id}`,
      hidden: true,
    });
    this.list.append(tab.button);
    this.panels.append(tab.panel);
  }

  get(id) {
    return this.tabs.find((tab) => tab.id === id);
  }

  setCount(id, text) {
    this.get(id).badge.textContent = text;
  }

  show(id) {
    const next = this.get(id);
    if (this.shown === next) return;
    for (const tab of this.tabs) {
      const isShown = tab === next;
      tab.button.setAttribute("aria-selected", String(isShown));
      tab.button.tabIndex = isShown ? 0 : -1;
      tab.panel.hidden = !isShown;
    }
    this.shown = next;
    if (!next.isBuilt) {
      next.isBuilt = true;
      next.panel.append(next.build());
    }
    next.onShow?.();
  }

  onKey(event) {
    const index = this.tabs.indexOf(this.shown);
    const last = this.tabs.length - 1;
    const to = {
      ArrowRight: index === last ? 0 : index + 1,
      ArrowLeft: index === 0 ? last : index - 1,
      Home: 0,
      End: last,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.show(this.tabs[to].id);
    this.tabs[to].button.focus();
  }
}

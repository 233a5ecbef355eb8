// The page of one run: the first screen, the tabs below it, and what a choice of a record does.

const kVerdictSigns = {
  pass: "✓",
  fail: "✕",
  crash: "✕",
  hang: "✕",
  limit: "✕",
  inconclusive: "?",
};

class RunPage {
  constructor(data) {
    this.data = data;
    this.model = new RunModel(data);
    this.selected = -1;
    const select = (row) => this.select(row, "table");
    this.filters = new Filters(this.model, () => this.filtersChanged());
    this.diagram = new Diagram(this.model, this.filters, {
      select: (row) => this.select(row, "diagram"),
    });
    this.history = new HistoryPanel(this.model, this.filters, select, (count) =>
      this.tabs?.setCount("history", countText(count)),
    );
    this.evidence = evidenceTable(this.model, select);
    this.line = el(
      "div",
      { class: "causes-line", "aria-live": "polite" },
      el("span", { class: "hint", text: "click a record to see its causes" }),
    );
    this.tabs = new Tabs(this.tabList(select), "Details");
    this.tabs.show(this.model.evidence.length > 0 ? "evidence" : "history");
    this.build();
  }

  tabList(select) {
    const { data, model } = this;
    const showTime = (t) => this.diagram.showTime(t);
    return [
      {
        id: "evidence",
        title: "Evidence",
        count: countText(model.evidence.length),
        build: () => this.evidence.element,
      },
      {
        id: "history",
        title: "History",
        count: countText(this.filters.rows.length),
        build: () => this.history.element,
      },
      { id: "plots", title: "Plots", build: () => plotsPanel(model, showTime) },
      {
        id: "knobs",
        title: "Knobs",
        count: countText(data.knobs.length),
        build: () => knobsPanel(data),
      },
      { id: "log", title: "Log", build: () => new LogPanel(model, select).element },
      {
        id: "causes",
        title: "Causes",
        build: () => el("div", { class: "causes-box" }),
        onShow: () => this.fillCauses(),
      },
      ...(data.neighbour
        ? [{ id: "neighbour", title: "Side by side", build: () => sideBySide(model, select) }]
        : []),
      {
        id: "checks",
        title: "Checks",
        count: countText(data.properties.length),
        build: () => checksPanel(data),
      },
      { id: "reproduce", title: "Reproduce", build: () => reproducePanel(data) },
    ];
  }

  build() {
    const { data, filters, diagram } = this;
    const work = el(
      "main",
      { class: "work" },
      planPane(this.model, (row) => this.select(row, "plan")),
      el(
        "section",
        { class: "space-time", "aria-label": "Space-time diagram" },
        el(
          "div",
          { class: "pane-head" },
          el("h2", { text: "Space-time" }),
          el("div", { class: "filters" }, ...filters.build()),
          el("div", { class: "tools" }, ...diagram.buildTools()),
        ),
        diagram.element,
      ),
    );
    this.dock = el(
      "section",
      { class: "dock", "aria-label": "Details" },
      el(
        "div",
        { class: "dock-bar" },
        this.buildGrip(),
        this.tabs.list,
        this.line,
        this.buildTaller(),
      ),
      this.tabs.panels,
    );
    const strip = neighbourStrip(this.model, { showSideBySide: () => this.tabs.show("neighbour") });
    replaceChildren(
      byId("page"),
      runHeader(data),
      claimBar(this.model, (row) => this.select(row, "plan")),
      work,
      strip,
      this.dock,
    );
    document.title =
      `${data.run.verdict.toUpperCase()} ${data.failure?.property ?? ""} ` +
      `${data.run.scenario} ` +
      `seed ${data.run.seed}`;
    document.body.dataset.ready = "run";
  }

  /** Most of the page for the details, and back. */
  buildTaller() {
    const button = el("button", {
      type: "button",
      class: "button square taller",
      title: "more room for the details",
      "aria-label": "more room for the details",
      "aria-pressed": "false",
      text: "⤒",
      on: {
        click: () => {
          const isTall = this.dock.classList.toggle("is-tall");
          button.setAttribute("aria-pressed", String(isTall));
        },
      },
    });
    return button;
  }

  /** The border between diagram and tabs, to be moved by pointer or keys. */
  buildGrip() {
    const grip = el("div", {
      class: "grip",
      role: "separator",
      tabindex: "0",
      "aria-orientation": "horizontal",
      "aria-label": "height of the details",
      title: "drag to resize",
    });
    const resize = (height) => {
      const most = window.innerHeight * 0.75;
      this.dock.style.setProperty(
        "--dock",
        `${Math.round(Math.max(90, Math.min(most, height)))}px`,
      );
    };
    grip.addEventListener("pointerdown", (event) => grip.setPointerCapture(event.pointerId));
    grip.addEventListener("pointermove", (event) => {
      if (grip.hasPointerCapture(event.pointerId))
        resize(this.dock.getBoundingClientRect().bottom - event.clientY);
    });
    grip.addEventListener("keydown", (event) => {
      const step = { ArrowUp: 30, ArrowDown: -30 }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      resize(this.dock.offsetHeight + step);
    });
    return grip;
  }

  select(row, origin) {
    this.selected = row;
    this.diagram.select(row, origin !== "diagram" || !this.isInSight(row));
    this.history.table.select(row, origin !== "table" || this.tabs.shown.id !== "history");
    this.evidence.select(row, origin !== "table" || this.tabs.shown.id !== "evidence");
    replaceChildren(
      this.line,
      ...causesLine(this.model, row, (other) => this.select(other, "line")),
    );
    if (origin === "diagram" || origin === "plan") this.tabs.show("causes");
    this.fillCauses();
    document.body.dataset.selected = row;
  }

  isInSight(row) {
    const y = this.diagram.view.yOfRow(row);
    return y > 0 && y < this.diagram.view.height;
  }

  fillCauses() {
    const { panel, isBuilt } = this.tabs.get("causes");
    if (!isBuilt) return;
    panel.scrollTop = 0;
    replaceChildren(
      panel.firstChild,
      causesPanel(this.model, this.selected, (row) => this.select(row, "line")),
    );
  }

  filtersChanged() {
    this.diagram.rowsChanged();
    this.history.update();
  }
}

// --- header, claim ---

function runHeader(data) {
  const { run, failure, build } = data;
  const command = data.commands.find(({ id }) => id === "replay") ?? data.commands[0];
  return el(
    "header",
    { class: `page-head is-${run.verdict}` },
    el(
      "span",
      { class: "verdict" },
      el("span", { "aria-hidden": "true", text: `${kVerdictSigns[run.verdict] ?? ""} ` }),
      run.verdict.toUpperCase(),
    ),
    failure
      ? el(
          "h1",
          {},
          el("b", { text: failure.property }),
          " ",
          el("span", { text: failure.name ?? "" }),
        )
      : el("h1", { text: run.scenario }),
    el(
      "span",
      { class: "where" },
      failure ? `${run.scenario} ` : "",
      "seed ",
      el("b", { text: String(run.seed) }),
    ),
    groupBadge(data),
    el("span", {
      class: "where build",
      title: build.text,
      text: `${build.commit} ${build.compiler}`,
    }),
    el(
      "div",
      { class: "actions" },
      command ? copyButton(`copy ${command.id}`, command.text, { id: "copy-command" }) : null,
      data.token ? copyButton("copy token", data.token, { id: "copy-token" }) : null,
      data.text ? copyButton("copy text", data.text, { id: "copy-text" }) : null,
    ),
  );
}

function groupBadge({ group }) {
  if (!group) return null;
  const count = `${countText(group.count)} of ${counted(group.seeds, group.noun)}`;
  return el("span", {
    class: `badge is-${group.status}`,
    text: [group.status, sinceText(group), ", ", count].join(""),
  });
}

function claimBar(model, select) {
  const { failure, run, consequences: others } = model.data;
  if (!failure) {
    return el(
      "section",
      { class: "claim" },
      el("p", {
        class: "claim-text",
        text:
          run.reason ||
          run.story ||
          `${countText(run.acked_operations)} acknowledged operations held.`,
      }),
    );
  }
  return el(
    "section",
    { class: "claim" },
    el("p", { class: "claim-text", text: failure.claim || failure.seen }),
    el(
      "div",
      { class: "seen" },
      failure.seen
        ? el(
            "p",
            {},
            el("b", { text: "SEEN" }),
            " ",
            el("span", { text: failure.seen, title: failure.seen }),
          )
        : null,
      failure.expected
        ? el(
            "p",
            {},
            el("b", { text: "EXPECTED" }),
            " ",
            el("span", { text: failure.expected, title: failure.expected }),
          )
        : null,
    ),
    others.length === 0
      ? null
      : el(
          "div",
          { class: "consequences" },
          el("span", { text: `${counted(others.length, "consequence")}: ` }),
          ...others.slice(0, 4).map((other) =>
            el("button", {
              type: "button",
              class: "link",
              text: `${other.property} ${other.name ?? ""}`,
              title: `${other.claim ?? ""} ${other.seen ?? ""}`,
              disabled: other.row < 0,
              on: { click: () => select(other.row) },
            }),
          ),
        ),
  );
}

// --- plan ---

function planPane(model, select) {
  const { plan, overrides } = model.data;
  const rules = overrides.map(({ rule, draws }) => ({
    kind: "override",
    text: rule,
    moment: `decided ${counted(draws, "draw")}`,
    row: -1,
  }));
  const items = [...plan.items, ...rules].map((item) => planItem(model, item, select));
  const { from, size } = plan;
  const notes = [];
  if (plan.items_left_out)
    notes.push(
      `${counted(plan.items_left_out, "more entry", "more entries")} in \`millrace plan\``,
    );
  if (from) {
    notes.push(
      `from ${sizeText(from)}; ` +
        `${counted(plan.runs, "run")}, ${durationText(plan.wall_ns)}`,
    );
  }
  if (plan.replays) notes.push(`${plan.replays.same} of ${plan.replays.tried} replays the same`);
  notes.push(`strategy ${plan.strategy}`);
  return el(
    "section",
    { class: "plan", "aria-label": "Plan" },
    el(
      "div",
      { class: "pane-head" },
      el("h2", { text: from ? "Minimal plan" : "Plan" }),
      el("span", { class: "hint", text: sizeText(size) }),
    ),
    el(
      "div",
      { class: "plan-body" },
      el("ol", { class: "plan-items" }, ...items),
      el("div", { class: "plan-notes" }, ...notes.map((text) => el("p", { text }))),
    ),
  );
}

/** The moment has a line of its own. */
function withoutMoment({ text, moment }) {
  return moment && text.endsWith(`, ${moment}`) ? text.slice(0, -moment.length - 2) : text;
}

function planItem(model, item, select) {
  const isFault = item.kind === "fault";
  const state = { unmatched: "never met", refused: "refused by the budget" }[item.state] ?? "";
  const content = [
    el("span", {
      class: "plan-id",
      text: isFault ? `F${item.id}` : item.kind === "override" ? "~" : String(item.id),
    }),
    el(
      "span",
      { class: "plan-text" },
      el("span", { text: withoutMoment(item) }),
      item.moment ? el("span", { class: "moment", text: item.moment }) : null,
      state ? el("span", { class: "state", text: state }) : null,
    ),
  ];
  const { row } = item;
  const body =
    row >= 0
      ? el(
          "button",
          {
            type: "button",
            class: "plan-item",
            "data-event-row": row,
            on: { click: () => select(row) },
          },
          ...content,
        )
      : el("div", { class: "plan-item" }, ...content);
  return el("li", { class: `is-${item.kind}` }, body);
}

new RunPage(loadData());

// The space-time diagram: a lane a machine, time going down. This file has its frame and what of it
// is in sight; diagram_input.js has pointer and keys, diagram_draw.js and diagram_rows.js paint it.

const kLaneWidthMin = 84;

class Diagram {
  /** actions: select(row). */
  constructor(model, filters, actions) {
    this.model = model;
    this.filters = filters;
    this.actions = actions;
    this.view = new View(model);
    this.selected = -1;
    this.scrollX = 0;
    this.isFresh = true;
    this.build();
    this.painter = new DiagramPainter(this);
    this.draw = oncePerFrame(() => this.render());
    onLookChange(this.stage, () => {
      this.painter.forgetColours();
      this.overviewIsStale = true;
      this.draw();
    });
    this.rowsChanged();
  }

  build() {
    this.canvas = el("canvas", {
      class: "diagram-canvas",
      tabindex: "0",
      role: "img",
      "aria-label": "Space-time diagram. Arrow keys choose a record, plus and minus zoom, 0 fits.",
    });
    this.names = el("div", { class: "lane-names", "aria-hidden": "true" });
    this.tip = el("div", { class: "tip", hidden: true });
    this.nothing = el("p", {
      class: "empty diagram-empty",
      text: "No record passes the filters.",
      hidden: true,
    });
    this.overviewCanvas = el("canvas", { "aria-hidden": "true" });
    this.overviewBox = el("div", { class: "overview-box" });
    this.overview = el(
      "div",
      { class: "overview", title: "The whole run; drag to move" },
      this.overviewCanvas,
      this.overviewBox,
    );
    this.stage = el("div", { class: "diagram-stage" }, this.canvas, this.tip, this.nothing);
    this.element = el(
      "div",
      { class: "diagram", id: "diagram" },
      this.names,
      el("div", { class: "diagram-body" }, this.stage, this.overview),
    );
    listenToDiagram(this);
  }

  buildTools() {
    const button = (label, title, action) =>
      el("button", {
        type: "button",
        class: "button square",
        title,
        "aria-label": title,
        text: label,
        on: { click: action },
      });
    this.scaleButton = el("button", {
      type: "button",
      class: "button",
      "aria-pressed": "false",
      text: "by time",
      title: "By event each record has a line of its own; by time distances are durations",
      on: { click: () => this.setByTime(!this.view.isByTime) },
    });
    return [
      this.scaleButton,
      el(
        "span",
        { class: "button-group", role: "group", "aria-label": "zoom" },
        button("−", "zoom out", () => this.zoom(1 / 1.6)),
        button("fit", "fit the whole run", () => this.fit()),
        button("+", "zoom in", () => this.zoom(1.6)),
      ),
      legendMenu(),
    ];
  }

  setByTime(isByTime) {
    const row = this.anchorRow();
    this.view.isByTime = isByTime;
    this.scaleButton.setAttribute("aria-pressed", String(isByTime));
    this.view.fit();
    this.overviewIsStale = true;
    if (!isByTime && row >= 0) this.start(row);
    this.draw();
  }

  anchorRow() {
    if (this.selected >= 0) return this.selected;
    return this.model.violation;
  }

  /** Which rows are shown has changed. */
  rowsChanged() {
    const rows = this.filters.shown;
    const { view, model } = this;
    const anchor =
      view.rows.length > 0 && view.height > 0
        ? view.rows[
            Math.min(view.rows.length - 1, Math.floor((view.window()[0] + view.window()[1]) / 2))
          ]
        : -1;
    view.setRows(rows);
    this.painter.rowsChanged();
    const isUsed = new Uint8Array(model.machines.length);
    for (const row of rows) {
      if (model.events.machine[row] >= 0) isUsed[model.events.machine[row]] = 1;
      if (model.events.peer[row] >= 0) isUsed[model.events.peer[row]] = 1;
    }
    this.lanes = model.machines.map((machine, index) => index).filter((index) => isUsed[index]);
    this.laneOf = new Int16Array(model.machines.length).fill(-1);
    this.lanes.forEach((machine, lane) => {
      this.laneOf[machine] = lane;
    });
    this.nothing.hidden = rows.length > 0;
    this.overviewIsStale = true;
    this.canvas.dataset.shown = rows.length;
    if (view.height > 0)
      this.start(this.selected >= 0 ? this.selected : anchor >= 0 ? anchor : this.anchorRow());
    this.draw();
  }

  /** Shows all rows where they are legible, else those around one. */
  start(row) {
    const { view } = this;
    view.fit();
    if (view.isByTime || view.pixelsPerU >= kLabelHeight) return;
    view.pixelsPerU = kPixelsPerRow;
    if (row >= 0) view.from = view.uOfRow(row) - (view.room * 0.6) / view.pixelsPerU;
    view.clamp();
  }

  fit() {
    this.view.fit();
    this.draw();
  }

  zoom(factor, y) {
    this.view.zoom(factor, y);
    this.draw();
  }

  pan(across, down) {
    this.scrollX = Math.max(0, Math.min(this.scrollXMax, this.scrollX + across));
    if (down === Infinity) this.view.from = this.view.last;
    else if (down === -Infinity) this.view.from = this.view.first;
    else this.view.scroll(down);
    this.view.clamp();
    this.draw();
  }

  select(row, scrolls) {
    this.selected = row;
    if (row >= 0 && scrolls) this.show(row);
    this.canvas.dataset.selected = row;
    this.draw();
  }

  /** Brings a row and its lane into sight. */
  show(row) {
    this.view.show(row);
    const x = this.xOfMachine(this.model.events.machine[row]);
    if (x === kNoLane) return;
    if (x < this.gutter + 20) this.scrollX = Math.max(0, this.scrollX + x - this.gutter - 60);
    else if (x > this.width - 60)
      this.scrollX = Math.min(this.scrollXMax, this.scrollX + x - this.width + 90);
  }

  showTime(t) {
    const { view, model } = this;
    const index = Math.min(view.rows.length - 1, lowerBound(view.rows, model.events.rowAt(t)));
    if (index < 0) return;
    view.show(view.rows[index]);
    this.draw();
  }

  layout() {
    const width = this.stage.clientWidth;
    const height = this.stage.clientHeight;
    const isNarrow = width < 560;
    this.gutter = isNarrow ? 62 : 112;
    const count = Math.max(1, this.lanes.length);
    this.laneWidth = Math.max(isNarrow ? 96 : kLaneWidthMin, (width - this.gutter) / count);
    this.scrollXMax = Math.max(0, this.gutter + this.laneWidth * count - width);
    this.scrollX = Math.min(this.scrollX, this.scrollXMax);
    this.width = width;
    this.view.height = height;
    if (this.isFresh && height > 0) {
      this.isFresh = false;
      this.start(this.anchorRow());
      if (this.anchorRow() >= 0) this.show(this.anchorRow());
    }
    this.view.clamp();
  }

  laneX(lane) {
    const share = Math.min(this.laneWidth * 0.3, 60);
    return this.gutter + this.laneWidth * lane + Math.max(30, share) - this.scrollX;
  }

  xOfMachine(machine) {
    const lane = machine < 0 ? -1 : this.laneOf[machine];
    return lane < 0 ? kNoLane : this.laneX(lane);
  }

  render() {
    if (this.stage.clientWidth === 0) return;
    this.layout();
    this.fillNames();
    this.painter.paint();
    if (this.overviewIsStale) {
      this.overviewIsStale = false;
      this.painter.paintOverview(this.overviewCanvas, this.overview);
    }
    const { view } = this;
    const span = Math.max(1e-9, view.last - view.first);
    const height = this.overview.clientHeight;
    const top = ((view.from - view.first) / span) * height;
    const size = Math.max(8, Math.min(height, (view.room / view.pixelsPerU / span) * height));
    this.overviewBox.style.transform = `translateY(${Math.min(top, height - size)}px)`;
    this.overviewBox.style.height = `${size}px`;
  }

  fillNames() {
    while (this.names.children.length > this.lanes.length) this.names.lastChild.remove();
    while (this.names.children.length < this.lanes.length) {
      this.names.append(el("div", { class: "lane-name" }, el("b"), el("span")));
    }
    this.lanes.forEach((machine, lane) => {
      const { name, role, kind, zone } = this.model.machines[machine];
      const element = this.names.children[lane];
      const title = `${name} (${role}), a ${kind}${zone ? ` in zone ${zone}` : ""}`;
      if (element.title !== title) {
        element.title = title;
        element.firstChild.textContent = name;
        element.lastChild.textContent = role;
      }
      element.style.transform = `translateX(${this.laneX(lane) - 14}px)`;
      element.style.width = `${this.laneWidth - 10}px`;
    });
  }

  /** The row under a point, or -1. */
  rowAt(x, y) {
    const { view } = this;
    const [first, last] = view.window();
    if (last - first > kRowsInFull) return this.rowNear(x, y, first, last, 3);
    return this.rowNear(x, y, first, last, Math.max(10, view.isByTime ? 10 : view.pixelsPerU / 2));
  }

  rowNear(x, y, first, last, reach) {
    const { view, model } = this;
    let best = -1;
    let bestCost = Infinity;
    for (let index = first; index < last; ++index) {
      const row = view.rows[index];
      const distance = Math.abs(view.yOfRowIndex(index) - y);
      if (distance > reach) continue;
      const lane = this.xOfMachine(model.events.machine[row]);
      const cost = distance + Math.abs(lane - x) * 0.02 + (model.isViolation(row) ? -3 : 0);
      if (cost >= bestCost) continue;
      best = row;
      bestCost = cost;
    }
    return best;
  }
}

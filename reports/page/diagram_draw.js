// Paints the diagram. What is painted in one go is bounded, whatever the run's length: with more
// than kRowsInFull rows in sight, rows become densities, and messages and bars are thinned to what
// a screen's pixels can tell apart.

const kRowsInFull = 1200;
const kLabelHeight = 13;

class DiagramPainter {
  constructor(diagram) {
    this.diagram = diagram;
    this.model = diagram.model;
    this.colours = null;
    this.widths = new Map();
  }

  /** Of a few rows only their messages are painted, and operations that go on while one of them
      happens. */
  rowsChanged() {
    const { view } = this.diagram;
    const { messages, operations } = this.model;
    const isShown = new Uint8Array(this.model.count);
    for (const row of view.rows) isShown[row] = 1;
    this.shownMessages = messages.index.narrowed(
      (i) => isShown[messages.send[i]] === 1 || isShown[messages.deliver[i]] === 1,
    );
    this.shownOperations = operations.index.narrowed((i) => {
      const index = lowerBound(view.rows, operations.first[i]);
      return index < view.rows.length && view.rows[index] <= operations.end[i];
    });
  }

  forgetColours() {
    this.colours = null;
  }

  paint() {
    const { diagram } = this;
    const { view, canvas } = diagram;
    this.colours ??= paletteOf(canvas);
    this.context = fitCanvas(canvas, diagram.width, view.height);
    this.calls = 0;
    this.labels = 0;
    const [first, last] = view.window();
    this.first = first;
    this.last = last;
    this.isFull = last - first <= kRowsInFull;
    this.rowFirst = last > first ? view.rows[first] : 0;
    this.rowLast = last > first ? view.rows[last - 1] : -1;
    this.findWindowTime();
    this.context.save();
    this.clipLanes();
    this.paintBands();
    this.paintLanes();
    this.paintOperations();
    const messages = this.paintMessages();
    if (this.isFull) this.paintGlyphs();
    else this.paintDensity();
    this.paintMarks();
    this.context.restore();
    this.paintLabels();
    this.paintGutter();
    Object.assign(canvas.dataset, {
      rows: last - first,
      ...messages,
      labels: this.labels,
      calls: this.calls,
      mode: this.isFull ? "full" : "dense",
    });
  }

  /** The instants that are in sight, and the rows that border on them. */
  findWindowTime() {
    const { view } = this.diagram;
    const { events, tEnd, count } = this.model;
    if (view.isByTime) {
      this.tFirst = view.uAt(-20);
      this.tLast = view.uAt(view.height + 20);
    } else {
      const before = this.first > 0 ? view.rows[this.first - 1] : -1;
      const after = this.last < view.rows.length ? view.rows[this.last] : count;
      this.tFirst = before >= 0 ? events.t[before] : 0;
      this.tLast = after < count ? events.t[after] : tEnd;
    }
    this.crossFirst = Math.max(0, Math.min(this.rowFirst, events.rowAt(this.tFirst) - 1));
    this.crossLast = Math.max(this.rowLast, Math.min(count - 1, events.rowAt(this.tLast)));
  }

  clipLanes() {
    const { context, diagram } = this;
    context.beginPath();
    context.rect(diagram.gutter, 0, diagram.width - diagram.gutter, diagram.view.height);
    context.clip();
  }

  stroke(colour, width, path, dash = []) {
    const { context } = this;
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.setLineDash(dash);
    context.stroke(path);
    context.setLineDash([]);
    ++this.calls;
  }

  fill(colour, path) {
    this.context.fillStyle = colour;
    this.context.fill(path);
    ++this.calls;
  }

  // --- faults, lanes ---

  hatch() {
    if (this.hatched === this.colours) return this.hatchPattern;
    const tile = document.createElement("canvas");
    tile.width = 8;
    tile.height = 8;
    const context = tile.getContext("2d");
    context.strokeStyle = this.colours.orange;
    context.globalAlpha = 0.3;
    context.beginPath();
    for (const shift of [-8, 0, 8]) {
      context.moveTo(shift, 8);
      context.lineTo(shift + 8, 0);
    }
    context.stroke();
    this.hatched = this.colours;
    this.hatchPattern = this.context.createPattern(tile, "repeat");
    return this.hatchPattern;
  }

  /** Where a band or span begins and ends. One that strikes at an instant has a line. */
  bandEdges(band) {
    const { view } = this.diagram;
    const end = band.to < 0 ? this.model.tEnd : band.to;
    const top =
      view.isByTime || band.row < 0
        ? view.y(view.uOfTime(band.from))
        : view.y(Math.ceil(view.placeOf(band.row)));
    const below = band.to < 0 && !view.isByTime ? view.y(view.last) : view.y(view.uOfTime(end));
    const least = view.isByTime ? 3 : Math.max(3, view.pixelsPerU);
    return [top, Math.max(below, top + least)];
  }

  paintBands() {
    const path = new Path2D();
    const edges = new Path2D();
    const { view, lanes, gutter, width } = this.diagram;
    for (const band of this.model.bands) {
      const [top, below] = this.bandEdges(band);
      if (below < 0 || top > view.height) continue;
      const from = Math.max(-4, top);
      const size = Math.min(view.height + 4, below) - from;
      const struck = [...band.machines, ...(band.peers ?? [])];
      if (struck.length === 0) {
        path.rect(gutter, from, width - gutter, size);
        edges.rect(gutter, top, width - gutter, 0.01);
      }
      for (const machine of struck) {
        const lane = this.diagram.laneOf[machine];
        if (lane < 0 || lane >= lanes.length) continue;
        const x = this.diagram.laneX(lane);
        path.rect(x - 26, from, this.bandWidth(), size);
        edges.rect(x - 26, top, this.bandWidth(), 0.01);
      }
    }
    this.fill(this.colours.band, path);
    this.fill(this.hatch(), path);
    this.stroke(this.colours.orange, 1, edges);
  }

  bandWidth() {
    return Math.max(52, this.diagram.laneWidth - 12);
  }

  paintLanes() {
    const { view, lanes } = this.diagram;
    const lines = new Path2D();
    for (let lane = 0; lane < lanes.length; ++lane) {
      const x = Math.round(this.diagram.laneX(lane)) + 0.5;
      lines.moveTo(x, 0);
      lines.lineTo(x, view.height);
    }
    this.stroke(this.colours.lineStrong, 1, lines);
    this.paintSpans();
  }

  /** Down: the line is broken. Paused: it is double. Booting: dotted. */
  paintSpans() {
    const { view } = this.diagram;
    const gaps = new Path2D();
    const styles = [
      [new Path2D(), [1.5, 5]],
      [new Path2D(), []],
      [new Path2D(), [2, 2]],
    ];
    for (const span of this.model.spans) {
      const x = this.diagram.xOfMachine(span.machine);
      if (x === kNoLane) continue;
      const [top, below] = this.bandEdges(span);
      if (below < 0 || top > view.height || below - top < 1) continue;
      const line = Math.round(x) + 0.5;
      const from = Math.max(-4, top);
      const to = Math.min(view.height + 4, below);
      gaps.rect(line - 3, from, 6, to - from);
      const [path] = styles[span.state] ?? styles[0];
      for (const shift of span.state === 1 ? [-2, 2] : [0]) {
        path.moveTo(line + shift, from);
        path.lineTo(line + shift, to);
      }
    }
    this.fill(this.colours.panel, gaps);
    styles.forEach(([path, dash], state) => {
      this.stroke(state === 2 ? this.colours.green : this.colours.muted, 1.2, path, dash);
    });
  }

  // --- operations, messages ---

  paintOperations() {
    const { operations } = this.model;
    const { view } = this.diagram;
    const paths = kOutcomes.map(() => new Path2D());
    const lastY = new Map();
    this.shownOperations.each(this.crossFirst, this.crossLast, (i) => {
      const x = this.diagram.xOfMachine(operations.machine[i]);
      if (x === kNoLane) return;
      const top = view.isByTime
        ? view.y(operations.from[i])
        : view.y(Math.ceil(view.placeOf(operations.first[i])));
      const end = operations.to[i] < 0 ? this.model.tEnd : operations.to[i];
      const below = view.isByTime
        ? view.y(end)
        : view.y(Math.floor(view.placeOf(operations.end[i])) + 1);
      const key = operations.machine[i] * kSlots + operations.slot[i];
      // In dense sight one bar a pixel is all that can be told apart.
      if (below < 0 || top > view.height || below < (lastY.get(key) ?? -1) + 0.7) return;
      lastY.set(key, Math.max(below, top));
      const from = Math.max(-4, top) + 1;
      const size = Math.max(2, Math.min(view.height + 4, below) - from - 1);
      paths[operations.outcome[i]].rect(Math.round(x) - 8 - operations.slot[i] * 6, from, 4, size);
    });
    this.fill(this.colours.green, paths[0]);
    this.fill(this.colours.panel, paths[1]);
    this.stroke(this.colours.red, 1.4, paths[1]);
    this.fill(this.colours.panel, paths[2]);
    this.stroke(this.colours.orange, 1.2, paths[2], [3, 2]);
    this.stroke(this.colours.muted, 1.2, paths[3], [1, 2]);
  }

  /** Returns how many messages were painted, and how many of them were late or lost. */
  paintMessages() {
    const { messages } = this.model;
    const paths = {
      sent: new Path2D(),
      late: new Path2D(),
      lost: new Path2D(),
      heads: new Path2D(),
      lateHeads: new Path2D(),
      crosses: new Path2D(),
      ends: new Path2D(),
    };
    const seen = new Set();
    const counts = { messages: 0, late: 0, lost: 0 };
    const { view } = this.diagram;
    this.shownMessages.each(this.rowFirst, this.rowLast, (i) => {
      const isBad = messages.fate[i] === kLost || messages.late[i] === 1;
      if (!this.isFull && !isBad) return;
      const ends = this.messageEnds(i);
      if (ends === null) return;
      if (!this.isFull) {
        // One lost or late message a lane and three pixels.
        const key = `${ends.x0} ${Math.round(ends.y0 / 3)} ${messages.fate[i]}`;
        if (seen.has(key)) return;
        seen.add(key);
        // What is left of it is where it began, and towards whom.
        ends.x1 = ends.x0 + Math.sign(ends.x1 - ends.x0) * 16;
        ends.y1 = ends.y0;
      }
      if (Math.max(ends.y0, ends.y1) < -2 || Math.min(ends.y0, ends.y1) > view.height + 2) return;
      ++counts.messages;
      counts.late += messages.late[i];
      counts.lost += messages.fate[i] === kLost ? 1 : 0;
      this.addMessage(paths, ends, messages.fate[i], messages.late[i]);
    });
    const { accent, orange, red } = this.colours;
    this.stroke(accent, 1.2, paths.sent);
    this.fill(accent, paths.heads);
    this.stroke(orange, 1.4, paths.late, [7, 3]);
    this.stroke(orange, 1.4, paths.lateHeads);
    this.stroke(red, 1.3, paths.lost, [2, 3]);
    this.stroke(red, 1.8, paths.crosses);
    this.stroke(accent, 1.2, paths.ends);
    return counts;
  }

  messageEnds(i) {
    const { diagram, model } = this;
    const { send, deliver } = model.messages;
    const { events } = model;
    const row = send[i] >= 0 ? send[i] : deliver[i];
    if (row < 0) return null;
    const isSend = send[i] >= 0;
    const from = isSend ? events.machine[row] : events.peer[row];
    const to = isSend ? events.peer[row] : events.machine[row];
    const x0 = diagram.xOfMachine(from);
    const x1 = diagram.xOfMachine(to);
    if (x0 === kNoLane || x1 === kNoLane) return null;
    const y0 = diagram.view.yOfRow(row);
    const y1 = diagram.view.yOfRow(deliver[i] >= 0 ? deliver[i] : row);
    return { x0, x1, y0: isSend ? y0 : y1, y1 };
  }

  addMessage(paths, { x0, x1, y0, y1 }, fate, late) {
    const side = Math.sign(x1 - x0) || 1;
    if (fate === kLost || fate === kUnderWay) {
      const x = x0 + (x1 - x0) * (fate === kLost ? 0.55 : 0.8);
      const y = y0 + Math.min(10, this.diagram.view.pixelsPerU);
      const path = fate === kLost ? paths.lost : paths.sent;
      path.moveTo(x0, y0);
      path.lineTo(x, y);
      if (fate === kLost) {
        paths.crosses.moveTo(x - 4, y - 4);
        paths.crosses.lineTo(x + 4, y + 4);
        paths.crosses.moveTo(x + 4, y - 4);
        paths.crosses.lineTo(x - 4, y + 4);
      } else {
        paths.ends.moveTo(x + 3, y);
        paths.ends.arc(x, y, 3, 0, 2 * Math.PI);
      }
      return;
    }
    const path = late ? paths.late : paths.sent;
    path.moveTo(x0, y0);
    path.lineTo(x1 - side * 2, y1);
    this.addHead(late ? paths.lateHeads : paths.heads, x0, y0, x1, y1);
  }

  addHead(path, x0, y0, x1, y1) {
    const angle = Math.atan2(y1 - y0, x1 - x0);
    const point = (turn) => [x1 - 7 * Math.cos(angle + turn), y1 - 7 * Math.sin(angle + turn)];
    path.moveTo(...point(0.42));
    path.lineTo(x1, y1);
    path.lineTo(...point(-0.42));
  }
}

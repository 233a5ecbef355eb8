// The rows of the diagram: what happened, as glyphs and labels, or as densities where there are too
// many; the marks; the times at the left; and the overview at the right.

Object.assign(DiagramPainter.prototype, {
  kindColour(kind) {
    const { accent, teal, orange, purple, ink, red } = this.colours;
    return [accent, accent, red, teal, orange, purple, ink, orange][kind];
  },

  /** Each kind has its shape. */
  addGlyph(path, kind, x, y) {
    if (kind === kDisk) path.rect(x - 3, y - 3, 6, 6);
    else if (kind === kFault) {
      path.moveTo(x, y - 6);
      path.lineTo(x + 6, y);
      path.lineTo(x, y + 6);
      path.lineTo(x - 6, y);
      path.closePath();
    } else if (kind === kMachine) {
      path.moveTo(x, y - 5);
      path.lineTo(x + 5, y + 4);
      path.lineTo(x - 5, y + 4);
      path.closePath();
    } else {
      const radius = kind === kHistory ? 3.6 : 2.2;
      path.moveTo(x + radius, y);
      path.arc(x, y, radius, 0, 2 * Math.PI);
    }
  },

  paintGlyphs() {
    const { view } = this.diagram;
    const { events } = this.model;
    const paths = kKinds.map(() => new Path2D());
    const rings = new Path2D();
    for (let index = this.first; index < this.last; ++index) {
      const row = view.rows[index];
      const kind = events.kind[row];
      const x = this.diagram.xOfMachine(events.machine[row]);
      if (x === kNoLane || kind === kDeliver) continue;
      const y = view.yOfRowIndex(index);
      this.addGlyph(paths[kind], kind, x, y);
      if (kind === kHistory && this.model.isRelated(row)) {
        rings.moveTo(x + 6, y);
        rings.arc(x, y, 6, 0, 2 * Math.PI);
      }
    }
    paths.forEach((path, kind) => this.fill(this.kindColour(kind), path));
    this.stroke(this.colours.ink, 1, rings);
  },

  /** How many rows lie on each pixel of a lane, as bars. */
  paintDensity() {
    const { view, lanes, laneOf } = this.diagram;
    const { events } = this.model;
    const height = Math.ceil(view.height / 2);
    const counts = new Uint32Array(lanes.length * height);
    for (let index = this.first; index < this.last; ++index) {
      const row = view.rows[index];
      const lane = events.machine[row] < 0 ? -1 : laneOf[events.machine[row]];
      if (lane < 0) continue;
      const y = view.yOfRowIndex(index);
      if (y < 0 || y >= view.height) continue;
      ++counts[lane * height + (y >> 1)];
    }
    let most = 1;
    for (const count of counts) most = Math.max(most, count);
    const path = new Path2D();
    const room = Math.max(12, this.diagram.laneWidth - 60);
    for (let lane = 0; lane < lanes.length; ++lane) {
      const x = this.diagram.laneX(lane);
      for (let bin = 0; bin < height; ++bin) {
        const count = counts[lane * height + bin];
        if (count > 0) path.rect(x + 1, bin * 2, 2 + room * Math.sqrt(count / most), 1.6);
      }
    }
    this.context.globalAlpha = 0.55;
    this.fill(this.colours.accent, path);
    this.context.globalAlpha = 1;
  },

  /** The violation, where the passing run parts, and what is chosen with its causes and effects. */
  paintMarks() {
    const { diagram, model } = this;
    const { gutter, width, selected } = diagram;
    const across = (row, colour, dash) => {
      const y = Math.round(diagram.view.yOfRow(row)) + 0.5;
      const path = new Path2D();
      path.moveTo(gutter, y);
      path.lineTo(width, y);
      this.stroke(colour, 1, path, dash);
    };
    if (model.parting >= 0) across(model.parting, this.colours.purple, [6, 4]);
    if (model.violation >= 0) {
      across(model.violation, this.colours.red, []);
      this.paintCross(model.violation);
    }
    if (selected < 0) return;
    this.paintLinks(model.causesOf(selected), this.colours.purple);
    this.paintLinks(model.effectsOf(selected), this.colours.green);
    const y = diagram.view.yOfRow(selected);
    const path = new Path2D();
    path.rect(gutter, y - 9, width - gutter, 18);
    this.fill(this.colours.select, path);
    const x = diagram.xOfMachine(model.events.machine[selected]);
    if (x === kNoLane) return;
    const ring = new Path2D();
    ring.arc(x, y, 8, 0, 2 * Math.PI);
    this.stroke(this.colours.accent, 2, ring);
  },

  paintCross(row) {
    const { diagram } = this;
    const lane = diagram.xOfMachine(this.model.events.machine[row]);
    const x = lane === kNoLane ? diagram.gutter + 10 : lane;
    const y = diagram.view.yOfRow(row);
    const disc = new Path2D();
    disc.arc(x, y, 8, 0, 2 * Math.PI);
    this.fill(this.colours.red, disc);
    const cross = new Path2D();
    cross.moveTo(x - 3.5, y - 3.5);
    cross.lineTo(x + 3.5, y + 3.5);
    cross.moveTo(x + 3.5, y - 3.5);
    cross.lineTo(x - 3.5, y + 3.5);
    this.stroke(this.colours.panel, 2, cross);
  },

  /** Curves to at most 60 rows. */
  paintLinks(rows, colour) {
    const { diagram, model } = this;
    const path = new Path2D();
    const x0 = diagram.xOfMachine(model.events.machine[diagram.selected]);
    const y0 = diagram.view.yOfRow(diagram.selected);
    for (const row of rows.slice(0, 60)) {
      const x1 = diagram.xOfMachine(model.events.machine[row]);
      const y1 = diagram.view.yOfRow(row);
      if (x0 === kNoLane || x1 === kNoLane) continue;
      const bend = x0 === x1 ? 40 : 0;
      path.moveTo(x0, y0);
      path.bezierCurveTo(x0 + bend, y0, x1 + bend, y1, x1, y1);
    }
    this.stroke(colour, 2, path, [5, 3]);
  },

  // --- labels ---

  /** The most telling first: what is chosen, the violation, evidence and faults, then the rest. */
  paintLabels() {
    const { view, selected } = this.diagram;
    const { model } = this;
    this.taken = new Uint8Array(Math.ceil(view.height) + 2 * kLabelHeight);
    const important = [];
    const others = [];
    const take = (row) => {
      if (row === selected || model.isViolation(row)) important.unshift(row);
      else if (model.isRelated(row) || model.events.kind[row] === kFault) important.push(row);
      else others.push(row);
    };
    if (this.isFull) {
      for (let index = this.first; index < this.last; ++index) take(view.rows[index]);
    } else {
      if (model.violation >= 0) important.push(model.violation);
      for (const { row } of model.bands.slice(0, 400)) {
        if (row >= 0) important.push(row);
      }
    }
    this.paintPartingLabel();
    for (const row of important) this.paintLabel(row);
    for (const row of others) this.paintLabel(row);
  },

  /** Whether there is room for a line of text at y; takes it. */
  takeRoom(y) {
    const top = Math.round(y);
    if (top < 4 || top > this.diagram.view.height - 4) return false;
    const height = this.isFull ? kLabelHeight : kLabelHeight * 2;
    for (let line = top; line < top + height; ++line) {
      if (this.taken[line]) return false;
    }
    this.taken.fill(1, top, top + height);
    return true;
  },

  labelText(row) {
    const { model } = this;
    const { events } = model;
    const message = model.messageOf[row];
    const isItself = events.kind[row] === kSend || events.kind[row] === kDeliver;
    if (message < 0 || !isItself) return events.words(row);
    const { send, fate, late, deliver } = model.messages;
    if (events.kind[row] === kDeliver) {
      return send[message] >= 0 && this.isSendShown(send[message]) ? "" : events.words(row);
    }
    if (fate[message] === kLost) return `${events.words(row)} (lost)`;
    if (fate[message] === kUnderWay) return `${events.words(row)} (never arrived)`;
    if (!late[message] || deliver[message] < 0) return events.words(row);
    const flight = durationText(events.t[deliver[message]] - events.t[row]);
    return `${events.words(row)} (${flight} on its way)`;
  },

  isSendShown(row) {
    return Number.isInteger(this.diagram.view.placeOf(row));
  },

  paintLabel(row) {
    const { diagram, model, context } = this;
    const { events } = model;
    const y = diagram.view.yOfRow(row);
    const lane = diagram.xOfMachine(events.machine[row]);
    const x = lane === kNoLane ? diagram.gutter + 14 : lane;
    if (x < diagram.gutter - 20 || x > diagram.width + 20) return;
    const text = this.labelText(row);
    if (text === "" || !this.takeRoom(y)) return;
    const peer = diagram.xOfMachine(events.peer[row]);
    const roomRight = diagram.width - x - 16;
    const roomLeft = x - diagram.gutter - 40;
    const isTowardsLeft =
      peer !== kNoLane && events.kind[row] === kSend ? peer < x : roomRight < 150;
    const isLeft = isTowardsLeft && (roomLeft >= 80 || roomLeft > roomRight);
    const isStrong = model.isViolation(row) || events.kind[row] === kFault;
    context.font = `${isStrong ? "600 " : ""}12px ${this.colours.font}`;
    const fitted = this.fitText(text, Math.max(40, isLeft ? roomLeft : roomRight), isStrong);
    const width = this.widthOf(fitted, isStrong);
    const left = Math.max(diagram.gutter + 2, isLeft ? x - 30 - width : x + 13);
    context.fillStyle = this.colours.panel;
    context.globalAlpha = 0.86;
    context.fillRect(left - 3, y - 7, width + 6, 14);
    context.globalAlpha = 1;
    context.fillStyle = this.labelColour(row);
    context.textBaseline = "middle";
    context.fillText(fitted, left, y + 0.5);
    this.calls += 2;
    ++this.labels;
  },

  labelColour(row) {
    if (this.model.isViolation(row)) return this.colours.red;
    const kind = this.model.events.kind[row];
    if (kind === kFault || kind === kLate) return this.colours.orange;
    if (kind === kLoss) return this.colours.red;
    if (this.model.isRelated(row) || kind === kHistory || kind === kMachine)
      return this.colours.ink;
    return this.colours.muted;
  },

  paintPartingLabel() {
    const { diagram, model, context } = this;
    if (model.parting < 0) return;
    const y = diagram.view.yOfRow(model.parting);
    if (y < 0 || y > diagram.view.height) return;
    context.font = `12px ${this.colours.font}`;
    const text = "◀ first parting from the passing run";
    const width = context.measureText(text).width;
    if (width > diagram.width - diagram.gutter - 160) return;
    context.fillStyle = this.colours.panel;
    const middle = y < 18 ? y + 9 : y - 8.5;
    context.fillRect(diagram.width - width - 14, middle - 7.5, width + 10, 14);
    context.fillStyle = this.colours.purple;
    context.textBaseline = "middle";
    context.fillText(text, diagram.width - width - 8, middle);
    this.calls += 2;
  },

  widthOf(text, isStrong) {
    const key = isStrong ? `!${text}` : text;
    let width = this.widths.get(key);
    if (width === undefined) {
      if (this.widths.size > 20000) this.widths.clear();
      width = this.context.measureText(text).width;
      this.widths.set(key, width);
    }
    return width;
  },

  fitText(text, room, isStrong) {
    const line = clip(text.replace(/\s+/g, " "), 240);
    if (this.widthOf(line, isStrong) <= room) return line;
    let low = 1;
    let high = line.length;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.context.measureText(`${line.slice(0, middle)}…`).width <= room) low = middle;
      else high = middle - 1;
    }
    return `${line.slice(0, low)}…`;
  },

  // --- times, overview ---

  paintGutter() {
    const { context, diagram } = this;
    const { view, gutter } = diagram;
    const { events } = this.model;
    context.font = `11.5px ${this.colours.font}`;
    context.textBaseline = "middle";
    context.textAlign = "right";
    const digits = Math.max(3, Math.min(6, digitsFor((this.tLast - this.tFirst) / 12)));
    const write = (y, t, ordinal, row) => {
      if (y < 5 || y > view.height - 4) return;
      context.fillStyle =
        row >= 0 && this.model.isViolation(row) ? this.colours.red : this.colours.muted;
      context.fillText(secondsText(t, digits), gutter - 10, y + 0.5);
      if (gutter > 100 && ordinal !== null && digits < 5) {
        context.fillStyle = this.colours.faint;
        context.fillText(ordinal, gutter - 66, y + 0.5);
      }
      ++this.calls;
    };
    if (view.isByTime) {
      for (const t of roundSteps(this.tFirst, this.tLast, view.height / 44))
        write(view.y(t), t, null, -1);
    } else {
      let lastY = -Infinity;
      for (let index = this.first; index < this.last; ++index) {
        const y = view.yOfRowIndex(index);
        if (y - lastY < kLabelHeight) continue;
        lastY = y;
        write(
          y,
          events.t[view.rows[index]],
          String(events.ordinal[view.rows[index]]),
          view.rows[index],
        );
      }
    }
    context.textAlign = "left";
  },

  paintOverview(canvas, box) {
    const width = box.clientWidth;
    const height = box.clientHeight;
    const context = fitCanvas(canvas, width, height);
    const { view } = this.diagram;
    const { model, colours } = this;
    const span = Math.max(1e-9, view.last - view.first);
    const yOf = (u) => ((u - view.first) / span) * height;
    const counts = new Uint32Array(Math.ceil(height) + 1);
    for (let index = 0; index < view.rows.length; ++index) {
      const u = view.isByTime ? model.events.t[view.rows[index]] : index + 0.5;
      ++counts[Math.max(0, Math.floor(yOf(u)))];
    }
    const most = Math.max(1, ...counts);
    context.fillStyle = colours.faint;
    counts.forEach((count, y) => {
      if (count > 0) context.fillRect(0, y, 2 + (width - 4) * 0.8 * Math.sqrt(count / most), 1);
    });
    context.fillStyle = colours.orange;
    for (const band of model.bands) {
      const y = yOf(view.uOfTime(band.from));
      const below = yOf(view.uOfTime(band.to < 0 ? model.tEnd : band.to));
      context.fillRect(width - 7, y, 7, Math.max(1.5, Math.min(height, below) - y));
    }
    const mark = (row, colour) => {
      if (row < 0) return;
      context.fillStyle = colour;
      context.fillRect(0, Math.min(height - 2, yOf(view.uOfRow(row)) - 1), width, 2);
    };
    mark(model.parting, colours.purple);
    mark(model.violation, colours.red);
  },
});

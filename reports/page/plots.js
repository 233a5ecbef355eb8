// Plots over virtual time, with the faults shaded behind them.

const kPlotHeight = 132;
const kPlotLeft = 58;
const kPlotBottom = 20;
const kPlotTop = 8;
/** What was refused at once took no time; so short ones lie on the axis. */
const kLatencyMin = 1e3;
/** How many faults that are in effect a cross-hair names. */
const kFaultsRead = 2;
const kSeriesDashes = [[], [6, 3], [2, 2], [8, 2, 2, 2], [1, 3], [10, 4]];

/** The frame of a plot: axes, shading, a cross-hair that tells what is there, and a click to go. */
class Plot {
  /** parts: {title, unit, yMax, isLog, yMin, paint(plot), readout(t): text, legend: [elements]}. */
  constructor(model, parts, showTime) {
    this.model = model;
    this.parts = parts;
    this.canvas = el("canvas", {
      class: "plot-canvas",
      role: "img",
      "aria-label": `${parts.title} over virtual time`,
    });
    this.readout = el("span", { class: "readout" });
    this.cursor = el("div", { class: "plot-cursor", hidden: true });
    this.box = el("div", { class: "plot-box" }, this.canvas, this.cursor);
    this.element = el(
      "figure",
      { class: "plot", "data-plot": parts.title },
      el("figcaption", {}, el("b", { text: parts.title }), ...(parts.legend ?? []), this.readout),
      this.box,
    );
    this.draw = oncePerFrame(() => this.render());
    onLookChange(this.box, this.draw);
    this.box.addEventListener("pointermove", (event) => this.onMove(event));
    this.box.addEventListener("pointerleave", () => {
      this.cursor.hidden = true;
      this.readout.textContent = "";
    });
    this.box.addEventListener("click", (event) => showTime(this.timeAt(event.offsetX)));
  }

  x(t) {
    return kPlotLeft + (t / this.model.tEnd) * (this.width - kPlotLeft - 8);
  }

  timeAt(x) {
    const share = (x - kPlotLeft) / Math.max(1, this.width - kPlotLeft - 8);
    return Math.max(0, Math.min(1, share)) * this.model.tEnd;
  }

  y(value) {
    const { yMax, yMin = 0, isLog } = this.parts;
    const room = kPlotHeight - kPlotTop - kPlotBottom;
    const share = isLog
      ? Math.log(Math.max(value, yMin) / yMin) / Math.log(yMax / yMin)
      : (value - yMin) / (yMax - yMin);
    return kPlotTop + room * (1 - Math.max(0, Math.min(1, share)));
  }

  onMove(event) {
    const t = this.timeAt(event.offsetX);
    this.cursor.hidden = event.offsetX < kPlotLeft;
    this.cursor.style.transform = `translateX(${event.offsetX}px)`;
    const faults = this.model.bands
      .filter(({ from, to }) => from <= t && (to < 0 || t <= to))
      .slice(0, kFaultsRead)
      .map(({ text }) => text);
    this.readout.textContent = [`${secondsText(t)} s: ${this.parts.readout(t)}`, ...faults].join(
      "; ",
    );
  }

  render() {
    this.width = this.box.clientWidth;
    if (this.width === 0) return;
    this.colours = paletteOf(this.canvas);
    this.context = fitCanvas(this.canvas, this.width, kPlotHeight);
    this.paintShades();
    this.paintAxes();
    this.parts.paint(this);
    if (this.model.violation < 0) return;
    const x = this.x(this.model.data.failure.t);
    this.line(x, kPlotTop, x, kPlotHeight - kPlotBottom, this.colours.red, 1.4);
  }

  line(x0, y0, x1, y1, colour, width = 1) {
    const { context } = this;
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(x0, y0);
    context.lineTo(x1, y1);
    context.stroke();
  }

  /** Where any fault is in effect, however many are. */
  paintShades() {
    const { context } = this;
    const shades = new Path2D();
    const strip = new Path2D();
    for (const band of this.model.bands) {
      const from = this.x(band.from);
      const width = this.x(band.to < 0 ? this.model.tEnd : band.to) - from;
      shades.rect(from, kPlotTop, Math.max(1, width), kPlotHeight - kPlotTop - kPlotBottom);
      strip.rect(from, kPlotTop - 4, Math.max(1.5, width), 3);
    }
    context.fillStyle = this.colours.band;
    context.fill(shades);
    context.fillStyle = this.colours.orange;
    context.fill(strip);
  }

  paintAxes() {
    const { context, colours, parts } = this;
    const floor = kPlotHeight - kPlotBottom;
    this.line(kPlotLeft, floor + 0.5, this.width - 8, floor + 0.5, colours.lineStrong);
    context.font = `11px ${colours.font}`;
    context.fillStyle = colours.muted;
    context.textBaseline = "middle";
    context.textAlign = "center";
    const digits = Math.max(0, digitsFor(this.model.tEnd / 10) - 1);
    for (const t of roundSteps(0, this.model.tEnd, this.width / 110)) {
      context.fillText(
        `${secondsText(t, digits)} s`,
        Math.min(this.x(t), this.width - 24),
        floor + 12,
      );
    }
    context.textAlign = "right";
    for (const value of this.steps()) {
      const y = Math.round(this.y(value)) + 0.5;
      this.line(kPlotLeft, y, this.width - 8, y, colours.line);
      const unit = parts.unit === "B" || parts.unit === "ns" ? parts.unit : "";
      context.fillText(amountText(value, unit), kPlotLeft - 6, y);
    }
    context.textAlign = "left";
  }

  steps() {
    const { yMax, yMin = 0, isLog } = this.parts;
    if (!isLog) {
      // Bytes are round in powers of two.
      const scale =
        this.parts.unit === "B" && yMax > 2048 ? 1024 ** Math.floor(Math.log2(yMax) / 10) : 1;
      return roundSteps(yMin / scale, yMax / scale, 4).map((step) => step * scale);
    }
    const steps = [];
    const factor = yMax / yMin > 1e5 ? 100 : 10;
    for (let value = 10 ** Math.ceil(Math.log10(yMin)); value <= yMax; value *= factor)
      steps.push(value);
    return steps;
  }
}

function legendEntry(sign, text) {
  return el(
    "span",
    { class: "legend" },
    el("span", { class: `swatch ${sign}`, "aria-hidden": "true" }),
    text,
  );
}

function outcomesPlot(model, showTime) {
  const { operations, tEnd } = model;
  const bins = 120;
  const counts = kOutcomes.map(() => new Uint32Array(bins));
  const totals = new Uint32Array(kOutcomes.length);
  for (let i = 0; i < operations.count; ++i) {
    const t = operations.to[i] < 0 ? tEnd : operations.to[i];
    ++counts[operations.outcome[i]][Math.min(bins - 1, Math.floor((t / tEnd) * bins))];
    ++totals[operations.outcome[i]];
  }
  const sums = Array.from({ length: bins }, (entry, bin) =>
    counts.reduce((sum, of) => sum + of[bin], 0),
  );
  const paint = (plot) => {
    const { green, red, orange, muted } = plot.colours;
    const width = (plot.x(tEnd) - plot.x(0)) / bins;
    sums.forEach((sum, bin) => {
      let below = 0;
      [green, red, orange, muted].forEach((colour, outcome) => {
        const count = counts[outcome][bin];
        if (count === 0) return;
        const top = plot.y(below + count);
        plot.context.fillStyle = colour;
        const x = plot.x((bin / bins) * tEnd);
        const height = plot.y(below) - top;
        // Solid is ok; failed has a gap in its middle, unknown is thin: not colour alone.
        const size = Math.max(1, width - 1);
        if (outcome === 1) {
          plot.context.fillRect(x, top, size * 0.35, height);
          plot.context.fillRect(x + size * 0.65, top, size * 0.35, height);
        } else
          plot.context.fillRect(x, top, outcome === 0 ? size : Math.max(1, size * 0.45), height);
        below += count;
      });
    });
  };
  return new Plot(
    model,
    {
      title: "Operations by outcome",
      unit: "",
      yMax: Math.max(1, ...sums) * 1.05,
      paint,
      legend: kOutcomes
        .map((name, outcome) =>
          legendEntry(`outcome-${outcome}`, `${name} ${countText(totals[outcome])}`),
        )
        .filter((entry, outcome) => totals[outcome] > 0),
      readout: (t) => {
        const bin = Math.min(bins - 1, Math.floor((t / tEnd) * bins));
        return (
          kOutcomes
            .map((name, outcome) => `${counts[outcome][bin]} ${name}`)
            .filter((text) => !text.startsWith("0 "))
            .join(", ") || "none ended"
        );
      },
    },
    showTime,
  );
}

function latencyPlot(model, showTime) {
  const { operations } = model;
  const points = [];
  for (let i = 0; i < operations.count; ++i) {
    if (operations.to[i] < 0) continue;
    points.push({
      t: operations.to[i],
      value: Math.max(1, operations.to[i] - operations.from[i]),
      outcome: operations.outcome[i],
    });
  }
  points.sort((a, b) => a.t - b.t);
  if (points.length === 0) return null;
  const values = points.map(({ value }) => value).sort((a, b) => a - b);
  const at = (share) => values[Math.min(values.length - 1, Math.floor(share * values.length))];
  const times = points.map(({ t }) => t);
  const paint = (plot) => paintPoints(plot, points);
  return new Plot(
    model,
    {
      title: "Latency",
      unit: "ns",
      isLog: true,
      yMin: Math.max(kLatencyMin, values[0] / 1.5),
      yMax: Math.max(values.at(-1) * 1.5, 10 * kLatencyMin),
      paint,
      legend: [
        el("span", {
          class: "legend",
          text:
            `median ${durationText(at(0.5))}, 99 % ${durationText(at(0.99))}, ` +
            `most ${durationText(values.at(-1))}`,
        }),
      ],
      readout: (t) => {
        const index = Math.min(points.length - 1, lowerBound(times, t));
        const { value, outcome, t: end } = points[index];
        return `${durationText(value)} (${kOutcomes[outcome]}, at ${secondsText(end)} s)`;
      },
    },
    showTime,
  );
}

/** A dot is ok, a cross failed, a ring unknown. One a pixel. */
function paintPoints(plot, points) {
  const { green, red, orange } = plot.colours;
  const dots = new Path2D();
  const crosses = new Path2D();
  const rings = new Path2D();
  const seen = new Set();
  for (const { t, value, outcome } of points) {
    const x = plot.x(t);
    const y = plot.y(value);
    const key = (Math.round(x) * 4096 + Math.round(y)) * 4 + outcome;
    if (seen.has(key)) continue;
    seen.add(key);
    if (outcome === 0) dots.rect(x - 1.2, y - 1.2, 2.4, 2.4);
    else if (outcome === 1) {
      crosses.moveTo(x - 3, y - 3);
      crosses.lineTo(x + 3, y + 3);
      crosses.moveTo(x + 3, y - 3);
      crosses.lineTo(x - 3, y + 3);
    } else {
      rings.moveTo(x + 3, y);
      rings.arc(x, y, 3, 0, 2 * Math.PI);
    }
  }
  plot.context.fillStyle = green;
  plot.context.fill(dots);
  plot.context.lineWidth = 1.3;
  plot.context.strokeStyle = red;
  plot.context.stroke(crosses);
  plot.context.strokeStyle = orange;
  plot.context.stroke(rings);
}

/** "reader lag (events)"; bytes say their unit at the axis. */
function seriesTitle(name, unit) {
  const words = name.replaceAll("_", " ");
  return unit === "" || unit === "B" ? words : `${words} (${unit})`;
}

/** Step functions of one name, a line a label. */
function seriesPlot(model, name, lines, showTime) {
  const most = Math.max(
    1,
    ...lines.map(({ v }) => v.reduce((max, value) => Math.max(max, value), 0)),
  );
  const valueAt = ({ t, v }, at) => {
    const index = lowerBound(t, at + 1) - 1;
    return index < 0 ? null : v[index];
  };
  const paint = (plot) => lines.forEach((line, index) => paintSteps(plot, line, index));
  return new Plot(
    model,
    {
      title: seriesTitle(name, lines[0].unit),
      unit: lines[0].unit,
      yMax: most * 1.08,
      paint,
      legend: lines
        .slice(0, 8)
        .map(({ label }, index) =>
          el(
            "span",
            { class: "legend" },
            el("span", { class: `swatch line-${index % 6}`, "aria-hidden": "true" }),
            label,
          ),
        ),
      readout: (t) =>
        lines
          .slice(0, 6)
          .map((line) => {
            const value = valueAt(line, t);
            return value === null ? null : `${line.label} ${amountText(value, line.unit)}`;
          })
          .filter((text) => text !== null)
          .join(", "),
    },
    showTime,
  );
}

/** Of what falls on one pixel the extremes and the last value are drawn. */
function paintSteps(plot, { t, v }, index) {
  if (t.length === 0) return;
  const path = new Path2D();
  const first = plot.y(v[0]);
  let pixel = { x: plot.x(t[0]), top: first, below: first, last: first };
  path.moveTo(pixel.x, first);
  const finish = () => {
    path.lineTo(pixel.x, pixel.top);
    path.lineTo(pixel.x, pixel.below);
    path.lineTo(pixel.x, pixel.last);
  };
  t.forEach((at, i) => {
    const x = plot.x(at);
    const y = plot.y(v[i]);
    if (x - pixel.x >= 0.5) {
      finish();
      path.lineTo(x, pixel.last);
      pixel = { x, top: Math.min(pixel.last, y), below: Math.max(pixel.last, y), last: y };
      return;
    }
    pixel.top = Math.min(pixel.top, y);
    pixel.below = Math.max(pixel.below, y);
    pixel.last = y;
  });
  finish();
  path.lineTo(plot.x(plot.model.tEnd), pixel.last);
  const { context, colours } = plot;
  const { accent, purple, teal, green, muted, ink } = colours;
  context.strokeStyle = [accent, purple, teal, green, muted, ink][index % 6];
  context.lineWidth = 1.4;
  context.setLineDash(kSeriesDashes[index % 6]);
  context.stroke(path);
  context.setLineDash([]);
}

function plotsPanel(model, showTime) {
  const byName = new Map();
  for (const line of model.data.series) {
    if (!byName.has(line.name)) byName.set(line.name, []);
    byName.get(line.name).push(line);
  }
  const plots = [
    outcomesPlot(model, showTime),
    latencyPlot(model, showTime),
    ...[...byName].map(([name, lines]) => seriesPlot(model, name, lines, showTime)),
  ].filter((plot) => plot !== null);
  return el("div", { class: "plots" }, ...plots.map((plot) => plot.element));
}

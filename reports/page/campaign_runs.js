// Every run of a campaign as a mark: how much happened in it, how it ended, and how many different
// ways the runs have gone so far.

const kRunVerdicts = ["pass", "fail", "crash", "hang", "limit", "inconclusive"];
const kRunsHeight = 190;
const kRunsLeft = 64;
const kRunsRight = 64;

class RunsPlot {
  constructor(data) {
    this.data = data;
    this.runs = data.runs;
    this.count = this.runs.seed.length;
    this.findScale();
    this.canvas = el("canvas", {
      class: "runs-canvas",
      role: "img",
      tabindex: "0",
      "aria-label": "Runs in the order in which they ended, by events; arrow keys read them out",
    });
    this.readout = el("p", {
      class: "hint readout",
      "aria-live": "polite",
      text: `point at a run to see its ${nounOf(data)}`,
    });
    this.chosen = -1;
    this.draw = oncePerFrame(() => this.render());
    this.box = el("div", { class: "runs-box" }, this.canvas);
    this.element = el("div", { class: "runs" }, this.legend(), this.box, this.readout);
    onLookChange(this.box, this.draw);
    this.canvas.addEventListener("pointermove", (event) =>
      this.choose(this.runAt(event.offsetX, event.offsetY)),
    );
    this.canvas.addEventListener("keydown", (event) => this.onKey(event));
  }

  findScale() {
    const { events, digest } = this.runs;
    this.most = 1;
    this.least = Infinity;
    for (const count of events) {
      this.most = Math.max(this.most, count);
      this.least = Math.min(this.least, Math.max(1, count));
    }
    this.most = Math.max(this.most, this.least * 2);
    this.ways = new Float64Array(this.count);
    let ways = 0;
    for (let i = 0; i < this.count; ++i) {
      ways = Math.max(ways, digest[i] + 1);
      this.ways[i] = ways;
    }
    this.waysMost = Math.max(1, ways);
  }

  legend() {
    const entry = (sign, text) =>
      el(
        "span",
        { class: "legend" },
        el("b", {
          class: `sign-${sign}`,
          "aria-hidden": "true",
          text: { pass: "·", red: "✕", inconclusive: "○", ways: "━" }[sign],
        }),
        ` ${text}`,
      );
    return el(
      "p",
      { class: "hint legend-line" },
      entry("pass", "passed"),
      entry("red", "failed, crashed, hung or limited"),
      entry("inconclusive", "inconclusive"),
      entry("ways", "different ways gone so far (right)"),
    );
  }

  x(index) {
    return kRunsLeft + ((index + 0.5) / this.count) * (this.width - kRunsLeft - kRunsRight);
  }

  y(events) {
    const share =
      Math.log(Math.max(events, this.least) / this.least) / Math.log(this.most / this.least);
    return 10 + (kRunsHeight - 34) * (1 - share);
  }

  runAt(x, y) {
    const step = (this.width - kRunsLeft - kRunsRight) / this.count;
    const middle = Math.round((x - kRunsLeft) / step - 0.5);
    const reach = Math.min(400, Math.ceil(8 / step));
    let best = -1;
    let bestCost = 30;
    for (
      let index = Math.max(0, middle - reach);
      index <= Math.min(this.count - 1, middle + reach);
      ++index
    ) {
      const red = this.runs.verdict[index] > 0 ? 8 : 0;
      const cost =
        Math.abs(this.x(index) - x) + Math.abs(this.y(this.runs.events[index]) - y) * 0.5 - red;
      if (cost < bestCost) [best, bestCost] = [index, cost];
    }
    return best;
  }

  choose(index) {
    if (index === this.chosen || index < 0) return;
    this.chosen = index;
    const { data, runs } = this;
    const of = (column) => runs[column][index];
    const parts = [
      kRunVerdicts[of("verdict")],
      of("group") >= 0 ? data.groups[of("group")].signature : "",
      data.strategies[of("strategy")].name,
      counted(of("events"), "event"),
      `${durationText(of("virtual_ns"))} in ${durationText(of("wall_ns"))}`,
    ];
    this.readout.textContent =
      `${data.scenarios[of("scenario")].name} ${nounOf(data)} ${of("seed")}: ` +
      parts.filter((text) => text).join(", ");
    this.draw();
  }

  onKey(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    this.choose(Math.max(0, Math.min(this.count - 1, this.chosen + step)));
  }

  render() {
    this.width = this.box.clientWidth;
    if (this.width === 0) return;
    const colours = paletteOf(this.canvas);
    const context = fitCanvas(this.canvas, this.width, kRunsHeight);
    this.paintAxes(context, colours);
    this.paintWays(context, colours);
    const paths = { pass: new Path2D(), red: new Path2D(), inconclusive: new Path2D() };
    const seen = new Set();
    for (let index = 0; index < this.count; ++index) {
      const verdict = this.runs.verdict[index];
      const x = this.x(index);
      const y = this.y(this.runs.events[index]);
      const key = Math.round(x) * 4096 + Math.round(y);
      if (verdict === 0 && seen.has(key)) continue;
      seen.add(key);
      this.addMark(paths, verdict, x, y);
    }
    context.globalAlpha = 0.6;
    context.fillStyle = colours.accent;
    context.fill(paths.pass);
    context.globalAlpha = 1;
    context.lineWidth = 1.8;
    context.strokeStyle = colours.orange;
    context.stroke(paths.inconclusive);
    context.strokeStyle = colours.red;
    context.stroke(paths.red);
    if (this.chosen < 0) return;
    context.strokeStyle = colours.ink;
    context.beginPath();
    context.arc(this.x(this.chosen), this.y(this.runs.events[this.chosen]), 7, 0, 2 * Math.PI);
    context.stroke();
  }

  addMark(paths, verdict, x, y) {
    if (verdict === 0) paths.pass.rect(x - 1.3, y - 1.3, 2.6, 2.6);
    else if (verdict === 5) {
      paths.inconclusive.moveTo(x + 3.5, y);
      paths.inconclusive.arc(x, y, 3.5, 0, 2 * Math.PI);
    } else {
      paths.red.moveTo(x - 4, y - 4);
      paths.red.lineTo(x + 4, y + 4);
      paths.red.moveTo(x + 4, y - 4);
      paths.red.lineTo(x - 4, y + 4);
    }
  }

  paintAxes(context, colours) {
    context.font = `11px ${colours.font}`;
    context.textBaseline = "middle";
    context.fillStyle = colours.muted;
    context.strokeStyle = colours.line;
    context.textAlign = "right";
    for (let power = Math.ceil(Math.log10(this.least)); 10 ** power <= this.most; ++power) {
      const y = Math.round(this.y(10 ** power)) + 0.5;
      context.beginPath();
      context.moveTo(kRunsLeft, y);
      context.lineTo(this.width - kRunsRight, y);
      context.stroke();
      context.fillText(roughText(10 ** power), kRunsLeft - 6, y);
    }
    context.fillText("events", kRunsLeft - 6, kRunsHeight - 14);
    context.textAlign = "center";
    for (const run of roundSteps(0, this.count, Math.max(2, this.width / 120))) {
      context.fillText(countText(Math.round(run)), this.x(run - 0.5), kRunsHeight - 14);
    }
  }

  paintWays(context, colours) {
    const y = (ways) => 10 + (kRunsHeight - 34) * (1 - ways / this.waysMost);
    const path = new Path2D();
    let lastX = -Infinity;
    for (let index = 0; index < this.count; ++index) {
      const x = this.x(index);
      if (index > 0 && index < this.count - 1 && x - lastX < 1) continue;
      lastX = x;
      if (index === 0) path.moveTo(x, y(this.ways[index]));
      else path.lineTo(x, y(this.ways[index]));
    }
    context.strokeStyle = colours.purple;
    context.lineWidth = 1.6;
    context.stroke(path);
    context.fillStyle = colours.purple;
    context.textAlign = "left";
    for (const ways of roundSteps(0, this.waysMost, 3)) {
      context.fillText(countText(ways), this.width - kRunsRight + 6, y(ways));
    }
  }
}

function runsSection(data) {
  if (data.runs.seed.length === 0) return null;
  const left = data.runs_left_out
    ? `; ${countText(data.runs_left_out)} passing ones are left out`
    : "";
  return section(
    "Runs",
    `${counted(data.runs.seed.length, "run")} in the order in which they ended${left}`,
    new RunsPlot(data).element,
  );
}

// The log: the trace as `--log LEVEL` prints it while a run goes on, to be searched and cut to a
// level.

const kLevels = ["debug", "info", "warn"];

/** By the kind of a row, as the command has it. */
function levelOf(kind) {
  if (kind === kFault || kind === kLoss) return "warn";
  return kind === kMachine || kind === kHistory ? "info" : "debug";
}

class LogPanel {
  constructor(model, select) {
    this.model = model;
    this.levels = kKinds.map((name, kind) => levelOf(kind));
    this.table = new VirtualTable(this.columns(), {
      name: "log",
      label: "the log",
      empty: "Nothing found.",
      rowClass: (row) => `level-${this.levelOfRow(row)}`,
      onSelect: select,
    });
    this.search = el("input", {
      type: "search",
      placeholder: "find",
      "aria-label": "find in the log",
      on: { input: () => this.update() },
    });
    this.level = el(
      "select",
      { "aria-label": "least level", on: { change: () => this.update() } },
      ...kLevels.map((name) => el("option", { value: name, text: name })),
    );
    this.element = el(
      "div",
      { class: "stack" },
      el("div", { class: "panel-tools" }, this.level, this.search, this.command()),
      this.table.element,
    );
    this.update();
  }

  levelOfRow(row) {
    return this.levels[this.model.events.kind[row]];
  }

  /** What is said, and to or from whom. */
  said(row) {
    const { events } = this.model;
    const peer = this.model.machineName(events.peer[row]);
    if (peer === "") return events.words(row);
    return `${events.words(row)} ${events.kind[row] === kSend ? "->" : "<-"} ${peer}`;
  }

  columns() {
    const { model } = this;
    const { events } = model;
    const named = (title, width, text) => ({ title, width, wide: true, text, sort: text });
    return [
      {
        title: "event",
        width: "76px",
        class: "number",
        text: (row) => String(events.ordinal[row]),
        sort: (row) => row,
      },
      {
        title: "time, s",
        width: "112px",
        class: "number",
        text: (row) => secondsText(events.t[row], 9),
        sort: (row) => events.t[row],
      },
      named("machine", "minmax(96px, 150px)", (row) => model.machineName(events.machine[row])),
      named("level", "60px", (row) => this.levelOfRow(row)),
      { ...named("text", "minmax(260px, 1fr)", (row) => this.said(row)), class: "what" },
    ];
  }

  /** What prints this as it happens. */
  command() {
    const { commands } = this.model.data;
    const command = ["replay", "seed"].map((id) => commands.find((known) => known.id === id));
    const [first] = command.filter((known) => known);
    return first ? commandLine("live", `${first.text} --log debug`) : null;
  }

  update() {
    const { events, count } = this.model;
    const least = kLevels.indexOf(this.level.value);
    const isShown = this.levels.map((level) => kLevels.indexOf(level) >= least);
    const holds = this.model.stringsWith(this.search.value);
    const rows = [];
    for (let row = 0; row < count; ++row) {
      const text = events.wordsIndex[row] || events.textIndex[row];
      if (isShown[events.kind[row]] && holds[text]) rows.push(row);
    }
    this.table.setRows(rows);
  }
}

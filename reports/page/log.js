// The log: what `--log LEVEL` prints while a run goes on, to be searched and cut to a level.

const kLevels = ["trace", "debug", "info", "warning", "error"];
const kWarning = 3;

/** The log as columns: what the run says, or else its trace as the command prints it. */
function logOf(model) {
  const { log } = model.data;
  if (log && log.t.length > 0) return log;
  const { events } = model;
  const level = Uint8Array.from(events.kind, (kind) => {
    if (kind === kFault || kind === kDrop) return kWarning;
    return kind === kMachine || kind === kHistory ? 2 : 1;
  });
  const { t, ordinal, machine, textIndex: text } = events;
  return { t, ordinal, machine, text, level, isTrace: true };
}

class LogPanel {
  constructor(model, select) {
    this.model = model;
    this.log = logOf(model);
    this.table = new VirtualTable(this.columns(), {
      name: "log",
      label: "the log",
      empty: "Nothing found.",
      rowClass: (row) => `level-${kLevels[this.log.level[row]]}`,
      onSelect: this.log.isTrace ? select : null,
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
      ...["debug", "info", "warning"].map((name) => el("option", { value: name, text: name })),
    );
    this.element = el(
      "div",
      { class: "stack" },
      el("div", { class: "panel-tools" }, this.level, this.search, this.command()),
      this.table.element,
    );
    this.update();
  }

  columns() {
    const { log, model } = this;
    const named = (title, width, text) => ({ title, width, wide: true, text, sort: text });
    return [
      {
        title: "time, s",
        width: "112px",
        class: "number",
        text: (row) => secondsText(log.t[row], 6),
        sort: (row) => log.t[row],
      },
      {
        title: "event",
        width: "76px",
        class: "number",
        text: (row) => String(log.ordinal[row]),
        sort: (row) => row,
      },
      named("level", "72px", (row) => kLevels[log.level[row]]),
      named("machine", "minmax(96px, 150px)", (row) => model.machineName(log.machine[row])),
      {
        ...named("text", "minmax(260px, 1fr)", (row) => model.strings[log.text[row]]),
        class: "what",
      },
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
    const { log, model } = this;
    const least = kLevels.indexOf(this.level.value);
    const wanted = this.search.value.toLowerCase();
    const holds = Uint8Array.from(model.strings, (text) =>
      text.toLowerCase().includes(wanted) ? 1 : 0,
    );
    const rows = [];
    for (let row = 0; row < log.t.length; ++row) {
      if (log.level[row] >= least && holds[log.text[row]]) rows.push(row);
    }
    this.table.setRows(rows);
  }
}

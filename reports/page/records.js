// Records in tables: the evidence, and the history.

/** Columns that show rows of `events`. */
function eventColumns(model, events, withRecord) {
  const peer = (row) =>
    events.peer[row] >= 0
      ? `${arrowOf(events.kind[row])}${model.machineName(events.peer[row])}`
      : "";
  const columns = [
    {
      title: "event",
      width: "76px",
      class: "number",
      text: (row) => String(events.ordinal[row]),
      sort: (row) => row,
    },
    {
      title: "time, s",
      width: "104px",
      class: "number",
      text: (row) => secondsText(events.t[row], 6),
      sort: (row) => events.t[row],
    },
    {
      title: "machine",
      width: "minmax(96px, 150px)",
      wide: true,
      text: (row) => model.machineName(events.machine[row]),
      sort: (row) => model.machineName(events.machine[row]),
    },
    {
      title: "kind",
      width: "76px",
      leavesNarrow: true,
      class: "kind",
      text: (row) => kKinds[events.kind[row]],
      sort: (row) => kKinds[events.kind[row]],
    },
    {
      title: "what",
      width: "minmax(220px, 1fr)",
      class: "what",
      wide: true,
      text: (row) => events.words(row),
      sort: (row) => events.words(row),
    },
    {
      title: "peer",
      width: "minmax(90px, 150px)",
      leavesNarrow: true,
      wide: true,
      text: peer,
      sort: peer,
    },
  ];
  if (withRecord) {
    columns.push({
      title: "record",
      width: "70px",
      leavesNarrow: true,
      class: "number",
      text: (row) => (events.record[row] || "").toString(),
      sort: (row) => events.record[row],
    });
  }
  return columns;
}

function arrowOf(kind) {
  if (kind === kSend) return "→ ";
  return kind === kDeliver ? "← " : "";
}

/** How a row looks in a table: its role has a sign, not a colour alone. */
function rowClassOf(model, row) {
  const classes = [`kind-${kKinds[model.events.kind[row]]}`];
  if (model.isViolation(row)) classes.push("is-violation");
  else if (model.isRelated(row))
    classes.push((model.role[row] & 3) === 1 ? "is-fault" : "is-related");
  if (row === model.parting) classes.push("is-parting");
  return classes.join(" ");
}

function roleSign(model, row) {
  if (model.isViolation(row)) return "X";
  if (model.events.kind[row] === kFault) return "!";
  return row === model.parting ? "◀" : "";
}

function evidenceTable(model, select) {
  const sign = { title: "", width: "26px", class: "sign", text: (row) => roleSign(model, row) };
  const screen = {
    title: "screen",
    leavesNarrow: true,
    width: "64px",
    class: "sign",
    text: (row) => (model.role[row] & kOnScreen ? "●" : ""),
    sort: (row) => (model.role[row] & kOnScreen ? 0 : 1),
  };
  const table = new VirtualTable([sign, ...eventColumns(model, model.events, false), screen], {
    name: "evidence",
    label: "Records related to the failure",
    onSelect: select,
    rowClass: (row) => rowClassOf(model, row),
    empty: "No record of this run is evidence of a failure.",
  });
  table.setRows(model.evidence);
  return table;
}

/** All records that pass the filters and hold the searched text. */
class HistoryPanel {
  constructor(model, filters, select, onCount) {
    this.model = model;
    this.filters = filters;
    this.onCount = onCount;
    this.table = new VirtualTable(eventColumns(model, model.events, true), {
      name: "history",
      label: "History",
      onSelect: select,
      rowClass: (row) => rowClassOf(model, row),
      empty: "No record passes the filters.",
    });
    this.search = el("input", {
      type: "search",
      placeholder: "find in texts",
      "aria-label": "find in the history",
      on: { input: () => this.update() },
    });
    this.count = el("span", { class: "hint" });
    this.element = el(
      "div",
      { class: "stack" },
      el("div", { class: "panel-tools" }, this.search, this.count),
      this.table.element,
    );
    this.update();
  }

  update() {
    const rows = this.found();
    this.table.setRows(rows);
    const { count, data } = this.model;
    const left = data.rows_left_out
      ? `; ${countText(data.rows_left_out)} earlier ones were not kept`
      : "";
    this.count.textContent = `${countText(rows.length)} of ${counted(count, "record")}${left}`;
    this.onCount(rows.length);
  }

  found() {
    const wanted = this.search.value;
    if (wanted === "") return this.filters.rows;
    const { events } = this.model;
    const holds = this.model.stringsWith(wanted);
    return this.filters.rows.filter(
      (row) => holds[events.textIndex[row]] || holds[events.wordsIndex[row]],
    );
  }
}

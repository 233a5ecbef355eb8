// Records in tables: evidence, history, log, knobs; and one record with its causes and effects.

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
    const wanted = this.search.value.toLowerCase();
    if (wanted === "") return this.filters.rows;
    const { events, strings } = this.model;
    const holds = Uint8Array.from(strings, (text) => (text.toLowerCase().includes(wanted) ? 1 : 0));
    return this.filters.rows.filter(
      (row) => holds[events.textIndex[row]] || holds[events.wordsIndex[row]],
    );
  }
}

/** A table of texts with a search box: knobs, log. */
function searchedTable(columns, count, textOf, options) {
  const table = new VirtualTable(columns, options);
  const all = Array.from({ length: count }, (entry, index) => index);
  const search = el("input", {
    type: "search",
    placeholder: "find",
    "aria-label": `find in ${options.label}`,
    on: {
      input: () => {
        const wanted = search.value.toLowerCase();
        table.setRows(all.filter((row) => textOf(row).toLowerCase().includes(wanted)));
      },
    },
  });
  table.setRows(all);
  return el(
    "div",
    { class: "stack" },
    el(
      "div",
      { class: "panel-tools" },
      search,
      options.hint ? el("span", { class: "hint", text: options.hint }) : null,
    ),
    table.element,
  );
}

function knobsPanel(data) {
  const { knobs } = data;
  const hasDefaults = knobs.some((knob) => knob.length > 3);
  const isDrawn = (row) =>
    knobs[row].length > 3 && knobs[row][3] !== null && knobs[row][3] !== knobs[row][2];
  const column = (title, index, width, extra = {}) => ({
    title,
    width,
    wide: true,
    ...extra,
    text: (row) => String(knobs[row][index] ?? ""),
    sort: (row) => String(knobs[row][index] ?? ""),
  });
  const columns = [
    column("of", 0, "minmax(120px, 200px)"),
    column("knob", 1, "minmax(150px, 260px)"),
    column("value", 2, "minmax(110px, 200px)", { class: "number" }),
  ];
  if (hasDefaults)
    columns.push(
      column("default", 3, "minmax(110px, 180px)", { class: "number faint" }),
      column("about", 4, "minmax(200px, 1fr)"),
    );
  return searchedTable(columns, knobs.length, (row) => knobs[row].join(" "), {
    name: "knobs",
    label: "knobs",
    empty: "This plan has no knobs.",
    rowClass: (row) => (isDrawn(row) ? "is-drawn" : ""),
    hint: hasDefaults ? "bold: not the default" : null,
  });
}

// --- one record ---

const kLinksShown = 40;

function eventLink(model, row, select) {
  const { events } = model;
  return el(
    "button",
    {
      type: "button",
      class: "event-link",
      "data-event-row": row,
      on: { click: () => select(row) },
    },
    el("b", { text: String(events.ordinal[row]) }),
    ` ${secondsText(events.t[row], 6)} s `,
    el("span", { class: "machine", text: model.machineName(events.machine[row]) }),
    el("span", { class: "what", text: ` ${clip(events.words(row), 160)}` }),
  );
}

function linkList(model, title, rows, select) {
  const list = el("ul", { class: "links" });
  for (const row of rows.slice(0, kLinksShown))
    list.append(el("li", {}, eventLink(model, row, select)));
  if (rows.length === 0) list.append(el("li", { class: "hint", text: "none that is known" }));
  if (rows.length > kLinksShown)
    list.append(el("li", { class: "hint", text: `${countText(rows.length - kLinksShown)} more` }));
  return el(
    "div",
    { class: `link-box ${title.split(" ")[0]}` },
    el("h3", { text: `${title} (${rows.length})` }),
    list,
  );
}

/** Causes of causes, nearest first, at most `most`. */
function chainOf(model, row, most) {
  const seen = new Set([row]);
  const queue = [row];
  for (let i = 0; i < queue.length && queue.length <= most; ++i) {
    for (const cause of model.causesOf(queue[i])) {
      if (seen.has(cause)) continue;
      seen.add(cause);
      queue.push(cause);
    }
  }
  return queue.slice(1, most + 1).sort((a, b) => a - b);
}

function recordFacts(model, row) {
  const { events } = model;
  const message = model.messageOf[row];
  const facts = [
    ["event", countText(events.ordinal[row])],
    ["time", `${secondsText(events.t[row], 9)} s`],
    ["machine", model.machineName(events.machine[row])],
    ["peer", model.machineName(events.peer[row])],
    ["kind", kKinds[events.kind[row]]],
    ["record", events.record[row] || null],
    ["operation", events.operation[row] ? model.operationText(events.operation[row]) : null],
  ];
  for (const { name, values, of } of model.data.facets) {
    if (of[row] >= 0) facts.push([name, values[of[row]]]);
  }
  if (message >= 0) facts.push(["message", messageText(model, message)]);
  return factList(facts);
}

function messageText(model, message) {
  const { send, deliver, fate, late } = model.messages;
  const { t } = model.events;
  if (fate[message] === kLost) return "lost";
  if (fate[message] === kUnderWay) return "under way at the end";
  const isTimed = send[message] >= 0;
  const flight = isTimed
    ? `${durationText(t[deliver[message]] - t[send[message]])} on its way`
    : "";
  return ["delivered", flight, late[message] ? "late" : ""].filter((part) => part).join(", ");
}

/** The chosen record, what it says, and where it comes from and leads to. */
function causesPanel(model, row, select) {
  if (row < 0) {
    return el("p", {
      class: "empty",
      text: "Choose a record in the diagram or a table: what caused it, and what it led to.",
    });
  }
  const { events } = model;
  const words = events.words(row);
  const text = events.text(row);
  const causes = [...model.causesOf(row)];
  const chain = chainOf(model, row, 60).filter((cause) => !causes.includes(cause));
  return el(
    "div",
    { class: "causes" },
    el(
      "div",
      { class: "record" },
      el("h3", { text: `Event ${countText(events.ordinal[row])}` }),
      el("p", { class: "record-words", text: words }),
      text !== words ? el("pre", { text }) : null,
      recordFacts(model, row),
    ),
    linkList(model, "caused by", causes, select),
    linkList(model, "led to", [...model.effectsOf(row)], select),
    chain.length > 0 ? linkList(model, "further back", chain, select) : null,
  );
}

/** "event 45: caused by 41, 44; led to 48" with links. */
function causesLine(model, row, select) {
  const { events } = model;
  const link = (other) =>
    el("button", {
      type: "button",
      class: "link",
      text: String(events.ordinal[other]),
      "data-event-row": other,
      title: clip(events.words(other), 200),
      on: { click: () => select(other) },
    });
  const list = (rows) =>
    [...rows].slice(0, 4).flatMap((other, i) => (i === 0 ? [link(other)] : [", ", link(other)]));
  const causes = model.causesOf(row);
  const effects = model.effectsOf(row);
  return [
    el("b", { text: `event ${events.ordinal[row]}` }),
    ": ",
    ...(causes.length > 0 ? ["caused by ", ...list(causes)] : ["no known cause"]),
    ...(effects.length > 0 ? ["; led to ", ...list(effects)] : []),
    effects.length > 4 ? ", …" : "",
  ];
}

// The nearest run that passes beside the failing one: equal up to the parting, then each its own.

const kAhead = 60;
const kPairsMax = 20000;

/** Pairs [row of this run or -1, row of the other or -1] around the parting. Equal records stand
    side by side; of unequal ones the earlier comes first. */
function pairRuns(model) {
  const ours = model.events;
  const others = model.neighbour;
  const { here, there } = model.partingRows;
  const key = (events, row) =>
    `${events.kind[row]} ${events.machine[row]} ${events.peer[row]} ${events.textIndex[row]}`;
  const pairs = [];
  // Either may lack the beginning, and this run some of its frames.
  for (let back = 1; back <= Math.min(here, there); ++back) {
    if (key(ours, here - back) !== key(others, there - back)) break;
    pairs.push([here - back, there - back]);
  }
  pairs.reverse();
  const parting = pairs.length;
  let i = here;
  let j = there;
  const find = (events, row, wanted) => {
    const end = Math.min(events.count, row + kAhead);
    for (let at = row; at < end; ++at) {
      if (key(events, at) === wanted) return at;
    }
    return -1;
  };
  while ((i < ours.count || j < others.count) && pairs.length < kPairsMax) {
    if (i >= ours.count) pairs.push([-1, j++]);
    else if (j >= others.count) pairs.push([i++, -1]);
    else if (key(ours, i) === key(others, j)) pairs.push([i++, j++]);
    else {
      const inTheirs = find(others, j, key(ours, i));
      const inOurs = find(ours, i, key(others, j));
      const takesOther =
        inOurs < 0
          ? inTheirs >= 0 || others.t[j] < ours.t[i]
          : inTheirs >= 0 && inTheirs - j < inOurs - i;
      if (takesOther) pairs.push([-1, j++]);
      else pairs.push([i++, -1]);
    }
  }
  return { pairs, parting };
}

/** Columns for one of the two runs, side 0 or 1 of the pairs. */
function sideColumns(model, pairs, side, title) {
  const events = side === 0 ? model.events : model.neighbour;
  const cell = (text) => (pair) => {
    const row = pairs[pair][side];
    return row >= 0 ? text(row) : "";
  };
  return [
    {
      title: `${title}: event`,
      width: "124px",
      class: "number",
      text: cell((row) => String(events.ordinal[row])),
    },
    {
      title: "time, s",
      width: "98px",
      class: "number",
      text: cell((row) => secondsText(events.t[row], 6)),
    },
    {
      title: "machine",
      width: "minmax(80px, 120px)",
      wide: true,
      text: cell((row) => model.machineName(events.machine[row])),
    },
    {
      title: "what",
      width: "minmax(160px, 1fr)",
      class: "what",
      wide: true,
      text: cell((row) => events.words(row)),
    },
  ];
}

function sideBySide(model, select) {
  const { neighbour } = model.data;
  const { pairs, parting } = pairRuns(model);
  const isPaired = (pair) => pairs[pair][0] >= 0 && pairs[pair][1] >= 0;
  const sign = {
    title: "",
    width: "30px",
    class: "sign",
    text: (pair) => (pair === parting ? "◀" : isPaired(pair) ? "=" : "≠"),
  };
  const table = new VirtualTable(
    [...sideColumns(model, pairs, 0, "fails"), sign, ...sideColumns(model, pairs, 1, "passes")],
    {
      name: "neighbour",
      label: "The failing run and the passing one",
      empty: "Nothing to compare.",
      rowClass: (pair) => (pair === parting ? "is-parting" : isPaired(pair) ? "" : "is-unequal"),
      onSelect: (pair) => {
        if (pairs[pair][0] >= 0) select(pairs[pair][0]);
      },
    },
  );
  table.setRows(pairs.map((pair, index) => index));
  requestAnimationFrame(() => {
    table.scroller.scrollTop = Math.max(0, parting - 3) * kRowHeight;
  });
  const words = `Passes if ${neighbour.change}; the runs part at ${partingText(model)}.`;
  return el(
    "div",
    { class: "stack" },
    el("div", { class: "panel-tools" }, el("span", { text: words })),
    table.element,
  );
}

/** A trace can tell of a difference before it makes an event another one: a sector that is gone is
    missed when it is read. */
function partingText(model) {
  const { parts_at: event } = model.data.neighbour;
  const told = model.parting >= 0 ? model.events.ordinal[model.parting] : event;
  return told === event
    ? `event ${event}`
    : `event ${told}, and their events differ from ${event} on`;
}

/** The strip below the diagram. */
function neighbourStrip(model, actions) {
  const { neighbour } = model.data;
  if (!neighbour) return null;
  const { events } = model;
  const { here, there } = model.partingRows;
  const words = (of, row) =>
    row < of.count ? `${of.ordinal[row]} ${clip(of.words(row), 70)}` : "nothing more";
  const last = here - 1;
  return el(
    "div",
    { class: "neighbour", id: "neighbour" },
    el("b", { text: "Passing neighbour" }),
    el("span", { text: neighbour.change }),
    last >= 0
      ? el("span", { class: "same", text: `${events.ordinal[last]} = ${events.ordinal[last]}` })
      : null,
    el(
      "span",
      { class: "part" },
      el("span", { class: "ours", text: words(events, here) }),
      el("span", { class: "versus", text: " ≠ " }),
      el("span", { class: "others", text: words(model.neighbour, there) }),
    ),
    el("button", {
      type: "button",
      class: "button",
      text: "side by side",
      on: { click: actions.showSideBySide },
    }),
  );
}

// Every knob of the plan, and what else the seed drew.

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
  const table = new VirtualTable(columns, {
    name: "knobs",
    label: "knobs",
    empty: "This plan has no such knob.",
    rowClass: (row) => (isDrawn(row) ? "is-drawn" : ""),
  });
  const all = knobs.map((knob, row) => row);
  const search = el("input", {
    type: "search",
    placeholder: "find",
    "aria-label": "find in knobs",
    on: {
      input: () => {
        const wanted = search.value.toLowerCase();
        table.setRows(all.filter((row) => knobs[row].join(" ").toLowerCase().includes(wanted)));
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
      hasDefaults ? el("span", { class: "hint", text: "bold: not the default" }) : null,
    ),
    table.element,
  );
}

// What the signs of the diagram mean, and its keys.

const kSigns = [
  ["●", "ink", "a client or a process recorded something; ringed: it is evidence"],
  ["■", "teal", "a disk request was done"],
  ["◆", "orange", "a fault struck"],
  ["▲", "purple", "a machine or a process started or ended"],
  ["✕", "red", "the violation; the red line is its moment"],
  ["→", "accent", "a message that arrived"],
  ["⇢", "orange", "broken, open head: one that was late, lost on its way and sent again"],
  ["⋯✕", "red", "dotted, with a cross: one that was lost"],
  ["▮", "green", "an operation of a client that succeeded"],
  ["▯", "red", "one that failed; broken: nobody knows; dotted: it never ended"],
  ["▨", "orange", "a fault is in effect there"],
  ["┊", "muted", "the machine is down; double: it stands still; green: it starts"],
  ["╌", "purple", "where the passing run parts from this one"],
];

const kKeys = [
  ["↓ ↑", "next, previous record"],
  ["← →", "to its first cause, to its first effect"],
  ["+ − 0", "zoom in, zoom out, fit"],
  ["PgUp PgDn Home End", "scroll"],
  ["wheel, drag", "scroll; with Ctrl the wheel zooms"],
  ["double click", "zoom in there"],
];

function legendMenu() {
  const signs = kSigns.flatMap(([sign, colour, words]) => [
    el("dt", { class: `ink-${colour}`, text: sign }),
    el("dd", { text: words }),
  ]);
  const keys = kKeys.flatMap(([key, words]) => [
    el("dt", { text: key }),
    el("dd", { text: words }),
  ]);
  const element = el(
    "details",
    { class: "menu legend-menu", "data-menu": "legend" },
    el("summary", { class: "button square", "aria-label": "what the signs mean", text: "?" }),
    el(
      "div",
      { class: "menu-box" },
      el("dl", { class: "legend-list" }, ...signs),
      el("h3", { text: "With the diagram in focus" }),
      el("dl", { class: "legend-list" }, ...keys),
    ),
  );
  element.addEventListener("keydown", (event) => {
    if (event.key === "Escape") element.open = false;
  });
  document.addEventListener("pointerdown", (event) => {
    if (!element.contains(event.target)) element.open = false;
  });
  return element;
}

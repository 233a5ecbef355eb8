// One record: what it says, what caused it, and what it led to.

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
  const isTimed = send[message] >= 0 && deliver[message] >= 0;
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

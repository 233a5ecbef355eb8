// What was checked and how much of it happened, and how to get there again.

const kPropertySigns = {
  held: "✓",
  failed: "✕",
  not_judged: "–",
  skipped: "–",
  not_evaluated: "○",
  not_seen: "○",
};

function countColumn(title, value) {
  return { title, class: "number", cell: (row) => countText(value(row)), sort: value };
}

function checksPanel(data) {
  const effects = ["planned", "fired", "refused", "took_effect"].map((key) =>
    countColumn(key.replace("_", " "), (fault) => fault[key]),
  );
  const named = (title, name) => ({ title, cell: name, sort: name });
  return el(
    "div",
    { class: "columns" },
    tableSection("Properties", "properties", data.properties, [
      {
        title: "property",
        cell: ({ id, name, claim }) => el("span", { text: `${id} ${name}`, title: claim }),
        sort: ({ id }) => id,
      },
      named("verdict", propertyVerdict),
      countColumn("evaluated", ({ evaluated }) => evaluated),
    ]),
    tableSection("Faults", "faults", data.faults, [
      named("kind", ({ kind }) => kind),
      ...effects,
    ]),
    countsSection("Marks", "mark", "passed", data.marks),
    countsSection("Situations", "situation", "met", data.situations),
  );
}

/** Counts by name. Nothing where there are none. */
function countsSection(title, what, how, counts) {
  const entries = Object.entries(counts);
  if (entries.length === 0) return null;
  return tableSection(title, title.toLowerCase(), entries, [
    { title: what, cell: ([name]) => name, sort: ([name]) => name },
    countColumn(how, ([, count]) => count),
  ]);
}

function propertyVerdict({ verdict, reason }) {
  const words = `${kPropertySigns[verdict] ?? ""} ${verdict.replace("_", " ")}`;
  return reason ? `${words}: ${reason}` : words;
}

function tableSection(title, name, rows, columns) {
  return section(title, plainTable(columns, rows, { "data-table": name }));
}

function section(title, ...children) {
  return el("section", {}, el("h3", { text: title }), ...children);
}

function reproducePanel(data) {
  const { run, build, failure, token } = data;
  return el(
    "div",
    { class: "columns" },
    section(
      "Commands",
      ...data.commands.map(({ id, text }) => commandLine(id, text)),
      token ? commandLine("token", token) : null,
    ),
    section(
      "This run",
      factList(
        [
          ["scenario", run.scenario],
          ["seed", String(run.seed)],
          ["strategy", run.strategy],
          ["signature", failure?.signature],
          ["group", failure?.group],
          // A run whose process died has none.
          ["fingerprint", /^0+$/.test(run.fingerprint) ? null : run.fingerprint],
          ["plan", run.plan],
          ["events", countText(run.events)],
          ["records", run.records ? countText(run.records) : null],
          ["virtual time", durationText(run.virtual_ns)],
          ["acknowledged", countText(run.acked_operations)],
          ["limit", run.limit],
          ["build", build.text],
          ["machine", failure?.machine >= 0 ? data.machines[failure.machine].name : null],
          ["role", failure?.role],
          ["task", failure?.task],
        ],
        { id: "facts" },
      ),
    ),
    failure?.frames?.length
      ? section("Stack", el("pre", { class: "frames", text: failure.frames.join("\n") }))
      : null,
    data.text ? section("As text", el("pre", { class: "screen-text", text: data.text })) : null,
  );
}

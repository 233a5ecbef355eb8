// The tables of a campaign: failures, scenarios, properties, faults, marks and strategies.

function section(title, hint, ...children) {
  return el(
    "section",
    { class: "block" },
    el("h2", {}, title, hint ? el("span", { class: "hint", text: ` ${hint}` }) : null),
    ...children,
  );
}

function groupsSection(data) {
  if (data.groups.length === 0) return null;
  const number = (value) => countText(value);
  return section(
    "Failures",
    "one line a group: all runs with one signature",
    plainTable(
      [
        {
          title: "",
          cell: ({ status }) => el("span", { class: `badge is-${status}`, text: status }),
          sort: ({ status }) => status,
        },
        { title: "what failed", cell: groupName, sort: ({ signature }) => signature },
        {
          title: "scenario",
          cell: ({ scenario, scenarios }) => scenarioText(scenario, scenarios),
          sort: ({ scenario }) => scenario,
        },
        {
          title: "runs",
          class: "number",
          cell: ({ count }) => number(count),
          sort: ({ count }) => count,
        },
        {
          title: "found by",
          cell: ({ strategies }) => countsText(strategies),
          sort: ({ strategies }) => countsText(strategies),
        },
        {
          title: "cheapest",
          class: "number",
          cell: ({ cheapest_seed: seed }) => `${nounOf(data)} ${seed}`,
          sort: ({ cheapest_events: n }) => n,
        },
        { title: "smallest", cell: groupStory },
        { title: "", class: "actions-cell", cell: groupActions },
      ],
      data.groups,
      { "data-table": "groups" },
    ),
  );
}

function groupName(group) {
  const label = el("span", {}, el("b", { text: group.property }), ` ${group.name ?? ""}`);
  const since = sinceText(group).trim();
  return el(
    "div",
    { class: "group-name", title: group.claim },
    group.page ? el("a", { href: hrefOf(group.page) }, label) : label,
    el("div", { class: "hint", text: group.seen ?? group.signature, title: group.signature }),
    since ? el("div", { class: "hint", text: since }) : null,
  );
}

/** A relative path as an address: whatever stands in it is a name, never a scheme or a query. */
function hrefOf(path) {
  return `./${path.split("/").map(encodeURIComponent).join("/")}`;
}

function scenarioText(scenario, scenarios) {
  const others = Object.keys(scenarios).length - 1;
  return others > 0 ? `${scenario} and ${others} more` : scenario;
}

function countsText(counts) {
  return Object.entries(counts)
    .sort((a, b) => b[1] - a[1])
    .map(([name, count]) => `${name} ${countText(count)}`)
    .join(", ");
}

/** What the failure was reduced to and of what, and what passes. */
function groupStory({ shrunk, unshrunk }) {
  if (!shrunk) {
    // Of a plan that this program cannot draw nobody knows how large it was.
    const size = unshrunk.machines > 0 ? `${sizeText(unshrunk)}, ` : "";
    return el("span", { class: "hint", text: `${size}as it was found` });
  }
  const { from, passes_if: passes } = shrunk;
  return el(
    "div",
    { title: `from ${sizeText(from)}` },
    sizeText(shrunk),
    passes ? el("div", { class: "hint", text: `passes if ${passes.change}` }) : null,
  );
}

function groupActions(group) {
  return el(
    "div",
    { class: "cell-actions" },
    group.replay ? copyButton("replay", group.replay) : null,
    group.token ? copyButton("token", group.token) : null,
  );
}

function scenariosSection(data) {
  const number = (title, value, hidesZero) => ({
    title,
    class: "number",
    sort: value,
    cell: (row) => (hidesZero && value(row) === 0 ? "·" : countText(value(row))),
  });
  return section(
    "Scenarios",
    "",
    plainTable(
      [
        {
          title: "scenario",
          cell: ({ name, story }) => el("div", { title: story ?? "" }, name),
          sort: ({ name }) => name,
        },
        { title: "verdicts", class: "bar-cell", cell: verdictBar },
        number(`${nounOf(data)}s`, ({ seeds }) => seeds),
        number("pass", ({ passed }) => passed, true),
        number("fail", ({ failed }) => failed, true),
        number("inconcl", ({ inconclusive }) => inconclusive, true),
        number("acked ops", (row) => row.acked_operations),
        number("faults", (row) => row.faults_fired),
        {
          title: "virtual",
          class: "number",
          cell: (row) => durationText(row.virtual_ns),
          sort: (row) => row.virtual_ns,
        },
      ],
      data.scenarios,
      { "data-table": "scenarios" },
    ),
  );
}

/** Pass, inconclusive and fail as shares of a bar; the last is never thinner than two pixels. */
function verdictBar({ seeds, passed, failed, inconclusive }) {
  const part = (kind, count) =>
    count === 0
      ? null
      : el("span", { class: `bar-${kind}`, style: { "flex-grow": String(count) } });
  return el(
    "div",
    {
      class: "bar",
      role: "img",
      "aria-label": `${passed} passed, ${failed} failed, ${inconclusive} inconclusive of ${seeds}`,
    },
    part("fail", failed),
    part("inconclusive", inconclusive),
    part("pass", passed),
  );
}

function shareBar(value, most) {
  const share = most <= 0 || value <= 0 ? 0 : Math.log1p(value) / Math.log1p(most);
  return el(
    "div",
    { class: "share", "aria-hidden": "true" },
    el("span", { style: { width: `${100 * share}%` } }),
  );
}

function propertiesSection(data) {
  const most = Math.max(...data.properties.map(({ evaluated }) => evaluated));
  const order = [...data.properties].sort((a, b) => b.failed_seeds - a.failed_seeds);
  return section(
    "Properties",
    "comparisons with a subject; bars are logarithmic",
    plainTable(
      [
        {
          title: "property",
          cell: ({ id, name, claim }) =>
            el("span", { title: claim ?? "" }, el("b", { text: id }), ` ${name}`),
          sort: ({ id }) => id,
        },
        { title: "kind", cell: ({ kind }) => kind, sort: ({ kind }) => kind },
        {
          title: "evaluated",
          class: "number",
          cell: (row) => neverOr(row.evaluated, row.skipped ? "skipped" : "NEVER"),
          sort: ({ evaluated }) => evaluated,
        },
        { title: "", class: "share-cell", cell: ({ evaluated }) => shareBar(evaluated, most) },
        {
          title: "failed",
          class: "number",
          cell: (row) => failedText(row.failed_seeds),
          sort: (row) => row.failed_seeds,
        },
        {
          title: "not judged",
          class: "number",
          cell: (row) => countText(row.not_judged_seeds),
          sort: (row) => row.not_judged_seeds,
        },
      ],
      order,
      { "data-table": "properties" },
    ),
  );
}

function neverOr(count, word) {
  return count > 0 ? countText(count) : el("b", { class: "never", text: word });
}

function failedText(count) {
  return count === 0 ? "·" : el("b", { class: "bad", text: `✕ ${countText(count)}` });
}

function faultsSection(data) {
  const most = Math.max(1, ...data.faults.map((fault) => fault.took_effect));
  const number = (title, value) => ({
    title,
    class: "number",
    cell: (row) => countText(value(row)),
    sort: value,
  });
  return section(
    "Faults",
    "took effect: how often the system met it",
    plainTable(
      [
        {
          title: "kind",
          cell: ({ kind, text }) => el("span", { title: text ?? "", text: kind }),
          sort: ({ kind }) => kind,
        },
        number("planned", ({ planned }) => planned),
        number("fired", ({ fired }) => fired),
        number("refused", ({ refused }) => refused),
        {
          title: "took effect",
          class: "number",
          cell: (row) => neverOr(row.took_effect, row.planned > 0 ? "NEVER" : "–"),
          sort: (row) => row.took_effect,
        },
        { title: "", class: "share-cell", cell: (row) => shareBar(row.took_effect, most) },
      ],
      data.faults,
      { "data-table": "faults" },
    ),
    situations(data),
  );
}

function situations(data) {
  const entries = Object.entries(data.situations);
  if (entries.length === 0) return null;
  return el("p", {
    class: "hint situations",
    text: `situations: ${entries
      .map(([name, count]) => `${name.replaceAll("_", " ")} ${countText(count)}`)
      .join(", ")}`,
  });
}

function marksSection(data) {
  const runs = data.runs_with_mark;
  const entries = Object.entries(data.marks);
  const never = entries.filter(([, count]) => count === 0);
  const hint = `${entries.length - never.length} of ${entries.length} reached`;
  return section(
    "Marks",
    hint,
    never.length === 0
      ? null
      : el(
          "div",
          { class: "never-list", id: "never-reached" },
          el("h3", { text: `never reached (${never.length})` }),
          el(
            "ul",
            {},
            ...never.map(([name]) => el("li", {}, el("b", { class: "never", text: name }))),
          ),
          el(
            "p",
            { class: "hint" },
            "how to reach one: ",
            el("code", { text: `${data.program} explain MARK` }),
          ),
        ),
    plainTable(
      [
        { title: "mark", cell: ([name]) => name, sort: ([name]) => name },
        {
          title: "passed",
          class: "number",
          cell: ([, count]) => neverOr(count, "NEVER"),
          sort: ([, count]) => count,
        },
        {
          title: "in runs",
          class: "number",
          cell: ([name]) =>
            `${countText(runs[name] ?? 0)} (${percentText(runs[name] ?? 0, data.seeds)})`,
          sort: ([name]) => runs[name] ?? 0,
        },
      ],
      entries,
      { "data-table": "marks" },
    ),
  );
}

function strategiesSection(data) {
  if (data.strategies.length === 0) return null;
  const number = (title, value) => ({
    title,
    class: "number",
    cell: (row) => countText(value(row)),
    sort: value,
  });
  const perWorker = ({ seeds, wall_ns: wall }) => (wall > 0 ? seeds / (wall / 1e9) : 0);
  const columns = [
    { title: "strategy", cell: ({ name }) => name, sort: ({ name }) => name },
    number(`${nounOf(data)}s`, ({ seeds }) => seeds),
    {
      title: "failed",
      class: "number",
      cell: ({ failed }) => failedText(failed),
      sort: ({ failed }) => failed,
    },
    {
      title: "found",
      cell: ({ groups }) => groups.map((hash) => groupLabel(data, hash)).join(", ") || "·",
      sort: ({ groups }) => groups.length,
    },
    number("different ways", ({ digests }) => digests),
    {
      title: `a ${nounOf(data)}`,
      class: "number",
      cell: ({ digests, seeds }) => percentText(digests, seeds),
      sort: ({ digests, seeds }) => digests / seeds,
    },
    {
      title: `${nounOf(data)}s/s a worker`,
      class: "number",
      cell: (row) => (row.wall_ns > 0 ? threeDigits(perWorker(row)) : "–"),
      sort: perWorker,
    },
  ];
  return section(
    "Strategies",
    "how the schedule was drawn, and what that found",
    plainTable(columns, data.strategies, { "data-table": "strategies" }),
  );
}

function groupLabel(data, hash) {
  const group = data.groups.find((candidate) => candidate.group === hash);
  return group ? `${group.property} ${hash.slice(0, 8)}` : hash;
}

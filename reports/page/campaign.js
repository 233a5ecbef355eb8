// The page of a campaign: what failed, whether everything did anything, and how fast it was.

const kRunVerdicts = ["pass", "fail", "crash", "hang", "limit", "inconclusive"];

const kStatusVerdicts = {
  0: ["pass", "✓ PASS"],
  1: ["fail", "✕ FAIL"],
  2: ["fail", "✕ REFUSED"],
  3: ["fail", "✕ TOOL FAILED"],
  4: ["inconclusive", "? INCONCLUSIVE"],
  130: ["inconclusive", "? INTERRUPTED"],
  143: ["inconclusive", "? INTERRUPTED"],
};

function redOf(data) {
  return data.failed + data.crashed + data.hung + data.limited;
}

function verdictLine(data) {
  const red = redOf(data);
  const groups = data.groups ?? [];
  const fresh = groups.filter(({ status }) => status === "new").length;
  const parts = [
    red === 0
      ? `${countText(data.passed)} of ${counted(data.seeds, "seed")} passed`
      : `${countText(red)} of ${counted(data.seeds, "seed")} failed in ` +
        `${counted(groups.length, "group")}, ${fresh} new`,
  ];
  if (data.inconclusive > 0) parts.push(`${countText(data.inconclusive)} inconclusive`);
  if (data.resumed_seeds > 0)
    parts.push(`${countText(data.resumed_seeds)} from before it was resumed`);
  return parts.join("; ");
}

function campaignHeader(data) {
  const [kind, label] = kStatusVerdicts[data.status] ?? ["fail", `✕ EXIT ${data.status}`];
  const words = argumentsText(data);
  return el(
    "header",
    { class: `page-head is-${kind}` },
    el("span", { class: "verdict", text: label }),
    el("h1", { text: verdictLine(data) }),
    el(
      "div",
      { class: "actions" },
      words ? copyButton("copy command", words, { id: "copy-command" }) : null,
      data.text ? copyButton("copy text", data.text, { id: "copy-text" }) : null,
    ),
    el(
      "p",
      { class: "under" },
      [
        data.started_utc,
        words,
        `seeds ${data.from} to ${data.to}`,
        data.build?.text ?? "",
        data.directory,
        durationText(data.wall_ns),
      ]
        .filter((text) => text)
        .join("  ·  "),
    ),
  );
}

function argumentsText(data) {
  if (!data.arguments) return "";
  const words = Array.isArray(data.arguments) ? data.arguments : safeWords(data.arguments);
  const verb = words[0] === "campaign" ? [] : ["campaign"];
  return [data.program ?? "millrace", ...verb, ...words].join(" ");
}

function safeWords(text) {
  try {
    return JSON.parse(text);
  } catch {
    return [];
  }
}

// --- tiles ---

function tile(title, value, about, isBad = false) {
  return el(
    "div",
    { class: `tile${isBad ? " is-bad" : ""}`, "data-tile": title },
    el("span", { class: "tile-title", text: title }),
    el("b", { text: `${isBad ? "! " : ""}${value}` }),
    el("span", { class: "tile-about", text: about, title: about }),
  );
}

function tiles(data) {
  const properties = data.properties.filter(({ skipped }) => !skipped);
  const evaluated = properties.filter((property) => property.evaluated > 0);
  // These two are judged over the campaign, not in its runs.
  const inRuns = evaluated.filter(({ id }) => id !== "DET-1" && id !== "COV-1");
  const rarest = inRuns.reduce(
    (least, property) => (least && least.evaluated <= property.evaluated ? least : property),
    null,
  );
  const idle = idleFaults(data);
  const marks = Object.entries(data.marks);
  const never = marks.filter(([, count]) => count === 0);
  const planned = data.faults.filter((fault) => fault.planned > 0);
  const { canary } = data;
  return el(
    "section",
    { class: "tiles", "aria-label": "Did it do anything?" },
    tile(
      "properties evaluated",
      `${evaluated.length} / ${properties.length}`,
      rarest ? `rarest ${rarest.id}, ${countText(rarest.evaluated)}` : "",
      evaluated.length < properties.length,
    ),
    tile(
      "faults took effect",
      `${planned.length - idle.length} / ${planned.length}`,
      idle.length > 0
        ? `never: ${idle.map(({ kind }) => kind).join(", ")}`
        : "all that were planned",
      idle.length > 0,
    ),
    tile(
      "marks reached",
      `${marks.length - never.length} / ${marks.length}`,
      never.length > 0 ? `never: ${never.map(([name]) => name).join(", ")}` : "all",
      never.length > 0,
    ),
    tile(
      "canary",
      canary?.has_run ? `${canary.caught} / ${canary.tried}` : "not run",
      canary?.has_run ? "falsified histories caught" : "",
      canary?.has_run && canary.caught < canary.tried,
    ),
    tile(
      "run twice",
      countText(data.determinism_checks),
      data.determinism_differences.length > 0
        ? `${data.determinism_differences.length} differ`
        : "all the same",
      data.determinism_differences.length > 0,
    ),
    tile(
      "speed",
      `${threeDigits(data.seeds_per_second)} seeds/s`,
      `${roughText(data.events_per_second)} events/s, ` +
        `${roughText(data.virtual_seconds_per_second)} virtual s/s`,
    ),
    tile(
      "work",
      `${roughText(data.acked_operations)} acked`,
      `${roughText(data.events)} events, ${durationText(data.virtual_ns)}, ` +
        `${bytesText(data.peak_rss_kib * 1024)} a worker`,
    ),
  );
}

function idleFaults(data) {
  return data.faults.filter((fault) => fault.planned > 0 && fault.took_effect === 0);
}

function notes(data) {
  const lines = [
    ...data.tool_errors.map((text) => ["TOOL", text]),
    ...data.inconclusive_reasons.map((text) => ["INCONCLUSIVE", text]),
    ...data.scenarios.flatMap(({ name, reasons, reason }) =>
      (reasons ?? (reason ? [reason] : [])).map((text) => ["INCONCLUSIVE", `${name}: ${text}`]),
    ),
    ...data.determinism_differences.map((difference) => [
      "NONDETERMINISM",
      typeof difference === "string"
        ? difference
        : Object.entries(difference)
            .map(
              ([key, value]) =>
                `${key} ${typeof value === "object" ? JSON.stringify(value) : value}`,
            )
            .join(", "),
    ]),
    ...data.gone.map((gone) => [
      "GONE?",
      `${gone.signature} in ${gone.scenario}: 0 in ${counted(gone.runs_since, "run")}, was ` +
        `${countText(gone.failed_runs)} in ${countText(gone.runs)}: gone with ${goneText(gone)}`,
    ]),
    ...data.findings.map(({ signature, scenario }) => [
      "FOUND",
      `${signature} in ${scenario}, while a failure was made smaller`,
    ]),
  ];
  if (lines.length === 0) return null;
  return el(
    "section",
    { class: "notes", "aria-label": "Notes" },
    ...lines.map(([word, text]) => el("p", {}, el("b", { text: word }), " ", text)),
  );
}

/** Seen h times in N runs and then 0 times in n, it is gone with 1 - (1 - h/N)^n. */
function goneText({ failed_runs: failed, runs, runs_since: since }) {
  const share = 1 - (1 - failed / Math.max(1, runs)) ** since;
  return `${(100 * share).toFixed(share > 0.999 ? 2 : 1)} %`;
}

// --- tables ---

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
          cell: ({ cheapest_seed: seed }) => `seed ${seed}`,
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
  const link = group.page && !/^[a-z][a-z0-9+.-]*:|^\/\//i.test(group.page);
  const label = el("span", {}, el("b", { text: group.property }), ` ${group.name ?? ""}`);
  return el(
    "div",
    { class: "group-name" },
    link ? el("a", { href: group.page }, label) : label,
    el("div", { class: "hint", text: group.seen ?? group.signature, title: group.signature }),
  );
}

function scenarioText(scenario, scenarios) {
  const others = Object.keys(scenarios ?? {}).length - 1;
  return others > 0 ? `${scenario} and ${others} more` : scenario;
}

function countsText(counts) {
  return Object.entries(counts ?? {})
    .sort((a, b) => b[1] - a[1])
    .map(([name, count]) => `${name} ${countText(count)}`)
    .join(", ");
}

function groupStory(group) {
  const { shrunk } = group;
  const story = group.story ?? (shrunk ? sizeText(shrunk) : "");
  return el(
    "div",
    {},
    story || el("span", { class: "hint", text: "as it was found" }),
    group.passes_if ? el("div", { class: "hint", text: `passes if ${group.passes_if}` }) : null,
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
        number("seeds", ({ seeds }) => seeds),
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
  const entries = Object.entries(data.situations ?? {});
  if (entries.length === 0) return null;
  return el("p", {
    class: "hint situations",
    text: `situations: ${entries
      .map(([name, count]) => `${name.replaceAll("_", " ")} ${countText(count)}`)
      .join(", ")}`,
  });
}

function marksSection(data) {
  const about = data.marks_about ?? {};
  const runs = data.runs_with_mark ?? {};
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
            ...never.map(([name]) =>
              el(
                "li",
                {},
                el("b", { class: "never", text: name }),
                about[name] ? el("span", { class: "hint", text: ` ${about[name]}` }) : null,
              ),
            ),
          ),
          el(
            "p",
            { class: "hint" },
            "how to reach one: ",
            el("code", { text: `${data.program ?? "millrace"} explain MARK` }),
          ),
        ),
    plainTable(
      [
        {
          title: "mark",
          cell: ([name]) => el("span", { title: about[name] ?? "", text: name }),
          sort: ([name]) => name,
        },
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
  const strategies = data.strategies ?? [];
  if (strategies.length === 0) return null;
  const number = (title, value) => ({
    title,
    class: "number",
    cell: (row) => countText(value(row)),
    sort: value,
  });
  const columns = [
    { title: "strategy", cell: ({ name }) => name, sort: ({ name }) => name },
    number("seeds", ({ seeds }) => seeds),
    {
      title: "failed",
      class: "number",
      cell: ({ failed }) => failedText(failed),
      sort: ({ failed }) => failed,
    },
    {
      title: "found",
      cell: ({ groups }) => (groups ?? []).map((hash) => groupLabel(data, hash)).join(", ") || "·",
      sort: ({ groups }) => (groups ?? []).length,
    },
  ];
  if (strategies.some(({ digests }) => digests !== undefined)) {
    columns.push({ ...number("different ways", ({ digests }) => digests ?? 0) });
    columns.push({
      title: "a seed",
      class: "number",
      cell: ({ digests, seeds }) => percentText(digests ?? 0, seeds),
      sort: ({ digests, seeds }) => (digests ?? 0) / Math.max(1, seeds),
    });
  }
  if (strategies.some(({ wall_ns: wall }) => wall > 0)) {
    columns.push({
      title: "seeds/s",
      class: "number",
      cell: ({ seeds, wall_ns: wall }) => (wall > 0 ? threeDigits(seeds / (wall / 1e9)) : "–"),
      sort: ({ seeds, wall_ns: wall }) => (wall > 0 ? seeds / wall : 0),
    });
  }
  return section(
    "Strategies",
    "how the schedule was drawn, and what that found",
    plainTable(columns, strategies, { "data-table": "strategies" }),
  );
}

function groupLabel(data, hash) {
  const group = data.groups.find((candidate) => candidate.group === hash);
  return group ? `${group.property} ${hash.slice(0, 8)}` : hash;
}

function buildCampaignPage(data) {
  replaceChildren(
    byId("page"),
    campaignHeader(data),
    tiles(data),
    notes(data),
    el(
      "main",
      { class: "blocks" },
      el("div", { class: "wide" }, groupsSection(data)),
      el("div", { class: "wide" }, scenariosSection(data)),
      el("div", {}, propertiesSection(data), strategiesSection(data)),
      el("div", {}, faultsSection(data)),
      el("div", { class: "wide" }, runsSection(data)),
      el("div", { class: "wide" }, marksSection(data)),
      data.text
        ? el(
            "div",
            { class: "wide" },
            section("As text", "", el("pre", { class: "screen-text", text: data.text })),
          )
        : null,
    ),
  );
  document.title = `${verdictLine(data)} - ${data.program ?? "millrace"} campaign`;
  document.body.dataset.ready = "campaign";
}

buildCampaignPage(loadData());

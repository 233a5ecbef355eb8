// The page of a campaign: what failed, whether everything did anything, and how fast it was.

const kStatusVerdicts = {
  0: ["pass", "✓ PASS"],
  1: ["fail", "✕ FAIL"],
  2: ["fail", "✕ REFUSED"],
  3: ["fail", "✕ TOOL FAILED"],
  4: ["inconclusive", "? INCONCLUSIVE"],
  130: ["inconclusive", "? INTERRUPTED"],
  143: ["inconclusive", "? INTERRUPTED"],
};

/** What a run of it is called. */
function nounOf(data) {
  return data.sweep ? "plan" : "seed";
}

function verdictLine(data) {
  const red = data.failed + data.crashed + data.hung + data.limited;
  const fresh = data.groups.filter(({ status }) => status === "new").length;
  const all = counted(data.seeds, nounOf(data));
  const parts = [
    red === 0
      ? `${countText(data.passed)} of ${all} passed`
      : `${countText(red)} of ${all} failed in ` +
        `${counted(data.groups.length, "group")}, ${fresh} new`,
  ];
  if (data.inconclusive > 0) parts.push(`${countText(data.inconclusive)} inconclusive`);
  if (data.resumed_seeds > 0)
    parts.push(`${countText(data.resumed_seeds)} from before it was resumed`);
  return parts.join("; ");
}

function campaignHeader(data) {
  const [kind, label] = kStatusVerdicts[data.status] ?? ["fail", `✕ EXIT ${data.status}`];
  // One that was killed is running still, as far as its database knows.
  const state = data.state === "running" ? "running, or it was killed" : data.state;
  return el(
    "header",
    { class: `page-head is-${kind}` },
    el("span", { class: "verdict", text: label }),
    el("h1", { text: verdictLine(data) }),
    el(
      "div",
      { class: "actions" },
      data.command ? copyButton("copy command", data.command, { id: "copy-command" }) : null,
      data.text ? copyButton("copy text", data.text, { id: "copy-text" }) : null,
    ),
    el(
      "p",
      { class: "under" },
      [
        data.started_utc,
        state === "finished" ? "" : state,
        data.command,
        `${nounOf(data)}s ${data.from} to ${data.to}`,
        data.build.text,
        data.directory,
        durationText(data.wall_ns),
      ]
        .filter((text) => text)
        .join("  ·  "),
    ),
  );
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
      canary.has_run ? `${canary.caught} / ${canary.tried}` : "not run",
      canary.has_run ? "falsified histories caught" : "",
      canary.has_run && canary.caught < canary.tried,
    ),
    tile(
      "run twice",
      countText(data.determinism_checks),
      determinismText(data),
      data.determinism_differing > 0,
    ),
    tile(
      "speed",
      `${threeDigits(data.seeds_per_second)} ${nounOf(data)}s/s`,
      `${roughText(data.events_per_second)} events/s, ` +
        `${roughText(data.virtual_seconds_per_second)} virtual s/s`,
    ),
    tile(
      "work",
      `${roughText(data.acked_operations)} acked`,
      `${roughText(data.events)} events, ${durationText(data.virtual_ns)}` +
        // A database does not say how large the workers were.
        (data.peak_rss_kib > 0 ? `, ${bytesText(data.peak_rss_kib * 1024)} a worker` : ""),
    ),
  );
}

function determinismText({ determinism_checks: checks, determinism_differing: differing }) {
  if (checks === 0) return "nothing was";
  return differing > 0 ? `${countText(differing)} differ` : "all the same";
}

function idleFaults(data) {
  return data.faults.filter((fault) => fault.planned > 0 && fault.took_effect === 0);
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
  document.title = `${verdictLine(data)} - ${data.program} campaign`;
  document.body.dataset.ready = "campaign";
}

buildCampaignPage(loadData());

// What one has to know of a campaign beside its failures: what was too little, what is gone, and
// what the tool did wrong.

function notes(data) {
  const lines = [
    ...data.tool_errors.map((text) => ["TOOL FAILED", text]),
    ...differenceTexts(data).map((text) => ["TOOL FAILED", text]),
    ...inconclusiveTexts(data).map((text) => ["INCONCLUSIVE", text]),
    ...data.gone.map((gone) => ["GONE?", goneText(gone, nounOf(data))]),
    ...data.findings.map(({ signature, scenario }) => [
      "ALSO",
      `${signature} in ${scenario}, while others were made smaller`,
    ]),
  ];
  if (lines.length === 0) return null;
  return el(
    "section",
    { class: "notes", "aria-label": "Notes" },
    ...lines.map(([word, text]) => el("p", {}, el("b", { text: word }), " ", text)),
  );
}

/** What is too little over a scenario's runs is a reason of the campaign, too: it is said once. */
function inconclusiveTexts({ inconclusive_reasons: reasons, scenarios }) {
  const own = scenarios.flatMap(({ name, reason }) =>
    (reason ?? "")
      .split("; ")
      .filter((text) => text !== "")
      // "slow_everything --seed 131: ..." can be typed.
      .map((text) => `${name}${/^(--|plan )/.test(text) ? "" : ":"} ${text}`),
  );
  return [...reasons, ...own.filter((text) => !reasons.includes(text))];
}

/** Runs whose second execution was another one: some of them with where, and how many more. */
function differenceTexts(data) {
  const texts = data.determinism_differences.map(
    ({ scenario, seed, tool_error: error, first_difference: first }) => {
      const what = `${scenario} ${nounOf(data)} ${seed} ran differently the second time`;
      const where = first
        ? `, first at event ${first.event} (${secondsText(first.virtual_ns)} s, ` +
          `${first.machine}, task ${first.task}): ${first.first}; then ${first.second}`
        : "";
      return `${what}${error ? `: ${error}` : ""}${where}`;
    },
  );
  const others = data.determinism_differing - texts.length;
  const more = texts.length > 0 ? "more " : "";
  if (others > 0)
    texts.push(`${counted(others, `${more}${nounOf(data)}`)} ran differently the second time`);
  return texts;
}

/** Seen h times in N runs and then 0 times in n, it is gone with 1 - (1 - h/N)^n, which is never
    certain; if it is not, it is rarer than about 3/n. */
function goneText({ signature, scenario, failed_runs: failed, runs, runs_since: since }, noun) {
  const share = Math.min(0.999, 1 - (1 - failed / runs) ** since);
  return (
    `${signature} in ${scenario}: 0 in ${counted(since, noun)}, ` +
    `was ${countText(failed)} in ${countText(runs)}: gone with ${(100 * share).toFixed(1)} %, ` +
    `or rarer than 1 in ${countText(Math.max(1, Math.floor(since / 3)))}`
  );
}

// Numbers and times as people read them.

function countText(count) {
  return String(count).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** "1 append", "3 appends", "2 entries" with its own plural. */
function counted(count, noun, plural = `${noun}s`) {
  return `${countText(count)} ${count === 1 ? noun : plural}`;
}

/** "1.204 s": an instant, in seconds. */
function secondsText(ns, digits = 3) {
  return (ns / 1e9).toFixed(digits);
}

/** "400 ms", "3.46 ms", "12 s", "1 m 09 s", "2 h 13 m": a duration in three digits or so. */
function durationText(ns) {
  if (ns < 0) return `-${durationText(-ns)}`;
  if (ns === 0) return "0 s";
  if (ns >= 3600e9) {
    const minutes = Math.round(ns / 60e9);
    return `${countText(Math.floor(minutes / 60))} h ${String(minutes % 60).padStart(2, "0")} m`;
  }
  if (ns >= 60e9) {
    const seconds = Math.round(ns / 1e9);
    return `${Math.floor(seconds / 60)} m ${String(seconds % 60).padStart(2, "0")} s`;
  }
  for (const [unit, size] of [
    ["s", 1e9],
    ["ms", 1e6],
    ["us", 1e3],
  ]) {
    if (ns >= size) return `${threeDigits(ns / size)} ${unit}`;
  }
  return `${Math.round(ns)} ns`;
}

/** 3.456 as "3.46", 34.56 as "34.6", 3456 as "3,456"; no zeroes behind the point. */
function threeDigits(value) {
  const size = Math.abs(value);
  if (size >= 99.95) return countText(Math.round(value));
  return String(Number(value.toFixed(size >= 9.995 ? 1 : 2)));
}

/** "1.1 M", "20.4", "812 k": a rate or a large count. */
function roughText(value) {
  if (value >= 1e9) return `${threeDigits(value / 1e9)} G`;
  if (value >= 1e6) return `${threeDigits(value / 1e6)} M`;
  if (value >= 1e4) return `${threeDigits(value / 1e3)} k`;
  return threeDigits(value);
}

function bytesText(bytes) {
  for (const [unit, size] of [
    ["GiB", 2 ** 30],
    ["MiB", 2 ** 20],
    ["KiB", 2 ** 10],
  ]) {
    if (bytes >= size) return `${threeDigits(bytes / size)} ${unit}`;
  }
  return `${threeDigits(bytes)} B`;
}

function amountText(value, unit) {
  if (unit === "B") return bytesText(value);
  if (unit === "ns") return durationText(value);
  return unit ? `${roughText(value)} ${unit}` : roughText(value);
}

/** 0.0153 as "1.5 %". */
function percentText(part, whole) {
  if (whole === 0) return "–";
  const percent = (100 * part) / whole;
  return `${percent > 0 && percent < 0.1 ? "< 0.1" : threeDigits(percent)} %`;
}

/** "1 operation, 2 faults, 3 machines" */
function sizeText({ operations, faults, machines }) {
  return [
    counted(operations, "operation"),
    counted(faults, "fault"),
    counted(machines, "machine"),
  ].join(", ");
}

/** " since 2026-11-20 at 4f2a91c": of a group of failures that is known. */
function sinceText({ known_since: since, known_commit: commit }) {
  return `${since ? ` since ${since.slice(0, 10)}` : ""}${commit ? ` at ${commit}` : ""}`;
}

/** Steps for an axis: at most `count` round values within [low, high]. */
function roundSteps(low, high, count) {
  const rough = (high - low) / Math.max(1, count);
  if (!(rough > 0)) return [];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
  const steps = [];
  for (let value = Math.ceil(low / step) * step; value <= high; value += step) steps.push(value);
  return steps;
}

/** Digits behind the point of seconds that keep instants apart which are `span` ns apart. */
function digitsFor(span) {
  if (span >= 1e9) return 1;
  return Math.min(9, Math.max(1, Math.ceil(9 - Math.log10(Math.max(1, span)))));
}

/** Index of the first entry of a sorted array that is not below `value`. */
function lowerBound(sorted, value, from = 0, to = sorted.length) {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

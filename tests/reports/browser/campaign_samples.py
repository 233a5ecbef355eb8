"""Campaigns to look at: one with failures, one without, and a hostile one."""

import random

from hostile_run import HOSTILE
from run_builder import BUILD, SECOND, records

SCENARIOS = ("quickstart", "crash_storm", "partitions", "disk_damage", "disk_beyond_budget",
             "clock_chaos", "slow_everything")
PROPERTIES = (("APP-1", "conditional_append"), ("CRASH-1", "recovery_keeps_durable"),
              ("DUP-1", "no_duplicates"), ("DUR-1", "acked_is_durable"), ("LOG-1", "clean"),
              ("ORD-1", "key_order"), ("ORD-2", "stable_order"), ("PHA-1", "no_phantoms"),
              ("REC-1", "clients_finish"), ("SEG-2", "truncated_stays"), ("VIS-1", "read_your_ack"))
FAULTS = ("clock.rate", "clock.wall_step", "disk.failed_sync", "disk.slow", "disk.stale_read",
          "disk.torn_write", "machine.kill", "machine.pause", "machine.power_loss", "net.break",
          "net.cut", "net.loss")
MARKS = ("append.acked", "append.duplicate", "append.gap", "container.recovered", "read.truncated",
         "segment.sealed", "segment.truncate_race", "wal.torn_tail")
STRATEGIES = ("fifo", "random", "pct", "pos")
SEEDS = 200
# By scenario and seed: the group and the verdict of the runs that did not pass.
BAD_RUNS = {(1, 21): (0, 1), (1, 66): (0, 1), (1, 187): (0, 1), (2, 9): (1, 3), (6, 131): (-1, 5)}


def runs_of(draw):
    names = ("scenario", "seed", "verdict", "strategy", "group", "events", "virtual_ns", "wall_ns",
             "digest")
    runs = {name: [] for name in names}
    ways = 0
    for scenario in range(len(SCENARIOS)):
        for seed in range(1, SEEDS + 1):
            group, verdict = BAD_RUNS.get((scenario, seed), (-1, 0))
            is_new = draw.random() < 1 / (1 + ways / 60)
            digest = ways if is_new else draw.randrange(max(1, ways))
            ways += is_new
            events = int(draw.lognormvariate(8.5, 0.5)) + 200
            row = (scenario, seed, verdict, draw.randrange(4), group, events, events * 8_000_000,
                   events * 900, digest)
            for name, value in zip(names, row):
                runs[name].append(value)
    return runs


SIZE_FOUND = {"operations": 1204, "faults": 41, "machines": 9}


def groups():
    replay = "millrace replay millrace-out/latest/failures/"
    first = {
        "signature": "DUR-1/end", "group": "b71c09e2", "property": "DUR-1", "count": 3,
        "name": "acked_is_durable", "cheapest_seed": 187, "cheapest_events": 1204,
        "scenario": "crash_storm", "scenarios": {"crash_storm": 3}, "status": "new",
        "known_since": None, "known_commit": None, "repro": "failures/DUR-1-b71c09e2.repro.json",
        "token": "mr1.KLUv_SBa", "strategies": {"pct": 2, "random": 1},
        "page": "failures/DUR-1-b71c09e2.html", "unshrunk": SIZE_FOUND,
        "shrunk": {"operations": 1, "faults": 1, "machines": 2, "from": SIZE_FOUND,
                   "passes_if": {"change": "fault 1 comes 4 events earlier", "event": 45}},
        "seen": "orders/0 ends at 0: k3#1 was acknowledged at 0..16, yet no read returns it",
        "replay": f"{replay}DUR-1-b71c09e2.repro.json"}
    second = {
        "signature": "hang/store/flusher", "group": "7d10aa93", "property": "hang", "name": "",
        "count": 1, "cheapest_seed": 9, "cheapest_events": 88_120, "scenario": "partitions",
        "scenarios": {"partitions": 1}, "status": "known", "known_since": "2026-11-20T03:11:09Z",
        "known_commit": "9e1f03d", "repro": "failures/hang-7d10aa93.repro.json", "token": None,
        "strategies": {"pos": 1}, "shrunk": None,
        "unshrunk": {"operations": 900, "faults": 31, "machines": 8},
        "replay": f"{replay}hang-7d10aa93.repro.json"}
    return [first, second]


REASON = "--seed 131: 812 acknowledged operations, floor 1,000"
TOO_RARE = "append.gap was reached in 1 of 200 seeds, of 1/20"


def scenarios(draw):
    failed = {1: 3, 2: 1}
    entries = []
    for i, name in enumerate(SCENARIOS):
        inconclusive = int(i == 6)
        entries.append({
            "name": name, "seeds": SEEDS, "passed": SEEDS - failed.get(i, 0) - inconclusive,
            "failed": failed.get(i, 0), "inconclusive": inconclusive,
            "acked_operations": draw.randrange(40_000, 100_000),
            "faults_fired": draw.randrange(900, 9000), "story": "A story.",
            "virtual_ns": draw.randrange(7000, 13_000) * SECOND,
            "reason": f"{REASON}; {TOO_RARE}" if inconclusive else None})
    return entries


def coverage(draw):
    """Properties, faults, marks: each has one that never did anything."""
    properties = [
        {"id": ident, "name": name, "kind": "eventually" if ident == "REC-1" else "always",
         "evaluated": 0 if ident == "SEG-2" else draw.randrange(212, 90_000),
         "failed_seeds": 3 if ident == "DUR-1" else 0, "not_judged_seeds": draw.randrange(0, 9),
         "skipped": False} for ident, name in PROPERTIES]
    rows = [(kind, 14 + 31 * i, 12 + 30 * i, i % 3,
             0 if kind == "disk.stale_read" else 9 * i * i + 3) for i, kind in enumerate(FAULTS)]
    reached = [name for name in MARKS if not name.endswith(("race", "tail"))]
    return {
        "properties": properties, "situations": {"reply_lost": 38, "unsynced_data_lost": 14},
        "faults": records("kind planned fired refused took_effect", *rows),
        "marks": {name: 1 + 17 * i * i if name in reached else 0 for i, name in enumerate(MARKS)},
        "runs_with_mark": {name: 10 + i for i, name in enumerate(reached)}}


def campaign():
    draw = random.Random(3)
    found = ([], ["b71c09e2"], ["b71c09e2"], ["7d10aa93"])
    rows = [(name, 350, (0, 1, 2, 1)[i], 40 + 21 * i, found[i], (14 + i) * SECOND)
            for i, name in enumerate(STRATEGIES)]
    gone = records("signature scenario failed_runs runs runs_since",
                   ("REC-2/9c40aa17", "clock_chaos", 1, 310, 1400))
    return {
        "page": "campaign", "schema": 1, "program": "millrace", "status": 1, "build": BUILD,
        "state": "finished", "started_utc": "2026-11-22T21:14:02Z",
        "command": "millrace campaign @default --seeds 1..200", "sweep": None, "from": 1,
        "to": SEEDS,
        "seeds": 1400, "passed": 1395, "failed": 3, "crashed": 0, "hung": 1, "limited": 0,
        "inconclusive": 1, "known": 0, "scenarios": scenarios(draw), "groups": groups(),
        "findings": [], "gone": gone, "resumed_seeds": 0, **coverage(draw),
        "events": 75_000_000, "virtual_ns": 76_000 * SECOND, "wall_ns": 69 * SECOND,
        "acked_operations": 503_000, "events_per_second": 1_100_000,
        "virtual_seconds_per_second": 1100, "seeds_per_second": 20.4, "peak_rss_kib": 59_392,
        "canary": {"has_run": True, "tried": 12, "caught": 12}, "determinism_checks": 7,
        "determinism_differing": 0, "determinism_differences": [], "tool_errors": [],
        "interrupted": False,
        "inconclusive_reasons": ["property SEG-2 was never evaluated",
                                 f"slow_everything: {TOO_RARE}"],
        "directory": "millrace-out/20261122-2114-campaign",
        "strategies": records("name seeds failed digests groups wall_ns", *rows),
        "runs": runs_of(draw), "runs_left_out": 0,
        "text": "FAIL  4 of 1,400 seeds failed in 2 groups, 1 new"}


def clean_campaign():
    """All passed, everything was reached, and nobody kept the runs or how it was called."""
    data = campaign()
    for name in ("gone", "inconclusive_reasons", "groups"):
        data[name] = []
    for scenario in data["scenarios"]:
        scenario.update(passed=SEEDS, failed=0, inconclusive=0, reason=None)
    data["marks"] = {name: max(1, count) for name, count in data["marks"].items()}
    for name in ("started_utc", "command"):
        del data[name]
    data["runs"] = {name: [] for name in data["runs"]}
    return data | {"strategies": [], "status": 0, "passed": 1400, "failed": 0, "hung": 0,
                   "inconclusive": 0}


def soil(value):
    """Every text within a value is made hostile; numbers and names of fields stay."""
    if isinstance(value, str):
        return HOSTILE
    if isinstance(value, list):
        return [soil(entry) for entry in value]
    if isinstance(value, dict):
        return {key: soil(entry) for key, entry in value.items()}
    return value


def hostile_campaign():
    data = soil(campaign())
    data["groups"][1]["page"] = "javascript:window.hostile=4"
    for name in ("marks", "situations", "runs_with_mark"):
        data[name] = {HOSTILE: 0, f"{HOSTILE}2": 7}
    return data | {"page": "campaign"}

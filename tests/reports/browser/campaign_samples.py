"""Campaigns to look at: one with failures, and a hostile one."""

import random

from run_builder import BUILD, SECOND
from hostile_run import HOSTILE

SCENARIOS = (
    "quickstart",
    "crash_storm",
    "partitions",
    "disk_damage",
    "disk_beyond_budget",
    "clock_chaos",
    "slow_everything",
)
PROPERTIES = (
    ("APP-1", "conditional_append"),
    ("CRASH-1", "recovery_keeps_durable"),
    ("DUP-1", "no_duplicates"),
    ("DUR-1", "acked_is_durable"),
    ("LOG-1", "clean"),
    ("ORD-1", "key_order"),
    ("ORD-2", "stable_order"),
    ("PHA-1", "no_phantoms"),
    ("REC-1", "clients_finish"),
    ("SEG-2", "truncated_stays"),
    ("VIS-1", "read_your_ack"),
)
FAULTS = (
    "clock.rate",
    "clock.wall_step",
    "disk.failed_sync",
    "disk.slow",
    "disk.stale_read",
    "disk.torn_write",
    "machine.kill",
    "machine.pause",
    "machine.power_loss",
    "net.break",
    "net.cut",
    "net.loss",
)
MARKS = (
    "append.acked",
    "append.duplicate",
    "append.gap",
    "container.recovered",
    "read.truncated",
    "segment.sealed",
    "segment.truncate_race",
    "wal.torn_tail",
)
STRATEGIES = ("fifo", "random", "pct", "pos")
SEEDS = 200


def runs_of(draw, groups):
    names = (
        "scenario",
        "seed",
        "verdict",
        "strategy",
        "group",
        "events",
        "virtual_ns",
        "wall_ns",
        "digest",
    )
    runs = {name: [] for name in names}
    ways = 0
    for scenario in range(len(SCENARIOS)):
        for seed in range(1, SEEDS + 1):
            group = (
                {187: 0, 21: 0, 66: 0}.get(seed, -1)
                if scenario == 1
                else 1
                if (scenario, seed) == (2, 9)
                else -1
            )
            verdict = 0 if group < 0 else 1 if group == 0 else 3
            if (scenario, seed) == (6, 131):
                verdict = 5
            is_new = draw.random() < 1 / (1 + ways / 60)
            digest = ways if is_new else draw.randrange(max(1, ways))
            ways += is_new
            events = int(draw.lognormvariate(8.5, 0.5)) + 200
            row = (
                scenario,
                seed,
                verdict,
                draw.randrange(4),
                group,
                events,
                events * 8_000_000,
                events * 900,
                digest,
            )
            for name, value in zip(names, row):
                runs[name].append(value)
    return runs


def campaign():
    draw = random.Random(3)
    groups = [
        {
            "signature": "DUR-1/end",
            "group": "b71c09e2",
            "property": "DUR-1",
            "name": "acked_is_durable",
            "count": 3,
            "cheapest_seed": 187,
            "cheapest_events": 1204,
            "scenario": "crash_storm",
            "scenarios": {"crash_storm": 3},
            "status": "new",
            "known_since": None,
            "known_commit": None,
            "repro": "failures/DUR-1-b71c09e2.repro.json",
            "token": "mr1.KLUv_SBa",
            "strategies": {"pct": 2, "random": 1},
            "page": "failures/DUR-1-b71c09e2.html",
            "shrunk": {"operations": 1, "faults": 1, "machines": 2},
            "unshrunk": None,
            "story": "1 append, 1 fault, 2 machines (from 1,204 operations, 41 faults, 9 machines)",
            "passes_if": "fault 1 comes 4 events earlier; the two runs part at event 45",
            "seen": "orders/0 ends at 0: k3#1 was acknowledged at 0..16, yet no read returns it",
            "replay": "millrace replay millrace-out/latest/failures/DUR-1-b71c09e2.repro.json",
        },
        {
            "signature": "hang/store/flusher",
            "group": "7d10aa93",
            "property": "hang",
            "name": "",
            "count": 1,
            "cheapest_seed": 9,
            "cheapest_events": 88_120,
            "scenario": "partitions",
            "scenarios": {"partitions": 1},
            "status": "known",
            "known_since": "2026-11-20T03:11:09Z",
            "known_commit": "9e1f03d",
            "repro": "failures/hang-7d10aa93.repro.json",
            "token": None,
            "strategies": {"pos": 1},
            "shrunk": None,
            "unshrunk": {"operations": 900, "faults": 31, "machines": 8},
            "replay": "millrace replay x.repro.json",
        },
    ]
    return {
        "page": "campaign",
        "schema": 1,
        "program": "millrace",
        "status": 1,
        "build": BUILD,
        "state": "finished",
        "started_utc": "2026-11-22T21:14:02Z",
        "arguments": ["campaign", "@default", "--seeds", "200"],
        "from": 1,
        "to": SEEDS,
        "seeds": 1400,
        "passed": 1395,
        "failed": 3,
        "crashed": 0,
        "hung": 1,
        "limited": 0,
        "inconclusive": 1,
        "known": 0,
        "scenarios": [
            {
                "name": name,
                "seeds": SEEDS,
                "passed": SEEDS - (3, 1, 1)[(1, 2, 6).index(i)] if i in (1, 2, 6) else SEEDS,
                "failed": {1: 3, 2: 1}.get(i, 0),
                "inconclusive": int(i == 6),
                "acked_operations": draw.randrange(40_000, 100_000),
                "faults_fired": draw.randrange(900, 9000),
                "virtual_ns": draw.randrange(7000, 13_000) * SECOND,
                "reason": None,
                "story": "A story.",
                "reasons": ["seed 131: 812 acknowledged operations, floor 1,000"] if i == 6 else [],
            }
            for i, name in enumerate(SCENARIOS)
        ],
        "groups": groups,
        "findings": [],
        "gone": [
            {
                "signature": "REC-2/9c40aa17",
                "scenario": "clock_chaos",
                "failed_runs": 1,
                "runs": 310,
                "runs_since": 1400,
            }
        ],
        "resumed_seeds": 0,
        "properties": [
            {
                "id": ident,
                "name": name,
                "kind": "eventually" if ident == "REC-1" else "always",
                "evaluated": 0 if ident == "SEG-2" else draw.randrange(212, 90_000),
                "failed_seeds": 3 if ident == "DUR-1" else 0,
                "not_judged_seeds": draw.randrange(0, 9),
                "skipped": False,
            }
            for ident, name in PROPERTIES
        ],
        "faults": [
            {
                "kind": kind,
                "planned": 14 + 31 * i,
                "fired": 12 + 30 * i,
                "refused": i % 3,
                "took_effect": 0 if kind == "disk.stale_read" else 9 * i * i + 3,
            }
            for i, kind in enumerate(FAULTS)
        ],
        "situations": {"reply_lost": 38, "unsynced_data_lost": 14},
        "marks": {
            name: 0 if name.endswith(("race", "tail")) else 1 + 17 * i * i
            for i, name in enumerate(MARKS)
        },
        "marks_about": {"wal.torn_tail": "Recovery met a frame that a crash cut short."},
        "runs_with_mark": {
            name: 10 + i for i, name in enumerate(MARKS) if not name.endswith(("race", "tail"))
        },
        "events": 75_000_000,
        "virtual_ns": 76_000 * SECOND,
        "wall_ns": 69 * SECOND,
        "acked_operations": 503_000,
        "events_per_second": 1_100_000,
        "virtual_seconds_per_second": 1100,
        "seeds_per_second": 20.4,
        "peak_rss_kib": 59_392,
        "canary": {"has_run": True, "tried": 12, "caught": 12},
        "determinism_checks": 7,
        "determinism_differences": [],
        "inconclusive_reasons": ["property SEG-2 was never evaluated"],
        "tool_errors": [],
        "interrupted": False,
        "directory": "millrace-out/20261122-2114-campaign",
        "strategies": [
            {
                "name": name,
                "seeds": 350,
                "failed": (0, 1, 2, 1)[i],
                "digests": 40 + 21 * i,
                "groups": [[], ["b71c09e2"], ["b71c09e2"], ["7d10aa93"]][i],
                "events": 10**7,
                "wall_ns": (14 + i) * SECOND,
            }
            for i, name in enumerate(STRATEGIES)
        ],
        "runs": runs_of(draw, groups),
        "runs_left_out": 0,
        "text": "FAIL  4 of 1,400 seeds failed in 2 groups, 1 new",
    }


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

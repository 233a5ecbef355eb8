"""A run in which every text that a system has a say in is markup."""

from run_builder import (CONTEXT, DELIVER, FAILED, FAULT, FAULT_ROLE, HISTORY, MS, OK, SEND,
                         UNKNOWN, VIOLATION, RunBuilder, records)

HOSTILE = (
    '</script><img src=x onerror="window.hostile=1"><b>&amp;\u2028]]>'
    "'\"`${window.hostile=2}<!--<script>"
)


def add_appends(builder, client, store):
    for i in range(40):
        sent = builder.event(4 * i, i * MS, SEND, client, f"append key={HOSTILE}{i}", peer=store,
                             operation=i + 1, key=f"{HOSTILE}{i}", segment=HOSTILE)
        got = builder.event(4 * i + 1, i * MS + 500, DELIVER, store, f"append key={HOSTILE}{i}",
                            HOSTILE, peer=client, causes=[sent])
        builder.message(sent, got)
        done = builder.event(4 * i + 2, i * MS + 900, HISTORY, client, f"acked {HOSTILE}{i}",
                             HOSTILE, causes=[got])
        outcome = (OK, FAILED, UNKNOWN)[i % 3]
        builder.operation(i + 1, client, HOSTILE, i * MS, i * MS + 900, outcome, sent, done,
                          HOSTILE)


def hostile_run():
    builder = RunBuilder([(f"{HOSTILE}-1", HOSTILE, "client"),
                          (f"{HOSTILE}-2", "segment_store", "server")])
    client, store = (machine["name"] for machine in builder.machines)
    add_appends(builder, client, store)
    fault = builder.event(200, 50 * MS, FAULT, store, HOSTILE)
    builder.band(1, "machine.kill", HOSTILE, [store], 50 * MS, 60 * MS, fault)
    last = builder.event(201, 61 * MS, HISTORY, client, HOSTILE, HOSTILE)
    builder.evidence = {0: CONTEXT, 1: CONTEXT, fault: FAULT_ROLE, last: VIOLATION}
    texts = ("property", "name", "signature", "group", "claim", "seen", "expected", "role", "task")
    failure = dict.fromkeys(texts, HOSTILE)
    failure |= {"event": 201, "t": 61 * MS, "row": last, "machine": 0, "frames": [HOSTILE]}
    neighbour = {"change": HOSTILE, "parts_at": 200, "row": fault, "other_row": 0,
                 "events": {name: column[:3] for name, column in builder.events.items()}}
    items = [{"id": 1, "kind": kind, "text": HOSTILE, "moment": HOSTILE, "row": 0,
              "state": HOSTILE} for kind in ("operation", "fault")]
    return builder.data(
        {"scenario": HOSTILE, "seed": 2**53 - 1, "verdict": "fail", "story": HOSTILE,
         "reason": HOSTILE, "limit": HOSTILE},
        failure=failure, consequences=[failure], neighbour=neighbour,
        group={"status": "known", "count": 1, "seeds": 1, "noun": "seed", "known_since": HOSTILE,
               "known_commit": HOSTILE},
        commands=[{"id": "replay", "text": HOSTILE}], token=HOSTILE, text=HOSTILE,
        plan={"items": items, "items_left_out": 0,
              "size": {"operations": 1, "faults": 1, "machines": 2},
              "strategy": HOSTILE},
        knobs=[[HOSTILE, HOSTILE, HOSTILE]], overrides=[{"rule": HOSTILE, "draws": 1}],
        series=records("name unit label t v", (HOSTILE, HOSTILE, HOSTILE, [0, 9], [1, 2])),
        properties=records("id name kind verdict evaluated reason",
                           (HOSTILE, HOSTILE, "always", HOSTILE, 1, HOSTILE)),
        faults=records("kind planned fired refused took_effect", (HOSTILE, 1, 1, 0, 0)),
        marks={HOSTILE: 3}, situations={HOSTILE: 4})

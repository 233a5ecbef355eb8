"""A small failure that was reduced."""

from run_builder import (
    BOOTING,
    CONTEXT,
    DELIVER,
    DISK,
    DOWN,
    DROP,
    EVENT_COLUMNS,
    FAULT,
    FAULT_ROLE,
    HISTORY,
    LOST,
    MACHINE,
    MS,
    NEVER_ENDED,
    OK,
    ON_SCREEN,
    PAUSED,
    SECOND,
    SEND,
    VIOLATION,
    RunBuilder,
)

PROPERTIES = [
    {
        "id": "DUR-1",
        "name": "acked_is_durable",
        "kind": "always",
        "verdict": "failed",
        "evaluated": 17,
        "reason": None,
    },
    {
        "id": "VIS-1",
        "name": "read_your_ack",
        "kind": "always",
        "verdict": "failed",
        "evaluated": 4,
        "reason": None,
    },
    {
        "id": "ORD-1",
        "name": "key_order",
        "kind": "always",
        "verdict": "held",
        "evaluated": 31,
        "reason": None,
    },
    {
        "id": "REC-1",
        "name": "clients_finish",
        "kind": "eventually",
        "verdict": "not_judged",
        "evaluated": 0,
        "reason": "the run ended before",
    },
]
MACHINES = [
    ("writer-1", "writer", "client"),
    ("store-1", "segment_store", "server"),
    ("reader-1", "final_scan", "client"),
]


def small_events(builder):
    """An acknowledged append, which a power loss then takes."""
    add = builder.event
    rows = {}
    rows["boot"] = add(3, 7 * MS, MACHINE, "store-1", "boots as segment_store")
    add(3, 7 * MS, MACHINE, "writer-1", "boots as writer")
    add(3, 7 * MS, MACHINE, "reader-1", "boots as final_scan")
    hello = add(17, 1190 * MS, SEND, "writer-1", "hello", peer="store-1")
    arrived = add(21, 1191 * MS, DELIVER, "store-1", "hello", peer="writer-1", causes=[hello])
    builder.message(hello, arrived)
    lost = add(22, 1191 * MS, SEND, "store-1", "hello", peer="writer-1", causes=[arrived])
    dropped = add(25, 1192 * MS, DROP, "writer-1", "1 frames lost", peer="store-1", causes=[lost])
    builder.message(lost, -1, LOST)
    builder.messages["drop"] = [-1, dropped]
    rows["invoked"] = add(
        41,
        1204 * MS,
        HISTORY,
        "writer-1",
        "append_invoked uid=3 stream=orders writer=writer-1#1 key=3 sequence=1",
        "append k3#1, 16 B",
        operation=1,
        segment="orders/0",
        writer="writer-1#1",
    )
    rows["append"] = add(
        41,
        1204 * MS,
        SEND,
        "writer-1",
        "append",
        "append k3#1, 16 B at 0",
        peer="store-1",
        operation=1,
        causes=[rows["invoked"]],
        segment="orders/0",
        writer="writer-1#1",
    )
    rows["arrives"] = add(
        43,
        1205 * MS,
        DELIVER,
        "store-1",
        "append",
        peer="writer-1",
        operation=1,
        causes=[rows["append"]],
        segment="orders/0",
    )
    builder.message(rows["append"], rows["arrives"])
    rows["frame"] = add(
        44,
        1206 * MS,
        DISK,
        "store-1",
        "log.0: 43 B written at 0, not yet synced",
        "frame 1 written to log.0, not yet synced",
        operation=1,
        causes=[rows["arrives"]],
    )
    rows["ack"] = add(
        45,
        1206 * MS,
        SEND,
        "store-1",
        "append.ack",
        "ack k3#1, length 16",
        peer="writer-1",
        operation=1,
        causes=[rows["arrives"], rows["frame"]],
        segment="orders/0",
    )
    rows["acked"] = add(
        48,
        1209 * MS,
        DELIVER,
        "writer-1",
        "append.ack",
        peer="store-1",
        operation=1,
        causes=[rows["ack"]],
    )
    builder.message(rows["ack"], rows["acked"])
    rows["ok"] = add(
        48,
        1209 * MS,
        HISTORY,
        "writer-1",
        "append_acked uid=3 segment=orders/0 has_offset=true offset=0 end=16",
        "append k3#1: ok",
        operation=1,
        causes=[rows["acked"]],
        segment="orders/0",
        writer="writer-1#1",
    )
    builder.operation(
        1, "writer-1", "append", 1204 * MS, 1209 * MS, OK, rows["invoked"], rows["ok"], "k3#1, 16 B"
    )
    rows["loss"] = add(
        49,
        1209 * MS,
        FAULT,
        "store-1",
        "POWER LOSS 400 ms (fault 1: at mark append.acked, 1st)",
        causes=[rows["acked"]],
    )
    rows["sector"] = add(
        49,
        1209 * MS,
        FAULT,
        "store-1",
        "log.0 sector 1 dropped, never synced",
        causes=[rows["loss"]],
    )
    builder.band(
        1,
        "machine.power_loss",
        "POWER LOSS 400 ms",
        ["store-1"],
        1209 * MS,
        1609 * MS,
        rows["loss"],
    )
    builder.span("store-1", DOWN, 1209 * MS, 1609 * MS, rows["loss"])
    return rows


def small_rest(builder, rows):
    add = builder.event
    boot = add(60, 1609 * MS, MACHINE, "store-1", "boots as segment_store", causes=[rows["loss"]])
    builder.span("store-1", BOOTING, 1609 * MS, 1655 * MS, boot)
    rows["recovered"] = add(
        63,
        1655 * MS,
        HISTORY,
        "store-1",
        "ContainerRecovered container=0 epoch=2 sequence=0 torn_bytes=0",
        "recovered orders/0, length 0",
        causes=[boot],
        segment="orders/0",
    )
    pause = add(66, 2000 * MS, FAULT, "reader-1", "PAUSE 1.5 s (fault 2: at 2 s)")
    builder.band(2, "machine.pause", "PAUSE 1.5 s", ["reader-1"], 2000 * MS, 3500 * MS, pause)
    builder.span("reader-1", PAUSED, 2000 * MS, 3500 * MS, pause)
    cut = add(70, 4000 * MS, FAULT, "", "CUT store-1 from reader-1 for 2 s (fault 3: at 4 s)")
    builder.band(
        3, "net.cut", "CUT 2 s", ["store-1"], 4000 * MS, 6000 * MS, cut, peers=["reader-1"]
    )
    asks = add(
        88,
        5200 * MS,
        SEND,
        "reader-1",
        "segment.read",
        "read orders/0 from 0",
        peer="store-1",
        operation=2,
        segment="orders/0",
    )
    arrives = add(
        91,
        8990 * MS,
        DELIVER,
        "store-1",
        "segment.read",
        peer="reader-1",
        operation=2,
        causes=[asks],
    )
    builder.message(asks, arrives)
    answers = add(
        91,
        8990 * MS,
        SEND,
        "store-1",
        "segment.read.ack",
        "read orders/0: 0 B",
        peer="reader-1",
        operation=2,
        causes=[arrives],
        segment="orders/0",
    )
    answered = add(
        94,
        9002 * MS,
        DELIVER,
        "reader-1",
        "segment.read.ack",
        peer="store-1",
        operation=2,
        causes=[answers],
    )
    builder.message(answers, answered)
    rows["read"] = add(
        94,
        9002 * MS,
        HISTORY,
        "reader-1",
        "segment_read segment=orders/0 events=0",
        "final read of orders/0: nothing",
        operation=2,
        causes=[answered],
        segment="orders/0",
    )
    builder.operation(
        2, "reader-1", "read", 5200 * MS, 9002 * MS, OK, asks, rows["read"], "orders/0"
    )
    builder.operation(3, "writer-1", "append", 8500 * MS, -1, NEVER_ENDED, -1, -1, "k3#2, 9 B")
    builder.messages["drop"] += [-1] * (len(builder.messages["send"]) - 2)
    rows.update(pause=pause, cut=cut, asks=asks)


def passing_neighbour(builder, rows):
    """The same up to the acknowledgement; then the power fails before it leaves."""
    columns = {name: list(builder.events[name][: rows["ack"]]) for name in EVENT_COLUMNS}
    kept = builder.events
    builder.events = columns
    parting = builder.event(
        45, 1206 * MS, FAULT, "store-1", "POWER LOSS 400 ms (fault 1: 4 events before mark)"
    )
    builder.event(45, 1206 * MS, FAULT, "store-1", "log.0 sector 1 dropped, never synced")
    builder.event(58, 1606 * MS, MACHINE, "store-1", "boots as segment_store")
    builder.event(
        61,
        1652 * MS,
        HISTORY,
        "store-1",
        "ContainerRecovered container=0 epoch=2 sequence=0 torn_bytes=0",
        "recovered orders/0, length 0",
    )
    builder.event(
        64,
        1700 * MS,
        SEND,
        "writer-1",
        "append",
        "append k3#1, 16 B at 0",
        peer="store-1",
        operation=1,
    )
    builder.events = kept
    return {
        "change": "fault 1 comes 4 events earlier",
        "parts_at": 45,
        "row": rows["ack"],
        "other_row": parting,
        "first_row": 0,
        "command": "millrace run crash_storm --plan passing.json",
        "events": columns,
    }


def failure_of(rows, t):
    return {
        "property": "DUR-1",
        "name": "acked_is_durable",
        "signature": "DUR-1/end",
        "group": "b71c09e2",
        "claim": "Every acknowledged event is in the stream at the end, unless truncated.",
        "seen": "orders/0 ends at 0: k3#1 was acknowledged at 0..16, yet no read returns it",
        "expected": "k3#1 at 0..16",
        "event": 94,
        "t": t,
        "row": rows["read"],
        "machine": 2,
    }


def small_run():
    builder = RunBuilder(MACHINES)
    rows = small_events(builder)
    small_rest(builder, rows)
    neighbour = passing_neighbour(builder, rows)
    for name in ("invoked", "append", "frame", "ack", "ok", "recovered", "asks"):
        builder.evidence[rows[name]] = CONTEXT + (0 if name in ("invoked", "asks") else ON_SCREEN)
    for name in ("loss", "sector"):
        builder.evidence[rows[name]] = FAULT_ROLE + ON_SCREEN
    builder.evidence[rows["read"]] = VIOLATION + ON_SCREEN
    return builder.data(
        {
            "scenario": "crash_storm",
            "seed": 187,
            "verdict": "fail",
            "acked_operations": 1,
            "is_shrunk": True,
        },
        failure=failure_of(rows, 9002 * MS),
        consequences=[
            {
                "property": "VIS-1",
                "name": "read_your_ack",
                "signature": "VIS-1/read",
                "claim": "A read after " "an acknowledgement returns the event.",
                "seen": "nothing",
                "expected": "k3#1",
                "event": 94,
                "t": 9002 * MS,
                "row": rows["read"],
                "machine": 2,
            }
        ],
        group={"status": "new", "count": 3, "seeds": 200, "scenario": "crash_storm"},
        commands=[
            {"id": "replay", "text": "millrace replay latest/failures/DUR-1-b71c09e2.repro.json"},
            {"id": "seed", "text": "millrace run crash_storm --seed 187"},
            {
                "id": "stop",
                "text": "millrace replay latest/failures/DUR-1-b71c09e2.repro.json --break 45",
            },
            {"id": "keep", "text": "millrace keep latest"},
        ],
        token="mr1.KLUv_SBa" + "Xy7" * 60,
        text="FAIL  crash_storm  seed 187   DUR-1 acked_is_durable\n\n  Every ...",
        links=[{"label": "Perfetto", "href": "DUR-1-b71c09e2.perfetto.json"}],
        plan={
            "items": [
                {
                    "id": 1,
                    "kind": "operation",
                    "text": "writer-1 append k3#1, 16 B",
                    "machine": 0,
                    "row": rows["invoked"],
                    "state": "taken",
                },
                {
                    "id": 1,
                    "kind": "fault",
                    "text": "power loss store-1 for 400 ms",
                    "moment": "at mark append.acked, 1st",
                    "machine": 1,
                    "row": rows["loss"],
                    "state": "fired",
                },
                {
                    "id": 2,
                    "kind": "fault",
                    "text": "pause reader-1 for 1.5 s",
                    "moment": "at 2 s",
                    "machine": 2,
                    "row": rows["pause"],
                    "state": "fired",
                },
                {
                    "id": 3,
                    "kind": "fault",
                    "text": "cut store-1 from reader-1 for 2 s",
                    "moment": "at 4 s",
                    "machine": 1,
                    "row": rows["cut"],
                    "state": "fired",
                },
                {
                    "id": 7,
                    "kind": "fault",
                    "text": "torn write on store-1",
                    "moment": "at disk write, 9th",
                    "machine": 1,
                    "row": -1,
                    "state": "unmatched",
                },
            ],
            "size": {"operations": 1, "faults": 4, "machines": 3},
            "from": {"operations": 1204, "faults": 41, "machines": 9},
            "runs": 49,
            "wall_ns": 6 * SECOND,
            "replays": {"tried": 3, "same": 3},
            "strategy": "fifo",
        },
        knobs=[
            ["store-1", "log_batch_bytes", "4096", "65536"],
            ["store-1", "sync_interval", "2 ms", "2 ms"],
            ["store-1", "cache_bytes", "1048576", "1048576"],
            ["writer-1", "queue_bytes_max", "262144", "262144"],
            ["plan", "run_for", "30 s"],
        ],
        overrides=[{"rule": "latency of store-1 -> writer-1 is 3 ms", "draws": 4}],
        series=[
            {
                "name": "unsynced bytes",
                "unit": "B",
                "label": "store-1",
                "t": [7 * MS, 1206 * MS, 1209 * MS],
                "v": [0, 43, 0],
            },
            {
                "name": "reader lag",
                "unit": "events",
                "label": "reader-1",
                "t": [7 * MS, 1209 * MS, 9002 * MS],
                "v": [0, 1, 1],
            },
        ],
        properties=PROPERTIES,
        faults=[
            {"kind": "machine.power_loss", "planned": 1, "fired": 1, "refused": 0, "took_effect": 1}
        ],
        marks={"append.acked": 1, "container.recovered": 2},
        neighbour=neighbour,
    )

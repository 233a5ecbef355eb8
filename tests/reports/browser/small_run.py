"""A small failure that was reduced: an acknowledged append, which a power loss then takes."""

from run_builder import (BOOTING, CONTEXT, DELIVER, DISK, DOWN, EVENT_COLUMNS, FAULT, FAULT_ROLE,
                         HISTORY, LOSS, LOST, MACHINE, MS, NEVER_ENDED, OK, ON_SCREEN, PAUSED,
                         SECOND, SEND, VIOLATION, RunBuilder, records)

PROPERTIES = records(
    "id name kind verdict evaluated reason",
    ("DUR-1", "acked_is_durable", "always", "failed", 17, None),
    ("VIS-1", "read_your_ack", "always", "failed", 4, None),
    ("ORD-1", "key_order", "always", "held", 31, None),
    ("REC-1", "clients_finish", "eventually", "not_judged", 0, "the run ended before"))
MACHINES = [("writer-1", "writer", "client"), ("store-1", "segment_store", "server"),
            ("reader-1", "final_scan", "client")]
REPRO = "latest/failures/DUR-1-b71c09e2.repro.json"
OF_ORDERS = {"segment": "orders/0"}
OF_WRITER = {"segment": "orders/0", "writer": "writer-1#1"}


def add_greetings(builder):
    """Boots, and a greeting of which the answer is lost."""
    add = builder.event
    for name, role, _ in MACHINES:
        add(3, 7 * MS, MACHINE, name, f"boots as {role}")
    hello = add(17, 1190 * MS, SEND, "writer-1", "hello", peer="store-1")
    arrived = add(21, 1191 * MS, DELIVER, "store-1", "hello", peer="writer-1", causes=[hello])
    builder.message(hello, arrived)
    lost = add(22, 1191 * MS, SEND, "store-1", "hello", peer="writer-1", causes=[arrived])
    drop = add(25, 1192 * MS, LOSS, "writer-1", "1 frames lost", peer="store-1", causes=[lost])
    builder.message(lost, -1, LOST, drop=drop)


def add_append(builder, rows):
    """Writer and store agree on an append which only the page cache has."""
    add = builder.event
    writer, store = {"machine": "writer-1", "operation": 1}, {"machine": "store-1", "operation": 1}
    rows["invoked"] = add(41, 1204 * MS, HISTORY, words="append k3#1, 16 B", **writer, **OF_WRITER,
                          text="append_invoked uid=3 stream=orders writer=writer-1#1 key=3")
    rows["append"] = add(41, 1204 * MS, SEND, text="append", words="append k3#1, 16 B at 0",
                         peer="store-1", causes=[rows["invoked"]], **writer, **OF_WRITER)
    rows["arrives"] = add(43, 1205 * MS, DELIVER, text="append", peer="writer-1",
                          causes=[rows["append"]], **store, **OF_ORDERS)
    builder.message(rows["append"], rows["arrives"])
    rows["frame"] = add(44, 1206 * MS, DISK, text="log.0: 43 B written at 0, not yet synced",
                        words="frame 1 written to log.0, not yet synced", causes=[rows["arrives"]],
                        **store)
    rows["ack"] = add(45, 1206 * MS, SEND, text="append.ack", words="ack k3#1, length 16",
                      peer="writer-1", causes=[rows["arrives"], rows["frame"]], **store,
                      **OF_ORDERS)
    rows["acked"] = add(48, 1209 * MS, DELIVER, text="append.ack", peer="store-1",
                        causes=[rows["ack"]], **writer)
    builder.message(rows["ack"], rows["acked"])
    rows["ok"] = add(48, 1209 * MS, HISTORY, words="append k3#1: ok", causes=[rows["acked"]],
                     text="append_acked uid=3 segment=orders/0 offset=0 end=16", **writer,
                     **OF_WRITER)
    builder.operation(1, "writer-1", "append", 1204 * MS, 1209 * MS, OK, rows["invoked"],
                      rows["ok"], "k3#1, 16 B")


def add_faults(builder, rows):
    """The power loss that matters, and two faults that do not."""
    add = builder.event
    rows["loss"] = add(49, 1209 * MS, FAULT, "store-1", causes=[rows["acked"]],
                       text="POWER LOSS 400 ms (fault 1: at mark append.acked, 1st)")
    rows["sector"] = add(49, 1209 * MS, FAULT, "store-1", "log.0 sector 1 dropped, never synced",
                         causes=[rows["loss"]])
    builder.band(1, "machine.power_loss", "POWER LOSS 400 ms", ["store-1"], 1209 * MS, 1609 * MS,
                 rows["loss"])
    builder.span("store-1", DOWN, 1209 * MS, 1609 * MS, rows["loss"])
    boot = add(60, 1609 * MS, MACHINE, "store-1", "boots as segment_store", causes=[rows["loss"]])
    builder.span("store-1", BOOTING, 1609 * MS, 1655 * MS, boot)
    rows["recovered"] = add(63, 1655 * MS, HISTORY, "store-1", causes=[boot], **OF_ORDERS,
                            text="ContainerRecovered container=0 epoch=2 torn_bytes=0",
                            words="recovered orders/0, length 0")
    rows["pause"] = add(66, 2000 * MS, FAULT, "reader-1", "PAUSE 1.5 s (fault 2: at 2 s)")
    builder.band(2, "machine.pause", "PAUSE 1.5 s", ["reader-1"], 2000 * MS, 3500 * MS,
                 rows["pause"])
    builder.span("reader-1", PAUSED, 2000 * MS, 3500 * MS, rows["pause"])
    rows["cut"] = add(70, 4000 * MS, FAULT, "", "CUT store-1 from reader-1 for 2 s (fault 3)")
    builder.band(3, "net.cut", "CUT 2 s", ["store-1"], 4000 * MS, 6000 * MS, rows["cut"],
                 peers=["reader-1"])


def add_read(builder, rows):
    """The read that finds nothing; its question was late. An operation that never ends."""
    add = builder.event
    reader, store = {"machine": "reader-1", "operation": 2}, {"machine": "store-1", "operation": 2}
    rows["asks"] = add(88, 5200 * MS, SEND, text="segment.read", words="read orders/0 from 0",
                       peer="store-1", **reader, **OF_ORDERS)
    arrives = add(91, 8990 * MS, DELIVER, text="segment.read", peer="reader-1",
                  causes=[rows["asks"]], **store)
    builder.message(rows["asks"], arrives, is_late=True)
    answers = add(91, 8990 * MS, SEND, text="segment.read.ack", words="read orders/0: 0 B",
                  peer="reader-1", causes=[arrives], **store, **OF_ORDERS)
    answered = add(94, 9002 * MS, DELIVER, text="segment.read.ack", peer="store-1",
                   causes=[answers], **reader)
    builder.message(answers, answered)
    rows["read"] = add(94, 9002 * MS, HISTORY, text="segment_read segment=orders/0 events=0",
                       words="final read of orders/0: nothing", causes=[answered], **reader,
                       **OF_ORDERS)
    builder.operation(2, "reader-1", "read", 5200 * MS, 9002 * MS, OK, rows["asks"], rows["read"])
    builder.operation(3, "writer-1", "append", 8500 * MS, -1, NEVER_ENDED, -1, -1, "k3#2, 9 B")


def passing_neighbour(builder, rows):
    """The same up to the acknowledgement; then the power fails before it leaves."""
    kept = builder.events
    builder.events = {name: list(kept[name][: rows["ack"]]) for name in EVENT_COLUMNS}
    columns = builder.events
    parting = builder.event(45, 1206 * MS, FAULT, "store-1", "POWER LOSS 400 ms (fault 1)")
    builder.event(45, 1206 * MS, FAULT, "store-1", "log.0 sector 1 dropped, never synced")
    builder.event(58, 1606 * MS, MACHINE, "store-1", "boots as segment_store")
    builder.event(61, 1652 * MS, HISTORY, "store-1", words="recovered orders/0, length 0",
                  text="ContainerRecovered container=0 epoch=2 torn_bytes=0")
    builder.event(64, 1700 * MS, SEND, "writer-1", "append", "append k3#1, 16 B at 0", "store-1", 1)
    builder.events = kept
    return {"change": "fault 1 comes 4 events earlier", "parts_at": 45, "row": rows["ack"],
            "other_row": parting, "events": columns}


def failure_of(row, t, event, machine):
    return {"property": "DUR-1", "name": "acked_is_durable", "signature": "DUR-1/end",
            "group": "b71c09e2", "event": event, "t": t, "row": row, "machine": machine,
            "claim": "Every acknowledged event is in the stream at the end, unless truncated.",
            "seen": "orders/0 ends at 0: k3#1 was acknowledged at 0..16, yet no read returns it",
            "expected": "k3#1 at 0..16"}


def consequence_of(rows):
    return {"property": "VIS-1", "name": "read_your_ack", "signature": "VIS-1/read",
            "claim": "A read after an acknowledgement returns the event.", "seen": "nothing",
            "expected": "k3#1", "event": 94, "t": 9002 * MS, "row": rows["read"], "machine": 2}


def plan_of(rows):
    items = records(
        "id kind text moment row state",
        (1, "operation", "writer-1 append k3#1, 16 B", None, rows["invoked"], "taken"),
        (1, "fault", "power loss store-1 for 400 ms", "at mark append.acked, 1st", rows["loss"],
         "fired"),
        (2, "fault", "pause reader-1 for 1.5 s, at 2 s", "at 2 s", rows["pause"], "fired"),
        (3, "fault", "cut store-1 from reader-1", "at 4 s", rows["cut"], "fired"),
        (7, "fault", "torn write on store-1", "at disk write, 9th", -1, "unmatched"))
    return {"items": items, "items_left_out": 0,
            "size": {"operations": 1, "faults": 4, "machines": 3},
            "from": {"operations": 1204, "faults": 41, "machines": 9}, "runs": 49,
            "wall_ns": 6 * SECOND, "replays": {"tried": 3, "same": 3}, "strategy": "fifo"}


def find_evidence(builder, rows):
    for name in ("invoked", "asks"):
        builder.evidence[rows[name]] = CONTEXT
    for name in ("append", "frame", "ack", "ok", "recovered"):
        builder.evidence[rows[name]] = CONTEXT + ON_SCREEN
    for name in ("loss", "sector"):
        builder.evidence[rows[name]] = FAULT_ROLE + ON_SCREEN
    builder.evidence[rows["read"]] = VIOLATION + ON_SCREEN


def small_run():
    builder = RunBuilder(MACHINES)
    rows = {}
    add_greetings(builder)
    add_append(builder, rows)
    add_faults(builder, rows)
    add_read(builder, rows)
    find_evidence(builder, rows)
    return builder.data(
        {"scenario": "crash_storm", "seed": 187, "verdict": "fail", "acked_operations": 1},
        failure=failure_of(rows["read"], 9002 * MS, 94, 2), consequences=[consequence_of(rows)],
        group={"status": "new", "count": 3, "seeds": 200, "noun": "seed"},
        commands=records("id text", ("replay", f"millrace replay {REPRO}"),
                         ("seed", "millrace run crash_storm --seed 187"),
                         ("stop", f"millrace replay {REPRO} --break 45"),
                         ("keep", "millrace keep latest")),
        token="mr1.KLUv_SBa" + "Xy7" * 60, text="FAIL  crash_storm  seed 187  DUR-1\n\n  Every",
        plan=plan_of(rows),
        knobs=[["store-1", "log_batch_bytes", "4096", "65536"],
               ["store-1", "sync_interval", "2 ms", "2 ms"],
               ["store-1", "cache_bytes", "1048576", "1048576"],
               ["writer-1", "queue_bytes_max", "262144", "262144"], ["plan", "run_for", "30 s"]],
        overrides=[{"rule": "latency of store-1 -> writer-1 is 3 ms", "draws": 4}],
        series=records(
            "name unit label t v",
            ("unsynced bytes", "B", "store-1", [7 * MS, 1206 * MS, 1209 * MS], [0, 43, 0]),
            ("reader lag", "events", "reader-1", [7 * MS, 1209 * MS, 9002 * MS], [0, 1, 1])),
        properties=PROPERTIES,
        faults=records("kind planned fired refused took_effect",
                       ("machine.power_loss", 1, 1, 0, 1)),
        marks={"append.acked": 1, "container.recovered": 2},
        neighbour=passing_neighbour(builder, rows))

"""A run with very many events."""

import random

from run_builder import (CONTEXT, DELIVER, DISK, DOWN, FAILED, FAULT, HISTORY, LOSS, LOST, MS, OK,
                         ON_SCREEN, SECOND, SEND, UNKNOWN, VIOLATION, RunBuilder, records)
from small_run import PROPERTIES, failure_of


def large_machines():
    named = (("store", 3, "segment_store", "server"), ("writer", 5, "writer", "client"),
             ("tail-reader", 3, "tail_reader", "client"))
    return [(f"{name}-{i}", role, kind) for name, count, role, kind in named
            for i in range(1, count + 1)]


def large_run(count):
    """Appends of five writers to three stores, with faults, until there are `count` events."""
    draw = random.Random(7)
    builder = RunBuilder(large_machines())
    ordinal, t, ident = 0, 7 * MS, 0
    samples = {"t": [], "lag": [], "unsynced": []}
    while len(builder.events["t"]) < count - 1:
        ordinal += draw.randrange(1, 5)
        t += draw.randrange(10_000, 600_000)
        if draw.random() < 0.0012:
            add_fault(builder, draw, ordinal, t)
        ident += 1
        t = add_append(builder, draw, ordinal, t, ident)
        if ident % 40 == 0:
            values = (t, draw.randrange(0, 60), draw.randrange(0, 65536))
            for name, value in zip(samples, values):
                samples[name].append(value)
    last = builder.event(ordinal + 9, t + 50 * MS, HISTORY, "tail-reader-1",
                         "segment_read segment=orders/0 events=0",
                         "final read of orders/0: k3#1 is missing", segment="orders/0")
    for row in range(last - 900, last, 37):
        builder.evidence[row] = CONTEXT
    builder.evidence[last] = VIOLATION + ON_SCREEN
    return builder.data(
        {"scenario": "everything", "seed": 12, "verdict": "fail", "acked_operations": ident},
        failure=failure_of(last, t + 50 * MS, ordinal + 9, 8), plan=plan_of(builder),
        commands=[{"id": "replay", "text": "millrace replay mr1.KLUv"}],
        knobs=[[machine["name"], f"knob_{i}", str(draw.randrange(10**6))]
               for machine in builder.machines for i in range(20)],
        series=records("name unit label t v",
                       ("reader lag", "events", "tail-reader-1", samples["t"], samples["lag"]),
                       ("unsynced bytes", "B", "store-1", samples["t"], samples["unsynced"])),
        properties=PROPERTIES, rows_left_out=40_000)


def plan_of(builder):
    items = [{"id": i, "kind": "operation", "text": f"writer-{i % 5 + 1} append",
              "row": i * 3, "state": "taken"} for i in range(1, 1500)]
    size = {"operations": 10_499, "faults": len(builder.bands), "machines": 11}
    return {"items": items, "items_left_out": 9000, "size": size, "strategy": "pct, window 20 ms"}


def add_fault(builder, draw, ordinal, t):
    store = f"store-{draw.randrange(1, 4)}"
    ident = len(builder.bands) + 1
    lasts = draw.randrange(50, 3000)
    name = draw.choice(("KILL", "POWER LOSS", "CUT"))
    row = builder.event(ordinal, t, FAULT, store, f"{name} {lasts} ms (fault {ident})")
    builder.band(ident, "machine.kill", f"{name} {lasts} ms", [store], t, t + lasts * MS, row)
    if name != "CUT":
        builder.span(store, DOWN, t, t + lasts * MS, row)


def add_append(builder, draw, ordinal, t, ident):
    """An append, with what the disk and the network make of it; returns the time of its end."""
    writer, store = f"writer-{draw.randrange(1, 6)}", f"store-{draw.randrange(1, 4)}"
    of_segment = {"segment": f"orders/{draw.randrange(0, 8)}", "operation": ident}
    named = {**of_segment, "writer": f"{writer}#1"}
    first = builder.event(ordinal, t, HISTORY, writer,
                          f"append_invoked uid={ident} key={draw.randrange(40)}",
                          f"append k{ident}, 16 B", **named)
    sent = builder.event(ordinal, t, SEND, writer, "append", peer=store, causes=[first],
                         **of_segment)
    chance = draw.random()
    if chance < 0.01:
        drop = builder.event(ordinal, t, LOSS, store, "frame lost", peer=writer, causes=[sent])
        builder.message(sent, -1, LOST, drop=drop)
        builder.operation(ident, writer, "append", t, t + 2 * SECOND, UNKNOWN, first, -1)
        return t
    is_late = chance > 0.99
    flight = draw.randrange(200_000, 900_000) * (20 if is_late else 1)
    got = builder.event(ordinal + 1, t + flight, DELIVER, store, "append", peer=writer,
                        operation=ident, causes=[sent])
    builder.message(sent, got, is_late=is_late)
    written = t + flight + 90_000
    disk = builder.event(ordinal + 2, written, DISK, store, operation=ident, causes=[got],
                         text=f"log.0: {ident % 900} B written at {ident * 7}")
    ack = builder.event(ordinal + 2, written, SEND, store, "append.ack", peer=writer,
                        causes=[got, disk], operation=ident)
    end = t + flight + 700_000
    back = builder.event(ordinal + 3, end, DELIVER, writer, "append.ack", peer=store, causes=[ack],
                         operation=ident)
    builder.message(ack, back)
    done = builder.event(ordinal + 3, end, HISTORY, writer,
                         f"append_acked uid={ident} offset={ident * 16}", f"append k{ident}: ok",
                         causes=[back], **named)
    outcome = FAILED if chance > 0.985 else OK
    builder.operation(ident, writer, "append", t, end, outcome, first, done)
    return end

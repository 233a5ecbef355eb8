"""A run with very many events."""

import random

from run_builder import (
    CONTEXT,
    DELIVER,
    DISK,
    DOWN,
    FAILED,
    FAULT,
    HISTORY,
    LOST,
    MS,
    OK,
    ON_SCREEN,
    SECOND,
    SEND,
    UNKNOWN,
    VIOLATION,
    RunBuilder,
)
from small_run import PROPERTIES, failure_of


def large_machines():
    stores = [(f"store-{i}", "segment_store", "server") for i in range(1, 4)]
    return (
        stores
        + [(f"writer-{i}", "writer", "client") for i in range(1, 6)]
        + [(f"tail-reader-{i}", "tail_reader", "client") for i in range(1, 4)]
    )


def large_run(count=100_000):
    """Appends of five writers to three stores, with faults, until there are `count` events."""
    draw = random.Random(7)
    builder = RunBuilder(large_machines())
    ordinal, t, ident = 0, 7 * MS, 0
    lag, unsynced = ([], []), ([], [])
    while len(builder.events["t"]) < count - 1:
        ordinal += draw.randrange(1, 5)
        t += draw.randrange(10_000, 600_000)
        if draw.random() < 0.0012:
            add_large_fault(builder, draw, ordinal, t)
        ident += 1
        t = add_append(builder, draw, ordinal, t, ident)
        if ident % 40 == 0:
            lag[0].append(t)
            lag[1].append(draw.randrange(0, 60))
            unsynced[0].append(t)
            unsynced[1].append(draw.randrange(0, 65536))
    last = builder.event(
        ordinal + 9,
        t + 50 * MS,
        HISTORY,
        "tail-reader-1",
        "segment_read segment=orders/0 events=0",
        "final read of orders/0: k3#1 is missing",
        segment="orders/0",
    )
    for row in range(last - 900, last, 37):
        builder.evidence[row] = CONTEXT
    builder.evidence[last] = VIOLATION + ON_SCREEN
    failure = failure_of({"read": last}, builder.events["t"][last]) | {"event": ordinal + 9}
    knobs = [
        [machine["name"], f"knob_{i}", str(draw.randrange(10**6))]
        for machine in builder.machines
        for i in range(20)
    ]
    items = [
        {
            "id": i,
            "kind": "operation",
            "text": f"writer-{i % 5 + 1} append",
            "machine": 3 + i % 5,
            "row": i * 3,
            "state": "taken",
        }
        for i in range(1, 1500)
    ]
    return builder.data(
        {"scenario": "everything", "seed": 12, "verdict": "fail", "acked_operations": ident},
        failure=failure,
        commands=[{"id": "replay", "text": "millrace replay mr1.KLUv"}],
        knobs=knobs,
        plan={
            "items": items,
            "size": {"operations": 1499, "faults": len(builder.bands), "machines": 11},
            "items_left_out": 9000,
            "strategy": "pct, window 20 ms",
        },
        series=[
            {
                "name": "reader lag",
                "unit": "events",
                "label": "tail-reader-1",
                "t": lag[0],
                "v": lag[1],
            },
            {
                "name": "unsynced bytes",
                "unit": "B",
                "label": "store-1",
                "t": unsynced[0],
                "v": unsynced[1],
            },
        ],
        properties=PROPERTIES,
        rows_left_out=40_000,
    )


def add_large_fault(builder, draw, ordinal, t):
    store = f"store-{draw.randrange(1, 4)}"
    ident = len(builder.bands) + 1
    lasts = draw.randrange(50, 3000) * MS
    name = draw.choice(("KILL", "POWER LOSS", "CUT"))
    row = builder.event(ordinal, t, FAULT, store, f"{name} {lasts // MS} ms (fault {ident})")
    builder.band(ident, "machine.kill", f"{name} {lasts // MS} ms", [store], t, t + lasts, row)
    if name != "CUT":
        builder.span(store, DOWN, t, t + lasts, row)


def add_append(builder, draw, ordinal, t, ident):
    """An append, with what the disk and the network make of it; returns the time of its end."""
    writer, store = f"writer-{draw.randrange(1, 6)}", f"store-{draw.randrange(1, 4)}"
    segment = f"orders/{draw.randrange(0, 8)}"
    first = builder.event(
        ordinal,
        t,
        HISTORY,
        writer,
        f"append_invoked uid={ident} key={draw.randrange(40)}",
        f"append k{ident}, 16 B",
        operation=ident,
        segment=segment,
        writer=f"{writer}#1",
    )
    sent = builder.event(
        ordinal,
        t,
        SEND,
        writer,
        "append",
        peer=store,
        operation=ident,
        causes=[first],
        segment=segment,
    )
    chance = draw.random()
    if chance < 0.01:
        builder.message(sent, -1, LOST)
        builder.operation(ident, writer, "append", t, t + 2 * SECOND, UNKNOWN, first, -1)
        return t
    flight = draw.randrange(200_000, 900_000) * (20 if chance > 0.99 else 1)
    got = builder.event(
        ordinal + 1,
        t + flight,
        DELIVER,
        store,
        "append",
        peer=writer,
        operation=ident,
        causes=[sent],
    )
    builder.message(sent, got)
    disk = builder.event(
        ordinal + 2,
        t + flight + 90_000,
        DISK,
        store,
        f"log.0: {ident % 900} B written at {ident * 7}",
        operation=ident,
        causes=[got],
    )
    ack = builder.event(
        ordinal + 2,
        t + flight + 90_000,
        SEND,
        store,
        "append.ack",
        peer=writer,
        causes=[got, disk],
        operation=ident,
    )
    end = t + flight + 700_000
    back = builder.event(
        ordinal + 3, end, DELIVER, writer, "append.ack", peer=store, causes=[ack], operation=ident
    )
    builder.message(ack, back)
    done = builder.event(
        ordinal + 3,
        end,
        HISTORY,
        writer,
        f"append_acked uid={ident} offset={ident * 16}",
        f"append k{ident}: ok",
        operation=ident,
        causes=[back],
        segment=segment,
        writer=f"{writer}#1",
    )
    builder.operation(
        ident, writer, "append", t, end, FAILED if chance > 0.985 else OK, first, done
    )
    return end

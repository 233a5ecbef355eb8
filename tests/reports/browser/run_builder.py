"""Builds the data of a run's page, as reports/ writes it (docs/formats/report.md)."""

MS = 1_000_000
SECOND = 1_000 * MS
SEND, DELIVER, LOSS, DISK, FAULT, MACHINE, HISTORY, LATE = range(8)
DELIVERED, LOST, UNDER_WAY = range(3)
OK, FAILED, UNKNOWN, NEVER_ENDED = range(4)
DOWN, PAUSED, BOOTING = range(3)
CONTEXT, FAULT_ROLE, VIOLATION, ON_SCREEN = 0, 1, 2, 4

BUILD = {
    "version": "0.3.0",
    "commit": "4f2a91c",
    "dirty": False,
    "compiler": "g++-12",
    "preset": "release",
    "sanitizer": "none",
    "text": "0.3.0 4f2a91c clean, g++-12 release",
}
EVENT_COLUMNS = ("ordinal", "t", "kind", "machine", "peer", "text", "words", "record", "operation")


def records(names, *rows):
    """Objects from rows of values: records("id text", (1, "a"), (2, "b"))."""
    return [dict(zip(names.split(), row)) for row in rows]


def empty_columns(names):
    return {name: [] for name in names}


class RunBuilder:
    def __init__(self, machines):
        """machines: [(name, role, kind)]."""
        self.machines = [
            {"name": name, "role": role, "kind": kind} for name, role, kind in machines
        ]
        self.index = {name: i for i, (name, _, _) in enumerate(machines)}
        self.strings = [""]
        self.known = {"": 0}
        self.events = empty_columns(EVENT_COLUMNS)
        self.causes = []
        self.messages = empty_columns(("send", "deliver", "fate", "late", "drop"))
        self.operations = empty_columns(
            ("id", "machine", "kind", "from", "to", "outcome", "row", "row_end", "text")
        )
        self.spans = empty_columns(("machine", "state", "from", "to", "row"))
        self.bands = []
        self.evidence = {}
        self.facets = {}
        self.records = 0

    def text(self, text):
        if text not in self.known:
            self.known[text] = len(self.strings)
            self.strings.append(text)
        return self.known[text]

    def machine(self, name):
        return self.index[name] if name else -1

    def event(
        self, ordinal, t, kind, machine, text, words="", peer="", operation=0, causes=(), **facets
    ):
        """Adds a row and returns its number."""
        row = len(self.events["t"])
        if kind == HISTORY:
            self.records += 1
        values = (
            ordinal,
            t,
            kind,
            self.machine(machine),
            self.machine(peer),
            self.text(text),
            self.text(words),
            self.records if kind == HISTORY else 0,
            operation,
        )
        for name, value in zip(EVENT_COLUMNS, values):
            self.events[name].append(value)
        for cause in sorted(causes):
            self.causes += [row, cause]
        for name, value in facets.items():
            self.facets.setdefault(name, {})[row] = value
        return row

    def message(self, send, deliver, fate=DELIVERED, is_late=False, drop=-1):
        for name, value in zip(self.messages, (send, deliver, fate, int(is_late), drop)):
            self.messages[name].append(value)

    def operation(self, ident, machine, kind, start, end, outcome, row, row_end, text=""):
        values = (
            ident,
            self.machine(machine),
            self.text(kind),
            start,
            end,
            outcome,
            row,
            row_end,
            self.text(text),
        )
        for name, value in zip(self.operations, values):
            self.operations[name].append(value)

    def span(self, machine, state, start, end, row):
        for name, value in zip(self.spans, (self.machine(machine), state, start, end, row)):
            self.spans[name].append(value)

    def band(self, ident, kind, text, machines, start, end, row, peers=()):
        band = {
            "id": ident,
            "kind": kind,
            "text": text,
            "machines": [self.machine(m) for m in machines],
            "from": start,
            "to": end,
            "row": row,
        }
        if peers:
            band["peers"] = [self.machine(m) for m in peers]
        self.bands.append(band)

    def facet_columns(self):
        count = len(self.events["t"])
        columns = []
        for name, by_row in self.facets.items():
            values = sorted(set(by_row.values()))
            number = {value: i for i, value in enumerate(values)}
            columns.append(
                {
                    "name": name,
                    "values": values,
                    "of": [number[by_row[row]] if row in by_row else -1 for row in range(count)],
                }
            )
        return columns

    def data(self, run, **more):
        """The whole object. `more` overrides or adds fields."""
        order = sorted(
            range(len(self.operations["id"])), key=lambda i: (self.operations["from"][i], i)
        )
        data = {
            "page": "run",
            "schema": 1,
            "build": BUILD,
            "run": {
                "strategy": "fifo",
                "fingerprint": "8c2e51d0a97f3344",
                "plan": "3fa9c41e127be1d4",
                "events": self.events["ordinal"][-1],
                "virtual_ns": self.events["t"][-1],
                "acked_operations": 0,
                "records": self.records,
                **run,
            },
            "consequences": [],
            "commands": [],
            "token": None,
            "text": None,
            "overrides": [],
            "knobs": [],
            "plan": {
                "items": [],
                "items_left_out": 0,
                "size": {"operations": 0, "faults": 0, "machines": len(self.machines)},
                "strategy": "fifo",
            },
            "machines": self.machines,
            "strings": self.strings,
            "events": self.events,
            "causes": self.causes,
            "messages": self.messages,
            "operations": {
                name: [column[i] for i in order] for name, column in self.operations.items()
            },
            "bands": self.bands,
            "spans": self.spans,
            "evidence": [value for pair in sorted(self.evidence.items()) for value in pair],
            "facets": self.facet_columns(),
            "series": [],
            "properties": [],
            "faults": [],
            "marks": {},
            "situations": {},
            "rows_left_out": 0,
        }
        data.update(more)
        return data

// A run as its page knows it: the data's columns, and what follows from them.

const kKinds = ["send", "deliver", "loss", "disk", "fault", "machine", "history", "late"];
const kSend = 0;
const kDeliver = 1;
const kLoss = 2;
const kDisk = 3;
const kFault = 4;
const kMachine = 5;
const kHistory = 6;
const kLate = 7;

const kLost = 1;
const kUnderWay = 2;

const kOutcomes = ["ok", "failed", "unknown", "never ended"];
const kNoRole = 255;
const kRoleViolation = 2;
const kOnScreen = 4;

/** Intervals of rows, for "which ones cross this window?": sorted by start, with the largest end of
    each block, so that long ones that began far before are found without looking at all. */
class IntervalIndex {
  constructor(starts, ends, order = IntervalIndex.sorted(starts)) {
    this.order = order;
    this.starts = Float64Array.from(order, (index) => starts[index]);
    this.ends = Float64Array.from(order, (index) => ends[index]);
    this.blockEnds = new Float64Array(Math.ceil(order.length / 128)).fill(-1);
    this.ends.forEach((end, position) => {
      const block = position >> 7;
      this.blockEnds[block] = Math.max(this.blockEnds[block], end);
    });
    this.of = { starts, ends };
  }

  static sorted(starts) {
    const order = Uint32Array.from(starts, (start, index) => index);
    return order.sort((a, b) => starts[a] - starts[b] || a - b);
  }

  /** Those that pass. */
  narrowed(passes) {
    return new IntervalIndex(this.of.starts, this.of.ends, this.order.filter(passes));
  }

  /** Calls take(index) for every interval that touches [first, last]. */
  each(first, last, take) {
    const stop = lowerBound(this.starts, last + 1e-9);
    for (let block = 0; block << 7 < stop; ++block) {
      if (this.blockEnds[block] < first) continue;
      const end = Math.min(stop, (block + 1) << 7);
      for (let position = block << 7; position < end; ++position) {
        if (this.ends[position] >= first) take(this.order[position]);
      }
    }
  }
}

/** Events in columns, of this run or of its neighbour. */
class Events {
  constructor(columns, strings) {
    this.strings = strings;
    this.count = columns.t.length;
    this.ordinal = Float64Array.from(columns.ordinal);
    this.t = Float64Array.from(columns.t);
    this.kind = Uint8Array.from(columns.kind);
    this.machine = Int16Array.from(columns.machine);
    this.peer = Int16Array.from(columns.peer);
    this.textIndex = Uint32Array.from(columns.text);
    this.wordsIndex = Uint32Array.from(columns.words);
    this.record = Uint32Array.from(columns.record);
    this.operation = Float64Array.from(columns.operation);
  }

  text(row) {
    return this.strings[this.textIndex[row]];
  }

  /** What happened, as a person would say it. */
  words(row) {
    const index = this.wordsIndex[row];
    return this.strings[index === 0 ? this.textIndex[row] : index];
  }

  /** Index of the first row at or after an instant. */
  rowAt(t) {
    return lowerBound(this.t, t);
  }
}

class RunModel {
  constructor(data) {
    this.data = data;
    this.machines = data.machines;
    this.strings = data.strings;
    this.events = new Events(data.events, data.strings);
    this.count = this.events.count;
    this.bands = data.bands;
    // An axis has some length even where the run ended before anything happened.
    this.tEnd = Math.max(1, data.run.virtual_ns, ...this.events.t.slice(-1));
    this.violation = data.failure ? data.failure.row : -1;
    this.parting = data.neighbour ? data.neighbour.row : -1;
    this.neighbour = data.neighbour ? new Events(data.neighbour.events, data.strings) : null;
    this.partingRows = data.neighbour ? this.findPartingRows(data.neighbour) : null;
    this.findRoles();
    this.findCauses();
    this.findMessages();
    this.findOperations();
    this.findSpans();
  }

  machineName(index) {
    return index < 0 ? "" : this.machines[index].name;
  }

  /** Where the two runs part in the rows of either; past the end of the one that has no more. */
  findPartingRows({ row, other_row: other }) {
    return { here: row < 0 ? this.count : row, there: other < 0 ? this.neighbour.count : other };
  }

  findRoles() {
    const pairs = this.data.evidence;
    this.role = new Uint8Array(this.count).fill(kNoRole);
    this.evidence = new Int32Array(pairs.length / 2);
    for (let i = 0; i < this.evidence.length; ++i) {
      this.evidence[i] = pairs[2 * i];
      this.role[pairs[2 * i]] = pairs[2 * i + 1];
    }
  }

  isRelated(row) {
    return this.role[row] !== kNoRole;
  }

  isViolation(row) {
    return (
      row === this.violation || (this.isRelated(row) && (this.role[row] & 3) === kRoleViolation)
    );
  }

  findCauses() {
    const pairs = this.data.causes;
    this.causes = new RowLists(this.count, pairs, 0);
    this.effects = new RowLists(this.count, pairs, 1);
  }

  causesOf(row) {
    return this.causes.of(row);
  }

  effectsOf(row) {
    return this.effects.of(row);
  }

  findMessages() {
    const { send, deliver, fate, late, drop } = this.data.messages;
    const last = this.count - 1;
    const starts = send.map((row, i) => (row >= 0 ? row : Math.max(0, deliver[i])));
    const ends = deliver.map((row, i) => {
      if (row >= 0) return row;
      if (fate[i] === kUnderWay) return last;
      return drop[i] >= 0 ? drop[i] : starts[i];
    });
    this.messages = {
      count: send.length,
      send,
      deliver,
      fate,
      late,
      ends,
      index: new IntervalIndex(starts, ends),
    };
    this.messageOf = new Int32Array(this.count).fill(-1);
    for (let i = 0; i < send.length; ++i) {
      for (const row of [drop[i], deliver[i], send[i]]) {
        if (row >= 0) this.messageOf[row] = i;
      }
    }
  }

  findOperations() {
    const columns = this.data.operations;
    const last = Math.max(0, this.count - 1);
    const first = columns.from.map((t, i) =>
      columns.row[i] >= 0 ? columns.row[i] : this.events.rowAt(t),
    );
    const end = columns.to.map((t, i) => {
      if (t < 0) return last;
      return columns.row_end[i] >= 0 ? columns.row_end[i] : Math.min(last, this.events.rowAt(t));
    });
    this.operations = {
      ...columns,
      count: columns.id.length,
      first,
      end,
      slot: this.findSlots(columns, first, end),
      index: new IntervalIndex(first, end),
    };
  }

  /** Operations of one client that overlap stand side by side, in at most `kSlots` columns. */
  findSlots(columns, first, end) {
    const order = columns.id.map((id, i) => i).sort((a, b) => first[a] - first[b] || a - b);
    const free = new Map();
    const slots = new Uint8Array(columns.id.length);
    for (const i of order) {
      const machine = columns.machine[i];
      if (!free.has(machine)) free.set(machine, new Array(kSlots).fill(-1));
      const ends = free.get(machine);
      let slot = ends.findIndex((row) => row < first[i]);
      if (slot < 0) slot = ends.indexOf(Math.min(...ends));
      ends[slot] = Math.max(ends[slot], end[i]);
      slots[i] = slot;
    }
    return slots;
  }

  findSpans() {
    const columns = this.data.spans;
    this.spans = columns.machine.map((machine, i) => ({
      machine,
      state: columns.state[i],
      from: columns.from[i],
      to: columns.to[i],
      row: columns.row[i],
    }));
  }

  /** For each string whether it holds a text, in whatever case. */
  stringsWith(text) {
    const wanted = text.toLowerCase();
    return Uint8Array.from(this.strings, (string) =>
      string.toLowerCase().includes(wanted) ? 1 : 0,
    );
  }

  /** "12 append key 3: ok, 4.2 ms": an operation by its id. */
  operationText(id) {
    const { kind, text, outcome, from, to } = this.operations;
    const index = this.operations.id.indexOf(id);
    if (index < 0) return String(id);
    const words = [id, this.strings[kind[index]], this.strings[text[index]]];
    const took = to[index] < 0 ? "" : `, ${durationText(to[index] - from[index])}`;
    return `${words.filter((word) => word !== "").join(" ")}: ${kOutcomes[outcome[index]]}${took}`;
  }
}

const kSlots = 4;

/** For each row the other rows that pairs [row, other, ...] name. */
class RowLists {
  constructor(count, pairs, keyAt) {
    this.starts = new Uint32Array(count + 1);
    for (let i = keyAt; i < pairs.length; i += 2) ++this.starts[pairs[i] + 1];
    for (let row = 0; row < count; ++row) this.starts[row + 1] += this.starts[row];
    this.rows = new Uint32Array(pairs.length / 2);
    const next = this.starts.slice();
    for (let i = 0; i < pairs.length; i += 2)
      this.rows[next[pairs[i + keyAt]]++] = pairs[i + 1 - keyAt];
  }

  of(row) {
    return row < 0 ? [] : this.rows.subarray(this.starts[row], this.starts[row + 1]);
  }
}

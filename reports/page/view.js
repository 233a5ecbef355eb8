// Where the rows of the diagram lie: which are shown, how far apart, and which part is in sight.
//
// There are two scales. By event, each row has its own line, so that all that happened at one
// instant can be read and a quiet hour takes no room; by time, distances are durations. Places on
// either scale are called u: a row's number among those shown, or an instant in nanoseconds.

const kPixelsPerRow = 20;
const kPixelsPerRowMax = 40;
const kPaddingTop = 12;
/** Where a machine without a lane is: never in sight. */
const kNoLane = -1e6;

class View {
  constructor(model) {
    this.model = model;
    this.rows = new Int32Array(0);
    this.isByTime = false;
    this.height = 0;
    this.from = 0;
    this.pixelsPerU = 1;
  }

  setRows(rows) {
    this.rows = rows;
  }

  /** Where a row would be among those shown; half a line off where it is not. */
  placeOf(row) {
    const index = lowerBound(this.rows, row);
    return index < this.rows.length && this.rows[index] === row ? index : index - 0.5;
  }

  uOfRow(row) {
    return this.isByTime ? this.model.events.t[row] : this.placeOf(row) + 0.5;
  }

  /** The place just before the first row at or after an instant. */
  uOfTime(t) {
    if (this.isByTime) return t;
    const row = this.model.events.rowAt(t);
    return Math.ceil(this.placeOf(row));
  }

  y(u) {
    return kPaddingTop + (u - this.from) * this.pixelsPerU;
  }

  uAt(y) {
    return this.from + (y - kPaddingTop) / this.pixelsPerU;
  }

  yOfRow(row) {
    return this.y(this.uOfRow(row));
  }

  /** The same for a row that is shown, by its number among them. */
  yOfRowIndex(index) {
    return this.y(this.isByTime ? this.model.events.t[this.rows[index]] : index + 0.5);
  }

  get first() {
    return this.isByTime && this.rows.length > 0 ? this.model.events.t[this.rows[0]] : 0;
  }

  get last() {
    if (!this.isByTime) return this.rows.length;
    return this.rows.length > 0
      ? Math.max(this.model.events.t[this.rows.at(-1)], this.first + 1)
      : 1;
  }

  get room() {
    return Math.max(1, this.height - 2 * kPaddingTop);
  }

  /** Indices [first, last) of the shown rows that are in sight, one more on either side. */
  window() {
    const low = this.uAt(-kPixelsPerRow);
    const high = this.uAt(this.height + kPixelsPerRow);
    if (!this.isByTime) {
      return [Math.max(0, Math.floor(low)), Math.min(this.rows.length, Math.ceil(high) + 1)];
    }
    const { t } = this.model.events;
    const indexOf = (u) => {
      let from = 0;
      let to = this.rows.length;
      while (from < to) {
        const middle = (from + to) >>> 1;
        if (t[this.rows[middle]] < u) from = middle + 1;
        else to = middle;
      }
      return from;
    };
    return [Math.max(0, indexOf(low) - 1), Math.min(this.rows.length, indexOf(high) + 1)];
  }

  fitScale() {
    const scale = this.room / Math.max(1e-9, this.last - this.first);
    return this.isByTime ? scale : Math.min(scale, kPixelsPerRow * 1.3);
  }

  fit() {
    this.pixelsPerU = this.fitScale();
    this.from = this.first;
  }

  clamp() {
    const scaleMax = this.isByTime ? 0.1 : kPixelsPerRowMax;
    this.pixelsPerU = Math.min(scaleMax, Math.max(this.fitScale(), this.pixelsPerU));
    const size = this.room / this.pixelsPerU;
    this.from = Math.max(this.first, Math.min(this.from, this.last - size));
  }

  zoom(factor, y = this.height / 2) {
    const u = this.uAt(y);
    this.pixelsPerU *= factor;
    this.clamp();
    this.from = u - (y - kPaddingTop) / this.pixelsPerU;
    this.clamp();
  }

  scroll(pixels) {
    this.from += pixels / this.pixelsPerU;
    this.clamp();
  }

  /** Brings a row into sight, at `share` of the height if it was not. */
  show(row, share = 0.5) {
    const y = this.yOfRow(row);
    if (y >= 12 && y <= this.height - 12) return;
    this.from = this.uOfRow(row) - (this.room * share) / this.pixelsPerU;
    this.clamp();
  }
}

// Pointer, wheel and keys of the diagram.

/** Wheel, drag, pinch and click on the diagram; drag on the overview. */
function listenToDiagram(diagram) {
  const { canvas } = diagram;
  canvas.addEventListener("wheel", (event) => onDiagramWheel(diagram, event), { passive: false });
  canvas.addEventListener("keydown", (event) => onDiagramKey(diagram, event));
  canvas.addEventListener("dblclick", (event) => diagram.zoom(2, event.offsetY));
  canvas.addEventListener("pointerleave", () => {
    diagram.tip.hidden = true;
  });
  listenToPointers(diagram);
  listenToOverview(diagram);
}

function onDiagramWheel(diagram, event) {
  event.preventDefault();
  const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 20 : 1;
  diagram.tip.hidden = true;
  if (event.ctrlKey || event.metaKey || event.altKey) {
    diagram.zoom(Math.exp(-event.deltaY * unit * 0.004), event.offsetY);
    return;
  }
  const across = event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX;
  diagram.pan(across * unit, event.shiftKey ? 0 : event.deltaY * unit);
}

function listenToPointers(diagram) {
  const { canvas } = diagram;
  const pointers = new Map();
  let moved = 0;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    if (pointers.size === 0) moved = 0;
    pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    const from = pointers.get(event.pointerId);
    if (!from) {
      showTip(diagram, event.offsetX, event.offsetY);
      return;
    }
    moved += Math.abs(event.offsetX - from.x) + Math.abs(event.offsetY - from.y);
    const to = { x: event.offsetX, y: event.offsetY };
    if (pointers.size === 2) pinch(diagram, pointers, event.pointerId, to);
    else if (moved > 4) diagram.pan(from.x - to.x, from.y - to.y);
    pointers.set(event.pointerId, to);
  });
  const release = (event) => {
    if (!pointers.delete(event.pointerId) || pointers.size > 0 || moved > 4) return;
    if (event.type !== "pointerup") return;
    const row = diagram.rowAt(event.offsetX, event.offsetY);
    if (row >= 0) diagram.actions.select(row);
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
}

/** Two fingers: their distance zooms, their middle pans. */
function pinch(diagram, pointers, id, to) {
  const [otherId] = [...pointers.keys()].filter((key) => key !== id);
  const other = pointers.get(otherId);
  const from = pointers.get(id);
  const before = Math.hypot(from.x - other.x, from.y - other.y);
  const after = Math.hypot(to.x - other.x, to.y - other.y);
  if (before > 10) diagram.zoom(after / before, (to.y + other.y) / 2);
}

function listenToOverview(diagram) {
  const { overview } = diagram;
  const go = (event) => {
    const { view } = diagram;
    const share = (event.clientY - overview.getBoundingClientRect().top) / overview.clientHeight;
    view.from = view.first + share * (view.last - view.first) - view.room / view.pixelsPerU / 2;
    view.clamp();
    diagram.draw();
  };
  overview.addEventListener("pointerdown", (event) => {
    overview.setPointerCapture(event.pointerId);
    go(event);
  });
  overview.addEventListener("pointermove", (event) => {
    if (overview.hasPointerCapture(event.pointerId)) go(event);
  });
}

function showTip(diagram, x, y) {
  const { tip, model } = diagram;
  const row = diagram.rowAt(x, y);
  tip.hidden = row < 0;
  if (row < 0) return;
  const { events } = model;
  const peer = events.peer[row] >= 0 ? ` (${model.machineName(events.peer[row])})` : "";
  replaceChildren(
    tip,
    el("b", {
      text: `event ${countText(events.ordinal[row])}   ${secondsText(events.t[row], 6)} s`,
    }),
    el("span", {
      text: `${model.machineName(events.machine[row])}${peer}, ${kKinds[events.kind[row]]}`,
    }),
    el("span", { class: "tip-text", text: clip(events.words(row), 400) }),
  );
  const left = Math.max(4, Math.min(x + 14, diagram.width - tip.offsetWidth - 4));
  const below = y + 18;
  const top = below + tip.offsetHeight > diagram.view.height ? y - tip.offsetHeight - 10 : below;
  tip.style.transform = `translate(${left}px, ${Math.max(0, top)}px)`;
}

function onDiagramKey(diagram, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { view, model } = diagram;
  const keys = {
    ArrowDown: () => stepSelection(diagram, 1),
    ArrowUp: () => stepSelection(diagram, -1),
    ArrowLeft: () => follow(diagram, model.causesOf(diagram.selected)),
    ArrowRight: () => follow(diagram, model.effectsOf(diagram.selected)),
    PageDown: () => diagram.pan(0, view.height * 0.8),
    PageUp: () => diagram.pan(0, -view.height * 0.8),
    Home: () => diagram.pan(0, -Infinity),
    End: () => diagram.pan(0, Infinity),
    "+": () => diagram.zoom(1.6),
    "=": () => diagram.zoom(1.6),
    "-": () => diagram.zoom(1 / 1.6),
    0: () => diagram.fit(),
  };
  if (!(event.key in keys)) return;
  event.preventDefault();
  keys[event.key]();
}

function stepSelection(diagram, step) {
  const { rows } = diagram.view;
  if (rows.length === 0) return;
  let index =
    diagram.selected < 0 ? diagram.view.window()[0] - step : lowerBound(rows, diagram.selected);
  if (step > 0 && diagram.selected >= 0 && rows[index] !== diagram.selected) index -= 1;
  diagram.actions.select(rows[Math.min(rows.length - 1, Math.max(0, index + step))]);
}

function follow(diagram, rows) {
  if (rows.length > 0) diagram.actions.select(rows[0]);
}

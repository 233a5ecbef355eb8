// Elements, texts and the clipboard. Whatever a run says reaches the page as text, never as markup:
// nothing here or elsewhere parses HTML.

/** An element. `properties`: class, text, title, on {event: listener}, style {property: value}; all
    others become attributes, but for those that are null, undefined or false. */
function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") element.textContent = value;
    else if (name === "class") element.className = value;
    else if (name === "on") {
      for (const [event, listener] of Object.entries(value))
        element.addEventListener(event, listener);
    } else if (name === "style") {
      for (const [property, text] of Object.entries(value))
        element.style.setProperty(property, text);
    } else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

function byId(id) {
  return document.getElementById(id);
}

function replaceChildren(parent, ...children) {
  parent.replaceChildren(...children.filter((child) => child !== null && child !== undefined));
}

function loadData() {
  return JSON.parse(byId("data").textContent);
}

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // No clipboard for this page: the old way still works within a click.
  }
  const area = el("textarea", { class: "off-screen", "aria-hidden": "true" });
  area.value = text;
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  return isCopied;
}

/** A button that copies a text and says so. */
function copyButton(label, text, properties = {}) {
  const caption = el("span", { text: label });
  const button = el(
    "button",
    { type: "button", class: "button copy", title: `Copy: ${clip(text, 300)}`, ...properties },
    el("span", { class: "copy-icon", "aria-hidden": "true" }),
    caption,
  );
  let timer = 0;
  button.addEventListener("click", async () => {
    const isCopied = await copyText(text);
    caption.textContent = isCopied ? "copied" : "copy failed";
    button.classList.toggle("is-done", isCopied);
    byId("announcer").textContent = `${label}: ${caption.textContent}`;
    clearTimeout(timer);
    timer = setTimeout(() => {
      caption.textContent = label;
      button.classList.remove("is-done");
    }, 1600);
  });
  return button;
}

function clip(text, length) {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

/** A command on a line of its own, with its button. */
function commandLine(label, text) {
  return el(
    "div",
    { class: "command" },
    el("span", { class: "command-label", text: label }),
    el("code", { text, tabindex: "0" }),
    copyButton("copy", text, { "aria-label": `copy ${label}` }),
  );
}

/** A list of names and values. Values are texts or elements. */
function factList(facts, properties = {}) {
  const list = el("dl", { class: "facts", ...properties });
  for (const [name, value] of facts) {
    if (value === null || value === undefined || value === "") continue;
    list.append(el("dt", { text: name }), el("dd", {}, value));
  }
  return list;
}

/** Calls `draw` once before the next frame, however often it is asked to. */
function oncePerFrame(draw) {
  let isPending = false;
  return () => {
    if (isPending) return;
    isPending = true;
    requestAnimationFrame(() => {
      isPending = false;
      draw();
    });
  };
}

/** The page's colours, for canvases; they change with the colour scheme. */
function paletteOf(element) {
  const style = getComputedStyle(element);
  const names = [
    "bg",
    "panel",
    "ink",
    "muted",
    "faint",
    "line",
    "line-strong",
    "accent",
    "red",
    "orange",
    "green",
    "purple",
    "teal",
    "band",
    "select",
  ];
  const palette = {};
  for (const name of names) {
    const key = name.replace(/-(\w)/g, (match, letter) => letter.toUpperCase());
    palette[key] = style.getPropertyValue(`--${name}`).trim();
  }
  palette.font = style.getPropertyValue("--font").trim();
  return palette;
}

/** Fits a canvas to its box, in the device's pixels. Returns its context, scaled to CSS pixels. */
function fitCanvas(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  const columns = Math.max(1, Math.round(width * ratio));
  const lines = Math.max(1, Math.round(height * ratio));
  if (canvas.width !== columns || canvas.height !== lines) {
    canvas.width = columns;
    canvas.height = lines;
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/** Redraws when the colour scheme or the size of an element changes. */
function onLookChange(element, redraw) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  new ResizeObserver(redraw).observe(element);
}

// Server-sent events, by htmx's extension. A page declares its stream once (base.html, stream_url):
//   <div hx-ext="sse" sse-connect="/…/events">
// and each live part names the event that replaces it, whose data is that same part:
//   <section id="runs" sse-swap="runs" hx-swap="outerHTML">
// Attributes of live parts:
//   data-say="…"            a sentence for readers, spoken when it differs from before (the state, not every per cent)
//   data-row, data-mark     a row and what matters in it: when data-mark differs from before, the row fades from accent-soft
//   data-calm               not replaced under a moving pointer: waits until it has rested for five seconds
// A browser keeps at most six connections to a host, so a hidden tab closes its stream and opens it again when shown;
// the server sends the present state of every part on connecting.
import { announce } from "./announce.js";

const open = new Set();
const REST = 5000;

htmx.createEventSource = (url) => {
  const source = new EventSource(url);
  open.add(source);
  return source;
};

document.addEventListener("visibilitychange", () => {
  for (const source of [...open]) {
    source.close();
    if (document.hidden) continue;
    open.delete(source);
    source.dispatchEvent(new Event("error")); // the extension then connects again
  }
});

const marks = (root) => new Map([...root.querySelectorAll("[data-row]")].map((row) => [row.dataset.row, row.dataset.mark]));
const sayings = (root) => [root, ...root.querySelectorAll("[data-say]")].map((part) => part.dataset.say).filter(Boolean).join(" ");
const before = new Map();
let moved = 0;
let held = null;

document.addEventListener("pointermove", (event) => {
  if (event.target.closest?.("[data-calm]")) moved = Date.now();
});

function release() {
  if (!held) return;
  const { source, type, data } = held;
  held = null;
  source.dispatchEvent(new MessageEvent(type, { data }));
}

document.addEventListener("htmx:sseBeforeMessage", (event) => {
  const part = event.target;
  if ("calm" in part.dataset && part.matches(":hover") && Date.now() - moved < REST) {
    event.preventDefault();
    if (!held) setTimeout(release, REST);
    held = { source: event.detail.target, type: event.detail.type, data: event.detail.data };
    return;
  }
  if (part.id) before.set(part.id, { rows: marks(part), said: sayings(part) });
});

document.addEventListener("htmx:afterSwap", (event) => {
  const part = event.target;
  const old = before.get(part.id);
  if (!old) return;
  before.delete(part.id);
  for (const row of part.querySelectorAll("[data-row]")) {
    if (old.rows.size && old.rows.get(row.dataset.row) !== row.dataset.mark) row.classList.add("is-changed");
  }
  const said = sayings(part);
  if (said !== old.said) announce(said);
});

// The number in the navigation is also the first thing in the browser tab, on the page that it is about.
document.addEventListener("htmx:load", (event) => {
  const waiting = event.target.dataset?.waiting;
  if (waiting === undefined || !document.querySelector("#wizard-news")) return;
  const plain = document.title.replace(/^\([\d,]+\) /, "");
  document.title = waiting === "0" ? plain : `(${Number(waiting).toLocaleString("en-US")}) ${plain}`;
});

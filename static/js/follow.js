// A live part with data-follow="/next/page" that arrives while the page is open: we go there after a notice,
// but not while somebody types, a dialog is open or the page is hidden. A page that had it from the start stays.
import { announce } from "./announce.js";

const NOTICE = 4000;
const fromTheStart = document.querySelector("[data-follow]") !== null;
let going = false;

function busy() {
  const at = document.activeElement;
  return document.hidden || document.querySelector("dialog[open]") || (at?.matches("input, textarea, select") && at.type !== "checkbox");
}

function go(part) {
  if (busy()) return setTimeout(go, NOTICE, part);
  window.location.assign(part.dataset.follow);
}

document.addEventListener("htmx:load", (event) => {
  const part = event.target.closest?.("[data-follow]") ?? event.target.querySelector?.("[data-follow]");
  if (!part || going || fromTheStart) return;
  going = true;
  announce("The next step opens by itself.");
  setTimeout(go, NOTICE, part);
});

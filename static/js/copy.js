// Copy buttons: [data-copy-button] copies the value it is joined to, [data-copy-of="id"] the lines of that element.
// Without script there is no button: the value can be marked by hand.
import { announce } from "./announce.js";

const SHOWN = 4000;

async function put(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea"); // a page without HTTPS has no clipboard
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

function textFor(button) {
  if ("copyButton" in button.dataset) return button.closest("[data-copy]").querySelector("[data-copy-value]").textContent.trim();
  const lines = document.getElementById(button.dataset.copyOf).querySelectorAll(".code__line");
  return [...lines].map((line) => line.textContent).join("\n");
}

async function copy(button) {
  const words = button.querySelector("[data-copy-words]");
  await put(textFor(button));
  const usual = (button.dataset.usual ??= words.textContent);
  words.textContent = "Copied";
  announce("Copied");
  setTimeout(() => { words.textContent = usual; }, SHOWN);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-copy-button], [data-copy-of]");
  if (button) copy(button);
});

function show(root) {
  for (const button of root.querySelectorAll("[data-copy-button], [data-copy-of]")) button.hidden = false;
}
show(document);
document.addEventListener("htmx:load", (event) => show(event.target));

// A form on its way: its button keeps its width, shows the ring and its data-busy words, and a second press does nothing.
const RING = "http://www.w3.org/2000/svg";
// Widths are rules of a sheet of our own: a style attribute that a live swap carries over is refused by the page's policy.
const widths = new CSSStyleSheet();
document.adoptedStyleSheets = [...document.adoptedStyleSheets, widths];

function keepWidth(button) {
  const width = Math.ceil(button.offsetWidth);
  button.dataset.width = width;
  widths.insertRule(`.button[data-width="${width}"] { min-width: ${width}px; }`);
}

function ring() {
  const svg = document.createElementNS(RING, "svg");
  const path = document.createElementNS(RING, "path");
  const attributes = { class: "button__ring", width: 14, height: 14, viewBox: "0 0 14 14", "aria-hidden": "true" };
  for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, value);
  for (const [name, value] of Object.entries({ d: "M7 2.1A4.9 4.9 0 1 1 2.1 7", fill: "none", stroke: "currentColor", "stroke-width": 2 })) path.setAttribute(name, value);
  svg.append(path);
  return svg;
}

function begin(form, button) {
  form.dataset.sending = "";
  if (!button?.dataset.busy) return;
  keepWidth(button);
  button.usual = [...button.childNodes];
  button.replaceChildren(ring(), document.createTextNode(button.dataset.busy));
  button.classList.add("button--busy");
  button.setAttribute("aria-disabled", "true");
}

function end(form) {
  delete form.dataset.sending;
  for (const button of form.querySelectorAll(".button--busy")) {
    button.replaceChildren(...button.usual);
    button.classList.remove("button--busy");
    button.removeAttribute("aria-disabled");
    delete button.dataset.width;
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if ("sending" in form.dataset) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}, true);

document.addEventListener("submit", (event) => {
  const form = event.target;
  const byHtmx = form.matches("[hx-post], [hx-get], [hx-put], [hx-delete]");
  if (form.method !== "post" || (event.defaultPrevented && !byHtmx)) return;
  begin(form, event.submitter);
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.target.matches("form")) end(event.target);
});
window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sending]").forEach(end)); // back from the cache

// The ticks of the Sync Wizard: [data-ticks="address"] on the form keeps each tick and unticking at once, on the server, so
// that they hold across pages; the numbers come back. Ranges with Shift; heads show when they are mixed. A clearing asks first.
const form = document.querySelector("[data-ticks]");
const headers = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}");
const dialog = document.getElementById("wizard-clear");
let last = null;
let left = null;
let queue = Promise.resolve();

const all = (selector, root = form) => [...root.querySelectorAll(selector)];
const kindOf = (box) => box.closest("[data-kind]").dataset.kind;
const rowsOf = (kind) => all(`[data-kind="${CSS.escape(kind)}"] [name=tick]`);
const wholes = () => all("[name=whole]");
const sectionOf = (kind) => kind.split("/")[0];

function send(entries) {
  const body = new URLSearchParams(entries);
  for (const name of ["until", "kind", "q"]) body.append(name, form.elements[name].value);
  queue = queue.then(() => fetch(form.dataset.ticks, { method: "POST", body, headers })).then((answer) => {
    if (!answer.ok) throw new Error(answer.statusText);
    return answer.json();
  }).then(show).catch(() => { left = null; });
}

function show(numbers) {
  left = numbers;
  for (const place of all("[data-ticked]")) place.textContent = numbers.ticked;
  for (const [name, [on, of, words]] of Object.entries(numbers.sections)) {
    const place = form.querySelector(`[data-section-count="${name}"]`);
    if (place) place.textContent = words;
    head(form.querySelector(`[data-section="${name}"]`), on, of);
  }
  for (const box of wholes()) if (numbers.kinds[box.value]) head(box, ...numbers.kinds[box.value], false);
}

function head(box, on, of, settle = true) {
  if (!box) return;
  box.indeterminate = on > 0 && on < of;
  if (settle) box.checked = on === of;
}

function range(box) {
  const boxes = all("[name=tick]");
  const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
  const between = from < 0 ? [box] : boxes.slice(from, to + 1);
  for (const one of between) one.checked = box.checked;
  return between;
}

function whole(kinds, on) {
  for (const kind of kinds) {
    const box = wholes().find((one) => one.value === kind);
    box.checked = on;
    for (const row of rowsOf(kind)) row.checked = on;
  }
  form.elements.kinds_was.value = wholes().filter((box) => box.checked).map((box) => box.value).join(" "); // kept already
  send(kinds.map((kind) => ["whole", `${kind}:${on ? 1 : 0}`]));
}

let shift = false;
form.addEventListener("click", (event) => { shift = event.shiftKey; }, true);
form.addEventListener("keydown", (event) => { shift = event.shiftKey; }, true);
form.addEventListener("change", ({ target }) => {
  if (target.name === "tick") {
    const boxes = shift && last ? range(target) : [target];
    last = target;
    send(boxes.map((box) => ["row", `${box.value}:${box.checked ? "on" : "off"}`]));
  } else if (target.name === "whole") {
    whole([target.value], target.checked);
  } else if (target.dataset.section) {
    whole(wholes().map((box) => box.value).filter((kind) => sectionOf(kind) === target.dataset.section), target.checked);
  } else if (target.name?.startsWith("rule-")) {
    send([["row", `${target.name.slice(5)}:${target.value || "off"}`]]);
  }
});

// Rows that are shown later follow their kind as it is now: the server knows it. Escape from the dialog leaves all as it was.
const unticked = () => left?.unticked ?? String(all("[name=tick]").filter((box) => !box.checked).length);
form.addEventListener("submit", (event) => {
  const clears = form.elements.unchecked.value === "clear" || all("[name^=rule-]").some((one) => one.value === "clear" && one.offsetParent);
  if (event.submitter?.name === "sure" || event.submitter?.name === "more" || !clears || !dialog) return;
  if (left ? left.left === 0 : !all("[name=tick]").some((box) => !box.checked)) return;
  if (event.submitter?.name === "scope") return; // the server asks: it counts the rows shown
  event.preventDefault();
  event.stopImmediatePropagation();
  delete form.dataset.sending;
  dialog.querySelector("[data-clearing]").textContent = unticked();
  dialog.showModal();
});

for (const label of all("[data-section-tick]")) label.hidden = false;
for (const box of wholes()) box.indeterminate = box.dataset.mixed === "yes";
for (const box of all("[data-section]")) box.indeterminate = !box.checked && all("[name=tick]").some((one) => one.checked && sectionOf(kindOf(one)) === box.dataset.section);
send([]); // the numbers as they are kept, for a page that came back from the cache

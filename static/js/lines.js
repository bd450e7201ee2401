// The lines of a record's form: Enter in the last cell of the last line adds one, Alt with arrows moves the line, and the
// amounts follow quantity and rate. All of it by the form's own buttons, which work without script too.

document.addEventListener("keydown", (event) => {
  const line = event.target.closest?.("[data-line]");
  if (!line || event.defaultPrevented) return;
  const lines = line.closest("[data-lines]");
  if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    const button = line.querySelector(`[data-moves=${event.key === "ArrowUp" ? "up" : "down"}]`);
    event.preventDefault();
    if (button) {
      lines.focusAfter = { at: [...line.parentNode.children].indexOf(line) + (event.key === "ArrowUp" ? -1 : 1), name: event.target.name.replace(/^.*\]\//, "") };
      button.click();
    }
  } else if (event.key === "Enter" && event.target.matches("input, select") ) {
    event.preventDefault();
    const inputs = [...line.querySelectorAll("input:not([type=hidden]), select, textarea")].filter((one) => one.offsetParent);
    const at = inputs.indexOf(event.target);
    if (at < inputs.length - 1) inputs[at + 1].focus();
    else if (line.nextElementSibling) line.nextElementSibling.querySelector("input:not([type=hidden]), select, textarea")?.focus();
    else lines.querySelector("[data-adds]").click();
  }
});

const waiting = new Map();
document.addEventListener("click", (event) => {
  const adds = event.target.closest?.("[data-adds]");
  if (adds) waiting.set(adds.closest("[data-lines]").id, { last: true });
  const moves = event.target.closest?.("[data-moves]");
  const lines = moves?.closest("[data-lines]");
  if (lines?.focusAfter) waiting.set(lines.id, lines.focusAfter);
}, true);

document.addEventListener("htmx:afterSettle", (event) => {
  for (const [id, wanted] of [...waiting]) {
    const lines = document.getElementById(id);
    const rows = lines ? [...lines.querySelectorAll("[data-line]")] : [];
    const row = wanted.last ? rows.at(-1) : rows[wanted.at];
    if (!row) continue;
    waiting.delete(id);
    const named = wanted.name && [...row.querySelectorAll("input, select, textarea")].find((one) => one.name.endsWith(`]/${wanted.name}`));
    (named || row.querySelector("input:not([type=hidden]), select, textarea"))?.focus();
  }
});

// What follows a changed quantity, rate or amount: only texts and sums are taken over, never what is being typed, and
// nothing from before a later change or a move of the lines.
let turn = 0;
for (const name of ["htmx:beforeRequest", "htmx:afterSwap"]) document.addEventListener(name, () => { turn += 1; });

document.addEventListener("change", async (event) => {
  const form = event.target.closest?.("[data-record-form]");
  if (!form || !(event.target.matches("[data-reckons]") || event.target.name?.endsWith("ItemSalesTaxRef") || event.target.name?.endsWith("SalesTaxCodeRef"))) return;
  turn += 1;
  const mine = turn;
  const data = new FormData(form);
  data.set("_do", "total");
  const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(data), headers: { "HX-Request": "true" } });
  if (!answer.ok) return;
  const text = await answer.text();
  if (mine !== turn) return;
  const page = new DOMParser().parseFromString(text, "text/html");
  const totals = page.getElementById("form-totals");
  if (totals) document.getElementById("form-totals")?.replaceWith(document.adoptNode(totals));
  for (const fresh of page.querySelectorAll("[data-line] [data-reckons]")) {
    const old = document.getElementById(fresh.id);
    if (old && old !== document.activeElement) old.value = fresh.value;
  }
});

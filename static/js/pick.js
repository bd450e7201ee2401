// A reference picked by typing: <div class="picker" data-pick="/…/pick/CustomerRef?of=Invoice"> with an input (combobox), a
// hidden input for the id, and the list. Arrows choose, Enter takes, Escape closes; what was typed stays without a choice.
const PAUSE = 180;
const later = new WeakMap();

const parts = (pick) => ({
  input: pick.querySelector("[role=combobox]"),
  id: pick.querySelector("input[type=hidden]"),
  list: pick.querySelector("[role=listbox]"),
});

function close(pick) {
  const { input, list } = parts(pick);
  list.hidden = true;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}

async function open(pick, text) {
  const { input, list } = parts(pick);
  const asked = `${pick.dataset.pick}&q=${encodeURIComponent(text)}`;
  pick.asked = asked;
  const answer = await fetch(asked, { headers: { "HX-Request": "true" } });
  if (!answer.ok || pick.asked !== asked || document.activeElement !== input) return;
  list.innerHTML = await answer.text();
  list.querySelectorAll("[role=option]").forEach((option, at) => { option.id = `${list.id}-${at}`; });
  list.hidden = false;
  input.setAttribute("aria-expanded", "true");
  input.removeAttribute("aria-activedescendant");
}

function choose(pick, option) {
  if (option.href) { window.open(option.href, "_blank", "noopener"); return close(pick); }
  const { input, id } = parts(pick);
  input.value = option.dataset.name;
  id.value = option.dataset.id;
  close(pick);
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

function step(pick, by) {
  const { input, list } = parts(pick);
  const options = [...list.querySelectorAll("[role=option]")];
  if (!options.length) return;
  const now = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
  const next = options[(now + by + options.length + (now < 0 && by < 0 ? 1 : 0)) % options.length];
  options.forEach((option) => option.setAttribute("aria-selected", String(option === next)));
  input.setAttribute("aria-activedescendant", next.id);
  next.scrollIntoView({ block: "nearest" });
}

document.addEventListener("input", (event) => {
  const pick = event.target.matches?.("[role=combobox]") && event.target.closest("[data-pick]");
  if (!pick) return;
  parts(pick).id.value = "";
  clearTimeout(later.get(pick));
  later.set(pick, setTimeout(() => open(pick, event.target.value), PAUSE));
});

document.addEventListener("keydown", (event) => {
  const pick = event.target.matches?.("[role=combobox]") && event.target.closest("[data-pick]");
  if (!pick || event.altKey || event.ctrlKey || event.metaKey) return;
  const { list } = parts(pick);
  const chosen = list.querySelector("[aria-selected=true]");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (list.hidden) open(pick, "");
    else step(pick, event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "Enter" && !list.hidden) {
    event.preventDefault();
    event.stopImmediatePropagation();
    const first = list.querySelector("[data-id]");
    if (chosen) choose(pick, chosen);
    else if (first && event.target.value) choose(pick, first);
    else close(pick);
  } else if (event.key === "Escape" && !list.hidden) {
    event.preventDefault();
    close(pick);
  }
});

document.addEventListener("mousedown", (event) => {
  const option = event.target.closest?.(".picker__list [role=option]");
  if (option) {
    event.preventDefault();
    choose(option.closest("[data-pick]"), option);
  } else if (event.target.matches?.("[data-pick] > [role=combobox]")) {
    const pick = event.target.closest("[data-pick]");
    if (parts(pick).list.hidden) setTimeout(() => open(pick, ""), 0);
  }
});
document.addEventListener("click", (event) => {
  if (event.target.closest?.(".picker__list [role=option]")) event.preventDefault();
});
document.addEventListener("focusout", (event) => {
  const pick = event.target.closest?.("[data-pick]");
  if (pick) { clearTimeout(later.get(pick)); close(pick); }
});

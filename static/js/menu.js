// Menus on <details data-menu>: one open at a time, arrows, Home and End inside, Escape and a press elsewhere close it.
const menus = () => document.querySelectorAll("details[data-menu][open]");
const entries = (menu) => [...menu.querySelectorAll(".menu__panel input, .menu__item, .topbar__panel input, .topbar__panel a")].filter((entry) => entry.offsetParent);

function close(menu) {
  menu.open = false;
  menu.querySelector("summary").focus();
}

function target(menu, key) {
  const all = entries(menu);
  const at = all.indexOf(document.activeElement);
  if (key === "ArrowDown") return all[(at + 1) % all.length];
  if (key === "ArrowUp") return all[(at <= 0 ? all.length : at) - 1];
  if (key === "Home") return all[0];
  return all[all.length - 1];
}

document.addEventListener("click", (event) => {
  for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("details[data-menu]");
  if (!menu) return;
  if (event.key === "Escape" && menu.open) return close(menu);
  const typing = event.target.matches("input") && ["Home", "End"].includes(event.key);
  if (typing || !["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key)) return;
  if (!menu.open && event.key !== "ArrowDown") return;
  event.preventDefault();
  menu.open = true;
  target(menu, event.key)?.focus();
});

document.addEventListener("focusout", (event) => {
  const menu = event.target.closest?.("details[data-menu]");
  if (menu && event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
});

for (const find of document.querySelectorAll("[data-menu-find]")) {
  find.closest("label").hidden = false;
  find.addEventListener("input", () => {
    const words = find.value.trim().toLowerCase();
    for (const entry of find.closest(".menu__panel").querySelectorAll("li:has(> .menu__item)")) {
      entry.hidden = !entry.textContent.toLowerCase().includes(words);
    }
  });
}

// Tabs that scroll sideways show the current one.
document.addEventListener("htmx:load", () => {
  for (const current of document.querySelectorAll(".tabs__link[aria-current]")) {
    const list = current.closest(".tabs__list");
    list.scrollLeft = Math.max(0, current.offsetLeft - list.offsetLeft - (list.clientWidth - current.offsetWidth) / 2);
  }
});

// The result of an action on this page, bottom left for six seconds. The server sends HX-Trigger: {"toast": {"text": "…", "undo": "/…"}}.
const SHOWN = 6000;

function keep(toast) {
  let timer;
  const leave = () => { timer = setTimeout(() => toast.remove(), SHOWN); };
  const stay = () => clearTimeout(timer);
  for (const name of ["pointerenter", "focusin"]) toast.addEventListener(name, stay);
  for (const name of ["pointerleave", "focusout"]) toast.addEventListener(name, leave);
  leave();
}

document.addEventListener("toast", (event) => {
  const { text = event.detail.value, undo } = event.detail;
  const toast = document.createElement("div");
  const words = document.createElement("p");
  toast.className = "toast";
  words.textContent = text;
  toast.append(words);
  if (undo) {
    const button = document.createElement("button");
    button.className = "toast__undo";
    button.textContent = "Undo";
    button.addEventListener("click", () => { toast.remove(); htmx.ajax("POST", undo, { swap: "none" }); });
    toast.append(button);
  }
  document.querySelector("[data-toasts]").append(toast);
  keep(toast);
});

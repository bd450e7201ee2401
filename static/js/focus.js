// The error summary of a form takes the focus when its page opens, and the title says so. A bar at the foot of a form that
// grows, since somebody else changed the record, does not cover what is being typed.
const place = document.querySelector("[data-focus]");
if (place) {
  place.focus();
  if (place.matches(".error-summary") && !document.title.startsWith("Error: ")) document.title = `Error: ${document.title}`;
}

const bar = document.querySelector(".form-bar");
if (bar) {
  let height = bar.offsetHeight;
  new ResizeObserver(() => {
    const typed = document.activeElement;
    const over = typed?.form && !bar.contains(typed) ? typed.getBoundingClientRect().bottom + 16 - bar.getBoundingClientRect().top : 0;
    if (bar.offsetHeight > height && over > 0) window.scrollBy(0, over);
    height = bar.offsetHeight;
  }).observe(bar);
}

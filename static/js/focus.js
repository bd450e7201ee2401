// The error summary of a form takes the focus when its page opens, and the title says so.
const place = document.querySelector("[data-focus]");
if (place) {
  place.focus();
  if (place.matches(".error-summary") && !document.title.startsWith("Error: ")) document.title = `Error: ${document.title}`;
}

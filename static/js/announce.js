// One sentence for readers, through the page's own status element. Imported by the other files.
export function announce(text) {
  const place = document.querySelector("[data-announcer]");
  if (place && text) place.textContent = text;
}

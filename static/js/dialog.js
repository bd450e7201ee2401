// A link with data-opens="id" opens that dialog instead of the page that says the same. Escape and focus are the browser's.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-opens]");
  const dialog = link && document.getElementById(link.dataset.opens);
  if (!dialog || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  dialog.showModal();
});

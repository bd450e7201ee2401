// The advice for a large company file, [data-large="MB"], follows the size and unit typed above it.
const advice = document.querySelector("[data-large]");
const form = advice?.closest("form");
form?.addEventListener("input", () => {
  const size = Number(form.elements.size.value.replace(",", "."));
  const megabytes = size * (form.elements.unit.value === "GB" ? 1000 : 1);
  advice.hidden = !(megabytes > Number(advice.dataset.large));
});

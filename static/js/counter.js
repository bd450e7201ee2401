// The length of a field that QuickBooks limits, beside it from 80 % on: [data-counter="41"] after the input.
document.addEventListener("input", (event) => {
  const counter = event.target.parentNode?.querySelector?.("[data-counter]");
  if (!counter) return;
  const limit = Number(counter.dataset.counter);
  const used = [...event.target.value].length;
  counter.hidden = used * 5 < limit * 4;
  counter.textContent = `${used} / ${limit}`;
  counter.classList.toggle("field__counter--over", used > limit);
});

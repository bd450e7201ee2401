// The code view: search inside it, and "Show more" in place. Markup: a label.search[data-code-find] anywhere in the same
// [data-code-area], with an input and a [data-code-count]; Enter goes to the next hit, Shift-Enter to the one before.
function clear(area) {
  for (const hit of area.querySelectorAll("mark.code__hit")) {
    const parent = hit.parentNode;
    hit.replaceWith(...hit.childNodes);
    parent.normalize();
  }
}

function markIn(node, words) {
  const at = node.data.toLowerCase().indexOf(words);
  if (at < 0) return;
  const found = node.splitText(at);
  const rest = found.splitText(words.length);
  const hit = document.createElement("mark");
  hit.className = "code__hit";
  found.replaceWith(hit);
  hit.append(found);
  markIn(rest, words);
}

function find(area, words) {
  clear(area);
  if (words.length < 2) return;
  for (const line of area.querySelectorAll(".code__line > code")) {
    const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
    const nodes = [];
    while (walker.nextNode()) nodes.push(walker.currentNode);
    nodes.forEach((node) => markIn(node, words));
  }
}

function go(area, step) {
  const hits = [...area.querySelectorAll("mark.code__hit")];
  const count = area.querySelector("[data-code-count]");
  if (!hits.length) {
    count.textContent = area.querySelector("[data-code-find] input").value.length < 2 ? "" : "None";
    return;
  }
  const at = hits.findIndex((hit) => hit.classList.contains("code__hit--current"));
  const next = (at + step + hits.length) % hits.length;
  hits[at]?.classList.remove("code__hit--current");
  hits[next].classList.add("code__hit--current");
  hits[next].scrollIntoView({ block: "nearest" });
  count.textContent = `${next + 1} of ${hits.length}`;
}

document.addEventListener("input", (event) => {
  const area = event.target.closest?.("[data-code-find]") && event.target.closest("[data-code-area]");
  if (!area) return;
  find(area, event.target.value.toLowerCase());
  go(area, 1);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.closest?.("[data-code-find]")) return;
  event.preventDefault();
  go(event.target.closest("[data-code-area]"), event.shiftKey ? -1 : 1);
});

document.addEventListener("click", async (event) => {
  const link = event.target.closest?.("[data-code-more]");
  if (!link) return;
  event.preventDefault();
  const answer = await fetch(link.href);
  if (!answer.ok) return location.assign(link.href);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  link.closest("[data-code]").querySelector(".code__lines").append(...page.querySelectorAll(".code__line"));
  const more = page.querySelector("[data-code-more]");
  if (more) link.replaceWith(more);
  else link.parentNode.remove();
});

function show(root) {
  for (const label of root.querySelectorAll("[data-code-find]")) label.hidden = false;
}
show(document);
document.addEventListener("htmx:load", (event) => show(event.target));

/* Copying, and the words that screen readers hear of it. Everything else works without script. */
"use strict";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const text = document.querySelector(button.dataset.copy).textContent;
  const said = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(document.querySelector(button.dataset.copy));
    button.textContent = "Press Ctrl-C";
  }
  setTimeout(() => { button.textContent = said; }, 2000);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-confirm]");
  if (button && !confirm(button.dataset.confirm)) event.preventDefault();
});

/* What came new into the page is read out and seen. */
document.addEventListener("htmx:afterSettle", (event) => {
  const news = event.target.querySelector("[data-focus]");
  if (news) {
    news.focus();
    news.scrollIntoView({ block: "nearest" });
  }
});

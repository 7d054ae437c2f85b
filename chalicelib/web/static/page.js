// Niceties of the pages after sending: copy the number, forget the draft, never send a form twice by a double tap.
(() => {
  const sent = document.querySelector("[data-sent]");
  if (sent) {
    try { localStorage.removeItem(sent.dataset.sent); } catch (e) { /* storage is off: there is no draft */ }
    if (window.kept) kept.forget(sent.dataset.sent).catch(() => {});
  }
  for (const button of document.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
      button.querySelector("span").textContent = button.dataset.done;
    });
  }
  for (const form of document.querySelectorAll("form")) {
    form.addEventListener("submit", (event) => {
      const button = form.querySelector("[data-busy]");
      if (!button) return;
      if (button.getAttribute("aria-busy")) return event.preventDefault();
      button.dataset.label = button.textContent;
      button.setAttribute("aria-busy", "true");
      button.textContent = button.dataset.busy;
    });
  }
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const button of document.querySelectorAll("[aria-busy]")) {
      button.removeAttribute("aria-busy");
      button.textContent = button.dataset.label;
    }
  });
})();

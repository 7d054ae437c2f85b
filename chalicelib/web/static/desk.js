// The desk: a shown number goes away by itself, printing has a button, a form is sent once.
(() => {
  for (const box of document.querySelectorAll("[data-hide]")) {
    setTimeout(() => {
      const note = box.querySelector("[data-hidden]");
      note.textContent = note.dataset.hidden;
      note.setAttribute("role", "status");
      box.replaceChildren(note);
    }, Number(box.dataset.hide) * 1000);
  }
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
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
  // Going back shows the page as it was left, busy buttons too; a number must not come back with it.
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
})();

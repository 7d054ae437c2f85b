// Niceties of the pages after sending: copy the number, forget the draft, never send a form twice by a double tap.
(() => {
  const sent = document.querySelector("[data-sent]");
  if (sent) {
    const door = sent.dataset.sent;
    const read = (name) => {
      try { return JSON.parse(localStorage.getItem(name)) || {}; } catch (e) { return {}; }
    };
    try {
      // This tab's own report; another tab at the same door may have promised another one.
      const key = sessionStorage.getItem("ds-sent");
      sessionStorage.removeItem("ds-sent");
      if (key) {
        localStorage.removeItem(`${door}:${key}`);
        if (read(door).key === key) localStorage.removeItem(door);
        if (window.kept) kept.forget(`${door}:${key}`).catch(() => {});
      }
      const next = Object.keys(localStorage).filter((name) => name.startsWith(`${door}:`)).map(read).find((draft) => draft.text && draft.page);
      const link = document.querySelector("[data-next]");
      if (next && link) {
        link.href = next.page;
        link.hidden = false;
      }
    } catch (e) { /* storage is off: there is no draft */ }
  }
  for (const button of document.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const text = document.getElementById(button.dataset.copy);
      try {
        await navigator.clipboard.writeText(text.textContent);
        button.querySelector("span").textContent = button.dataset.done;
      } catch (e) {
        getSelection().selectAllChildren(text); // not allowed here: it is chosen, and the phone's own menu copies it
      }
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

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
  // Choosing a filter is enough; the button is for browsers without this.
  for (const form of document.querySelectorAll(".filters")) {
    form.querySelector("button").hidden = true;
    form.addEventListener("change", () => form.querySelector("button").click());
  }

  // How many are ticked, and nothing to assign when none is.
  const bulk = document.getElementById("bulk");
  if (bulk) {
    const bar = bulk.querySelector(".bulk");
    const said = bar.querySelector(".n");
    const how = said.textContent;
    const count = () => {
      const n = bulk.querySelectorAll(".pick :checked").length;
      said.textContent = n ? bar.dataset.count.replace("{n}", n) : how;
      bar.querySelector("button").hidden = !n;
    };
    bulk.addEventListener("change", count);
    count();
  }

  // Keys for those who sit here all day. Single letters get in the way of speech input, so they can be switched off.
  const keys = document.querySelector(".keys");
  if (keys) {
    keys.hidden = false;
    const choice = keys.querySelector("[data-keys]");
    const stored = (value) => {
      try {
        if (value === undefined) return localStorage.getItem("ds:keys") !== "0";
        localStorage.setItem("ds:keys", value ? "1" : "0");
      } catch (e) { /* off */ }
      return true;
    };
    choice.checked = stored();
    choice.addEventListener("change", () => stored(choice.checked));
    const links = [...document.querySelectorAll(".rows h2 a")];
    document.addEventListener("keydown", (event) => {
      if (!choice.checked || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target.closest("input:not([type=checkbox]),select,textarea")) return;
      const at = links.findIndex((link) => link.closest("li").contains(document.activeElement));
      if (event.key === "/") document.getElementById("f-find").focus();
      else if (event.key === "j") (links[at + 1] || links[at] || links[0])?.focus();
      else if (event.key === "k") (links[Math.max(at - 1, 0)])?.focus();
      else if (event.key === "x" && at >= 0) links[at].closest("li").querySelector(".pick input")?.click();
      else return;
      event.preventDefault();
    });
  }

  // Going back shows the page as it was left, busy buttons too; a number must not come back with it.
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
})();

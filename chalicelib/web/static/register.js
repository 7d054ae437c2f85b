// A register's form: people are added and taken out without asking the server, and it is sent once. Nothing that is typed here is
// kept on the phone: ID numbers do not belong in a browser's storage.
(() => {
  const form = document.getElementById("register");
  const people = document.getElementById("people");
  const blank = document.getElementById("blank");
  const add = document.getElementById("add");
  const most = Number(form.dataset.most);

  // The blank block is the first person's: its names, ids and words carry a 1 where the new one's number goes.
  const number = (block, n) => {
    for (const part of block.querySelectorAll("*")) {
      for (const name of ["id", "name", "for", "aria-describedby", "value"]) {
        const now = part.getAttribute(name);
        if (now && /(^|-)p\d+_|^remove\d+$/.test(now)) part.setAttribute(name, now.replace(/p\d+_/g, `p${n}_`).replace(/^remove\d+$/, `remove${n}`));
      }
      for (const node of part.childNodes) if (node.nodeType === 3 && part.matches("legend,h2,.rm span")) node.data = node.data.replace(/\d+/, n);
    }
  };
  const highest = () => Math.max(0, ...[...people.querySelectorAll("[name$=_key]")].map((field) => Number(field.name.slice(1, -4))));
  const update = () => { add.hidden = people.children.length >= most; };

  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=do]");
    if (!button || button.value === "send") return;
    event.preventDefault();
    if (button.value === "add") {
      const block = blank.content.firstElementChild.cloneNode(true);
      number(block, highest() + 1);
      people.append(block);
      block.querySelector("input.box").focus();
    } else {
      const block = button.closest(".person");
      const next = block.previousElementSibling || block.nextElementSibling;
      if (next) block.remove();
      else for (const field of block.querySelectorAll("input")) field.type === "checkbox" ? (field.checked = false) : (field.value = "");
      (next || block).querySelector("input.box").focus();
    }
    update();
  });
  update();

  const send = form.querySelector("button.main");
  const label = send.textContent;
  let gone = false;
  form.addEventListener("submit", (event) => {
    if (gone) return event.preventDefault();
    gone = true;
    send.textContent = form.dataset.busy;
    send.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    gone = false;
    send.textContent = label;
    send.removeAttribute("aria-busy");
  });
})();

// While somebody types: what is known already about the same door, and questions that have been answered. It helps or is silent:
// no network, no answer, nothing alike, and nothing is shown.
(() => {
  const form = document.getElementById("report");
  const text = form.elements.text;
  const box = document.getElementById("hints");
  const PAUSE = 600;
  const LEAST = 4;
  const make = (tag, content, name) => {
    const made = document.createElement(tag);
    if (name) made.className = name;
    made.textContent = content || "";
    return made;
  };
  const ask = async (body) => {
    const answer = await fetch(box.dataset.api, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify({ code: form.elements.code.value, ...body }),
    });
    return answer.ok ? answer.json() : {};
  };

  const similar = (found, words) => {
    const made = make("div", "", "hint-case");
    made.append(make("h2", words.similar));
    const list = made.appendChild(make("ul"));
    for (const line of new Set(found.map((one) => one.line))) list.append(make("li", line));
    made.append(make("p", words.follow, "hint"));
    return made;
  };
  const answer = (one) => {
    const made = make("details", "", "hint-faq");
    made.append(make("summary", one.question), make("p", one.answer));
    made.addEventListener("toggle", () => { if (made.open) ask({ read: one.id }).catch(() => {}); }, { once: true });
    return made;
  };
  let shown = "";
  const show = (found) => {
    const said = JSON.stringify(found);
    if (said === shown) return; // nothing new to announce
    shown = said;
    const parts = [];
    if (found.similar && found.similar.length) parts.push(similar(found.similar, found.words));
    if (found.faq && found.faq.length) parts.push(make("h2", found.words.faq), ...found.faq.map(answer));
    box.textContent = "";
    box.append(...parts);
  };

  let timer;
  let asked = "";
  const look = async () => {
    const typed = text.value.trim();
    if (typed === asked || !navigator.onLine) return;
    asked = typed;
    try {
      const found = typed.length < LEAST ? {} : await ask({ text: typed });
      if (typed === asked) show(found);
    } catch (e) {
      asked = ""; // asked again with the next letter
    }
  };
  text.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(look, PAUSE); });
  if (text.value) look();
})();

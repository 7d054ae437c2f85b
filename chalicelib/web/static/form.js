// The form at the door: photos shrunk and uploaded while the person writes, the draft kept, sent once when the network is back.
// Everything it says comes from the page's data attributes; without it the form works all the same. Photos are kept by kept.js.
(() => {
  const form = document.getElementById("report");
  const area = document.getElementById("photos");
  const field = (name) => form.elements[name];
  const say = document.getElementById("say");
  const button = form.querySelector("button.main");
  const id = form.dataset.draft;
  const off = () => Promise.reject(new Error("kept.js is missing"));
  const shelf = window.kept || { put: off, drop: off, forget: off, all: off, sweep: off };
  // What stands in the phone under a name; null when there is nothing, or storage is off.
  const read = (name) => {
    try { return JSON.parse(localStorage.getItem(name)); } catch (e) { return null; }
  };
  const KEPT = ["text", "category", "phone", "nickname", "elsewhere", "reporter", "key", "photos"];
  const tell = (text) => { say.textContent = text; say.hidden = !text; };
  for (const line of form.querySelectorAll(".js")) line.hidden = false;

  // Two things wait until the page has loaded: answers while typing, and the worker that opens the form without a network.
  addEventListener("load", () => {
    for (const address of form.dataset.later.split(" ")) {
      const script = document.createElement("script");
      script.src = address;
      document.head.append(script);
    }
  });
  // It can be installed from the browser's own menu; it never asks.
  addEventListener("beforeinstallprompt", (event) => event.preventDefault());

  // --- Draft -----------------------------------------------------------------------------------------------------------
  const DAY = 864e5;
  // It was promised to be sent by itself. That holds until an answer takes the draft away: a page may die, or the network go, in
  // the middle of sending. After a few tries a person has to look.
  const TRIES = 3;
  let waiting = false;
  let queued = false;
  let gone = false;
  let tries = 0;
  // A door has one draft that is being written, under `id`. What was promised stands under its own key, so that another tab at the
  // same door can neither overwrite it nor take it away; so do all photos.
  let promised = false;
  const own = () => `${id}:${field("key").value}`;
  // A page that was kept for times without a network brings the same key every time: once seen, it is another's.
  const USED = "ds-used";
  // What this tab has sent last: the page of the answer takes that draft away and no other.
  const SENT = "ds-sent";
  const used = () => read(USED) || [];
  // Gone back to and sent once more, the same words are the same report: what this tab has sent last, for an hour.
  const LAST = `ds-last:${id}`;
  const said = () => {
    const typed = KEPT.filter((name) => name !== "key" && name !== "photos").map((name) => (field(name) ? field(name).value : ""));
    return [...JSON.stringify(typed)].reduce((sum, sign) => Math.imul(sum ^ sign.codePointAt(0), 16777619), 2166136261);
  };
  const back = (performance.getEntriesByType("navigation")[0] || {}).type === "back_forward";
  const repeat = () => {
    try {
      const last = JSON.parse(sessionStorage.getItem(LAST));
      const same = last && last.said === said() && Date.now() - last.at < DAY / 24;
      if (same && back && fresh && !promised && !field("photos").value) {
        field("key").value = last.key;
        field("photos").value = last.photos;
      }
      sessionStorage.setItem(LAST, JSON.stringify({ at: Date.now(), key: field("key").value, photos: field("photos").value, said: said() }));
    } catch (e) { /* off */ }
  };
  const use = (key) => {
    try { localStorage.setItem(USED, JSON.stringify([...used().filter((one) => one !== key), key].slice(-20))); } catch (e) { /* off */ }
  };
  const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const keep = () => {
    const draft = { at: Date.now(), waiting, tries, page: form.action.replace(/f\/\w+$/, "Q/") + field("code").value };
    for (const name of KEPT) draft[name] = field(name) ? field(name).value : "";
    promised = promised || waiting;
    try {
      localStorage.setItem(promised ? own() : id, JSON.stringify(draft));
      if (promised && (read(id) || {}).key === draft.key) localStorage.removeItem(id);
    } catch (e) {
      // Full or off. What was promised is then promised by this page alone, and what stands there is older than its words.
      if (!waiting) return;
      try { localStorage.removeItem(own()); } catch (e) { /* off */ }
      if (!gone) tell(form.dataset.open);
    }
  };
  let timer;
  form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(keep, 400); });
  addEventListener("pagehide", () => { if (field("text").value) keep(); });

  // What the server sent back after an error is newer than any draft; its key counts then, and it was promised no more.
  const fresh = form.dataset.filled === "0";
  try {
    if (!fresh) for (const key of [sessionStorage.getItem(SENT), field("key").value]) localStorage.removeItem(`${id}:${key}`);
    sessionStorage.removeItem(SENT);
  } catch (e) { /* off */ }
  const loaded = field("key").value;
  if (fresh && used().includes(loaded)) {
    field("key").value = newKey();
    field("photos").value = "";
  }
  use(loaded);
  if (!fresh) keep();
  // What waits goes first, the oldest before the others; then what was tried too often; then what was being written.
  const good = (draft) => draft && draft.text && Date.now() - draft.at < 7 * DAY;
  const goes = (draft) => draft.waiting && (draft.tries || 0) < TRIES;
  const drafts = () => {
    try {
      const names = Object.keys(localStorage).filter((name) => name.startsWith(`${id}:`));
      const kept = names.map(read).filter(good).sort((a, b) => goes(b) - goes(a) || a.at - b.at);
      return [...kept, read(id)];
    } catch (e) { return []; }
  };
  const draft = fresh && drafts().find(good);
  const restoring = Boolean(draft);
  if (restoring) {
    for (const name of KEPT) {
      const box = field(name);
      // Photos wait a day for their report, then they are deleted.
      if (box && draft[name] && !(name === "photos" && Date.now() - draft.at > DAY / 2)) box.value = draft[name];
    }
    for (const part of form.querySelectorAll("details")) {
      if ([...part.querySelectorAll("input")].some((input) => (input.type === "radio" ? input.checked && !input.defaultChecked : input.value))) part.open = true;
    }
    tries = draft.tries || 0;
    promised = draft.waiting || Boolean(read(own()));
    waiting = goes(draft); // opened again without a network, it is sent when that comes back
    tell(waiting && !navigator.onLine ? form.dataset.kept : form.dataset.restored);
    if (waiting && navigator.onLine) addEventListener("load", () => resend());
  }

  // --- Photos ----------------------------------------------------------------------------------------------------------
  const tiles = area.querySelector(".tiles");
  const input = tiles.querySelector("input");
  const note = document.getElementById("photos-say");
  const most = Number(area.dataset.max);
  // {slot, blob, state: "sending" | "done" | "failed" | "kept", tile, request, safe, tried}. Kept ones lie in the phone and go up when
  // the network is back; those that failed with a network are the person's to try again. `safe`: would outlive the page.
  const photos = [];
  const taken = new Set(field("photos").value.split(",").filter(Boolean).map(Number));
  area.querySelector(".nojs").hidden = true;
  tiles.hidden = false;

  const shrink = async (file) => {
    const url = URL.createObjectURL(file);
    const image = new Image();
    image.src = url;
    try {
      await image.decode();
      const scale = Math.min(1, 1600 / Math.max(image.naturalWidth, image.naturalHeight));
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(image.naturalWidth * scale);
      canvas.height = Math.round(image.naturalHeight * scale);
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      return await new Promise((done) => canvas.toBlob((blob) => done(blob || file), "image/jpeg", 0.82));
    } catch (e) {
      return file; // a format this browser can't draw: the server decides
    } finally {
      URL.revokeObjectURL(url);
    }
  };

  const newTile = (photo) => {
    const tile = (photo.tile = area.querySelector("template").content.firstElementChild.cloneNode(true));
    tile.querySelector(".rm").addEventListener("click", () => remove(photo));
    tile.querySelector(".again").addEventListener("click", () => send(photo));
    tiles.insertBefore(tile, input.closest("li"));
  };

  const update = () => {
    const sending = photos.some((photo) => photo.state === "sending");
    const failed = photos.some((photo) => photo.state === "failed");
    const stored = photos.some((photo) => photo.state === "kept");
    note.textContent = sending ? area.dataset.sending : failed ? area.dataset.failed : stored ? area.dataset.stored : "";
    note.hidden = !note.textContent;
    field("photos").value = [...taken].sort().join(",");
    input.closest("li").hidden = taken.size + photos.filter((photo) => photo.state !== "done").length >= most;
    keep();
    if (!sending && queued) { queued = false; button.click(); }
  };
  const strip = (photo, text) => { photo.tile.querySelector(".strip").textContent = text; };
  // The last call that should have reached our own address did not.
  let down = false;
  const RETRIES = 3;
  const fail = (photo) => {
    if (!photos.includes(photo)) return; // taken away meanwhile
    const away = down || !navigator.onLine;
    // What was promised to go out by itself tries again by itself.
    if (waiting && !away && photo.tried < RETRIES) {
      setTimeout(() => send(photo), 2000 * photo.tried);
      return;
    }
    photo.state = away && photo.safe ? "kept" : "failed";
    strip(photo, photo.state === "kept" ? area.dataset.wait : "");
    photo.tile.querySelector(".again").hidden = photo.state === "kept";
    update();
  };

  const show = (photo) => {
    const image = photo.tile.querySelector("img");
    image.src = URL.createObjectURL(photo.blob);
    image.hidden = false;
  };
  const sendKept = () => {
    for (const photo of photos) if (photo.state === "kept") send(photo);
  };

  const send = async (photo) => {
    if (!photos.includes(photo)) return;
    photo.state = "sending";
    photo.tried = (photo.tried || 0) + 1;
    photo.tile.querySelector(".again").hidden = true;
    strip(photo, "0%");
    update();
    if (!navigator.onLine) return fail(photo);
    try {
      const asked = await fetch(area.dataset.api, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json" },
        body: JSON.stringify({ code: field("code").value, key: field("key").value, slot: photo.slot, type: photo.blob.type }),
      });
      down = false;
      if (!asked.ok) return fail(photo);
      const grant = await asked.json();
      const body = new FormData();
      for (const [name, value] of Object.entries(grant.fields)) body.append(name, value);
      body.append("file", photo.blob, "photo.jpg");
      const request = (photo.request = new XMLHttpRequest());
      request.upload.onprogress = (event) => strip(photo, `${Math.floor((100 * event.loaded) / event.total)}%`);
      request.onload = () => {
        if (request.status >= 300) return fail(photo);
        photo.state = "done";
        strip(photo, "");
        taken.add(photo.slot);
        update();
      };
      request.onerror = request.ontimeout = () => fail(photo);
      request.timeout = 120000;
      request.open("POST", grant.url);
      request.send(body);
    } catch (e) {
      down = true;
      fail(photo);
    }
  };

  const remove = (photo) => {
    if (photo.request) photo.request.abort();
    photos.splice(photos.indexOf(photo), 1);
    taken.delete(photo.slot);
    shelf.drop(own(), photo.slot).catch(() => {});
    photo.tile.remove();
    update();
    input.focus();
  };

  input.addEventListener("change", async () => {
    const files = [...input.files];
    input.value = "";
    for (const file of files) {
      const used = new Set([...taken, ...photos.map((photo) => photo.slot)]);
      const slot = Array.from({ length: most }, (_, i) => i + 1).find((n) => !used.has(n));
      if (!slot) break;
      const photo = { slot, state: "sending", blob: file };
      photos.push(photo);
      newTile(photo);
      photo.blob = await shrink(file);
      show(photo);
      photo.safe = await shelf.put(own(), slot, photo.blob).then(() => true, () => false);
      send(photo);
    }
  });

  // Those of a restored draft are up already; where the phone did not keep them there is nothing to show but that, and a way to
  // take them out.
  for (const slot of taken) {
    const photo = { slot, state: "done" };
    photos.push(photo);
    newTile(photo);
    strip(photo, area.dataset.kept);
  }
  const restore = async () => {
    if (!restoring && fresh) return shelf.forget(own());
    for (const { slot, blob } of await shelf.all(own())) {
      let photo = photos.find((one) => one.slot === slot);
      if (!photo) {
        photo = { slot, state: "kept" };
        photos.push(photo);
        newTile(photo);
        strip(photo, area.dataset.wait);
      }
      Object.assign(photo, { blob, safe: true });
      show(photo);
    }
    update();
    if (navigator.onLine) sendKept();
  };
  const restored = restore().then(() => shelf.sweep()).catch(() => {});

  // --- Sending ---------------------------------------------------------------------------------------------------------
  const label = button.textContent;
  const busy = (text) => {
    button.textContent = text || label;
    if (text) button.setAttribute("aria-busy", "true");
    else button.removeAttribute("aria-busy");
  };
  form.addEventListener("submit", (event) => {
    if (gone || queued) return event.preventDefault();
    if (!navigator.onLine || down) {
      event.preventDefault();
      if (!waiting) tries = 0;
      waiting = true;
      busy("");
      tell(photos.every((photo) => photo.state === "done" || photo.safe) ? form.dataset.kept : form.dataset.words);
      keep();
      say.scrollIntoView({ block: "center" });
      if (navigator.onLine) resend();
      return;
    }
    if (photos.some((photo) => photo.state === "sending")) {
      event.preventDefault();
      queued = true;
      busy(form.dataset.waiting);
      return;
    }
    gone = true;
    repeat();
    use(field("key").value);
    tries += waiting;
    keep();
    try { sessionStorage.setItem(SENT, field("key").value); } catch (e) { /* off */ }
    busy(form.dataset.busy);
  });
  // A browser may call itself online where nothing gets through, and a report that is sent into that takes the page with it: so our
  // own address is asked first.
  const reached = () => fetch(form.dataset.sw, { cache: "no-store" }).then(() => true, () => false);
  let again;
  const resend = async () => {
    await restored;
    clearTimeout(again);
    if (!waiting || gone || queued || !navigator.onLine) return; // the event will come
    if (!(await reached())) {
      again = setTimeout(resend, 15000);
      return;
    }
    if (gone || queued) return;
    down = false;
    tell("");
    for (const photo of photos) if (photo.state === "failed" || photo.state === "kept") { photo.tried = 0; send(photo); }
    button.click();
  };
  addEventListener("online", async () => {
    await restored;
    if (waiting) return resend();
    down = false;
    sendKept();
  });
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    gone = queued = false;
    busy("");
  });
})();

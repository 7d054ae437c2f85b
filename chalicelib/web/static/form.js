// The form at the door: photos shrunk and uploaded while the person writes, the draft kept, sent once when the network is back.
// Everything it says comes from the page's data attributes; without it the form works all the same.
(() => {
  const form = document.getElementById("report");
  const area = document.getElementById("photos");
  const field = (name) => form.elements[name];
  const say = document.getElementById("say");
  const button = form.querySelector("button.main");
  const KEPT = ["text", "category", "phone", "nickname", "elsewhere", "reporter", "key", "photos"];
  const tell = (text) => { say.textContent = text; say.hidden = !text; };
  for (const line of form.querySelectorAll(".js")) line.hidden = false;

  // --- Draft -----------------------------------------------------------------------------------------------------------
  const DAY = 864e5;
  const load = () => {
    try { return JSON.parse(localStorage.getItem(form.dataset.draft)); } catch (e) { return null; }
  };
  // It was promised to be sent by itself. That holds until an answer takes the draft away: a page may die, or the network go, in
  // the middle of sending. After a few tries a person has to look.
  const TRIES = 3;
  let waiting = false;
  let tries = 0;
  const keep = () => {
    const draft = { at: Date.now(), waiting, tries };
    for (const name of KEPT) draft[name] = field(name) ? field(name).value : "";
    try { localStorage.setItem(form.dataset.draft, JSON.stringify(draft)); } catch (e) { /* full or off: nothing to do */ }
  };
  let timer;
  form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(keep, 400); });
  addEventListener("pagehide", () => { if (field("text").value) keep(); });

  const draft = load();
  // What the server sent back after an error is newer than any draft; its key counts then.
  if (draft && form.dataset.filled === "0" && draft.text && Date.now() - draft.at < 7 * DAY) {
    for (const name of KEPT) {
      const box = field(name);
      // Photos wait a day for their report, then they are deleted.
      if (box && draft[name] && !(name === "photos" && Date.now() - draft.at > DAY / 2)) box.value = draft[name];
    }
    for (const part of form.querySelectorAll("details")) {
      if ([...part.querySelectorAll("input")].some((input) => (input.type === "radio" ? input.checked && !input.defaultChecked : input.value))) part.open = true;
    }
    tell(form.dataset.restored);
    tries = draft.tries || 0;
    waiting = draft.waiting && tries < TRIES; // opened again without a network, it is sent when that comes back
    if (waiting && navigator.onLine) addEventListener("load", () => form.requestSubmit(button));
  }

  // --- Photos ----------------------------------------------------------------------------------------------------------
  const tiles = area.querySelector(".tiles");
  const input = tiles.querySelector("input");
  const note = document.getElementById("photos-say");
  const most = Number(area.dataset.max);
  const photos = []; // {slot, blob, state: "sending" | "done" | "failed", tile, request}
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
    note.textContent = sending ? area.dataset.sending : failed ? area.dataset.failed : "";
    note.hidden = !note.textContent;
    field("photos").value = [...taken].sort().join(",");
    input.closest("li").hidden = taken.size + photos.filter((photo) => photo.state !== "done").length >= most;
    keep();
    if (!sending && queued) { queued = false; form.requestSubmit(button); }
  };
  const strip = (photo, text) => { photo.tile.querySelector(".strip").textContent = text; };
  const fail = (photo) => {
    photo.state = "failed";
    strip(photo, "");
    photo.tile.querySelector(".again").hidden = false;
    update();
  };

  const send = async (photo) => {
    photo.state = "sending";
    photo.tile.querySelector(".again").hidden = true;
    strip(photo, "0%");
    update();
    try {
      const asked = await fetch(area.dataset.api, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json" },
        body: JSON.stringify({ code: field("code").value, key: field("key").value, slot: photo.slot, type: photo.blob.type }),
      });
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
      fail(photo);
    }
  };

  const remove = (photo) => {
    if (photo.request) photo.request.abort();
    photos.splice(photos.indexOf(photo), 1);
    taken.delete(photo.slot);
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
      const image = photo.tile.querySelector("img");
      image.src = URL.createObjectURL(photo.blob);
      image.hidden = false;
      send(photo);
    }
  });

  // Those of a restored draft are up already; there is nothing to show of them but that, and a way to take them out.
  for (const slot of taken) {
    const photo = { slot, state: "done" };
    photos.push(photo);
    newTile(photo);
    strip(photo, area.dataset.kept);
  }

  // --- Sending ---------------------------------------------------------------------------------------------------------
  const label = button.textContent;
  const busy = (text) => {
    button.textContent = text || label;
    if (text) button.setAttribute("aria-busy", "true");
    else button.removeAttribute("aria-busy");
  };
  let queued = false;
  let gone = false;
  form.addEventListener("submit", (event) => {
    if (gone || queued) return event.preventDefault();
    if (!navigator.onLine) {
      event.preventDefault();
      waiting = true;
      tries = 0;
      keep();
      tell(form.dataset.kept);
      say.scrollIntoView({ block: "center" });
      return;
    }
    if (photos.some((photo) => photo.state === "sending")) {
      event.preventDefault();
      queued = true;
      busy(form.dataset.waiting);
      return;
    }
    gone = true;
    tries += waiting;
    keep();
    busy(form.dataset.busy);
  });
  addEventListener("online", () => {
    if (!waiting || gone || queued) return;
    tell("");
    for (const photo of photos) if (photo.state === "failed") send(photo);
    form.requestSubmit(button);
  });
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    gone = queued = false;
    busy("");
  });
})();

// The form without a network: its page as it was last seen, and the scripts that belong to it. From the network first, so that a
// page is as new as can be; nothing but the form's own GET and hashed static files is ever kept, and no answer with anybody's words.
const CACHE = "doorstep-1";
const ROOT = new URL(self.registration.scope).pathname;
const STATICS = new RegExp(`${ROOT}static/[\\w.-]+`, "g");
const PAGES = 5;
// On a network that is there in name only, the kept page opens after so long.
const PATIENCE = 8000;

// One entry a door, whichever way its form was opened; "" for anything else.
const entryOf = (url) => {
  if (url.origin !== location.origin || !url.pathname.startsWith(ROOT)) return "";
  const path = url.pathname.slice(ROOT.length);
  const code = path.startsWith("Q/") ? path.slice(2) : path === "f/issue" ? url.searchParams.get("c") : "";
  return code ? `${ROOT}Q/${code.trim().toUpperCase()}` : "";
};

const tidy = async (cache) => {
  const entries = (await cache.keys()).map((request) => new URL(request.url).pathname);
  const pages = entries.filter((entry) => entry.startsWith(`${ROOT}Q/`));
  for (const page of pages.splice(0, Math.max(0, pages.length - PAGES))) await cache.delete(page);
  const used = new Set();
  for (const page of pages) for (const name of (await (await cache.match(page)).text()).match(STATICS) || []) used.add(name);
  for (const entry of entries) if (entry.startsWith(`${ROOT}static/`) && !used.has(entry)) await cache.delete(entry);
};

const store = async (entry, response) => {
  const cache = await caches.open(CACHE);
  if (response.status === 404) return cache.delete(entry);
  if (response.status !== 200 || response.redirected) return;
  const text = await response.clone().text();
  if (!text.includes(' id="report"')) return; // another kind's form: those ask for people's particulars
  for (const name of new Set(text.match(STATICS))) if (!(await cache.match(name))) await cache.add(name);
  await cache.delete(entry);
  await cache.put(entry, response);
  await tidy(cache);
};

// A cache that can't be read is an empty one: this worker never stands between a person and the network.
const found = (entry) => caches.open(CACHE).then((cache) => cache.match(entry)).catch(() => undefined);

const open = async (event, entry) => {
  const fresh = fetch(event.request);
  event.waitUntil(fresh.then((response) => store(entry, response.clone())).catch(() => {}));
  const kept = await found(entry);
  if (!kept) return fresh;
  const late = new Promise((_, fail) => setTimeout(fail, PATIENCE));
  try {
    const response = await Promise.race([fresh, late]);
    return response.status >= 500 ? kept : response;
  } catch (e) {
    return kept;
  }
};

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => {
  const others = async () => (await caches.keys()).filter((name) => name.startsWith("doorstep-") && name !== CACHE);
  event.waitUntil(others().then((names) => Promise.all(names.map((name) => caches.delete(name)))).then(() => self.clients.claim()));
});
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (url.pathname.startsWith(`${ROOT}static/`)) {
    event.respondWith(found(url.pathname).then((kept) => kept || fetch(request)));
    return;
  }
  const entry = request.mode === "navigate" ? entryOf(url) : "";
  if (entry) event.respondWith(open(event, entry));
});
// The page that brought this worker was not fetched through it: it asks to be kept, once.
self.addEventListener("message", (event) => {
  const url = new URL(event.data.keep);
  const entry = entryOf(url);
  if (!entry) return;
  const keep = async () => {
    if (await found(entry)) return;
    await store(entry, await fetch(url.href, { headers: { "X-Doorstep": "keep" } }));
  };
  event.waitUntil(keep().catch(() => {}));
});

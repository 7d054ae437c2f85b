// Photos of a report that has not been answered yet, kept in the phone itself, so that they come back after the browser was closed
// and go out with their report. As bytes: some browsers can't store a blob. Every call rejects where IndexedDB is off or full; the
// form then keeps the words alone, and says so.
(() => {
  const WEEK = 7 * 864e5;
  let opened;
  const database = () =>
    (opened = opened || new Promise((done, fail) => {
      const asked = indexedDB.open("doorstep", 1);
      asked.onupgradeneeded = () => asked.result.createObjectStore("photos", { keyPath: ["draft", "slot"] });
      asked.onsuccess = () => done(asked.result);
      asked.onerror = () => fail(asked.error);
    }));
  const run = async (mode, work) => {
    const change = (await database()).transaction("photos", mode);
    return new Promise((done, fail) => {
      const asked = work(change.objectStore("photos"));
      change.oncomplete = () => done(asked.result);
      change.onerror = change.onabort = () => fail(change.error);
    });
  };
  // A draft's own, or those of every draft whose name begins so.
  const photosOf = (draft, end = "") => IDBKeyRange.bound([draft], [draft + end, []]);

  window.kept = {
    async put(draft, slot, blob) {
      const bytes = await new Response(blob).arrayBuffer();
      await run("readwrite", (store) => store.put({ draft, slot, at: Date.now(), type: blob.type, bytes }));
    },
    drop: (draft, slot) => run("readwrite", (store) => store.delete([draft, slot])),
    forget: (draft) => run("readwrite", (store) => store.delete(photosOf(draft))),
    async all(draft) {
      const found = await run("readonly", (store) => store.getAll(photosOf(draft, "\uffff")));
      return found.map(({ slot, type, bytes }) => ({ slot, blob: new Blob([bytes], { type }) }));
    },
    // Of whatever door: nobody's words or pictures stay in a phone for ever because a form was never opened again.
    async sweep() {
      for (const name of Object.keys(localStorage)) {
        if (!name.startsWith("ds:")) continue;
        try {
          if (JSON.parse(localStorage.getItem(name)).at < Date.now() - WEEK) localStorage.removeItem(name);
        } catch (e) { localStorage.removeItem(name); }
      }
      const rows = await run("readonly", (store) => store.getAll());
      for (const row of rows) if (row.at < Date.now() - WEEK) await this.drop(row.draft, row.slot);
    },
  };
})();

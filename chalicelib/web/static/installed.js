// After everything else: the form opens without a network from now on. Where a browser has no service workers, nothing is missing but that.
(() => {
  const { sw } = document.getElementById("report").dataset;
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker
    .register(sw)
    .then(() => navigator.serviceWorker.ready)
    .then((found) => found.active.postMessage({ keep: location.href }))
    .catch(() => {});
})();

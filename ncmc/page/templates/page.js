// Filters, and cells that open. Without this script the page says the same, longer.
(() => {
  const AXES = ["table", "dataset", "method", "verdict"];
  const filters = document.querySelector(".filters");
  const buttons = [...document.querySelectorAll(".filters [data-axis]")];
  const rows = [...document.querySelectorAll("[data-row]")];
  const parts = [...document.querySelectorAll("[data-part]")];
  const dialog = document.querySelector("dialog");
  let cells = null, home = null, state = {};

  // --- the address: #method=CAL,CE&verdict=differs&cell=c-0123456789 -----------------------------
  function read() {
    const text = location.hash.slice(1), found = {};
    if (!text.includes("=")) return {};
    for (const [key, value] of new URLSearchParams(text)) found[key] = value.split(",").filter(Boolean);
    return found;
  }

  function write() {
    const said = Object.entries(state).filter(([, values]) => values.length)
      .map(([key, values]) => `${key}=${values.map(encodeURIComponent).join(",")}`).join("&");
    history.replaceState(null, "", said ? `#${said}` : location.pathname + location.search);
  }

  // --- filters: within an axis any value, over the axes all of them --------------------------------
  function shown(element) {
    return AXES.every(axis => !state[axis]?.length || state[axis].some(
      value => (element.dataset[axis] || "").split(" ").includes(value)));
  }

  function filter() {
    for (const button of buttons)
      button.setAttribute("aria-pressed", String(!!state[button.dataset.axis]?.includes(button.dataset.value)));
    for (const row of rows) row.hidden = !shown(row);
    for (const part of parts) part.classList.toggle("off", !shown(part));
    for (const holder of document.querySelectorAll("[data-holder]"))
      holder.hidden = !holder.querySelector("[data-row]:not([hidden])");
    if (!filters) return;
    const on = AXES.some(axis => state[axis]?.length);
    filters.querySelector(".clear").hidden = !on;
    if (on) filters.querySelector("details").open = true;
    const counts = ["check", "cell"].map(kind => {
      const all = rows.filter(row => row.dataset.row === kind);
      return `${all.filter(row => !row.hidden).length} of ${all.length} ${kind}s`;
    });
    document.getElementById("shown-count").textContent = `Shown: ${counts.join(", ")}`;
  }

  function press(button) {
    const {axis, value} = button.dataset, old = state[axis] || [];
    state[axis] = old.includes(value) ? old.filter(other => other !== value) : [...old, value];
    write();
    filter();
  }

  // --- cells ------------------------------------------------------------------------------------------
  function fill(card) {
    const place = card.querySelector(".drawn");
    if (!place || place.childElementCount) return;
    cells ||= JSON.parse(document.getElementById("cells-data").textContent);
    if (cells[place.dataset.cell]) draw(place, cells[place.dataset.cell]);
  }

  function open(key) {
    const card = document.getElementById(key);
    if (!card || !card.matches("details.card") || dialog.open) return;
    const body = card.querySelector(".body");
    fill(card);
    home = [card, body];
    dialog.querySelector("#opened-title").textContent = card.dataset.label;
    dialog.querySelector(".opened").append(body);
    dialog.showModal();
    dialog.scrollTop = 0;
    state.cell = [key];
    write();
  }

  dialog.addEventListener("close", () => {
    if (home) home[0].append(home[1]);
    home = null;
    delete state.cell;
    write();
  });
  dialog.addEventListener("click", event => { if (event.target === dialog) dialog.close(); });

  document.addEventListener("click", event => {
    const link = event.target.closest("a[data-opens]"), button = event.target.closest(".filters button");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      open(link.dataset.opens);
    } else if (button?.dataset.axis) press(button);
    else if (button) { state = {}; write(); filter(); }
  });
  document.addEventListener("toggle", event => {
    if (event.target.matches?.("details.card[open]")) fill(event.target);
  }, true);

  function follow() {
    state = read();
    filter();
    if (state.cell?.length) open(state.cell[0]);
  }

  if (filters) filters.hidden = false;
  addEventListener("hashchange", follow);
  follow();
})();

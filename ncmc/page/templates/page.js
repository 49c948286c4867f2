// Filters, and cells that open. Without this script the page says the same, longer.
(() => {
  const AXES = ["dataset", "method", "verdict"];
  const filters = document.querySelector(".filters");
  const buttons = [...document.querySelectorAll(".filters [data-axis]")];
  const rows = [...document.querySelectorAll("[data-row]")];
  const dialog = document.querySelector("dialog");
  const select = dialog.querySelector("select"), compared = dialog.querySelector(".compared");
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
    for (const holder of document.querySelectorAll("[data-holder]"))
      holder.hidden = !holder.querySelector("[data-row]:not([hidden])");
    if (!filters) return;
    const on = AXES.some(axis => state[axis]?.length);
    filters.querySelector(".clear").hidden = !on;
    if (on) filters.querySelector("details").open = true;
    const counts = ["claim", "cell"].map(kind => {
      const all = rows.filter(row => row.dataset.row === kind);
      return `${all.filter(row => !row.hidden).length} of ${all.length} ${kind}s`;
    });
    document.getElementById("shown-count").textContent = on ? `Shown: ${counts.join(", ")}` : "";
  }

  function press(button) {
    const {axis, value} = button.dataset, old = state[axis] || [];
    state[axis] = old.includes(value) ? old.filter(other => other !== value) : [...old, value];
    write();
    filter();
  }

  // --- cells ------------------------------------------------------------------------------------------
  function data(key) {
    cells ||= JSON.parse(document.getElementById("cells-data").textContent);
    return cells[key];
  }

  function fill(card) {
    const place = card.querySelector(".drawn");
    if (place && !place.childElementCount && data(place.dataset.cell)) draw(place, [data(place.dataset.cell)]);
  }

  // "part option" -> value, of the card of a cell, wherever its body is.
  function configuration(body) {
    const rows = body.querySelectorAll(".configuration tbody tr");
    return new Map([...rows].map(row => [`${row.cells[0].textContent} ${row.cells[1].textContent}`, row.cells[2].textContent]));
  }

  // The open cell beside another: what differs in their configuration, curves and classes.
  function compare(key) {
    const other = document.getElementById(key)?.querySelector(".body");
    compared.replaceChildren();
    home[1].hidden = false;
    if (!other || !data(key)) return;
    const names = [home[0].dataset.label, document.getElementById(key).dataset.label];
    const [ours, theirs] = [configuration(home[1]), configuration(other)];
    const rows = [...new Set([...ours.keys(), ...theirs.keys()])]
      .filter(name => ours.get(name) !== theirs.get(name))
      .map(name => [name, ours.get(name) ?? "–", theirs.get(name) ?? "–"]);
    const facts = [home[1], other].map(body => body.querySelector(".opened-facts").textContent.trim());
    const place = document.createElement("div");
    place.className = "drawn";
    compared.append(place);
    draw(place, [data(home[0].id), data(key)]);
    compared.append(draw.table("What differs", ["", ...names], [["result", ...facts], ...rows]));
    home[1].hidden = true;
  }

  function offer(key) {
    if (select.options.length === 1)
      for (const card of document.querySelectorAll("details.card"))
        select.add(new Option(card.dataset.label, card.id));
    for (const option of select.options) option.hidden = option.value === key;
    select.value = "";
  }
  select.addEventListener("change", () => compare(select.value));

  function open(key) {
    const card = document.getElementById(key);
    if (!card || !card.matches("details.card") || dialog.open) return;
    const body = card.querySelector(".body");
    fill(card);
    offer(key);
    home = [card, body];
    dialog.querySelector("#opened-title").textContent = card.dataset.label;
    dialog.querySelector(".opened").append(body);
    dialog.showModal();
    dialog.scrollTop = 0;
    state.cell = [key];
    write();
  }

  dialog.addEventListener("close", () => {
    compared.replaceChildren();
    if (home) {
      home[1].hidden = false;
      home[0].append(home[1]);
    }
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
    const target = location.hash.length > 1 && !location.hash.includes("=") && document.getElementById(location.hash.slice(1));
    for (let box = target; box; box = box.parentElement) if (box.matches("details")) box.open = true;
    if (target) target.scrollIntoView();
    if (state.cell?.length) open(state.cell[0]);
  }

  if (filters) filters.hidden = false;
  addEventListener("hashchange", follow);
  follow();
})();

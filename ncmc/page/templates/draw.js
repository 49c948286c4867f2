"use strict";
// Pictures of a cell, drawn when it is opened. Each says in words what it shows.
const draw = (() => {
  const SVG = "http://www.w3.org/2000/svg";
  const W = 320, H = 190, LEFT = 42, BOTTOM = 26, TOP = 10, RIGHT = 10;

  function element(name, attributes = {}, text = "") {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.textContent = text;
    return made;
  }

  function shape(svg, name, attributes, text) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    svg.append(made);
    return made;
  }

  function figure(title, words) {
    const made = element("figure", {"aria-label": `${title}. ${words}`});
    made.append(element("figcaption", {"aria-hidden": "true"}, title));
    const svg = shape(made, "svg", {viewBox: `0 0 ${W} ${H}`, "aria-hidden": "true"});
    return [made, svg];
  }

  const number = value => String(Number(value.toPrecision(3)));

  function axis(svg, low, high, y, left, right, name) {
    for (const value of [low, (low + high) / 2, high]) {
      shape(svg, "line", {x1: LEFT, x2: W - RIGHT, y1: y(value), y2: y(value), class: "grid"});
      shape(svg, "text", {x: LEFT - 5, y: y(value) + 3.5, "text-anchor": "end"}, number(value));
    }
    shape(svg, "text", {x: LEFT, y: H - 8}, left);
    shape(svg, "text", {x: W - RIGHT, y: H - 8, "text-anchor": "end"}, right);
    shape(svg, "text", {x: (LEFT + W - RIGHT) / 2, y: H - 8, "text-anchor": "middle"}, name);
  }

  // Curves of one cell or two. `cells`: {label, seeds, curves: [epochs, values] of each seed}.
  function lines(title, cells, unit) {
    const all = cells.flatMap((cell, c) => cell.curves.map((curve, i) => ({
      name: (cells.length > 1 ? `${cell.label}, ` : "") + `seed ${cell.seeds[i]}`,
      epochs: curve[0], values: curve[1], style: cells.length > 1 ? `cell${c}` : `line${i % 3}`,
    }))).filter(curve => curve.epochs.length > 1);
    if (!all.length) return null;
    let low = Math.min(...all.map(c => Math.min(...c.values))), high = Math.max(...all.map(c => Math.max(...c.values)));
    if (high === low) { low -= 1; high += 1; }
    const first = Math.min(...all.map(c => c.epochs[0])), last = Math.max(...all.map(c => c.epochs.at(-1)));
    const x = e => LEFT + (W - LEFT - RIGHT) * (e - first) / (last - first);
    const y = v => H - BOTTOM - (H - BOTTOM - TOP) * (v - low) / (high - low);
    const ends = all.map(c => `${c.name}: ${number(c.values[0])}${unit} at epoch ${c.epochs[0]}, ` +
      `${number(c.values.at(-1))}${unit} at epoch ${c.epochs.at(-1)}`);
    const [made, svg] = figure(title, ends.join("; "));
    axis(svg, low, high, y, first, last, "epoch");
    for (const c of all) {
      const points = c.epochs.map((e, j) => `${x(e).toFixed(1)},${y(c.values[j]).toFixed(1)}`);
      shape(svg, "polyline", {points: points.join(" "), class: `line ${c.style}`});
    }
    readout(made, svg, all, x, unit);
    return made;
  }

  // The values at an epoch: under the pointer, or by the arrow keys.
  function readout(made, svg, curves, x, unit) {
    const epochs = [...new Set(curves.flatMap(c => c.epochs))].sort((a, b) => a - b);
    const mark = shape(svg, "line", {y1: TOP, y2: H - BOTTOM, class: "grid pointer", visibility: "hidden"});
    const words = element("output", {class: "values"}, "Values: point at an epoch");
    made.append(words);
    made.tabIndex = 0;
    let place = epochs.length - 1;
    const show = () => {
      const epoch = epochs[place];
      mark.setAttribute("x1", x(epoch));
      mark.setAttribute("x2", x(epoch));
      mark.setAttribute("visibility", "visible");
      words.textContent = `Epoch ${epoch}: ` + curves.filter(c => c.epochs.includes(epoch))
        .map(c => `${c.name} ${number(c.values[c.epochs.indexOf(epoch)])}${unit}`).join("; ");
    };
    svg.addEventListener("pointermove", event => {
      const box = svg.getBoundingClientRect(), at = (event.clientX - box.left) * W / box.width;
      place = epochs.reduce((best, e, i) => Math.abs(x(e) - at) < Math.abs(x(epochs[best]) - at) ? i : best, 0);
      show();
    });
    made.addEventListener("keydown", event => {
      const step = {ArrowLeft: -1, ArrowRight: 1}[event.key];
      if (!step) return;
      event.preventDefault();
      place = Math.max(0, Math.min(epochs.length - 1, place + step));
      show();
    });
  }

  // A bar per class and cell, in the order of the classes. `counts`: training images of each.
  function bars(cells) {
    const {counts} = cells[0], classes = counts.length;
    const known = cells.flatMap(cell => cell.classes).filter(value => value !== null);
    if (!known.length) return null;
    const said = (value, k) => `class ${k} (${counts[k]}): ${value === null ? "not tested" : value + " %"}`;
    const words = classes <= 100
      ? cells.map(cell => `${cell.label}: ${cell.classes.map(said).join("; ")}`).join(". ")
      : `${classes} classes, from ${Math.min(...known)} % to ${Math.max(...known)} %`;
    const [made, svg] = figure("Accuracy of each class, %", words);
    const wide = (W - LEFT - RIGHT) / classes, y = v => H - BOTTOM - (H - BOTTOM - TOP) * v / 100;
    axis(svg, 0, 100, y, `class 0: ${counts[0]} images`, `class ${classes - 1}: ${counts.at(-1)}`, "");
    const each = wide * 0.8 / cells.length;
    cells.forEach((cell, c) => cell.classes.forEach((value, k) => {
      if (value === null) return;
      const bar = shape(svg, "rect", {x: LEFT + k * wide + wide * 0.1 + c * each, width: each, y: y(value),
        height: H - BOTTOM - y(value), class: `bar bar${c}`});
      shape(bar, "title", {}, `${cells.length > 1 ? cell.label + ", " : ""}class ${k}, ${counts[k]} training images: ${value} %`);
    }));
    return made;
  }

  function table(caption, head, rows, shade) {
    const made = element("table", {class: shade === undefined ? "differing" : "confusion"});
    made.append(element("caption", {}, caption));
    const top = element("tr");
    head.forEach(name => top.append(element("th", {scope: "col"}, name)));
    made.append(element("thead"));
    made.firstChild.nextSibling.append(top);
    const body = element("tbody");
    for (const [name, ...values] of rows) {
      const line = element("tr"), sum = shade ? values.reduce((a, b) => a + b, 0) : 0;
      line.append(element("th", {scope: "row"}, name));
      for (const value of values) {
        const cell = element("td", {}, value);
        if (shade && value) cell.style.setProperty("--share", `${(45 * value / sum).toFixed(0)}%`);
        line.append(cell);
      }
      body.append(line);
    }
    made.append(body);
    const box = element("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": caption});
    box.append(made);
    return box;
  }

  function confusion(found) {
    if (found.all) {
      const head = ["", ...found.all.map((_, k) => k)];
      return table("Test images of each class (rows) by the class that they were taken for (columns), over all seeds",
        head, found.all.map((row, k) => [k, ...row]), true);
    }
    return table("The pairs of classes that are confused most, in test images over all seeds",
      ["class", "taken for", "images"], found.most, false);
  }

  // What one cell shows, or two of them in the same axes. `cells`: entries of the page's JSON.
  function draw(place, cells) {
    const of = measure => cells.map(cell => ({label: cell.label, seeds: cell.seeds, curves: cell[measure]}));
    const pictures = element("div", {class: "pictures"});
    const alike = cells.every(cell => cell.classes.length === cells[0].classes.length);
    const made = [
      lines("Test accuracy over the epochs, %", of("accuracy"), " %"),
      lines("Training loss over the epochs", of("loss"), ""),
      lines("Mean of NC over the epochs", of("nc"), ""),
      alike ? bars(cells) : null,
    ];
    pictures.append(...made.filter(Boolean));
    place.replaceChildren(pictures);
    if (cells.length === 1) place.append(confusion(cells[0].confusion));
  }

  draw.table = table;
  return draw;
})();

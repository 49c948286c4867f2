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
    const made = element("figure", {role: "img", "aria-label": `${title}. ${words}`});
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

  // A line a seed. `curves`: [epochs, values] each.
  function lines(title, curves, seeds, unit) {
    if (!curves.length) return null;
    const all = curves.flatMap(curve => curve[1]), epochs = curves.flatMap(curve => curve[0]);
    let low = Math.min(...all), high = Math.max(...all);
    if (high === low) { low -= 1; high += 1; }
    const first = Math.min(...epochs), last = Math.max(...epochs);
    const x = e => LEFT + (W - LEFT - RIGHT) * (last === first ? 0.5 : (e - first) / (last - first));
    const y = v => H - BOTTOM - (H - BOTTOM - TOP) * (v - low) / (high - low);
    const ends = curves.map((curve, i) => `seed ${seeds[i]}: ${number(curve[1][0])}${unit} at epoch ` +
      `${curve[0][0]}, ${number(curve[1].at(-1))}${unit} at epoch ${curve[0].at(-1)}`);
    const [made, svg] = figure(title, ends.join("; "));
    axis(svg, low, high, y, first, last, "epoch");
    curves.forEach((curve, i) => {
      const points = curve[0].map((e, j) => `${x(e).toFixed(1)},${y(curve[1][j]).toFixed(1)}`);
      const line = shape(svg, "polyline", {points: points.join(" "), class: `line line${i % 3}`});
      shape(line, "title", {}, ends[i]);
    });
    return made;
  }

  // A bar a class, in the order of the classes. `counts`: training images of each.
  function bars(values, counts) {
    const known = values.filter(value => value !== null);
    if (!known.length) return null;
    const words = values.length <= 100
      ? values.map((v, k) => `class ${k} (${counts[k]}): ${v === null ? "not tested" : v + " %"}`).join("; ")
      : `${values.length} classes, from ${Math.min(...known)} % to ${Math.max(...known)} %`;
    const [made, svg] = figure("Accuracy of each class, %", words);
    const wide = (W - LEFT - RIGHT) / values.length, y = v => H - BOTTOM - (H - BOTTOM - TOP) * v / 100;
    axis(svg, 0, 100, y, `class 0: ${counts[0]} images`, `class ${values.length - 1}: ${counts.at(-1)}`, "");
    values.forEach((value, k) => {
      if (value === null) return;
      const bar = shape(svg, "rect", {x: LEFT + k * wide + wide * 0.1, width: wide * 0.8, y: y(value),
        height: H - BOTTOM - y(value), class: "bar"});
      shape(bar, "title", {}, `class ${k}, ${counts[k]} training images: ${value} %`);
    });
    return made;
  }

  function table(caption, head, rows, shade) {
    const made = element("table", {class: "confusion"});
    made.append(element("caption", {}, caption));
    const top = element("tr");
    head.forEach(name => top.append(element("th", {scope: "col"}, name)));
    made.append(element("thead"));
    made.firstChild.nextSibling.append(top);
    const body = element("tbody");
    for (const [name, ...values] of rows) {
      const line = element("tr"), sum = values.reduce((a, b) => a + b, 0);
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

  return function (place, data) {
    const pictures = element("div", {class: "pictures"});
    const made = [
      lines("Test accuracy over the epochs, %", data.accuracy, data.seeds, " %"),
      lines("Training loss over the epochs", data.loss, data.seeds, ""),
      lines("Mean of NC over the epochs", data.nc, data.seeds, ""),
      bars(data.classes, data.counts),
    ];
    pictures.append(...made.filter(Boolean));
    place.replaceChildren(pictures, confusion(data.confusion));
  };
})();

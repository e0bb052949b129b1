// Maps: a click goes into a box, Esc and the path above go out; what is drawn then is laid out anew.
(() => {
  const all = (what, where = document) => [...where.querySelectorAll(what)];
  const WIDTH = 1120, HEIGHT = 600, HEADER = 18, SMALLEST = 90, DEPTH = 8, MOST = 320, LINE = 15;
  const section = document.getElementById("map");
  const spot = document.getElementById("spot");
  for (const hint of all(".scripted")) hint.hidden = false;

  const size = (count) => {
    const names = section.dataset.units.split(" ");
    let unit = 0;
    while (count >= 999.5 && unit < names.length - 1) { count /= section.dataset.step; unit += 1; }
    return `${count.toFixed(unit ? (count < 9.995 ? 2 : count < 99.95 ? 1 : 0) : 0)} ${names[unit]}`;
  };

  const parse = (text) => {
    const root = { name: "all", value: 0, gone: 0, children: [], path: "" };
    const above = [root];
    const nodes = text.split("\n").filter(Boolean).map((line) => {
      const [depth, name, value, gone, tone, target, rule, shown] = line.split("|");
      const parent = above[Number(depth)];
      const node = { name, value: Number(value), gone: Number(gone || 0), tone, target, rule, shown, parent, children: [] };
      parent.children.push(node);
      above[Number(depth) + 1] = node;
      return node;
    });
    root.value = root.children.reduce((sum, node) => sum + node.value, 0);
    return { root, nodes };
  };

  const pathOf = (node) => { const names = []; for (let at = node; at.parent; at = at.parent) names.unshift(at.name); return names; };

  // As slim.formats.html.treemap lays out: squarified (Bruls, Huizing, van Wijk 2000), frames before what is in them.
  const visible = (node, area) => {
    const known = node.children.reduce((sum, child) => sum + child.value, 0);
    const items = node.children.filter((child) => child.value > 0).sort((one, other) => other.value - one.value);
    const rest = Math.max(0, node.value - known);
    const shown = items.filter((item) => item.value * area >= SMALLEST * node.value);
    const small = items.slice(shown.length);
    const value = small.reduce((sum, item) => sum + item.value, rest);
    const gone = small.reduce((sum, item) => sum + item.gone, 0);
    if (small.length === 1 && !rest) shown.push(small[0]);
    else if (value * area >= SMALLEST * node.value || (value && !shown.length))
      shown.push({ name: small.length ? `${small.length} more` : "all the rest", value, gone, tone: node.tone || "other", parent: node, children: [] });
    return shown;
  };
  const squarify = (items, x, y, width, height) => {
    const placed = [];
    let left = items.reduce((sum, item) => sum + item.value, 0), start = 0;
    while (start < items.length && width > 0 && height > 0) {
      const side = Math.min(width, height), scale = width * height / left;
      let stop = start, row = 0, worst = Infinity;
      while (stop < items.length) {
        const longer = row + items[stop].value * scale;
        const ratio = Math.max(...[items[start], items[stop]].map((item) => {
          const area = item.value * scale;
          return Math.max(side * side * area / longer ** 2, longer ** 2 / (side * side * area));
        }));
        if (ratio > worst) break;
        worst = ratio; row = longer; stop += 1;
      }
      const thick = row / side, total = items.slice(start, stop).reduce((sum, item) => sum + item.value, 0);
      let along = 0;
      for (const item of items.slice(start, stop)) {
        const length = side * item.value / total;
        placed.push(width >= height ? [item, x, y + along, thick, length] : [item, x + along, y, length, thick]);
        along += length; left -= item.value;
      }
      if (width >= height) { x += thick; width -= thick; } else { y += thick; height -= thick; }
      start = stop;
    }
    return placed;
  };
  const layout = (root) => {
    const boxes = [], waiting = [[root, 0, 0, WIDTH, HEIGHT, 0]];
    for (let at = 0; at < waiting.length; at += 1) {
      const [parent, x, y, width, height, depth] = waiting[at];
      for (const [item, left, top, wide, high] of squarify(visible(parent, width * height), x, y, width, height)) {
        const frame = item.children.length > 0 && depth < DEPTH && wide >= 76 && high >= HEADER + 30 && boxes.length < MOST;
        boxes.push([item, left, top, wide, high, frame]);
        if (frame) waiting.push([item, left + 2, top + HEADER, wide - 4, high - HEADER - 2, depth + 1]);
      }
    }
    return boxes;
  };

  const element = (name, attributes, text) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const fit = (text, room) => {
    const letters = Math.floor(room / 7.2);
    return text.length <= letters ? text : letters < 4 ? "" : `${text.slice(0, letters - 1)}…`;
  };
  const says = (item) => [
    `/${pathOf(item).join("/")}`, item.shown || size(item.value),
    ...(item.gone > 0 ? [`${size(item.gone)} reclaimable${item.rule ? ` (${item.rule})` : ""}`] : []),
  ].join(" · ");
  const fill = (tone) => (tone === "gone" || tone === "dead" ? { fill: `url(#${tone}-hatch)` } : { class: tone });
  const drawn = (item, number, x, y, wide, high, frame) => {
    const leads = number >= 0 && document.getElementById(item.target);
    const made = element(number >= 0 && (item.children.length || leads) ? "a" : "g",
      { class: frame ? "dir" : "box", ...(number >= 0 ? { "data-i": number } : {}) });
    if (made.tagName === "a") { made.setAttribute("href", `#${leads ? item.target : "map"}`); made.setAttribute("tabindex", "-1"); }
    made.append(element("title", {}, says(item)));
    const inner = { x: x + 0.6, y: y + 0.6, width: Math.max(wide - 1.2, 0.4), height: Math.max(high - 1.2, 0.4) };
    made.append(element("rect", { ...inner, ...(frame ? { class: "frame" } : fill(item.tone)) }));
    if (!frame && item.gone > 0) {
      const part = inner.height * Math.min(1, item.gone / item.value);
      made.append(element("rect", { ...inner, y: inner.y + inner.height - part, height: part, ...fill("gone") }));
    }
    const words = item.shown || size(item.value);
    if (frame) {
      const name = fit(item.name, (wide - 10) / 1.12);
      const text = element("text", { x: x + 5, y: y + HEADER - 5 });
      text.append(element("tspan", { "font-weight": 600 }, name));
      if ((name.length + words.length + 1) * 7.6 <= wide - 10) text.append(` ${words}`);
      made.append(text);
    } else if (wide >= 30 && high >= LINE + 2) {
      [item.name, words, item.gone > 0 ? item.rule : ""].forEach((line, at) => {
        if (!line || high < (at + 1) * LINE + 4 && at || (at && line.length * 6.6 > wide - 8)) return;
        made.append(element("text", { x: x + 5, y: y + 13 + at * LINE, ...(at ? { "font-size": 11 } : {}) }, at ? line : fit(line, wide - 8)));
      });
    }
    return made;
  };

  for (const figure of all("figure[data-map]")) {
    const map = figure.querySelector("svg.map");
    const outermost = [...map.childNodes];
    const crumbs = document.createElement("nav");
    crumbs.className = "crumbs";
    crumbs.setAttribute("aria-label", "Where in the map");
    crumbs.hidden = true;
    map.parentElement.before(crumbs);
    map.setAttribute("role", "group");
    let data, at;

    const stop = (link) => {
      for (const one of all("a[tabindex='0']", map)) one.tabIndex = -1;
      if (link) link.tabIndex = 0;
      return link;
    };
    const show = (node, from) => {
      at = node;
      if (node === data.root) map.replaceChildren(...outermost);
      else map.replaceChildren(...layout(node).map(([item, ...place]) => drawn(item, data.nodes.indexOf(item), ...place)));
      crumbs.hidden = node === data.root;
      const steps = [];
      for (let one = node; one; one = one.parent) steps.unshift(one);
      crumbs.replaceChildren(...steps.map((one) => {
        const button = document.createElement(one === node ? "b" : "button");
        button.textContent = one.parent ? one.name : "all";
        if (one === node) button.textContent += ` ${one.shown || size(one.value)}`;
        else { button.type = "button"; button.addEventListener("click", () => show(one, node)); }
        return button;
      }));
      // The focus stays in the map: on the box that was left, else on the first.
      const back = from && map.querySelector(`[data-i="${data.nodes.indexOf(from)}"]`);
      stop(back || map.querySelector("a"))?.focus({ preventScroll: true });
      spot.textContent = node.parent ? says(node) : "";
      dispatchEvent(new Event("drawn"));
    };
    map.addEventListener("click", (event) => {
      const link = event.target.closest("[data-i]");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      data ??= parse(figure.dataset.map);
      const node = data.nodes[link.dataset.i];
      if (!node || !node.children.length) return;
      event.preventDefault();
      show(node);
    });
    figure.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && at?.parent) { event.preventDefault(); show(at.parent, at); }
    });

    // One stop of the tab key for a map; arrows go to the next box.
    stop(map.querySelector("a"));
    const tell = (event) => {
      const link = event.target.closest("a, g");
      if (link?.firstElementChild) spot.textContent = link.firstElementChild.textContent;
    };
    map.addEventListener("mouseover", tell);
    map.addEventListener("focusin", tell);
    const middle = (link) => {
      const { x, y, width, height } = link.querySelector("rect").getBBox();
      return [x + width / 2, y + (link.classList.contains("dir") ? 8 : height / 2)];
    };
    map.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      const from = event.target.closest("a");
      if (!step || !from) return;
      event.preventDefault();
      const [x, y] = middle(from);
      let best = null, least = Infinity;
      for (const link of all("a", map)) {
        const [dx, dy] = middle(link).map((here, axis) => here - [x, y][axis]);
        const ahead = dx * step[0] + dy * step[1], aside = Math.abs(dx * step[1]) + Math.abs(dy * step[0]);
        if (link !== from && ahead > 1 && ahead + 2 * aside < least) [best, least] = [link, ahead + 2 * aside];
      }
      if (best) stop(best).focus();
    });
  }
})();

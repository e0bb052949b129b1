"use strict";
(() => {
  const all = (what, where = document) => [...where.querySelectorAll(what)];

  // Tables: a button in each heading; numbers from data-v, text as it is read.
  const order = new Intl.Collator("en", { numeric: true });
  for (const table of all("table.sort")) {
    const heads = all("thead th", table);
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const numeric = head.align === "right";
        const before = head.getAttribute("aria-sort");
        const down = before ? before === "ascending" : numeric;
        heads.forEach((one) => one.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const value = (row) => row.cells[column].dataset.v ?? row.cells[column].textContent.trim();
        const body = table.tBodies[0];
        const rows = [...body.rows].sort((one, other) =>
          numeric ? Number(value(one)) - Number(value(other)) : order.compare(value(one), value(other)));
        body.append(...(down ? rows.reverse() : rows));
      });
    });
  }

  // Search: what does not match is hidden in lists and pale in the maps; folds open where something does.
  const box = document.getElementById("search");
  const field = box.querySelector("input");
  const said = box.querySelector("output");
  const rows = all("table.sort tbody tr, .steps > li, .tree li").map((row) => ({
    row, tree: row.parentElement.closest(".tree") !== null,
    text: (row.tagName === "LI" && row.closest(".tree") ? row.firstElementChild.title || row.querySelector("span").textContent : row.textContent).toLowerCase(),
  }));
  const boxes = all(".map a.box, .map g.box").map((one) => [one, one.firstElementChild.textContent.toLowerCase()]);
  const opened = new Set();
  const reveal = (element) => {
    for (let at = element.parentElement; at; at = at.parentElement) {
      if (at.hidden) at.hidden = false;
      if (at.tagName === "DETAILS" && !at.open) { at.open = true; opened.add(at); }
    }
  };
  const search = () => {
    const wanted = field.value.trim().toLowerCase();
    for (const fold of opened) fold.open = false;
    opened.clear();
    let count = 0;
    for (const { row, text, tree } of rows) {
      const match = text.includes(wanted);
      row.hidden = !match;
      if (match && wanted) { count += 1; if (tree || row.closest("details")) reveal(row); }
    }
    for (const [one, text] of boxes) one.classList.toggle("dim", !text.includes(wanted));
    said.textContent = wanted ? `${count} found` : "";
  };
  let timer = 0;
  field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(search, 120); });
  box.hidden = false;

  // Maps: one stop of the tab key each; arrows go to the next box, Enter to its line in the lists.
  const spot = document.getElementById("spot");
  for (const map of all("svg.map")) {
    const links = all("a", map);
    if (!links.length) continue;
    map.setAttribute("role", "group");
    links[0].tabIndex = 0;
    const show = (event) => {
      const link = event.target.closest("a, g");
      if (link && link.firstElementChild) spot.textContent = link.firstElementChild.textContent;
    };
    map.addEventListener("mouseover", show);
    map.addEventListener("focusin", show);
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
      for (const link of links) {
        const [dx, dy] = middle(link).map((at, axis) => at - [x, y][axis]);
        const ahead = dx * step[0] + dy * step[1], aside = Math.abs(dx * step[1]) + Math.abs(dy * step[0]);
        if (link !== from && ahead > 1 && ahead + 2 * aside < least) [best, least] = [link, ahead + 2 * aside];
      }
      if (!best) return;
      from.tabIndex = -1;
      best.tabIndex = 0;
      best.focus();
    });
  }

  // Links into folds open them, in browsers that do not do it themselves.
  const follow = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (!target) return;
    reveal(target);
    opened.clear();
    target.scrollIntoView({ block: "center" });
  };
  addEventListener("hashchange", follow);
  if (location.hash) follow();

  // Printed: all explanations, none of the tree.
  addEventListener("beforeprint", () => all(".steps details, section > details").forEach((fold) => { fold.open = true; }));
})();

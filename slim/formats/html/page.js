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
  const pale = () => {
    const wanted = field.value.trim().toLowerCase();
    for (const one of all(".map .box")) one.classList.toggle("dim", !one.firstElementChild.textContent.toLowerCase().includes(wanted));
  };
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
    pale();
    said.textContent = wanted ? `${count} found` : "";
    next = 0;
  };
  // "/" leads here from anywhere; Enter goes through what was found, Esc clears it; the focus stays.
  let next = 0;
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
    event.preventDefault();
    field.focus();
    field.select();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && field.value) { event.preventDefault(); field.value = ""; search(); }
    if (event.key !== "Enter") return;
    event.preventDefault();
    clearTimeout(timer);
    const before = next;
    search();
    const found = field.value.trim() ? rows.filter(({ row }) => !row.hidden && row.getClientRects().length) : [];
    if (!found.length) return;
    next = before % found.length + 1;
    found[next - 1].row.scrollIntoView({ block: "center" });
    said.textContent = `${next} of ${found.length}`;
  });
  let timer = 0;
  addEventListener("drawn", pale);
  field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(search, 120); });
  box.hidden = false;

  // Links into folds open them, in browsers that do not do it themselves.
  const follow = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (!target) return;
    reveal(target);
    opened.clear();
    target.scrollIntoView({ block: "center" });
    // From here the tab key goes on.
    if (target.closest("table, .tree")) { target.tabIndex = -1; target.focus({ preventScroll: true }); }
  };
  addEventListener("hashchange", follow);
  if (location.hash) follow();

  // Printed: all explanations, none of the tree.
  addEventListener("beforeprint", () => all(".steps details, section > details").forEach((fold) => { fold.open = true; }));
})();

// Search, filters, order and keyboard of the list on a page. All of it is in the page already: nothing is loaded, and without this script it can still be read.
"use strict";
(() => {
  const list = document.querySelector("[data-list]");
  if (!list) return;
  const form = document.querySelector("form.controls");
  const fields = form ? Array.from(form.querySelectorAll("input, select")) : [];
  const headings = Array.from(list.querySelectorAll("th[data-sort]"));
  const rows = Array.from(list.querySelectorAll("[data-row]"), (node, place) => ({ node, place, text: null }));
  const collator = new Intl.Collator("en", { numeric: true });
  let order = "";

  const textOf = (row) => (row.text ??= row.node.textContent.toLowerCase());
  const fits = (row, words, filters) =>
    filters.every((field) => (row.node.dataset[field.name] ?? "").split("\n").includes(field.value)) && words.every((word) => textOf(row).includes(word));

  function show() {
    const filters = fields.filter((field) => field.localName === "select" && field.value);
    const words = form.elements.q.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const shown = fits(row, words, filters);
      if (row.node.hidden === shown) row.node.hidden = !shown;
      count += shown;
    }
    form.querySelector("[data-count]").textContent = count.toLocaleString("en");
    document.querySelector("[data-empty]").hidden = count > 0;
    for (const head of list.querySelectorAll("header.file")) {
      let next = head.nextElementSibling;
      while (next?.hidden) next = next.nextElementSibling;
      head.hidden = !next?.matches("[data-row]") && head.nextElementSibling?.matches("[data-row]") === true;
    }
  }

  // By numbers where both are numbers, else by text; with no order as the page had it.
  function sort() {
    const name = order.replace(/^-/, "");
    const heading = headings.find((one) => one.dataset.sort === name);
    const sign = order.startsWith("-") ? -1 : 1;
    for (const one of headings) one.removeAttribute("aria-sort");
    heading?.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
    const valueOf = ({ node }) => node.cells[heading.cellIndex].dataset.value ?? node.cells[heading.cellIndex].textContent.trim();
    const compare = (a, b) => (a !== "" && b !== "" && Number(a) - Number(b)) || collator.compare(a, b);
    rows.sort((a, b) => (heading && sign * compare(valueOf(a), valueOf(b))) || a.place - b.place);
    if (headings.length) list.tBodies[0].append(...rows.map((row) => row.node));
  }

  function remember() {
    const words = new URLSearchParams(fields.filter((field) => field.value).map((field) => [field.name, field.value]));
    if (order) words.set("sort", order);
    history.replaceState(null, "", `#${words}`);
    carry();
  }

  // The filters go along to the other pages of the same list.
  function carry() {
    for (const link of document.querySelectorAll("a[data-keep]")) link.hash = location.hash.includes("=") ? location.hash : "";
  }

  function recall() {
    const hash = location.hash.slice(1);
    if (hash && !hash.includes("=")) return;
    const words = new URLSearchParams(hash);
    for (const field of fields) {
      field.value = words.get(field.name) ?? "";
      if (field.selectedIndex === -1) field.selectedIndex = 0;
    }
    order = words.get("sort") ?? "";
    sort();
    show();
    carry();
  }

  function clear() {
    for (const field of fields) field.value = "";
    order = "";
    sort();
    show();
    remember();
  }

  function move(from, step) {
    const shown = rows.filter((row) => !row.node.hidden).map((row) => row.node);
    const place = from ? shown.indexOf(from) + step : step > 0 ? 0 : shown.length - 1;
    shown[Math.max(0, Math.min(shown.length - 1, place))]?.focus();
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = event.target.closest("[data-row]");
    const typing = event.target.matches("input, select");
    const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
    // The arrow keys scroll the page until a row is chosen; from the search box the way leads down only.
    const moves = step && (typing ? event.target.type === "search" && event.key === "ArrowDown" : at || event.key.length === 1);
    if (moves) move(at, step);
    else if (event.key === "/" && form && !typing) form.elements.q.select();
    else if (event.key === "Escape" && form && event.target.localName !== "select") clear();
    else if (event.key === "Enter" && event.target === at) at.querySelector("a[data-open]")?.click();
    else return;
    event.preventDefault();
  });

  for (const row of rows) row.node.tabIndex = -1;
  if (!form) return;
  for (const heading of headings) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      order = order === heading.dataset.sort ? `-${order}` : heading.dataset.sort;
      sort();
      remember();
    });
  }
  form.hidden = false;
  form.addEventListener("input", () => (show(), remember()));
  form.addEventListener("reset", (event) => (event.preventDefault(), clear()));
  form.addEventListener("submit", (event) => (event.preventDefault(), move(null, 1)));
  addEventListener("hashchange", recall);
  recall();
})();

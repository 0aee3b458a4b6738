"use strict";
(() => {
  const table = document.getElementById("connections");
  const status = document.getElementById("status");
  if (table) {
    const body = table.tBodies[0];
    const rows = Array.from(body.rows, (row) => ({ row, text: row.textContent.toLowerCase(), outcome: row.dataset.outcome }));
    const search = document.getElementById("search");
    const outcome = document.getElementById("outcome");
    const filter = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const entry of rows) {
        const fits = (!outcome.value || entry.outcome === outcome.value) && words.every((word) => entry.text.includes(word));
        entry.row.hidden = !fits;
        if (fits) shown += 1;
      }
      status.textContent = shown + " of " + rows.length + " shown";
    };
    let wait = 0;
    search.addEventListener("input", () => { clearTimeout(wait); wait = setTimeout(filter, 60); });
    outcome.addEventListener("change", filter);
    filter();
    const headers = Array.from(table.tHead.rows[0].cells);
    headers.forEach((header, column) => {
      header.querySelector("button").addEventListener("click", () => {
        const down = header.getAttribute("aria-sort") === "ascending";
        headers.forEach((other) => other.removeAttribute("aria-sort"));
        header.setAttribute("aria-sort", down ? "descending" : "ascending");
        const key = (entry) => entry.row.cells[column].textContent;
        rows.sort((a, b) => key(a).localeCompare(key(b), "en", { numeric: true }) * (down ? -1 : 1));
        body.append(...rows.map((entry) => entry.row));
      });
    });
  }
  const open = () => {
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (target && target.tagName === "DETAILS") target.open = true;
  };
  addEventListener("hashchange", open);
  open();
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((entry) => { entry.open = true; }));
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button.copy");
    if (!button) return;
    const source = document.getElementById(button.dataset.from);
    try {
      await navigator.clipboard.writeText(source.textContent);
    } catch {
      // A page that was opened from a file may have no clipboard: the text is selected instead.
      const range = document.createRange();
      range.selectNodeContents(source);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      try { document.execCommand("copy"); } catch { /* the selection stays */ }
    }
    const before = button.textContent;
    button.textContent = "copied";
    setTimeout(() => { button.textContent = before; }, 1500);
  });
})();

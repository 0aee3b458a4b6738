// Puts it together: filters, the address of what is open, printing.
const choices = (select, values) => {
  for (const value of values) {
    const option = el("option", {}, value);
    option.value = value;
    select.append(option);
  }
};
const timeStrip = makeStrip(() => filterRows(), (verdict) => {
  verdictChoice.value = verdictChoice.value === verdict ? "" : verdict;
  filterRows();
});

if (total) {
  document.getElementById("all").hidden = false;
  document.querySelector(".tools").hidden = total === 1;
  const outcomes = new Set(rows.outcome.map(text));
  choices(outcomeChoice, Object.keys(signs).filter((outcome) => outcomes.has(outcome)));
  choices(verdictChoice, [...new Set(rows.verdict.map(text))].filter(Boolean).sort());
  headers[0].setAttribute("aria-sort", "ascending");
  filterRows();
  const line = body.querySelector("tr:not(.spacer)");
  if (line && line.offsetHeight) rowHeight = line.offsetHeight;
  drawRows(true);
}
search.addEventListener("input", filterRows);
outcomeChoice.addEventListener("change", filterRows);
verdictChoice.addEventListener("change", filterRows);
everything.addEventListener("click", () => {
  search.value = "";
  outcomeChoice.value = "";
  verdictChoice.value = "";
  if (isNarrowed()) timeStrip.all();
  filterRows();
  search.focus();
});

// `#c12` opens connection 12, so that a link to it can be sent.
function openHash() {
  const row = byId.get(Number(/^#c(\d+)$/.exec(location.hash)?.[1])) ?? null;
  show(row);
  if (row !== null) {
    const place = fitting.indexOf(row);
    if (place >= 0) reveal(place);
  }
  drawRows(true);
}
addEventListener("hashchange", () => {
  const before = shownNow.row;
  openHash();
  const place = fitting.indexOf(before);
  if (panel.hidden && place >= 0) {
    // Whoever closes goes on where it was opened.
    reveal(place);
    body.querySelector(`button[data-place="${place}"]`)?.focus({ preventScroll: true });
  } else if (!panel.hidden) {
    panel.focus({ preventScroll: true });
    if (panel.getBoundingClientRect().top > innerHeight - 80 || panel.getBoundingClientRect().top < 0) panel.scrollIntoView({ block: "nearest" });
  }
});
if (location.hash) openHash();
else if (total) {
  // The answer is on the page when it opens: the first failure, or the only connection.
  const first = total === 1 ? 0 : rows.outcome.findIndex((outcome) => text(outcome) === "failed");
  if (first >= 0) {
    show(first);
    drawRows(true);
  }
}

// On paper: what is open, one connection of each verdict, and the failures as a list.
const printed = document.getElementById("printed");
const PAPER_ROWS = 200;
const PAPER_BLOCKS = 12;
addEventListener("beforeprint", () => {
  const failed = [];
  const examples = new Map();
  for (let row = 0; row < total; row += 1) {
    if (text(rows.outcome[row]) !== "failed") continue;
    failed.push(row);
    const verdict = rows.verdict[row];
    if (rows.detail[row] !== null && !examples.has(verdict)) examples.set(verdict, row);
  }
  if (shownNow.row !== null) examples.set(rows.verdict[shownNow.row], shownNow.row);
  const blocks = [...examples.values()].slice(0, PAPER_BLOCKS).map((row) => el("section", { class: "block" },
    el("h2", {}, `Connection ${rows.id[row]}`), connectionHead(row),
    el("p", { class: "filter" }, el("code", {}, text(data.details[rows.detail[row]].filter))),
    connectionBody(row, 680)));
  const cells = (row) => order.map((column) => el("td", { class: column }, columns[column](row)));
  const parts = [...blocks];
  if (failed.length > 1) {
    parts.push(el("h2", {}, "Connections that failed"), el("table", { class: "kinds" },
      el("thead", {}, el("tr", {}, order.map((column) => el("th", {}, column)))),
      el("tbody", {}, failed.slice(0, PAPER_ROWS).map((row) => el("tr", {}, cells(row))))));
  }
  if (failed.length > PAPER_ROWS) parts.push(el("p", {}, `The first ${PAPER_ROWS} of ${count(failed.length)} failures are listed.`));
  if (examples.size > PAPER_BLOCKS) parts.push(el("p", {}, `${PAPER_BLOCKS} of ${examples.size} verdicts are told in full.`));
  printed.replaceChildren(...parts);
  printed.hidden = false;
});
addEventListener("afterprint", () => {
  printed.replaceChildren();
  printed.hidden = true;
});

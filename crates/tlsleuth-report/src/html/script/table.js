// The table: only the rows that can be seen are drawn.
const table = document.getElementById("connections");
const list = document.getElementById("list");
const body = table.tBodies[0];
const search = document.getElementById("search");
const outcomeChoice = document.getElementById("outcome");
const verdictChoice = document.getElementById("verdict");
const everything = document.getElementById("everything");
const statusLine = document.getElementById("status");
const headers = Array.from(table.tHead.rows[0].cells);
const order = headers.map((header) => header.dataset.column);

// What a search looks through, in lower case.
const haystack = [];
for (let row = 0; row < total; row += 1) {
  const detail = rows.detail[row];
  const headline = detail === null ? "" : text(data.details[detail].headline);
  haystack.push(`${order.map((column) => columns[column](row)).join(" ")} ${headline}`.toLowerCase());
}
// The rank of each text in the order of people: `a2` before `a10`.
const ranks = (() => {
  const collator = new Intl.Collator("en", { numeric: true });
  let made = null;
  return () => {
    if (made) return made;
    const used = new Set(["client", "server", "name", "version", "outcome", "verdict", "who"].flatMap((column) => rows[column]));
    const sorted = [...used].filter((place) => place !== null).sort((a, b) => collator.compare(text(a), text(b)));
    made = new Map(sorted.map((place, rank) => [place, rank]));
    return made;
  };
})();

const sorting = { column: "id", down: false };
let fitting = [];
let rowHeight = 32;
let drawn = { from: -1, to: -1 };

function filterRows() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const outcome = outcomeChoice.value;
  const verdict = verdictChoice.value;
  const { from, to } = narrowed;
  fitting = [];
  for (let row = 0; row < total; row += 1) {
    if (outcome && text(rows.outcome[row]) !== outcome) continue;
    if (verdict && text(rows.verdict[row]) !== verdict) continue;
    if (rows.start[row] < from || rows.start[row] > to) continue;
    if (words.every((word) => haystack[row].includes(word))) fitting.push(row);
  }
  sortRows();
  everything.hidden = !(words.length || outcome || verdict || isNarrowed());
  statusLine.textContent = fitting.length === total ? counted(total, "connection") : `${count(fitting.length)} of ${counted(total, "connection")}`;
  list.scrollTop = 0;
  drawRows(true);
}

function sortRows() {
  const { column, down } = sorting;
  const sign = down ? -1 : 1;
  if (column === "id" || column === "start") {
    fitting.sort((a, b) => (rows[column][a] - rows[column][b]) * sign || a - b);
  } else {
    const rank = ranks();
    const of = (row) => rank.get(rows[column][row]) ?? -1;
    fitting.sort((a, b) => (of(a) - of(b)) * sign || a - b);
  }
}

// A column that the width has no room for must not be spanned: it would take room all the same.
const columnsInSight = () => headers.filter((header) => header.offsetWidth > 0).length;
const spacer = (height) => {
  const cell = el("td", { colspan: columnsInSight() });
  cell.style.height = `${height}px`;
  return el("tr", { class: "spacer", "aria-hidden": "true" }, cell);
};

function rowOf(row, place) {
  const id = rows.id[row];
  const canOpen = rows.detail[row] !== null;
  const line = el("tr", { "aria-rowindex": place + 2 });
  if (row === shownNow.row) line.setAttribute("class", "current");
  for (const column of order) {
    const words = columns[column](row);
    if (column === "id") {
      const button = el("button", { type: "button", "data-place": place, "aria-label": `Open connection ${id}` }, words);
      if (row === shownNow.row) button.setAttribute("aria-current", "true");
      line.append(el("td", {}, canOpen ? button : words));
    } else if (column === "outcome") {
      line.append(el("td", { class: words.replace(" ", "-") }, `${signs[words] ?? ""} ${words}`));
    } else {
      line.append(el("td", { class: column }, words));
    }
  }
  line.addEventListener("click", () => { if (canOpen && !getSelection().toString()) goTo(row); });
  return line;
}

// Draws the rows in sight, and some above and below.
function drawRows(force) {
  const seen = Math.ceil(list.clientHeight / rowHeight) + 1;
  const first = Math.floor(list.scrollTop / rowHeight);
  const from = Math.max(0, first - 10);
  const to = Math.min(fitting.length, first + seen + 10);
  if (!force && from === drawn.from && to === drawn.to) return;
  drawn = { from, to };
  const focused = body.contains(document.activeElement) ? document.activeElement.dataset.place : null;
  const lines = [];
  for (let place = from; place < to; place += 1) lines.push(rowOf(fitting[place], place));
  if (!fitting.length) lines.push(el("tr", {}, el("td", { colspan: columnsInSight(), class: "nothing" }, "No connection fits.")));
  body.replaceChildren(spacer(from * rowHeight), ...lines, spacer((fitting.length - to) * rowHeight));
  table.setAttribute("aria-rowcount", String(fitting.length + 1));
  if (focused !== null) body.querySelector(`button[data-place="${focused}"]`)?.focus({ preventScroll: true });
}

const goTo = (row) => {
  if (location.hash === `#c${rows.id[row]}`) openHash();
  else location.hash = `#c${rows.id[row]}`;
};

// Up and down move from row to row.
body.addEventListener("keydown", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const place = Number(button.dataset.place);
  const page = Math.max(1, Math.floor(list.clientHeight / rowHeight) - 2);
  const to = { ArrowDown: place + 1, ArrowUp: place - 1, PageDown: place + page, PageUp: place - page, Home: 0, End: fitting.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  const target = Math.min(fitting.length - 1, Math.max(0, to));
  reveal(target);
  body.querySelector(`button[data-place="${target}"]`)?.focus({ preventScroll: true });
});

function reveal(place) {
  const top = place * rowHeight;
  const head = table.tHead.offsetHeight;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (top + rowHeight + head > list.scrollTop + list.clientHeight) list.scrollTop = top + rowHeight + head - list.clientHeight;
  drawRows(false);
}

headers.forEach((header) => {
  header.querySelector("button").addEventListener("click", () => {
    const column = header.dataset.column;
    sorting.down = sorting.column === column && !sorting.down;
    sorting.column = column;
    headers.forEach((other) => other.removeAttribute("aria-sort"));
    header.setAttribute("aria-sort", sorting.down ? "descending" : "ascending");
    sortRows();
    list.scrollTop = 0;
    drawRows(true);
  });
});
let waiting = false;
list.addEventListener("scroll", () => {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; drawRows(false); });
}, { passive: true });
new ResizeObserver(() => {
  const line = body.querySelector("tr:not(.spacer)");
  if (line && line.offsetHeight) rowHeight = line.offsetHeight;
  drawRows(true);
}).observe(list);

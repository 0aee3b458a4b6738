// One connection in full.
const listOf = (title, places) => {
  if (!places.length) return [];
  const lines = places.map(text).map((line) => el("li", {}, isCommand(line) ? el("code", {}, line) : line));
  return [el("h3", {}, title), lines.length === 1 ? el("p", {}, [...lines[0].childNodes]) : el("ul", {}, lines)];
};
const evidenceOf = (finding) =>
  el("ul", { class: "evidence" }, finding.evidence.map(([file, frame, says]) =>
    el("li", {}, el("strong", {}, `frame ${frameName(file, frame)}`), " ", text(says))));

function connectionHead(row) {
  const detail = data.details[rows.detail[row]];
  const outcome = text(rows.outcome[row]);
  return [
    el("p", { class: "ends" },
      el("span", { class: `badge ${outcome.replace(" ", "-")}` }, `${signs[outcome] ?? ""} ${outcome}`), " ",
      el("span", { class: "mono" }, `${text(rows.client[row])} → ${text(rows.server[row])}`), " ",
      el("strong", {}, text(rows.name[row]))),
    el("h3", { class: "headline" }, text(detail.headline) || "It completed."),
    el("dl", { class: "facts" },
      el("div", {}, el("dt", {}, "start"), el("dd", {}, `${day(rows.start[row])} ${clock(rows.start[row])} UTC`)),
      detail.facts.map(([label, value]) => el("div", {}, el("dt", {}, text(label)), el("dd", {}, text(value))))),
  ];
}

function connectionBody(row, width) {
  const detail = data.details[rows.detail[row]];
  const verdict = detail.findings.find((finding) => finding.verdict);
  const others = detail.findings.filter((finding) => !finding.verdict);
  return [
    verdict ? [
      el("h3", {}, "Why"), evidenceOf(verdict), verdict.explanation.map((line) => el("p", {}, text(line))),
      el("h3", {}, "Who has to act"), el("p", {}, el("strong", {}, text(detail.who))),
      listOf("What to change", verdict.remedy),
      listOf("What would settle it", verdict.settle),
    ] : [],
    el("h3", {}, "What happened"), ladder(detail, rows.id[row], width),
    chainPicture(detail),
    verdict ? listOf("Seen as", verdict.seen_as) : [],
    others.length ? [el("h3", {}, "Also"), others.map((finding) => el("details", { class: "also" },
      el("summary", {}, el("span", { class: text(finding.severity) }, text(finding.severity)), " ", text(finding.title)),
      evidenceOf(finding),
      [...finding.explanation, ...finding.remedy].map((line) => el("p", {}, text(line))),
      el("p", { class: "faint" }, el("code", {}, text(finding.code)))))] : [],
    listOf("In the logs", detail.logs),
    verdict ? el("p", { class: "faint" }, el("code", {}, text(verdict.code)), `, ${text(verdict.confidence)}`,
      verdict.references.length ? `; ${verdict.references.map(text).join(", ")}` : "") : null,
  ];
}

const panel = document.getElementById("detail");
const shownNow = { row: null, width: 0 };

function drawPanel() {
  const width = Math.max(330, Math.floor(panel.clientWidth - 32));
  if (shownNow.row === null || width === shownNow.width) return;
  shownNow.width = width;
  const row = shownNow.row;
  const detail = data.details[rows.detail[row]];
  const filterWords = text(detail.filter);
  const filterCopy = el("button", { type: "button", class: "copy", id: "copy-filter" }, "copy filter");
  filterCopy.addEventListener("click", () => copy(filterCopy, filterWords));
  const blockCopy = el("button", { type: "button", class: "copy", id: "copy-markdown" }, "copy as Markdown");
  blockCopy.addEventListener("click", () => copy(blockCopy, markdown(row)));
  const close = el("button", { type: "button", class: "copy", id: "close" }, "close");
  close.addEventListener("click", () => { location.hash = "#all-title"; });
  panel.replaceChildren(
    el("div", { class: "panel-head" }, el("h2", { id: "detail-title" }, `Connection ${rows.id[row]}`), blockCopy, close),
    ...connectionHead(row),
    el("p", { class: "filter" }, el("code", { tabindex: "0" }, filterWords), filterCopy),
    ...connectionBody(row, width).flat(4).filter((part) => part !== null && part !== ""));
}
new ResizeObserver(() => drawPanel()).observe(panel);

// Opens a connection; `null` closes.
function show(row) {
  const open = row !== null && rows.detail[row] !== null;
  panel.hidden = !open;
  document.getElementById("bench").classList.toggle("open", open);
  shownNow.row = open ? row : null;
  shownNow.width = 0;
  if (open) {
    panel.scrollTop = 0;
    drawPanel();
  }
}

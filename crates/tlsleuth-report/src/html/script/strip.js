// The strip of time: all connections as a quiet area, the failures of each verdict in a lane of
// their own. Dragging, or two handles that keys move, narrows the time.
const strip = document.getElementById("strip");
const LANES = 7;
const LANE = 18;
const AREA = 54;
const narrowed = { from: firstStart, to: lastStart };
const isNarrowed = () => narrowed.from > firstStart || narrowed.to < lastStart;

const failuresByVerdict = (() => {
  const groups = new Map();
  for (let row = 0; row < total; row += 1) {
    if (text(rows.outcome[row]) !== "failed") continue;
    const verdict = text(rows.verdict[row]);
    if (!groups.has(verdict)) groups.set(verdict, []);
    groups.get(verdict).push(rows.start[row]);
  }
  return [...groups].sort((a, b) => b[1].length - a[1].length);
})();

function makeStrip(onNarrow, onVerdict) {
  const length = lastStart - firstStart;
  if (total < 2 || length <= 0) return { draw() {} };
  document.getElementById("over-time").hidden = false;
  const lanes = failuresByVerdict.slice(0, LANES).map(([verdict, times]) => ({ verdict, times }));
  const rest = failuresByVerdict.slice(LANES);
  if (rest.length) lanes.push({ verdict: null, called: `${rest.length} more verdicts`, times: rest.flatMap(([, times]) => times) });
  const height = AREA + 8 + lanes.length * LANE + 20;
  const labels = el("ul", { class: "lanes" }, el("li", { class: "faint" }, "all connections"), lanes.map((lane, number) => {
    const words = [el("span", { class: `swatch lane${number}`, "aria-hidden": "true" }), ` ${count(lane.times.length)} `, el("code", {}, lane.verdict ?? lane.called)];
    if (lane.verdict === null) return el("li", {}, words);
    const button = el("button", { type: "button" }, words);
    button.addEventListener("click", () => onVerdict(lane.verdict));
    return el("li", {}, button);
  }));
  const picture = el("div", { class: "time" });
  const handles = ["from", "to"].map((end) => el("div", { class: `handle ${end}`, role: "slider", tabindex: "0", "aria-label": end === "from" ? "Connections from" : "Connections until", "aria-orientation": "horizontal" }));
  strip.replaceChildren(labels, el("div", { class: "plot" }, picture, handles));
  let width = 0;
  const x = (time) => ((time - firstStart) / length) * (width - 2) + 1;
  const time = (at) => firstStart + (Math.min(Math.max(at - 1, 0), width - 2) / (width - 2)) * length;

  const binsOf = (times, bins) => {
    const filled = new Array(bins).fill(0);
    for (const at of times) filled[Math.min(bins - 1, Math.floor(((at - firstStart) / length) * bins))] += 1;
    return filled;
  };
  const drawPlot = () => {
    width = Math.max(200, Math.floor(picture.clientWidth));
    const bins = Math.max(40, Math.floor(width / 5));
    const step = (width - 2) / bins;
    const parts = [];
    const all = binsOf(rows.start, bins);
    const most = Math.max(1, ...all);
    let path = `M1 ${AREA}`;
    all.forEach((number, bin) => {
      const y = AREA - (number / most) * (AREA - 14);
      path += ` L${(1 + bin * step).toFixed(1)} ${y.toFixed(1)} h${step.toFixed(1)}`;
    });
    parts.push(svg("path", { class: "area", d: `${path} L${width - 1} ${AREA} z` }));
    parts.push(svg("text", { class: "faint small", x: 10, y: 10 }, `most: ${count(most)} in ${span(length / bins)}`));
    lanes.forEach((lane, number) => {
      const top = AREA + 8 + number * LANE;
      parts.push(svg("line", { class: "lane", x1: 0, y1: top + LANE - 2, x2: width, y2: top + LANE - 2 }));
      const filled = binsOf(lane.times, bins);
      const highest = Math.max(1, ...filled);
      filled.forEach((value, bin) => {
        if (!value) return;
        const tall = 5 + (value / highest) * (LANE - 9);
        parts.push(svg("rect", { class: `mark lane${number}`, x: (1 + bin * step).toFixed(1), y: (top + LANE - 2 - tall).toFixed(1), width: Math.max(2.5, step - 1).toFixed(1), height: tall.toFixed(1) }));
      });
    });
    const ticks = Math.max(2, Math.min(7, Math.floor(width / 150)));
    for (let tick = 0; tick < ticks; tick += 1) {
      const at = firstStart + (length * tick) / (ticks - 1);
      const kind = tick === 0 ? "" : tick === ticks - 1 ? " end" : " middle";
      parts.push(svg("text", { class: `faint small${kind}`, x: x(at).toFixed(1), y: height - 4 }, length < 60000 ? moment(at) : moment(at).replace(/\.\d+$/, "")));
    }
    parts.push(svg("rect", { class: "outside", id: "outside-left", x: 0, y: 0, width: 0, height: height - 18 }));
    parts.push(svg("rect", { class: "outside", id: "outside-right", x: width, y: 0, width: 0, height: height - 18 }));
    picture.replaceChildren(svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img",
      "aria-label": `${count(total)} connections from ${moment(firstStart)} to ${moment(lastStart)}; failures: ${lanes.map((lane) => `${lane.verdict ?? lane.called} ${lane.times.length}`).join(", ") || "none"}` }, parts));
    drawRange();
  };
  const drawRange = () => {
    const [left, right] = [x(narrowed.from), x(narrowed.to)];
    document.getElementById("outside-left")?.setAttribute("width", Math.max(0, left).toFixed(1));
    const outside = document.getElementById("outside-right");
    outside?.setAttribute("x", right.toFixed(1));
    outside?.setAttribute("width", Math.max(0, width - right).toFixed(1));
    handles.forEach((handle, end) => {
      const at = end ? narrowed.to : narrowed.from;
      handle.style.left = `${x(at) - 6}px`;
      handle.style.height = `${height - 18}px`;
      handle.setAttribute("aria-valuemin", "0");
      handle.setAttribute("aria-valuemax", "1000");
      handle.setAttribute("aria-valuenow", String(Math.round(((at - firstStart) / length) * 1000)));
      handle.setAttribute("aria-valuetext", moment(at));
    });
  };
  const narrow = (from, to) => {
    narrowed.from = Math.max(firstStart, Math.min(from, to));
    narrowed.to = Math.min(lastStart, Math.max(from, to));
    drawRange();
    onNarrow();
  };
  // Dragging anywhere marks a span anew; a click without a drag shows all again.
  let began = null;
  picture.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    began = event.clientX - picture.getBoundingClientRect().left;
    picture.setPointerCapture(event.pointerId);
  });
  picture.addEventListener("pointermove", (event) => {
    if (began === null) return;
    const at = event.clientX - picture.getBoundingClientRect().left;
    if (Math.abs(at - began) >= 3) narrow(time(began), time(at));
  });
  picture.addEventListener("pointerup", (event) => {
    if (began === null) return;
    const at = event.clientX - picture.getBoundingClientRect().left;
    if (Math.abs(at - began) < 3 && isNarrowed()) narrow(firstStart, lastStart);
    began = null;
  });
  picture.addEventListener("pointercancel", () => { began = null; });
  handles.forEach((handle, end) => {
    let moving = false;
    const move = (to) => (end ? narrow(Math.min(narrowed.from, to), Math.max(narrowed.from, to)) : narrow(Math.min(to, narrowed.to), Math.max(to, narrowed.to)));
    handle.addEventListener("pointerdown", (event) => { moving = true; handle.setPointerCapture(event.pointerId); });
    handle.addEventListener("pointermove", (event) => { if (moving) move(time(event.clientX - picture.getBoundingClientRect().left)); });
    handle.addEventListener("pointerup", () => { moving = false; });
    handle.addEventListener("pointercancel", () => { moving = false; });
    handle.addEventListener("keydown", (event) => {
      const step = (length / 100) * (event.shiftKey ? 10 : 1);
      const now = end ? narrowed.to : narrowed.from;
      const [low, high] = end ? [narrowed.from, lastStart] : [firstStart, narrowed.to];
      const to = { ArrowLeft: now - step, ArrowDown: now - step, ArrowRight: now + step, ArrowUp: now + step, PageDown: now - 10 * step, PageUp: now + 10 * step, Home: low, End: high }[event.key];
      if (event.key === "Escape") narrow(firstStart, lastStart);
      else if (to !== undefined) move(Math.min(high, Math.max(low, to)));
      else return;
      event.preventDefault();
    });
  });
  new ResizeObserver(() => { if (Math.floor(picture.clientWidth) !== width) drawPlot(); }).observe(picture);
  drawPlot();
  return { draw: drawPlot, all: () => narrow(firstStart, lastStart) };
}

// The ladder: client and server as lines, each step an arrow. Space between the steps is to scale;
// pauses beside which nothing else could be seen are folded.
const FONT = "13px system-ui, sans-serif";
const STRONG = "600 13px system-ui, sans-serif";
const LINE = 17;
// Room for time that passes, in pixels: in all, and for one pause.
const TIME_ROOM = 220;
const PAUSE_ROOM = 120;

// Which pauses are folded: one that is four times as long as all others together.
const folds = (gaps) => {
  const order = gaps.map((_, step) => step).sort((a, b) => gaps[b] - gaps[a]);
  let rest = gaps.reduce((sum, gap) => sum + gap, 0);
  const folded = new Set();
  for (const step of order) {
    rest -= gaps[step];
    if (gaps[step] < 100 || gaps[step] < 4 * rest) break;
    folded.add(step);
  }
  return folded;
};

// What a step says: the name of each message, then what matters in it.
const says = (items, room) =>
  items.flatMap((item) => {
    const cut = item.indexOf(": ");
    const [name, rest] = cut > 0 && cut < 32 ? [item.slice(0, cut), item.slice(cut + 2)] : [item, ""];
    if (!rest) return wrap(name, room, STRONG).map((line) => [[line, true]]);
    const begin = measure(`${name}  `, STRONG);
    if (begin + measure(rest, FONT) <= room) return [[[name, true], [rest, false]]];
    return [[[name, true]], ...wrap(rest, room - 12, FONT).map((line) => [[`  ${line}`, false]])];
  });

const kindOf = (event, from) => {
  if (event === "tcp_reset") return "reset";
  if (event === "tcp_retransmission") return "again";
  if (event === "capture_gap" || event === "tcp_conflict") return "gap";
  if (from === "network") return "network";
  if (event.startsWith("tcp_")) return "transport";
  if (event === "application_data") return "transport";
  return "message";
};

function ladder(detail, id, width) {
  const several = data.files.length > 1;
  const client = several ? 200 : 154;
  const timeEnd = client - (several ? 92 : 62);
  const server = width - 22;
  const room = server - client - 30;
  const steps = detail.steps.map(([time, file, frame, from, event, failing, items]) => {
    const kind = kindOf(text(event), text(from));
    return { time, file, frame, from: text(from), kind, failing: failing === 1, lines: says(items.map(text), room) };
  });
  const gaps = steps.map((step, index) => (index ? Math.max(0, step.time - steps[index - 1].time) : 0));
  const folded = folds(gaps);
  const shown = gaps.reduce((sum, gap, index) => sum + (folded.has(index) ? 0 : gap), 0);
  const scale = shown > 0 ? TIME_ROOM / shown : 0;
  const parts = [];
  const put = (tag, attributes, ...children) => parts.push(svg(tag, attributes, ...children));
  const words = (x, y, kind, ...children) => put("text", { x, y, class: kind }, ...children);
  let y = 30;
  const lanes = [];
  let lane = y;
  steps.forEach((step, index) => {
    const [left, most] = detail.left_out;
    if (left > 0 && index === most) {
      words((client + server) / 2, y + 20, "faint middle", `${count(left)} more steps here; JSON has them all`);
      y += 30;
    }
    if (folded.has(index)) {
      lanes.push([lane, y + 4]);
      for (const x of [client, server]) put("path", { class: "fold", d: `M${x} ${y + 4} l-5 4 l10 6 l-10 6 l5 4` });
      words((client + server) / 2, y + 18, "pause middle", `${span(gaps[index])} without a frame`);
      y += 28;
      lane = y - 4;
    } else if (index) {
      const passed = Math.min(PAUSE_ROOM, gaps[index] * scale);
      if (passed >= 18) words(client - 14, y + passed / 2 + 6, "faint end small", `+${span(gaps[index])}`);
      y += passed;
    }
    const top = y;
    const height = step.lines.length * LINE + 12;
    const at = top + height - 4;
    const bad = step.failing ? " bad" : "";
    if (step.failing) put("rect", { class: "failing", x: 0, y: top + 1, width, height: height + 5, rx: 4 });
    if (step.kind === "gap") put("rect", { class: "gap", x: client + 4, y: top + 2, width: server - client - 8, height: height - 2 });
    words(timeEnd, at + 1, `end mono${bad}`, offset(step.time));
    words(client - 14, at + 1, "faint end mono", frameName(step.file, step.frame));
    if (step.failing) words(4, at + 1, "bad cross-sign", "✗");
    const widths = step.lines.map((line) => line.reduce((sum, [part, strong]) => sum + measure(`${part} `, strong || step.failing ? STRONG : FONT), 0));
    const widest = Math.max(0, ...widths);
    const begin = step.from === "client" ? client + 12 : step.from === "server" ? Math.max(client + 12, server - 12 - widest) : Math.max(client + 12, (client + server - widest) / 2);
    step.lines.forEach((line, number) => {
      const kind = `${step.kind}${bad}`;
      words(begin, top + 14 + number * LINE, kind, line.map(([part, strong], place) =>
        svg("tspan", strong ? { class: "strong" } : { class: "value" }, place ? ` ${part}` : part)));
    });
    if (step.kind !== "gap") {
      const right = step.from === "client";
      const [from, to] = step.from === "network" ? [(client + server) / 2, server] : right ? [client, server] : [server, client];
      const tip = to > from ? -9 : 9;
      put("line", { class: `arrow ${step.kind}${bad}`, x1: from, y1: at, x2: to + tip, y2: at });
      if (step.kind === "reset") put("path", { class: `cross${bad}`, d: `M${to + tip - 5} ${at - 5} l10 10 m0 -10 l-10 10` });
      else put("path", { class: `head ${step.kind}${bad}`, d: `M${to} ${at} l${tip} -5 v10 z` });
      if (step.from === "network") {
        put("line", { class: `arrow network${bad}`, x1: from, y1: at, x2: client + 9, y2: at });
        put("path", { class: `head network${bad}`, d: `M${client} ${at} l9 -5 v10 z` });
      }
    }
    y = top + height + 6;
  });
  lanes.push([lane, y + 8]);
  const lines = lanes.flatMap(([from, to]) => [client, server].map((x) => svg("line", { class: "lane", x1: x, y1: from - 6, x2: x, y2: to })));
  const heads = [
    svg("text", { x: client - 2, y: 15, class: "strong" }, "client"),
    svg("text", { x: server, y: 15, class: "strong end-of-line" }, "server"),
    svg("text", { x: timeEnd, y: 15, class: "faint end" }, "time"),
    svg("text", { x: client - 14, y: 15, class: "faint end" }, several ? "file:frame" : "frame"),
  ];
  const picture = svg("svg", { width, height: y + 10, viewBox: `0 0 ${width} ${y + 10}`, role: "img",
    "aria-label": `Ladder diagram of connection ${id}; a list of its steps follows` }, lines, heads, parts);
  const list = el("ol", { class: "unseen" }, detail.steps.map(([time, file, frame, from, , failing, items]) =>
    el("li", {}, `${offset(time)}, frame ${frameName(file, frame)}, ${text(from)}: ${items.map(text).join("; ")}${failing ? " – it failed here" : ""}`)));
  const scaled = scale > 0 ? `Space between the steps is to scale${folded.size ? "; long pauses are folded" : ""}.` : "";
  return [picture, list, scaled ? el("p", { class: "faint small" }, scaled) : null];
}

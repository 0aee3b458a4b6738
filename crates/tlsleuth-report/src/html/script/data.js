// What the report holds. Everything that may come from input is read from here and goes to the page
// as text, never as an element, an attribute or an address.
const data = JSON.parse(document.getElementById("data").textContent);
const text = (place) => (place === null || place === undefined ? "" : data.texts[place]);
const rows = data.connections;
const total = rows.id.length;
const byId = new Map(rows.id.map((id, row) => [id, row]));

const pad = (number, digits) => String(number).padStart(digits, "0");
const clock = (milliseconds) => {
  const time = new Date(milliseconds);
  return `${pad(time.getUTCHours(), 2)}:${pad(time.getUTCMinutes(), 2)}:${pad(time.getUTCSeconds(), 2)}.${pad(time.getUTCMilliseconds(), 3)}`;
};
const day = (milliseconds) => new Date(milliseconds).toISOString().slice(0, 10);
const lowest = (list) => list.reduce((low, value) => Math.min(low, value), Infinity);
const highest = (list) => list.reduce((high, value) => Math.max(high, value), -Infinity);
const firstStart = total ? lowest(rows.start) : 0;
const lastStart = total ? highest(rows.start) : 0;
const severalDays = total > 0 && day(firstStart) !== day(lastStart);
const moment = (milliseconds) => (severalDays ? `${day(milliseconds)} ` : "") + clock(milliseconds);

const span = (milliseconds) => {
  if (milliseconds < 0.1) return `${Math.round(milliseconds * 1000)} µs`;
  if (milliseconds < 1000) return `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`;
  if (milliseconds < 120000) return `${(milliseconds / 1000).toFixed(1)} s`;
  if (milliseconds < 7200000) return `${Math.round(milliseconds / 60000)} min`;
  return `${(milliseconds / 3600000).toFixed(1)} h`;
};
const offset = (milliseconds) => (milliseconds < 10000 ? `${milliseconds.toFixed(1)} ms` : `${(milliseconds / 1000).toFixed(1)} s`);
const count = (number) => number.toLocaleString("en-US");
const counted = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
const frameName = (file, frame) => (data.files.length > 1 ? `${file + 1}:${frame}` : String(frame));

// The columns of the table as text.
const columns = {
  id: (row) => String(rows.id[row]),
  start: (row) => moment(rows.start[row]),
  client: (row) => text(rows.client[row]),
  server: (row) => text(rows.server[row]),
  name: (row) => text(rows.name[row]) || "–",
  version: (row) => text(rows.version[row]),
  outcome: (row) => text(rows.outcome[row]),
  verdict: (row) => text(rows.verdict[row]),
  who: (row) => text(rows.who[row]),
};
const signs = { failed: "✗", completed: "✓", incomplete: "…", "health check": "·" };

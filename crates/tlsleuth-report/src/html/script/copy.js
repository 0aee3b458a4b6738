// Copying, and a connection as Markdown for a ticket.
async function copy(button, words) {
  const before = button.textContent;
  let done = true;
  try {
    await navigator.clipboard.writeText(words);
  } catch {
    // A page that was opened from a file may have no clipboard: the older way still works there.
    const area = el("textarea", { class: "unseen", "aria-hidden": "true" });
    area.value = words;
    document.body.append(area);
    area.select();
    done = document.execCommand("copy");
    area.remove();
    button.focus();
  }
  button.textContent = done ? "copied" : "could not be copied";
  setTimeout(() => { button.textContent = before; }, 1500);
}

// As code, in a fence that is longer than any run of backticks in it.
const asCode = (words) => {
  const longest = Math.max(0, ...(words.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  const gap = words.startsWith("`") || words.endsWith("`") ? " " : "";
  return fence + gap + words.replaceAll("|", "│") + gap + fence;
};
// Words that could be markup, a link, a mention or a number of an issue stand in code.
const plain = /^[\p{L}\p{N}.,:;()'"/=–→%+-]*$/u;
const live = /^[-+=]|^\d+[.)]$|:\/\/|www\.|gh-/i;
const asMarkdown = (words) =>
  words.split(" ").map((word) => (plain.test(word) && !live.test(word) ? word : asCode(word))).join(" ");
const asFenced = (words) => words.replaceAll("```", "'''").replaceAll("~~~", "'''");

const isCommand = (line) => /^(openssl|tlsleuth|tcpdump|curl|ping|editcap|nmap|ip) /.test(line);

function markdown(row) {
  const detail = data.details[rows.detail[row]];
  const lines = [];
  const list = (title, items) => {
    if (!items.length) return;
    lines.push(`**${title}:**`, "", ...items.map((item) => `- ${item}`), "");
  };
  const words = (places) => places.map(text).map((line) => (isCommand(line) ? asCode(line) : asMarkdown(line)));
  const verdict = detail.findings.find((finding) => finding.verdict);
  const name = text(rows.name[row]);
  lines.push(`### TLS connection ${rows.id[row]}: ${text(rows.outcome[row])}${verdict ? `, ${text(verdict.code)}` : ""}`, "");
  lines.push(asMarkdown(`${text(rows.client[row])} → ${text(rows.server[row])}${name ? ` (${name})` : ""}, ${day(rows.start[row])} ${clock(rows.start[row])} UTC`), "");
  if (text(detail.headline)) lines.push(`**${asMarkdown(text(detail.headline))}**`, "");
  lines.push("```text");
  detail.steps.forEach(([time, file, frame, from, , failing, items], index) => {
    if (detail.left_out[0] && index === detail.left_out[1]) lines.push(`… ${detail.left_out[0]} more steps`);
    const arrow = { client: "→", server: "←" }[text(from)] ?? "×";
    lines.push(asFenced(`${failing ? "✗" : " "} ${offset(time).padStart(10)} ${frameName(file, frame).padStart(7)} ${text(from).padEnd(7)} ${arrow} ${items.map(text).join("; ")}`));
  });
  lines.push("```", "");
  if (verdict) {
    list("Why", verdict.evidence.map(([file, frame, says]) => `frame ${frameName(file, frame)}: ${asMarkdown(text(says))}`));
    if (detail.who !== null) lines.push(`**Who:** ${asMarkdown(text(detail.who))}`, "");
    list("Fix", words(verdict.remedy));
    list("To settle it", words(verdict.settle));
    list("Seen as", words(verdict.seen_as));
  }
  list("Also", detail.findings.filter((finding) => !finding.verdict).map((finding) => `${asCode(text(finding.code))} ${asMarkdown(text(finding.title))}`));
  list("In the logs", detail.logs.map((line) => asCode(text(line))));
  lines.push(`**Wireshark:** ${asCode(text(detail.filter))}`, "");
  return lines.join("\n");
}

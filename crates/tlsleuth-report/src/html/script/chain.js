// The chain as boxes from leaf to root, with what is wrong on the certificate concerned.
function chainPicture(detail) {
  if (detail.chain === null) return [];
  const chain = data.chains[detail.chain];
  const last = chain.certificates.length - 1;
  const boxes = [];
  const marks = (place) => detail.marks.filter(([at]) => at === place).map(([, number]) => detail.findings[number]);
  chain.certificates.forEach((certificate, place) => {
    const wrong = marks(place);
    const worst = wrong.some((finding) => text(finding.severity) === "error") ? "wrong" : wrong.length ? "doubtful" : "fine";
    const role = place === 0 ? "leaf" : certificate.own ? "root" : "issuer";
    const rows = [
      certificate.own ? ["issued by", "itself"] : ["issued by", text(certificate.issuer)],
      ["valid", text(certificate.valid)],
      ["names", text(certificate.names)],
      ["key", text(certificate.key)],
      ["serial", text(certificate.serial)],
      ["SHA-256", `${text(certificate.sha256).slice(0, 32)}…`],
      ["SCTs", place === 0 ? text(chain.scts) : ""],
    ].filter(([, value]) => value);
    boxes.push(el("li", { class: `certificate ${worst}` },
      el("p", { class: "role" }, `${place + 1} ${role}`),
      el("p", { class: "subject" }, text(certificate.subject)),
      wrong.map((finding) => el("p", { class: "wrong-here" }, `${text(finding.severity) === "error" ? "✗" : "⚠"} ${text(finding.title)}`)),
      el("dl", {}, rows.map(([label, value]) => [el("dt", {}, label), el("dd", {}, value)]))));
    if (place < last) {
      boxes.push(certificate.linked
        ? el("li", { class: "link" }, "issued by the next")
        : el("li", { class: "link cut" }, "✗ the next is not its issuer"));
    }
  });
  if (chain.left_out) boxes.push(el("li", { class: "link" }, `and ${chain.left_out} more certificates`));
  const end = chain.certificates[last];
  if (end && detail.broken !== null) {
    const why = el("p", { class: "wrong-here" }, `✗ ${text(detail.findings[detail.broken].title)}`);
    if (end.own) {
      boxes.push(el("li", { class: "link cut" }, why));
    } else {
      boxes.push(el("li", { class: "link cut" }, "✗ issued by"));
      boxes.push(el("li", { class: "certificate ghost" }, el("p", { class: "role" }, "not sent"), el("p", { class: "subject" }, text(end.issuer)), why));
    }
  } else if (end && chain.trusted) {
    boxes.push(el("li", { class: "link good" }, `✓ leads to a trusted root (${text(chain.roots)})`));
  } else if (end && !end.own && !chain.left_out) {
    boxes.push(el("li", { class: "link" }, `issued by ${text(end.issuer)}, which was not sent, as is usual for a root`));
  }
  return [el("h3", {}, `The ${text(chain.of)}'s certificates`), el("ol", { class: "chain" }, boxes)];
}

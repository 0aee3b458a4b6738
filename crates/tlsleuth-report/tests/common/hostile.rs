//! A report in which every text that may come from input wants to be more than text.

use tlsleuth_report::Report;

pub(crate) const HOSTILE: &str = "\u{1b}]0;x\u{7}\u{1b}[2J\r\n# h\n|a|b|\n`c`` ```\n</script><img src=x onerror=e>\
    [l](http://e.example) @all #1 \u{9b}31m\u{202e}\u{2066}\u{e0041}\u{200b}\u{2028}=cmd() x";

/// A real report, with every text replaced that may come from input.
pub(crate) fn hostile() -> Report {
    let mut report = super::story("chain-missing-intermediate");
    let text = || HOSTILE.to_owned();
    for capture in &mut report.captures {
        capture.path = text();
        capture.format = Some(text());
        capture.link_types = vec![text(); 5];
        for finding in &mut capture.findings {
            finding.title = text();
        }
    }
    let findings = report.connections[0].findings.clone();
    report.captures[0].findings = findings.clone();
    report.fleet.findings = findings;
    for (index, connection) in report.connections.iter_mut().enumerate() {
        connection.sni = Some(text());
        connection.application = Some(text());
        connection.client.address = text();
        connection.server.address = text();
        connection.start = text();
        connection.wireshark_filter = text();
        connection.version.name = Some(text());
        connection.alpn.offered = vec![text()];
        connection.log_lines = vec![text()];
        connection.outcome = ["failed", "completed", "incomplete", "failed", "failed"][index];
        for event in &mut connection.timeline {
            event.summary = text();
        }
        for chain in [&mut connection.server_chain, &mut connection.client_chain] {
            for certificate in chain.iter_mut().flat_map(|chain| &mut chain.certificates) {
                certificate.subject = text();
                certificate.issuer = text();
                certificate.key = text();
                certificate.dns_names = vec![text()];
                certificate.not_before = Some(text());
            }
        }
        for finding in &mut connection.findings {
            finding.title = text();
            finding.explanation = text();
            finding.remedy = text();
            finding.next_steps = vec![text(), format!("openssl {HOSTILE}")];
            for evidence in &mut finding.evidence {
                evidence.says = text();
            }
        }
    }
    for finding in &mut report.connections[1].findings {
        finding.severity = "warning";
    }
    report
}

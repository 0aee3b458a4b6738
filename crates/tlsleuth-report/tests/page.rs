//! What the script of a page gets to draw. That it draws it is tested in a browser.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may panic, in its helpers too"
)]

mod common;

use serde_json::Value;
use tlsleuth_report::{Report, html};

fn data(report: &Report) -> Value {
    let mut out = Vec::new();
    html::write(report, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let (_, data) = text.split_once("type=\"application/json\">").unwrap();
    serde_json::from_str(data.split_once("</script>").unwrap().0).unwrap()
}

fn text<'d>(data: &'d Value, place: &Value) -> &'d str {
    data["texts"][usize::try_from(place.as_u64().unwrap()).unwrap()].as_str().unwrap()
}

#[test]
fn every_connection_is_there_with_its_steps() {
    let report = common::story("fleet-mostly-failing");
    let data = data(&report);
    let rows = &data["connections"];
    for (row, connection) in report.connections.iter().enumerate() {
        assert_eq!(rows["id"][row], connection.id);
        assert_eq!(text(&data, &rows["outcome"][row]), connection.outcome);
        let detail =
            &data["details"][usize::try_from(rows["detail"][row].as_u64().unwrap()).unwrap()];
        assert_eq!(text(&data, &detail["filter"]), connection.wireshark_filter);
        let failing =
            detail["steps"].as_array().unwrap().iter().filter(|step| step[5] == 1).count();
        assert_eq!(failing, usize::from(connection.outcome == "failed"));
    }
}

/// What is wrong stands on the certificate concerned.
#[test]
fn the_certificate_concerned_is_marked() {
    for (story, subject, code) in [
        ("chain-expired", "CN=api.example.test", "chain.expired"),
        ("chain-not-a-ca", "CN=", "chain.not-a-ca"),
        ("chain-missing-intermediate", "", ""),
        ("sni-certificate-mismatch", "CN=", "sni.certificate-mismatch"),
    ] {
        let data = data(&common::story(story));
        let detail = &data["details"][0];
        let marks = detail["marks"].as_array().unwrap();
        assert_eq!(detail["broken"].is_null(), !code.is_empty(), "{story}");
        let Some(mark) = marks.first() else {
            assert_eq!(code, "", "{story}");
            continue;
        };
        let place = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
        let finding = &detail["findings"][place(&mark[1])];
        assert_eq!(text(&data, &finding["code"]), code);
        let chain = &data["chains"][place(&detail["chain"])];
        let marked = &chain["certificates"][place(&mark[0])];
        assert!(text(&data, &marked["subject"]).starts_with(subject), "{story}: {marked}");
        if story == "chain-not-a-ca" {
            // It is the issuer that is no authority, not the leaf.
            assert_ne!(mark[0], 0);
        }
    }
}

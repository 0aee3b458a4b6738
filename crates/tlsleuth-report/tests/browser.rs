//! The page in a browser: what a user does with it. Needs Chromium and Python, so it is run on
//! demand: `cargo test -p tlsleuth-report --test browser -- --ignored`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may panic, in its helpers too"
)]

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use tlsleuth_report::{Report, html};

/// Ten thousand connections over an hour, made of those of some stories.
fn many() -> Report {
    let mut report = common::story("fleet-mostly-failing");
    for story in ["chain-expired", "cipher-no-overlap-tls12", "tls13", "tcp-refused"] {
        report.connections.extend(common::story(story).connections);
    }
    let some = report.connections.clone();
    let all = some.iter().cycle().take(10_000).cloned();
    report.connections = (0_u64..)
        .zip(all)
        .map(|(number, mut connection)| {
            let milliseconds = number * 360;
            connection.id = number + 1;
            connection.start = format!(
                "2026-11-20T10:{:02}:{:02}.{:03}000000Z",
                milliseconds / 60_000,
                milliseconds / 1_000 % 60,
                milliseconds % 1_000
            );
            connection.sni = Some(format!("host-{}.example.test", number % 500));
            connection.client.port = u16::try_from(1_024 + number).unwrap();
            connection
        })
        .collect();
    report
}

fn page(folder: &Path, name: &str, report: &Report) -> PathBuf {
    let path = folder.join(name);
    let mut out = Vec::new();
    html::write(report, &mut out).unwrap();
    std::fs::write(&path, out).unwrap();
    path
}

/// Set `AXE` to the file `axe.min.js` of axe-core to have accessibility checked too, and `SHOTS` to a
/// folder to have pictures.
#[test]
#[ignore = "needs Chromium and Python"]
fn a_user_gets_along_with_the_page() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
    std::fs::create_dir_all(&folder).unwrap();
    let mut empty = common::story("tls13");
    empty.connections.clear();
    let pages = [
        page(&folder, "empty.html", &empty),
        page(&folder, "one.html", &common::story("tcp-no-answer")),
        page(&folder, "chain.html", &common::story("chain-missing-intermediate")),
        page(&folder, "fleet.html", &common::story("fleet-mostly-failing")),
        page(&folder, "healthy.html", &common::story("tls13")),
        page(&folder, "hostile.html", &common::hostile::hostile()),
        page(&folder, "many.html", &many()),
    ];
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/check_page.py");
    let status = Command::new("python3").arg(script).args(pages).status().unwrap();
    assert!(status.success());
}

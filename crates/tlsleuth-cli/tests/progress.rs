//! What whoever waits at a terminal sees: progress on standard error, and Ctrl-C. The terminal is
//! one of script(1).
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test may panic, in its helpers too"
)]

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

fn capture() -> Vec<u8> {
    let path = "../../testdata/captures/chain-expired/capture.pcap";
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The records of a capture with the client's port replaced, so that they are other connections.
fn with_port(capture: &[u8], port: u16) -> Vec<u8> {
    let mut out = capture[24..].to_vec();
    let mut at = 0;
    while at < out.len() {
        let len = u32::from_le_bytes(out[at + 8..at + 12].try_into().unwrap()) as usize;
        let tcp = at + 16 + 14 + 20;
        // Servers are on port 443 here.
        let from_server = out[tcp..tcp + 2] == 443_u16.to_be_bytes();
        let place = if from_server { tcp + 2 } else { tcp };
        let client = u16::from_be_bytes(out[place..place + 2].try_into().unwrap());
        let client = port.wrapping_add(client % 100).max(1_024);
        out[place..place + 2].copy_from_slice(&client.to_be_bytes());
        at += 16 + len;
    }
    out
}

struct Terminal {
    script: Child,
    fed: Arc<AtomicBool>,
}

/// Runs the command in a terminal; it reads from a pipe that is fed until it is told to end.
fn terminal(name: &str, arguments: &str) -> Option<Terminal> {
    let script = Command::new("script").arg("--version").stdout(Stdio::null()).status();
    if !script.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: no script(1) here");
        return None;
    }
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let pipe = folder.join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // A shell that stays (dash does) gets the Ctrl-C as well and ends with 130 whatever the
    // command's own status is, so the command takes its place.
    let command =
        format!("exec {} {arguments} - < {}", env!("CARGO_BIN_EXE_tlsleuth"), pipe.display());
    let script = Command::new("script")
        .args(["--quiet", "--flush", "--return", "--command", &command, "/dev/null"])
        .env("TERM", "xterm")
        // script(1) runs the command in the user's shell, whichever that is.
        .env("SHELL", "/bin/sh")
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let fed = Arc::new(AtomicBool::new(true));
    let feeding = Arc::clone(&fed);
    thread::spawn(move || {
        let capture = capture();
        let mut pipe = File::options().write(true).open(pipe).unwrap();
        let _ = pipe.write_all(&capture[..24]);
        let mut port = 1_024_u16;
        while feeding.load(Ordering::Relaxed) {
            for _ in 0..20 {
                // Whoever reads may have gone.
                if pipe.write_all(&with_port(&capture, port)).is_err() {
                    return;
                }
                port = port.wrapping_add(100);
            }
            thread::sleep(Duration::from_millis(2));
        }
    });
    Some(Terminal { script, fed })
}

impl Terminal {
    fn press(&mut self, key: u8) {
        self.script.stdin.as_mut().unwrap().write_all(&[key]).unwrap();
    }

    /// All that was on the screen, and the exit status.
    fn end(mut self) -> (String, i32) {
        let mut out = Vec::new();
        self.script.stdout.take().unwrap().read_to_end(&mut out).unwrap();
        self.fed.store(false, Ordering::Relaxed);
        let status = self.script.wait().unwrap().code().unwrap();
        (String::from_utf8(out).unwrap(), status)
    }
}

#[test]
fn progress_is_shown_and_control_c_tells_what_is_known() {
    let Some(mut terminal) = terminal("progress", "") else { return };
    thread::sleep(Duration::from_millis(2_500));
    terminal.press(0x03);
    let (screen, status) = terminal.end();
    let (before, after) = screen.split_once("broken off: what follows").expect(&screen);
    assert!(before.contains(" MB read, ") && before.contains("/s "), "{screen}");
    assert!(before.contains(" failed so far"), "{screen}");
    assert!(!after.contains("failed so far"), "the line is wiped before the report: {screen}");
    assert!(after.contains("PARTIAL: the reading was broken off"), "{screen}");
    assert!(after.contains("chain.expired"), "{screen}");
    assert_eq!(status, 0);
}

#[test]
fn no_progress_when_it_is_not_wanted() {
    for arguments in ["--quiet", "--progress never"] {
        let Some(mut terminal) = terminal("no-progress", arguments) else { return };
        thread::sleep(Duration::from_millis(1_500));
        terminal.press(0x03);
        let (screen, _) = terminal.end();
        assert!(!screen.contains("failed so far") && !screen.contains("MB read"), "{screen}");
        assert!(screen.contains("PARTIAL"), "{screen}");
    }
}

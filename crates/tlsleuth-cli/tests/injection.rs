//! A capture, and a file name, that want to control the terminal or the page.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may panic, in its helpers too"
)]

use std::fs;
use std::path::Path;

use assert_cmd::Command;

const HOSTILE: &[u8] =
    b"a\x1b]0;x\x07\x1b[2J\r\n|b|`c`</script>\xe2\x80\xae\xc2\x9b31m\xff @all http://e.test/ www.e.test";

fn checksum_free_frame(
    from_client: bool,
    seq: u32,
    ack: u32,
    flags: u8,
    payload: &[u8],
) -> Vec<u8> {
    let (client, server) = ([10, 0, 0, 7], [10, 0, 0, 2]);
    let ((source, target), (from, to)) = if from_client {
        ((client, server), (40_000_u16, 443_u16))
    } else {
        ((server, client), (443, 40_000))
    };
    let mut frame = vec![2; 12];
    frame.extend([8, 0]);
    frame.extend([0x45, 0]);
    frame.extend(u16::try_from(40 + payload.len()).unwrap().to_be_bytes());
    frame.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
    frame.extend(source);
    frame.extend(target);
    frame.extend(from.to_be_bytes());
    frame.extend(to.to_be_bytes());
    frame.extend(seq.to_be_bytes());
    frame.extend(ack.to_be_bytes());
    frame.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    frame.extend(payload);
    frame
}

fn with_len16(bytes: &[u8]) -> Vec<u8> {
    let mut out = u16::try_from(bytes.len()).unwrap().to_be_bytes().to_vec();
    out.extend(bytes);
    out
}

/// A ClientHello that asks for a hostile name with a hostile ALPN.
fn client_hello() -> Vec<u8> {
    let mut name = vec![0];
    name.extend(with_len16(HOSTILE));
    let mut protocol = vec![u8::try_from(HOSTILE.len()).unwrap()];
    protocol.extend(HOSTILE);
    let mut extensions = vec![0, 0];
    extensions.extend(with_len16(&with_len16(&name)));
    extensions.extend([0, 16]);
    extensions.extend(with_len16(&with_len16(&protocol)));
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.push(0);
    body.extend(with_len16(&[0xc0, 0x2f]));
    body.extend([1, 0]);
    body.extend(with_len16(&extensions));
    let mut message = vec![1, 0];
    message.extend(with_len16(&body));
    let mut record = vec![22, 3, 1];
    record.extend(with_len16(&message));
    record
}

fn capture() -> Vec<u8> {
    let hello = client_hello();
    let mut answer = b"HTTP/1.1 400 ".to_vec();
    answer.extend(HOSTILE);
    let next = 101 + u32::try_from(hello.len()).unwrap();
    let frames = [
        checksum_free_frame(true, 100, 0, 2, b""),
        checksum_free_frame(false, 500, 101, 0x12, b""),
        checksum_free_frame(true, 101, 501, 0x10, b""),
        checksum_free_frame(true, 101, 501, 0x18, &hello),
        checksum_free_frame(false, 501, next, 0x18, &answer),
        checksum_free_frame(false, 501 + u32::try_from(answer.len()).unwrap(), next, 0x11, b""),
    ];
    let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    file.extend([0xff, 0xff, 0, 0, 1, 0, 0, 0]);
    for (frame, second) in frames.iter().zip(1_790_000_000_u32..) {
        let len = u32::try_from(frame.len()).unwrap().to_le_bytes();
        file.extend(second.to_le_bytes());
        file.extend([0; 4]);
        file.extend(len);
        file.extend(len);
        file.extend(frame);
    }
    file
}

fn nothing_raw(bytes: &[u8], what: &str) -> String {
    let text = String::from_utf8(bytes.to_vec()).expect(what);
    for c in text.chars() {
        let hidden = c.is_control() && c != '\n' || tlsleuth::cert::is_hidden(c);
        assert!(!hidden, "{c:?} on {what}: {text}");
    }
    text
}

#[test]
fn nothing_raw_comes_out_anywhere() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("injection");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let hostile = "x\u{1b}[2J\u{202e}\n|`c`.pcap";
    let path = folder.join(hostile);
    // Cut, so that standard error names the file too.
    let whole = capture();
    fs::write(&path, &whole[..whole.len() - 3]).unwrap();
    for format in ["table", "json", "jsonl", "markdown", "html"] {
        for more in [&[][..], &["--all"], &["--connection", "1"], &["-v"]] {
            let output = Command::cargo_bin("tlsleuth")
                .unwrap()
                .args(["-f", format])
                .args(more)
                .arg(&path)
                .output()
                .unwrap();
            assert_eq!(output.status.code(), Some(0));
            let out = nothing_raw(&output.stdout, format);
            let err = nothing_raw(&output.stderr, "standard error");
            assert!(err.contains(r"x\x1b[2J\u{202e}\x0a|`c`.pcap"), "{err}");
            if format == "markdown" {
                assert!(!out.contains("</script>") || out.contains('`'), "{out}");
                assert_eq!(out.matches("\n# ").count(), 0);
            } else {
                assert!(out.contains("[2J"), "the name is told: {out}");
            }
        }
    }
    // What cannot be read at all, and what does not exist.
    fs::write(&path, HOSTILE).unwrap();
    for path in [path.clone(), folder.join("none\u{1b}[31m\u{9b}")] {
        let output = Command::cargo_bin("tlsleuth").unwrap().arg(&path).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let err = nothing_raw(&output.stderr, "standard error");
        assert_eq!(err.lines().count(), 1, "{err}");
    }
}

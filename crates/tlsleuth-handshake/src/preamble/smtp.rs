//! SMTP and LMTP: `STARTTLS` (RFC 3207).

use super::{
    Protocol,
    dialogue::{Answer, Command, Rules, reply_code},
    find, starts_with_word,
};

pub(super) static SMTP: Rules = Rules {
    protocol: Protocol::Smtp,
    greets,
    begins: |line| starts_with_word(line, b"EHLO") || starts_with_word(line, b"HELO"),
    command,
    answer,
    offers,
};

pub(super) static LMTP: Rules = Rules {
    protocol: Protocol::Lmtp,
    greets,
    begins: |line| starts_with_word(line, b"LHLO"),
    command,
    answer,
    offers,
};

fn greets(greeting: &[u8]) -> bool {
    greeting.is_empty() || matches!(reply_code(greeting), Some((220 | 421 | 554, _)))
}

fn command(line: &[u8]) -> Command {
    // Exchange has a form of its own between its servers.
    if starts_with_word(line, b"STARTTLS") || starts_with_word(line, b"X-ANONYMOUSTLS") {
        Command::AsksForTls
    } else if starts_with_word(line, b"QUIT") {
        Command::Leaves
    } else if [&b"MAIL"[..], b"AUTH", b"DATA"].iter().any(|word| starts_with_word(line, word)) {
        Command::GoesOnWithout
    } else {
        Command::Other
    }
}

fn answer(line: &[u8], _: &[u8]) -> Answer {
    match reply_code(line) {
        Some((220, true)) => Answer::Accepts,
        Some((400..=599, true)) => Answer::Refuses,
        _ => Answer::Other,
    }
}

fn offers(line: &[u8]) -> Option<bool> {
    let (code, is_last) = reply_code(line)?;
    if code != 250 {
        return None;
    }
    let keyword = line.get(4..).unwrap_or(&[]).to_ascii_uppercase();
    let offers = keyword.starts_with(b"STARTTLS") || find(&keyword, b"X-ANONYMOUSTLS").is_some();
    if offers { Some(true) } else { is_last.then_some(false) }
}

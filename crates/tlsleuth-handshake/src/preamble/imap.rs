//! IMAP: `STARTTLS` with a tag (RFC 9051 §6.2.1).

use super::{
    Protocol,
    dialogue::{Answer, Command, Rules},
    find, starts_with_word,
};

pub(super) static IMAP: Rules = Rules {
    protocol: Protocol::Imap,
    greets: |greeting| greeting.is_empty() || greeting.starts_with(b"* "),
    begins: |line| {
        verb(line).is_some_and(|verb| {
            [
                &b"CAPABILITY"[..],
                b"STARTTLS",
                b"LOGIN",
                b"AUTHENTICATE",
                b"LOGOUT",
                b"NOOP",
                b"ID",
                b"NAMESPACE",
            ]
            .iter()
            .any(|word| starts_with_word(verb, word))
        })
    },
    command: |line| match verb(line) {
        Some(verb) if starts_with_word(verb, b"STARTTLS") => Command::AsksForTls,
        Some(verb) if starts_with_word(verb, b"LOGOUT") => Command::Leaves,
        Some(verb)
            if starts_with_word(verb, b"LOGIN") || starts_with_word(verb, b"AUTHENTICATE") =>
        {
            Command::GoesOnWithout
        }
        _ => Command::Other,
    },
    answer: |line, tag| {
        let rest = line.strip_prefix(tag).and_then(|rest| rest.strip_prefix(b" "));
        match rest {
            Some(rest) if starts_with_word(rest, b"OK") => Answer::Accepts,
            Some(rest) if starts_with_word(rest, b"NO") || starts_with_word(rest, b"BAD") => {
                Answer::Refuses
            }
            None if line.starts_with(b"* BYE") => Answer::Refuses,
            _ => Answer::Other,
        }
    },
    offers: |line| {
        let line = line.to_ascii_uppercase();
        find(&line, b"CAPABILITY").map(|_| find(&line, b"STARTTLS").is_some())
    },
};

/// What follows the tag of a command.
fn verb(line: &[u8]) -> Option<&[u8]> {
    let space = line.iter().position(|byte| *byte == b' ')?;
    let (tag, verb) = line.split_at_checked(space)?;
    let is_tag = !tag.is_empty() && tag.iter().all(u8::is_ascii_graphic);
    if is_tag { verb.get(1..) } else { None }
}

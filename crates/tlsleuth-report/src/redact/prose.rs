//! Replaces what stands in sentences.

use std::net::{IpAddr, Ipv4Addr};

use tlsleuth_redact::Redactor;

use super::originals::{Kind, Originals};
use super::vocabulary;

/// Longest piece of a sentence that is compared with the originals, in bytes. WireText shows 256
/// characters.
const LONGEST: usize = 1_200;

/// Replaces every original in a sentence of ours, and what looks like an address or a host.
pub(super) fn redact(redactor: &Redactor, originals: &Originals, text: &str) -> String {
    if originals.overflowed() {
        return mask(redactor, text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let within_word = out.ends_with(char::is_alphanumeric);
        let starts = !within_word && (first.is_alphanumeric() || first == ':');
        let found = if starts { original(redactor, originals, &out, rest) } else { None };
        let found = found.or_else(|| if starts { by_form(redactor, rest) } else { None });
        let len = match found {
            Some((len, token)) => {
                out.push_str(&token);
                len
            }
            None => {
                // The rest of a word that is none goes along with its first letter.
                let len = match rest.find(|c: char| !c.is_alphanumeric()) {
                    Some(0) => first.len_utf8(),
                    Some(len) => len,
                    None => rest.len(),
                };
                out.push_str(rest.get(..len).unwrap_or_default());
                len
            }
        };
        rest = rest.get(len..).unwrap_or_default();
    }
    out
}

/// The original that a text begins with, and its token.
fn original(
    redactor: &Redactor,
    originals: &Originals,
    before: &str,
    text: &str,
) -> Option<(usize, String)> {
    let end = text.char_indices().map(|(at, _)| at).take_while(|at| *at <= LONGEST).last()?;
    let piece = if text.len() <= LONGEST { text } else { text.get(..end)? };
    let (len, kind) = originals.at(&piece.to_ascii_lowercase())?;
    let (original, behind) = text.split_at_checked(len)?;
    Some((
        len,
        match kind {
            Kind::Name => redactor.name(original),
            Kind::Hex => redactor.hex(original),
            Kind::Quote => mask(redactor, original),
            Kind::UsualWord if is_quoted(before, behind) => redactor.name(original),
            Kind::UsualWord => return None,
        },
    ))
}

/// Whether what stands between two texts is meant as a name: in quotation marks, behind `CN=`, or
/// where a summary puts a name.
fn is_quoted(before: &str, behind: &str) -> bool {
    let opens = before.ends_with(['"', '`', '\'']);
    let closes = behind.is_empty() || behind.starts_with(['"', '`', '\'']);
    let part = before.ends_with(['=', '.']);
    let labelled = ["sni ", "Certificate: ", "serial "].iter().any(|label| before.ends_with(label));
    (opens && closes) || part || labelled
}

/// The address or host that a text begins with, and its token.
fn by_form(redactor: &Redactor, text: &str) -> Option<(usize, String)> {
    let what = redactor.what();
    if what.addresses
        && let Some((len, address)) = address(text)
    {
        return Some((len, redactor.address(address).to_string()));
    }
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')))
        .unwrap_or(text.len());
    let word = text.get(..end)?.trim_end_matches(['.', '-', '_']);
    let usual = word.split('.').all(vocabulary::knows);
    (what.names && !usual && Redactor::is_host(word)).then(|| (word.len(), redactor.name(word)))
}

/// The address that a text begins with, with its length in bytes.
fn address(text: &str) -> Option<(usize, IpAddr)> {
    let end = text
        .find(|c: char| !(c.is_ascii_hexdigit() || matches!(c, '.' | ':')))
        .unwrap_or(text.len());
    // The letters of a word that goes on are no address.
    if text.get(end..)?.starts_with(|c: char| c.is_alphanumeric()) {
        return None;
    }
    let run = text.get(..end)?;
    let whole = run.trim_end_matches(['.', ':']);
    // `::` at the end belongs to the address.
    for candidate in [run, whole] {
        if let Ok(address) = candidate.parse::<IpAddr>() {
            return (!is_object_identifier(candidate)).then_some((candidate.len(), address));
        }
    }
    let (address, _) = whole.split_once(':')?;
    Some((address.len(), IpAddr::V4(address.parse::<Ipv4Addr>().ok()?)))
}

/// `2.5.29.17` names an extension of certificates, and is in no network that is in use.
fn is_object_identifier(text: &str) -> bool {
    text.starts_with("2.5.29.") || text.starts_with("2.5.4.")
}

/// Replaces in text that somebody else wrote every word that is not of TLS's vocabulary, and every
/// address.
pub(super) fn mask(redactor: &Redactor, text: &str) -> String {
    let what = redactor.what();
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let found = if out.ends_with(char::is_alphanumeric) { None } else { address(rest) };
        if let Some((len, address)) = found {
            out.push_str(&redactor.address(address).to_string());
            rest = rest.get(len..).unwrap_or_default();
            continue;
        }
        // An escaped byte may be one of an address.
        if let Some(escape) = escape(rest) {
            out.push_str(if what.names { "\\?" } else { escape });
            rest = rest.get(escape.len()..).unwrap_or_default();
            continue;
        }
        let inside = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@' | '*');
        if !inside(first) {
            out.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
            continue;
        }
        let end = rest.find(|c: char| !inside(c)).unwrap_or(rest.len());
        let (run, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let word = run.trim_end_matches(['.', '-']);
        let usual = is_moment(word)
            || vocabulary::knows(word)
            || (!word.contains(['.', '@']) && word.split(['-', '_']).all(vocabulary::knows));
        if what.names && !usual {
            out.push_str(&redactor.name(word));
        } else {
            out.push_str(word);
        }
        out.push_str(run.get(word.len()..).unwrap_or_default());
        rest = behind;
    }
    out
}

/// The escaped byte or character, as `WireText` writes it, that a text begins with.
fn escape(text: &str) -> Option<&str> {
    if text.starts_with("\\x") {
        return text.get(..4);
    }
    text.strip_prefix("\\u{")?;
    text.get(..=text.find('}')?)
}

/// A date or a time of day: digits and what stands between them.
fn is_moment(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let others = word.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'.' | b'T' | b'Z'));
    others && (1..=14).contains(&digits) && word.len() > digits
}

#[cfg(test)]
mod tests {
    use tlsleuth_redact::{Key, What};

    use super::*;

    fn redactor() -> Redactor {
        let key = Key::parse(b"a key for tests, no secret").unwrap();
        Redactor::new(What { addresses: true, names: true }, &key)
    }

    #[test]
    fn addresses_in_sentences() {
        let text = |text: &str| redact(&redactor(), &Originals::default(), text);
        let token = |address: &str| redactor().name(address);
        assert_eq!(
            text("ip.addr==10.0.0.7 && tcp.port==443, [2001:db8::1]:443 and 10.0.0.2:443."),
            format!(
                "ip.addr=={} && tcp.port==443, [{}]:443 and {}:443.",
                token("10.0.0.7"),
                token("2001:db8::1"),
                token("10.0.0.2")
            )
        );
        for same in [
            "at 10:00:00.123 and 2026-11-20T10:00:00Z",
            "TLS 1.3, HTTP/1.1, extension 2.5.29.17, face:b00k",
            "tls.Config, fullchain.pem, Apache 2.4.58",
        ] {
            assert_eq!(text(same), same);
        }
    }

    #[test]
    fn names_in_sentences() {
        let mut originals = Originals::default();
        let mut name = |text: &str| originals.add_name(text);
        name("Acme CA R3");
        name("db.prod.acme");
        name("server");
        let text = |text: &str| redact(&redactor(), &originals, text);
        let token = |name: &str| redactor().name(name);
        assert_eq!(
            text("the server did not send \"Acme CA R3\" for `db.prod.acme` (CN=server)"),
            format!(
                "the server did not send \"{}\" for `{}` (CN={})",
                token("Acme CA R3"),
                token("db.prod.acme"),
                redactor().name("server")
            )
        );
        // A host that no fact holds is known by its form.
        assert_eq!(text("see x.example.com"), format!("see {}", token("x.example.com")));
    }

    #[test]
    fn what_others_write() {
        let line = mask(&redactor(), "GET /kowalski?x=1 HTTP/1.1 from jo@mail.example.test");
        assert!(line.starts_with("GET /") && line.contains(" HTTP/1.1 from "), "{line}");
        assert_eq!(mask(&redactor(), r"\x05\x0aGET\u{202e}"), r"\?\?GET\?");
        assert!(!line.contains("kowalski") && !line.contains("jo@") && !line.contains("example"));
        assert_eq!(
            mask(&redactor(), "2026/11/20 10:00:00.5 [error]"),
            "2026/11/20 10:00:00.5 [error]"
        );
    }
}

//! The words that identify nobody: those of our own explanations, of the error messages that
//! clients and servers print, and of the protocols that come before TLS.

use std::collections::HashSet;
use std::sync::LazyLock;

use tlsleuth::diagnosis::explain::{PATTERN_TABLE, TOPIC_TABLE};
use tlsleuth::diagnosis::registry::{FLEET_RULES, RULES};

/// What is in none of the tables: verbs and keywords of HTTP, SMTP, IMAP, POP3, FTP, XMPP, PROXY,
/// and the words of our own summaries of them.
const PROTOCOL_WORDS: &str = "\
    get head post put delete options connect trace patch host http https html head body title \
    user agent accept content type length location date connection close keep alive \
    upgrade proxy authorization authenticate basic bad request forbidden found moved permanently \
    ok established gateway internal error unavailable service ready plain sent to port \
    helo ehlo starttls mail rcpt data quit esmtp smtp lmtp tls capability login logout select \
    imap pop3 stls capa auth ftp feat pbsz prot ssh xmpp stream proceed features proxy tcp4 tcp6 \
    unknown begin go ahead negotiation now not available command unrecognized completed \
    ldap postgres postgresql mysql mariadb rdp socks socks4 socks5 tds redis vnc mqtt amqp irc nntp sieve managesieve begins \
    in clear no bytes answer answered refused asks asked for and or the of is was a an \
    nginx apache haproxy envoy squid postfix exim dovecot openssl openssh microsoft iis \
    jan feb mar apr may jun jul aug sep oct nov dec mon tue wed thu fri sat sun \
    emerg alert crit warn warning notice info debug err fatal while during accepting upstream \
    clock ahead behind matched by address time log";

/// The words, in lower case.
static WORDS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let mut words = HashSet::new();
    let mut take = |text: &str| {
        for word in pieces(text) {
            words.insert(word.to_ascii_lowercase());
        }
    };
    take(PROTOCOL_WORDS);
    RULES.iter().for_each(|rule| take(rule.docs));
    FLEET_RULES.iter().for_each(|rule| take(rule.docs));
    for topic in TOPIC_TABLE.iter() {
        take(topic.what);
        let lists = [&topic.causes, &topic.look, &topic.fixes];
        lists.into_iter().flatten().for_each(|text| take(text));
    }
    for pattern in PATTERN_TABLE.iter() {
        pattern.words.iter().for_each(|text| take(text));
    }
    words
});

/// Whether a word is one of them. Digits alone are, as long as they are no longer than a port.
pub(super) fn knows(word: &str) -> bool {
    if word.bytes().all(|byte| byte.is_ascii_digit()) {
        return word.len() <= 5;
    }
    WORDS.contains(&word.to_ascii_lowercase())
}

/// A text in runs of letters and digits.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|piece| !piece.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_our_words_and_no_names() {
        for word in ["certificate", "Handshake", "STARTTLS", "server", "443", "expired"] {
            assert!(knows(word), "{word}");
        }
        for word in ["web01", "kowalski", "4915112345678"] {
            assert!(!knows(word), "{word}");
        }
    }
}

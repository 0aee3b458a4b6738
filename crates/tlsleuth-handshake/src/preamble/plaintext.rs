//! Names plaintext where TLS was expected.

use core::fmt;

use super::{first_line, http, mysql, postgres, quote};
use crate::WireText;

/// What was found instead of TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plaintext {
    /// What it is.
    pub kind: PlaintextKind,
    /// Its first line, or the text in it that says most.
    pub quote: WireText,
}

/// A protocol in plaintext.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PlaintextKind {
    /// An HTTP request.
    HttpRequest,
    /// An HTTP answer, with its status.
    HttpResponse(u16),
    /// HTTP/2 without TLS: the client's preface, or a server's SETTINGS.
    Http2,
    /// A page without headers.
    Html,
    /// SSH.
    Ssh,
    /// SMTP or FTP: a greeting with 220 fits both.
    SmtpOrFtp,
    /// SMTP.
    Smtp,
    /// FTP.
    Ftp,
    /// IMAP.
    Imap,
    /// POP3.
    Pop3,
    /// MySQL or MariaDB.
    MySql,
    /// PostgreSQL.
    PostgreSql,
    /// RDP.
    Rdp,
    /// SOCKS.
    Socks,
    /// Redis.
    Redis,
    /// memcached.
    Memcached,
    /// VNC.
    Vnc,
    /// MQTT.
    Mqtt,
    /// AMQP.
    Amqp,
    /// XMPP.
    Xmpp,
    /// LDAP.
    Ldap,
    /// TDS (SQL Server).
    Tds,
    /// The PROXY protocol, which the reader did not expect.
    ProxyProtocol,
    /// Text of no known protocol.
    Text,
    /// Neither text nor TLS.
    Binary,
}

impl fmt::Display for PlaintextKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::HttpRequest => "an HTTP request",
            Self::HttpResponse(status) => return write!(f, "an HTTP answer with status {status}"),
            Self::Http2 => "HTTP/2 without TLS",
            Self::Html => "an HTML page",
            Self::Ssh => "SSH",
            Self::SmtpOrFtp => "SMTP or FTP",
            Self::Smtp => "SMTP",
            Self::Ftp => "FTP",
            Self::Imap => "IMAP",
            Self::Pop3 => "POP3",
            Self::MySql => "MySQL",
            Self::PostgreSql => "PostgreSQL",
            Self::Rdp => "RDP",
            Self::Socks => "SOCKS",
            Self::Redis => "Redis",
            Self::Memcached => "memcached",
            Self::Vnc => "VNC",
            Self::Mqtt => "MQTT",
            Self::Amqp => "AMQP",
            Self::Xmpp => "XMPP",
            Self::Ldap => "LDAP",
            Self::Tds => "TDS (SQL Server)",
            Self::ProxyProtocol => "the PROXY protocol",
            Self::Text => "plain text",
            Self::Binary => "data that is not TLS",
        };
        f.write_str(name)
    }
}

impl PlaintextKind {
    /// The application protocol that it belongs to, as reports have it; `None` where that is open.
    #[must_use]
    pub const fn application(self) -> Option<&'static str> {
        Some(match self {
            Self::HttpRequest | Self::HttpResponse(_) | Self::Html => "http/1.1",
            Self::Http2 => "h2",
            Self::Ssh => "ssh",
            Self::Smtp => "smtp",
            Self::Ftp => "ftp",
            Self::Imap => "imap",
            Self::Pop3 => "pop3",
            Self::MySql => "mysql",
            Self::PostgreSql => "postgresql",
            Self::Rdp => "rdp",
            Self::Redis => "redis",
            Self::Memcached => "memcached",
            Self::Vnc => "vnc",
            Self::Mqtt => "mqtt",
            Self::Amqp => "amqp",
            Self::Xmpp => "xmpp",
            Self::Ldap => "ldap",
            Self::Tds => "tds",
            _ => return None,
        })
    }
}

/// Names what a side sent instead of TLS, by its first bytes; `None` if there are none, or if they
/// are a TLS record.
///
/// ```
/// # use tlsleuth_handshake::preamble::{PlaintextKind, name_plaintext};
/// let found = name_plaintext(false, b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n").unwrap();
/// assert_eq!(found.kind, PlaintextKind::HttpResponse(400));
/// assert_eq!(found.quote.to_string(), "HTTP/1.1 400 Bad Request");
/// assert_eq!(name_plaintext(true, &[0x16, 3, 1, 0, 5]), None);
/// ```
#[must_use]
pub fn name_plaintext(from_client: bool, bytes: &[u8]) -> Option<Plaintext> {
    use PlaintextKind as K;
    let is_tls = matches!(*bytes, [0x14..=0x18, 3, 0..=4, ..] | [0x14..=0x18, 3] | [0x14..=0x18]);
    if bytes.is_empty() || is_tls {
        return None;
    }
    let line = first_line(bytes).map_or(bytes, |(_, line)| line);
    let kind = name_binary(from_client, bytes)
        .or_else(|| name_text(from_client, bytes, line))
        .unwrap_or_else(|| {
            let is_text = |byte: &u8| matches!(byte, b'\t' | b'\r' | b'\n' | 0x20..=0x7e);
            if bytes.iter().take(64).all(is_text) { K::Text } else { K::Binary }
        });
    let text = match kind {
        K::MySql => mysql_text(bytes),
        K::PostgreSql if !from_client => postgres::error_message(bytes.get(1..).unwrap_or(&[])),
        _ => line,
    };
    Some(Plaintext { kind, quote: quote(text) })
}

fn name_binary(from_client: bool, bytes: &[u8]) -> Option<PlaintextKind> {
    use PlaintextKind as K;
    Some(match *bytes {
        [3, 0, _, _, _, 0xe0 | 0xd0, ..] => K::Rdp,
        [0x12, 0 | 1, ..] if from_client => K::Tds,
        [4, 1, 0, ..] if from_client && bytes.len() == 8 => K::Tds,
        [5, 0..=2 | 0xff] => K::Socks,
        [5, count @ 1..=8, ref methods @ ..]
            if from_client && methods.len() == usize::from(count) =>
        {
            K::Socks
        }
        [4, 1 | 2, _, _, _, _, _, _, _, ..] if from_client => K::Socks,
        [0x10, _, 0, 4, b'M', b'Q', b'T', b'T', ..] => K::Mqtt,
        [0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f | 0x30, ..] if from_client => K::PostgreSql,
        [b'E', 0, 0, _, _, b'S', ..] => K::PostgreSql,
        // An empty SETTINGS frame, or one with a few values, of HTTP/2.
        [0, 0, length, 4, 0, 0, 0, 0, 0, ..] if length % 6 == 0 => K::Http2,
        [0x30, 0x0c | 0x84, ..] if bytes.get(2) == Some(&2) || bytes.get(6) == Some(&2) => K::Ldap,
        _ if !from_client && mysql::is_greeting(bytes) => K::MySql,
        _ if bytes.starts_with(b"\r\n\r\n\0\r\nQUIT\n") => K::ProxyProtocol,
        _ => return None,
    })
}

fn name_text(from_client: bool, bytes: &[u8], line: &[u8]) -> Option<PlaintextKind> {
    use PlaintextKind as K;
    let begins = |start: &[u8]| bytes.starts_with(start);
    let lower: Vec<u8> = line.iter().take(64).map(u8::to_ascii_lowercase).collect();
    if let Some(status) = http::status(line) {
        return Some(K::HttpResponse(status));
    }
    Some(if begins(b"PRI * HTTP/2.0") {
        K::Http2
    } else if from_client && is_http_request(line) {
        K::HttpRequest
    } else if begins(b"SSH-") {
        K::Ssh
    } else if begins(b"RFB 00") {
        K::Vnc
    } else if begins(b"PROXY TCP") || begins(b"PROXY UNKNOWN") {
        K::ProxyProtocol
    } else if begins(b"AMQP") {
        K::Amqp
    } else if lower.starts_with(b"<?xml") || lower.starts_with(b"<stream:") {
        K::Xmpp
    } else if lower.starts_with(b"<!doctype html") || lower.starts_with(b"<html") {
        K::Html
    } else if begins(b"* OK") || begins(b"* BYE") || begins(b"* PREAUTH") {
        K::Imap
    } else if is_redis(from_client, bytes) {
        K::Redis
    } else if begins(b"+OK") || begins(b"-ERR") {
        K::Pop3
    } else if lower == b"error" || begins(b"VERSION ") || begins(b"STAT pid") {
        K::Memcached
    } else if !from_client && (begins(b"220") || begins(b"421") || begins(b"500") || begins(b"554"))
    {
        let has = |word: &[u8]| lower.windows(word.len()).any(|window| window == word);
        if has(b"smtp") || begins(b"554") {
            K::Smtp
        } else if has(b"ftp") {
            K::Ftp
        } else {
            K::SmtpOrFtp
        }
    } else if from_client && (lower.starts_with(b"ehlo ") || lower.starts_with(b"helo ")) {
        K::Smtp
    } else {
        return None;
    })
}

fn is_redis(from_client: bool, bytes: &[u8]) -> bool {
    let starts: &[&[u8]] = if from_client {
        &[b"*1\r\n$", b"*2\r\n$", b"PING\r\n"]
    } else {
        &[b"-ERR unknown command", b"-NOAUTH", b"-DENIED", b"+PONG"]
    };
    starts.iter().any(|start| bytes.starts_with(start))
}

/// A method in capital letters, a target, and a version, as far as the line goes.
fn is_http_request(line: &[u8]) -> bool {
    let methods: [&[u8]; 9] = [
        b"GET ",
        b"POST ",
        b"HEAD ",
        b"PUT ",
        b"DELETE ",
        b"OPTIONS ",
        b"PATCH ",
        b"CONNECT ",
        b"TRACE ",
    ];
    methods.iter().any(|method| line.starts_with(method))
}

/// The version of a greeting, or the message of an error.
fn mysql_text(bytes: &[u8]) -> &[u8] {
    let content = bytes.get(4..).unwrap_or(&[]);
    let text = match content.first() {
        Some(0xff) => content.get(3..),
        _ => content.get(1..),
    };
    text.unwrap_or(&[]).split(|byte| *byte == 0).next().unwrap_or(&[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_is_not_tls() {
        use PlaintextKind as K;
        let cases: [(bool, &[u8], K); 16] = [
            (true, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", K::HttpRequest),
            (false, b"HTTP/1.0 502 Bad Gateway\r\n", K::HttpResponse(502)),
            (false, b"SSH-2.0-OpenSSH_9.2\r\n", K::Ssh),
            (false, b"220 mail.example ESMTP Postfix\r\n", K::Smtp),
            (false, b"220 (vsFTPd 3.0.3)\r\n", K::Ftp),
            (false, b"220 welcome\r\n", K::SmtpOrFtp),
            (false, b"* OK IMAP4rev1\r\n", K::Imap),
            (false, b"+OK ready\r\n", K::Pop3),
            (false, b"\x4a\0\0\0\x0a8.0.36\0aaaa", K::MySql),
            (false, b"E\0\0\0\x2dSFATAL\0MNo SSL\0\0", K::PostgreSql),
            (false, b"\x03\x00\x00\x13\x0e\xd0\0\0", K::Rdp),
            (false, b"\x05\xff", K::Socks),
            (false, b"-ERR unknown command\r\n", K::Redis),
            (false, b"ERROR\r\n", K::Memcached),
            (false, b"RFB 003.008\n", K::Vnc),
            (false, b"\x99\x98\x97", K::Binary),
        ];
        for (from_client, bytes, kind) in cases {
            let found = name_plaintext(from_client, bytes).map(|found| found.kind);
            assert_eq!(found, Some(kind), "{}", WireText::new(bytes));
        }
    }
}

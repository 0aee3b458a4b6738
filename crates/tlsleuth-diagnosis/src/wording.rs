//! Words that several rules share: names of certificates, dates, spans, lists.

use std::borrow::Cow;
use std::fmt::{Display, Write as _};

use tlsleuth_cert::{Certificate, Name};
use tlsleuth_handshake::codepoint::CipherSuite;

/// How many entries of a list a sentence quotes.
const QUOTED: usize = 6;

/// What a certificate is called: its common name, or its first name, or its subject.
#[must_use]
pub fn certificate(certificate: &Certificate) -> String {
    if certificate.subject.common_name().is_some() || !certificate.subject.is_empty() {
        return authority(&certificate.subject);
    }
    match certificate.dns_names.first() {
        Some(name) => format!("\"{name}\""),
        None if certificate.serial.content().is_empty() => "without a readable name".to_owned(),
        None => format!("with serial {}", certificate.serial),
    }
}

/// A sentence of words that have neither capital nor full stop.
#[must_use]
pub fn sentence(words: &str) -> String {
    let mut rest = words.chars();
    match rest.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), rest.as_str()),
        None => String::new(),
    }
}

/// A count with its unit: `1 suite`, `2 suites`, `1 authority`, `3 authorities`.
#[must_use]
pub fn counted(count: usize, unit: &str) -> String {
    match (count, unit.strip_suffix('y')) {
        (1, _) => format!("1 {unit}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        _ => format!("{count} {unit}s"),
    }
}

/// What an authority is called: the common name, or else the whole name.
#[must_use]
pub fn authority(name: &Name) -> String {
    let text = name.common_name().unwrap_or_else(|| name.text());
    let mut quoted = String::with_capacity(text.len_bytes().saturating_add(2));
    quoted.push('"');
    text.show(&mut quoted);
    quoted.push('"');
    quoted
}

/// A suite as server settings name it: OpenSSL's name, or else that of the registry.
#[must_use]
pub fn suite(suite: CipherSuite) -> Cow<'static, str> {
    suite.openssl_name().map_or_else(|| suite.to_string().into(), Cow::Borrowed)
}

/// A list in a sentence, cut when it is long.
#[must_use]
pub fn list<T: Display>(entries: impl IntoIterator<Item = T>) -> String {
    let mut text = String::new();
    let mut left = 0usize;
    for (nth, entry) in entries.into_iter().enumerate() {
        if nth >= QUOTED {
            left += 1;
            continue;
        }
        if nth > 0 {
            text.push_str(", ");
        }
        // A String takes everything, so the writer cannot fail.
        let _ = write!(text, "{entry}");
    }
    if left > 0 {
        let _ = write!(text, " and {left} more");
    }
    if text.is_empty() { "none".to_owned() } else { text }
}

/// A number with a comma between every three digits.
#[must_use]
pub fn count(number: u32) -> String {
    if number < 1_000 {
        return number.to_string();
    }
    format!("{},{:03}", count(number / 1_000), number % 1_000)
}

/// A time in seconds since 1970 as a date and time in UTC.
#[must_use]
pub fn date(seconds: i64) -> String {
    let of_day = seconds.rem_euclid(86_400);
    let mut text = day(seconds);
    for (before, part) in [(' ', of_day / 3600), (':', of_day / 60 % 60), (':', of_day % 60)] {
        text.push(before);
        pad(&mut text, part, 2);
    }
    text.push_str(" UTC");
    text
}

/// The day in UTC of a time in seconds since 1970.
#[must_use]
pub fn day(seconds: i64) -> String {
    let (year, month, day) = civil(seconds.div_euclid(86_400));
    let mut text = String::with_capacity("2000-01-01 00:00:00 UTC".len());
    pad(&mut text, year, 4);
    for part in [month, day] {
        text.push('-');
        pad(&mut text, part, 2);
    }
    text
}

/// Writes a number with leading zeros. Dates are in many findings, and formatting one part by part
/// costs more than judging a connection.
fn pad(text: &mut String, number: i64, width: u32) {
    if !(0..10i64.pow(width)).contains(&number) {
        let width = usize::try_from(width).unwrap_or(0);
        let _ = write!(text, "{number:0width$}");
        return;
    }
    for place in (0..width).rev() {
        let digit = u32::try_from(number / 10i64.pow(place) % 10).unwrap_or_default();
        text.extend(char::from_digit(digit, 10));
    }
}

/// The day `days` after 1970-01-01 in the Gregorian calendar.
///
/// Counts in eras of 400 years that begin on March 1st, so that a leap day ends its year.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days.saturating_add(719_468);
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// A span in seconds as people say it: `11 years`, `3 days`, `5 hours`, `40 seconds`.
#[must_use]
pub fn span(seconds: i64) -> String {
    let seconds = seconds.unsigned_abs();
    let (count, unit) = match seconds {
        0..=119 => (seconds, "second"),
        120..=7_199 => (seconds / 60, "minute"),
        7_200..=172_799 => (seconds / 3_600, "hour"),
        172_800..=63_115_199 => (seconds / 86_400, "day"),
        // A year of the Gregorian calendar in the mean.
        _ => (seconds / 31_556_952, "year"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// The command that shows what a server sends, to be run by hand.
#[must_use]
pub fn s_client(server: &impl Display, name: Option<&str>) -> String {
    match name {
        Some(name) => {
            format!("openssl s_client -connect {server} -servername {name} -showcerts </dev/null")
        }
        None => format!("openssl s_client -connect {server} -noservername -showcerts </dev/null"),
    }
}

/// How to make the log of secrets that opens TLS 1.3.
pub const KEY_LOG: &str = "record a key log on the client (SSLKEYLOGFILE for curl, Firefox and Chrome; \
     tls.Config.KeyLogWriter in Go; -Djavax.net.debug=ssl:keymaterial or jSSLKeyLog in Java) and run \
     tlsleuth --keylog keys.txt on the same capture";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(date(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(date(951_782_400), "2000-02-29 00:00:00 UTC");
        assert_eq!(date(-1), "1969-12-31 23:59:59 UTC");
        assert_eq!(date(4_102_444_799), "2099-12-31 23:59:59 UTC");
    }

    #[test]
    fn spans_and_lists_are_short() {
        assert_eq!(span(86_400 * 3), "3 days");
        assert_eq!(span(-90), "90 seconds");
        assert_eq!(span(86_400 * 700), "700 days");
        assert_eq!(span(86_400 * 4_126), "11 years");
        assert_eq!(list(["a", "b"]), "a, b");
        assert_eq!(list(1..=9), "1, 2, 3, 4, 5, 6 and 3 more");
        assert_eq!(list::<u8>([]), "none");
    }
}

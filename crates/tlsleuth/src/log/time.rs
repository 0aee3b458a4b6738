//! Times at the beginning of lines, in the forms that servers write.

/// A time as a line writes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Written {
    /// Nanoseconds since 1970, as if it were UTC, or in UTC when `zoned`.
    pub(crate) ns: i64,
    /// Whether the line names its zone, so that `ns` is UTC.
    pub(crate) zoned: bool,
    /// Whether the line names no year; `ns` is in 1970 then.
    pub(crate) yearless: bool,
    /// How fine it is: one second, or the digits written.
    pub(crate) fine: bool,
}

const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400;
/// How far into a line a time is looked for: prefixes of Docker and journald come before it.
const WITHIN: usize = 160;

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// The time of a line. One that names its zone is better than one that does not (a Docker prefix
/// before a program's own time); else the first counts.
pub(crate) fn find(line: &str) -> Option<Written> {
    let mut first = None;
    for (at, _) in line.char_indices().take_while(|(at, _)| *at < WITHIN) {
        let fresh = !line
            .get(..at)
            .and_then(|head| head.chars().next_back())
            .is_some_and(|c| c.is_ascii_alphanumeric());
        if !fresh {
            continue;
        }
        let Some(rest) = line.get(at..) else { continue };
        let Some(written) = parse(rest) else { continue };
        if written.zoned {
            return Some(written);
        }
        first = first.or(Some(written));
    }
    first
}

fn parse(text: &str) -> Option<Written> {
    let mut reader = Reader { rest: text };
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        numeric(&mut reader).or_else(|| common(&mut Reader { rest: text }))
    } else {
        lettered(&mut reader)
    }
}

/// `2026/11/21 04:23:36`, `2026-11-21T04:23:36.123Z`, `2026-11-21 04:23:36,123 +0100`.
fn numeric(reader: &mut Reader<'_>) -> Option<Written> {
    let year = reader.digits(4)?;
    let between = reader.one(&['-', '/'])?;
    let month = reader.digits(2)?;
    reader.one(&[between])?;
    let day = reader.digits(2)?;
    reader.one(&['T', 't', ' '])?;
    clock(reader, year, month, day)
}

/// `21/Nov/2026:04:04:55.125 +0000`, as in access logs and HAProxy's.
fn common(reader: &mut Reader<'_>) -> Option<Written> {
    let day = reader.digits(2)?;
    reader.one(&['/'])?;
    let month = reader.month()?;
    reader.one(&['/'])?;
    let year = reader.digits(4)?;
    reader.one(&[':'])?;
    clock(reader, year, month, day)
}

/// `Nov 21 04:45:56` of syslog, `Sat Nov 21 04:45:56.767143 2026` of Apache.
fn lettered(reader: &mut Reader<'_>) -> Option<Written> {
    let month = reader.month()?;
    reader.one(&[' '])?;
    let _ = reader.one(&[' ']);
    let day = reader.digits(2).or_else(|| reader.digits(1))?;
    reader.one(&[' '])?;
    let mut written = clock(reader, 1970, month, day)?;
    written.yearless = true;
    let mut after = Reader { rest: reader.rest };
    if after.one(&[' ']).is_some()
        && let Some(year) = after.digits(4)
        && !after.rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == ':')
    {
        let of_year = written.ns - days(1970, month, day)? * DAY * SECOND;
        written.ns = days(year, month, day)?.checked_mul(DAY * SECOND)?.checked_add(of_year)?;
        written.yearless = false;
    }
    Some(written)
}

fn clock(reader: &mut Reader<'_>, year: i64, month: i64, day: i64) -> Option<Written> {
    let hour = reader.digits(2)?;
    reader.one(&[':'])?;
    let minute = reader.digits(2)?;
    reader.one(&[':'])?;
    let second = reader.digits(2)?;
    let sane = (1970..2262).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    if !sane {
        return None;
    }
    let mut fraction = 0;
    let mut fine = false;
    let before = reader.rest;
    if reader.one(&['.', ',']).is_some() {
        let mut unit = SECOND;
        while let Some(digit) = reader.digits(1) {
            unit /= 10;
            fraction += digit * unit;
            fine = true;
        }
        if !fine {
            reader.rest = before;
        }
    }
    let zone = reader.zone();
    let seconds = days(year, month, day)?
        .checked_mul(DAY)?
        .checked_add(hour * 3_600 + minute * 60 + second)?
        .checked_sub(zone.unwrap_or(0))?;
    let ns = seconds.checked_mul(SECOND)?.checked_add(fraction)?;
    Some(Written { ns, zoned: zone.is_some(), yearless: false, fine })
}

/// Days from 1970-01-01 to a day of the Gregorian calendar, in eras of 400 years that begin on
/// March 1st, so that a leap day ends its year.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let shifted = (month + 9) % 12;
    let of_year = (153 * shifted + 2) / 5 + day - 1;
    let day = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    era.checked_mul(146_097)?.checked_add(day)?.checked_sub(719_468)
}

/// The time without a year, in the year in which it is nearest to `near`.
pub(crate) fn with_year(written: Written, near: i64) -> Written {
    if !written.yearless {
        return written;
    }
    let of_1970 = written.ns;
    let year = 1970 + near / (365 * DAY * SECOND + DAY * SECOND / 4);
    let candidate = |year: i64| {
        // The month and day are those that it has in 1970; a leap year moves the days after February.
        let start = days(year, 1, 1)? * DAY * SECOND;
        let leap = days(year, 3, 1)? - days(year, 1, 1)? == 60;
        let march = 59 * DAY * SECOND;
        let moved = if leap && of_1970 >= march { DAY * SECOND } else { 0 };
        start.checked_add(of_1970)?.checked_add(moved)
    };
    let best = (year - 1..=year + 1)
        .filter_map(candidate)
        .min_by_key(|ns| ns.abs_diff(near))
        .unwrap_or(of_1970);
    Written { ns: best, yearless: false, ..written }
}

struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    /// A number of exactly so many digits; more may follow.
    fn digits(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.rest.split_at_checked(count)?;
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let number = digits.parse().ok()?;
        self.rest = rest;
        Some(number)
    }

    fn one(&mut self, allowed: &[char]) -> Option<char> {
        let c = self.rest.chars().next().filter(|c| allowed.contains(c))?;
        self.rest = self.rest.get(c.len_utf8()..)?;
        Some(c)
    }

    fn month(&mut self) -> Option<i64> {
        let (name, rest) = self.rest.split_at_checked(3)?;
        let (_, number) =
            MONTHS.iter().zip(1_i64..).find(|(month, _)| name.eq_ignore_ascii_case(month))?;
        self.rest = rest;
        Some(number)
    }

    /// `Z`, `+01:00`, ` +0100`, ` UTC`: seconds east of Greenwich.
    fn zone(&mut self) -> Option<i64> {
        let mut ahead = Reader { rest: self.rest };
        if ahead.one(&['Z', 'z']).is_some() {
            self.rest = ahead.rest;
            return Some(0);
        }
        let _ = ahead.one(&[' ']);
        if ahead.rest.starts_with("UTC") || ahead.rest.starts_with("GMT") {
            return Some(0);
        }
        let sign = if ahead.one(&['+', '-'])? == '-' { -1 } else { 1 };
        let hours = ahead.digits(2)?;
        let _ = ahead.one(&[':']);
        let minutes = ahead.digits(2)?;
        if hours > 15 || minutes > 59 || ahead.rest.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        self.rest = ahead.rest;
        Some(sign * (hours * 3_600 + minutes * 60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21T04:45:56Z.
    const AT: i64 = 1_795_236_356 * SECOND;

    #[test]
    fn every_form_is_read() {
        for (line, ns, zoned) in [
            ("2026/11/21 04:45:56 [info] 7#7: *1 x", AT, false),
            ("2026/11/21 04:45:56.5 http: x", AT + SECOND / 2, false),
            ("2026-11-21T04:45:56Z x", AT, true),
            ("2026-11-21T05:45:56.250+01:00 x", AT + SECOND / 4, true),
            ("2026-11-21 04:45:56,123 INFO [main] x", AT + 123_000_000, false),
            ("[Sat Nov 21 04:45:56.767143 2026] [ssl:info] x", AT + 767_143_000, false),
            ("10.0.0.7:49768 [21/Nov/2026:04:45:56.125] web/1: x", AT + 125_000_000, false),
            ("10.0.0.7 - - [21/Nov/2026:03:45:56 -0100] \"GET\"", AT, true),
            ("2026-11-21T04:45:56.000000000Z 2026/11/21 09:45:56 http: x", AT, true),
            ("web-1  | 2026/11/21 04:45:56 http: x", AT, false),
            ("time=\"2026-11-21T04:45:56Z\" level=error", AT, true),
        ] {
            let written = find(line).unwrap_or_else(|| panic!("{line}"));
            assert_eq!((written.ns, written.zoned), (ns, zoned), "{line}");
        }
    }

    #[test]
    fn syslog_gets_the_year_of_the_capture() {
        let written = find("Nov 21 04:45:56 host prog[7]: x").unwrap();
        assert!(written.yearless);
        assert_eq!(with_year(written, AT + 5 * SECOND).ns, AT);
        let leap = find("Mar  1 00:00:00 host x").unwrap();
        // 2028-03-01T00:00:00Z.
        assert_eq!(with_year(leap, 1_835_481_600 * SECOND).ns, 1_835_481_600 * SECOND);
        let new_year = find("Dec 31 23:59:59 host x").unwrap();
        assert_eq!(with_year(new_year, 1_798_761_600 * SECOND).ns, 1_798_761_599 * SECOND);
    }

    #[test]
    fn what_is_no_time_is_none() {
        for line in [
            "",
            "x",
            "2026/13/21 04:45:56",
            "2026/11/21 24:45:56",
            "Nov",
            "21/Nov/",
            "é".repeat(200).as_str(),
        ] {
            assert_eq!(find(line), None, "{line}");
        }
    }
}

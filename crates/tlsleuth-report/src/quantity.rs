//! Numbers, times and spans as people read them.

/// With commas between the thousands.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number with its noun, which gets an `s` where it has to.
pub fn counted(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

/// Bytes in units of 1,000.
pub fn bytes(number: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if number < 1_000 {
        return counted(number, "byte");
    }
    #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
    let mut amount = number as f64 / 1_000.0;
    let mut unit = "kB";
    for next in UNITS.iter().skip(1) {
        if amount < 999.95 {
            break;
        }
        amount /= 1_000.0;
        unit = next;
    }
    format!("{amount:.1} {unit}")
}

/// Milliseconds since the beginning of a connection.
pub fn offset(milliseconds: f64) -> String {
    // Frames may be a little out of order: no zero with a sign.
    let milliseconds = if milliseconds.abs() < 0.05 { 0.0 } else { milliseconds };
    if milliseconds < 9_999.95 {
        format!("{milliseconds:.1} ms")
    } else {
        format!("{:.1} s", milliseconds / 1_000.0)
    }
}

/// A span in the largest unit that tells enough.
pub fn span(milliseconds: f64) -> String {
    let seconds = milliseconds / 1_000.0;
    match seconds {
        s if s < 1.0 => format!("{milliseconds:.1} ms"),
        s if s < 120.0 => format!("{s:.1} s"),
        s if s < 7_200.0 => format!("{:.0} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.1} h", s / 3_600.0),
        s => format!("{:.1} days", s / 86_400.0),
    }
}

/// The date of an RFC 3339 time.
pub fn date(time: &str) -> &str {
    time.get(..10).unwrap_or(time)
}

/// The time of day of an RFC 3339 time, to the second.
pub fn clock(time: &str) -> &str {
    time.get(11..19).unwrap_or(time)
}

/// A time among others: the day too where they are of several days.
pub fn moment(time: &str, days: bool) -> String {
    if days {
        format!("{} {}", time.get(5..10).unwrap_or(""), clock(time))
    } else {
        clock(time).to_owned()
    }
}

/// The time of day of an RFC 3339 time, to the millisecond.
pub fn fine_clock(time: &str) -> &str {
    time.get(11..23).unwrap_or_else(|| clock(time))
}

/// From one RFC 3339 time to another: the date once, if it is the same.
pub fn range(first: &str, last: &str) -> String {
    let between = milliseconds_between(first, last);
    let short = between.is_none_or(|ms| ms < 60_000.0);
    let of = if short { fine_clock } else { clock };
    let until = if date(first) == date(last) {
        of(last).to_owned()
    } else {
        format!("{} {}", date(last), of(last))
    };
    format!("{} {} to {until} UTC", date(first), of(first))
}

/// Milliseconds since 1970 of an RFC 3339 time; 0 for what is none.
pub(crate) fn epoch_milliseconds(time: &str) -> f64 {
    milliseconds_between("1970-01-01T00:00:00Z", time).unwrap_or(0.0)
}

/// Milliseconds from one RFC 3339 time to another.
pub fn milliseconds_between(first: &str, last: &str) -> Option<f64> {
    let first: jiff::Timestamp = first.parse().ok()?;
    let last: jiff::Timestamp = last.parse().ok()?;
    let nanoseconds = last.as_nanosecond().checked_sub(first.as_nanosecond())?;
    Some(crate::build::milliseconds(i64::try_from(nanoseconds).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(count(5_103_221), "5,103,221");
        assert_eq!(count(100), "100");
        assert_eq!(counted(1, "frame"), "1 frame");
        assert_eq!(counted(0, "frame"), "0 frames");
        assert_eq!(bytes(999), "999 bytes");
        assert_eq!(bytes(5_120), "5.1 kB");
        assert_eq!(bytes(999_999), "1.0 MB");
        assert_eq!(bytes(4_200_000_000), "4.2 GB");
        assert_eq!(bytes(u64::MAX), "18446744.1 TB");
        assert_eq!(offset(10.54), "10.5 ms");
        assert_eq!(offset(-0.005), "0.0 ms");
        assert_eq!(offset(-0.5), "-0.5 ms");
        assert_eq!(offset(63_000.0), "63.0 s");
        assert_eq!(span(1_944_000.0), "32 min");
    }

    #[test]
    fn a_range_says_the_date_once() {
        assert_eq!(
            range("2026-11-20T10:00:00.000000000Z", "2026-11-20T10:00:00.051999999Z"),
            "2026-11-20 10:00:00.000 to 10:00:00.051 UTC"
        );
        assert_eq!(
            range("2026-11-20T23:40:12.000000000Z", "2026-11-21T00:12:44.000000000Z"),
            "2026-11-20 23:40:12 to 2026-11-21 00:12:44 UTC"
        );
    }
}

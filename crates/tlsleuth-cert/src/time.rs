//! Times as certificates and stapled responses write them.

use crate::der::{Element, Fault, tag};

/// Seconds since 1970-01-01T00:00:00Z of a UTCTime or GeneralizedTime (RFC 5280 §4.1.2.5).
///
/// Only the forms that RFC 5280 allows: seconds present, no fraction, `Z` at the end. The years 0 to
/// 9999 are all that can be written, so the result is bounded.
pub(crate) fn parse_time(element: &Element<'_>) -> Result<i64, Fault> {
    let fault =
        Fault { offset: element.offset, expected: "a time: YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ" };
    let two = |pair: &[u8]| match pair {
        [a @ b'0'..=b'9', b @ b'0'..=b'9'] => Some(i64::from(a - b'0') * 10 + i64::from(b - b'0')),
        _ => None,
    };
    let (year, rest) = match (element.tag, element.content) {
        (tag::UTC_TIME, [year @ .., _, _, _, _, _, _, _, _, _, _, _]) if year.len() == 2 => {
            let year = two(year).ok_or(fault)?;
            (if year < 50 { 2000 + year } else { 1900 + year }, element.content.get(2..))
        }
        (tag::GENERALIZED_TIME, [a, b, c, d, rest @ ..]) if rest.len() == 11 => {
            let (high, low) = (two(&[*a, *b]).ok_or(fault)?, two(&[*c, *d]).ok_or(fault)?);
            (high * 100 + low, Some(rest))
        }
        _ => return Err(fault),
    };
    let Some([month @ .., b'Z']) = rest else {
        return Err(fault);
    };
    let mut parts = [0_i64; 5];
    for (part, digits) in parts.iter_mut().zip(month.chunks(2)) {
        *part = two(digits).ok_or(fault)?;
    }
    let [month, day, hour, minute, second] = parts;
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let days_of_month = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return Err(fault),
    };
    if !(1..=days_of_month).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return Err(fault);
    }
    Ok(days_from_civil(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second)
}

/// Days from 1970-01-01 to a day of the Gregorian calendar.
///
/// Counts years from March, so that the leap day is a year's last, in cycles of 400 years
/// (146,097 days).
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let cycle = year.div_euclid(400);
    let year_of_cycle = year.rem_euclid(400);
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let day_of_cycle = year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100 + day_of_year;
    // 719,468 days lie between 0000-03-01 and 1970-01-01.
    cycle * 146_097 + day_of_cycle - 719_468
}

#[cfg(test)]
mod tests {
    use super::parse_time;
    use crate::der::Reader;

    fn time(tag: u8, text: &str) -> Option<i64> {
        let mut bytes = vec![tag, u8::try_from(text.len()).unwrap()];
        bytes.extend_from_slice(text.as_bytes());
        parse_time(&Reader::new(&bytes).next("a time").unwrap()).ok()
    }

    #[test]
    fn both_forms() {
        assert_eq!(time(0x17, "700101000000Z"), Some(0));
        assert_eq!(time(0x17, "491231235959Z"), Some(2_524_607_999));
        assert_eq!(time(0x17, "500101000000Z"), Some(-631_152_000));
        assert_eq!(time(0x18, "20261120100000Z"), Some(1_795_168_800));
        assert_eq!(time(0x18, "99991231235959Z"), Some(253_402_300_799));
        assert_eq!(time(0x18, "00000101000000Z"), Some(-62_167_219_200));
        assert_eq!(time(0x18, "20240229000000Z"), Some(1_709_164_800));
    }

    #[test]
    fn other_forms_are_refused() {
        for text in ["7001010000Z", "700101000000", "700101000000+0100", "7a0101000000Z", ""] {
            assert_eq!(time(0x17, text), None, "{text}");
        }
        for text in [
            "20261320100000Z",
            "20261131100000Z",
            "20230229000000Z",
            "20261120240000Z",
            "20261120100060Z",
            "20261120100000.5Z",
            "20260020100000Z",
        ] {
            assert_eq!(time(0x18, text), None, "{text}");
        }
        assert_eq!(time(0x04, "700101000000Z"), None);
    }
}

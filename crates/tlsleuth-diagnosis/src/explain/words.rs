//! Words compared as people and programs spell them: no case, `_` for a space, word by word.

/// The longest text that is looked at. A line of a log is shorter; a stack trace has its reason at
/// its beginning.
const LONGEST: usize = 8_192;

/// Lower case, `_` as a space, runs of spaces as one, typographic quotes as plain ones.
pub(crate) fn normalized(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(LONGEST));
    for c in text.chars() {
        if out.len() >= LONGEST {
            break;
        }
        let c = match c {
            '_' => ' ',
            '\u{2018}' | '\u{2019}' | '`' => '\'',
            '\u{201c}' | '\u{201d}' => '"',
            c if c.is_whitespace() || c.is_control() => ' ',
            c => c.to_ascii_lowercase(),
        };
        if c == ' ' && (out.is_empty() || out.ends_with(' ')) {
            continue;
        }
        out.push(c);
    }
    out.truncate(out.trim_end().len());
    out
}

/// Whether all `words` stand in `text` one after the other, each at word boundaries. Both are
/// normalized.
pub(crate) fn holds(text: &str, words: &[String]) -> bool {
    let mut rest = text;
    let mut before = None;
    for word in words {
        match after(rest, before, word) {
            Some((left, last)) => {
                rest = left;
                before = last;
            }
            None => return false,
        }
    }
    true
}

/// What follows the first place where `word` stands alone, and the character before that.
fn after<'t>(text: &'t str, before: Option<char>, word: &str) -> Option<(&'t str, Option<char>)> {
    let starts = word.chars().next().is_some_and(char::is_alphanumeric);
    let ends = word.chars().next_back().is_some_and(char::is_alphanumeric);
    for (at, found) in text.match_indices(word) {
        let previous = text.get(..at).and_then(|head| head.chars().next_back());
        let previous = if at == 0 { before } else { previous };
        let rest = text.get(at + found.len()..).unwrap_or_default();
        let joined = (starts && previous.is_some_and(char::is_alphanumeric))
            || (ends && rest.chars().next().is_some_and(char::is_alphanumeric));
        if !joined {
            return Some((rest, found.chars().next_back()));
        }
    }
    None
}

/// How many letters must be typed, taken out, replaced or swapped with their neighbor to make one
/// word the other; `None` when more than `most`.
pub(crate) fn distance(a: &str, b: &str, most: usize) -> Option<usize> {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    let mut older: Vec<usize> = Vec::new();
    let mut old: Vec<usize> = (0..=b.len()).collect();
    let mut last_a = None;
    for (&in_a, row) in a.iter().zip(1..) {
        let mut new = vec![row];
        let mut last_b = None;
        for (&in_b, column) in b.iter().zip(1_usize..) {
            let at = |list: &[usize], index: Option<usize>| {
                index.and_then(|index| list.get(index)).copied().unwrap_or(usize::MAX / 2)
            };
            let same = usize::from(in_a != in_b);
            let mut least = (at(&old, column.checked_sub(1)) + same)
                .min(at(&old, Some(column)) + 1)
                .min(at(&new, column.checked_sub(1)) + 1);
            if last_a == Some(in_b) && last_b == Some(in_a) {
                least = least.min(at(&older, column.checked_sub(2)) + 1);
            }
            new.push(least);
            last_b = Some(in_b);
        }
        older = std::mem::replace(&mut old, new);
        last_a = Some(in_a);
    }
    old.last().copied().filter(|&distance| distance <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_alone() {
        let found = |text: &str, words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| normalized(word)).collect();
            holds(&normalized(text), &words)
        };
        assert!(found("read: EOF", &["eof"]));
        assert!(!found("geoff", &["eof"]));
        assert!(!found("eof2", &["eof"]));
        assert!(found("SSL_ERROR_SYSCALL,  errno", &["ssl error syscall"]));
        assert!(found("a then b", &["a", "b"]));
        assert!(!found("b then a", &["a", "b"]));
        assert!(!found("ab", &["a", "b"]));
        assert!(found("it\u{2019}s", &["it's"]));
    }

    #[test]
    fn distances_are_those_of_typing_errors() {
        assert_eq!(distance("unknown_ca", "unknown_ca", 2), Some(0));
        assert_eq!(distance("unkown_ca", "unknown_ca", 2), Some(1));
        assert_eq!(distance("unknwon_ca", "unknown_ca", 2), Some(1));
        assert_eq!(distance("", "ab", 2), Some(2));
        assert_eq!(distance("", "abc", 2), None);
        assert_eq!(distance("bad", "dab", 1), None);
    }
}

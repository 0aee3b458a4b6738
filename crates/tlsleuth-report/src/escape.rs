//! Makes text safe for its medium. Every renderer passes every string through here, and nothing
//! else in this crate escapes.
//!
//! Text off the wire comes through [`WireText`](tlsleuth::cert::WireText), which escapes what
//! controls a terminal. This is the second wall: a text that took another way cannot do harm either.

use std::borrow::Cow;
use std::fmt::Write as _;

use tlsleuth::cert::is_hidden;

/// One line for a terminal: control characters, line breaks and characters that are invisible or
/// turn the direction of text become `\u{…}`. What is safe already stays as it is.
#[must_use]
pub fn terminal(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        put(&mut out, c);
    }
    Cow::Owned(out)
}

/// Text within a paragraph or a table cell of Markdown: what could be markup or HTML is escaped, what
/// could become a link, a mention or a reference stands in code, and it stays one line.
#[must_use]
pub fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for (index, word) in text.split(' ').enumerate() {
        if index > 0 {
            out.push(' ');
        }
        if is_reference(word) {
            // Sites make links even of what was written with entities or backslashes; of code never.
            out.push_str(&markdown_code(word));
        } else {
            markdown_word(word, index == 0, &mut out);
        }
    }
    out
}

/// Whether a site could make something live of a word: an address, a mention, a number of an issue.
fn is_reference(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    if lower.contains("://") || lower.contains("www.") || lower.contains("gh-") {
        return true;
    }
    let mut chars = word.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '@' {
            return true;
        }
        let before_word = chars.peek().is_some_and(|next| next.is_alphanumeric());
        if matches!(c, '#' | '!' | '$' | '%' | '~' | '&') && before_word {
            return true;
        }
    }
    false
}

fn markdown_word(word: &str, first: bool, out: &mut String) {
    // At the beginning of a line `1.` and `-` make lists, `===` a heading.
    let marker = word.trim_end_matches(['.', ')']);
    let list = first && marker.len() < word.len() && marker.chars().all(|c| c.is_ascii_digit());
    let rule = first && word.starts_with(['-', '+', '=']);
    let mut previous = ' ';
    let mut chars = word.chars().peekable();
    if rule {
        out.push('\\');
    }
    while let Some(c) = chars.next() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // A backslash would do in a table, but not in all of them.
            '|' => out.push_str("&#124;"),
            // Within a word it is no emphasis, and reads better as it is.
            '_' if previous.is_alphanumeric()
                && chars.peek().is_some_and(|next| next.is_alphanumeric()) =>
            {
                out.push(c);
            }
            '\\' | '`' | '*' | '_' | '[' | ']' | '{' | '}' | '~' | '$' | '^' | '#' => {
                out.push('\\');
                out.push(c);
            }
            '.' | ')' if list => {
                out.push('\\');
                out.push(c);
            }
            c => put(out, c),
        }
        previous = c;
    }
}

/// Text within an element of HTML, also where Markdown takes HTML as it is: one line, no markup.
#[must_use]
pub fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '`' => out.push_str("&#96;"),
            '[' => out.push_str("&#91;"),
            ']' => out.push_str("&#93;"),
            c => put(&mut out, c),
        }
    }
    out
}

/// Text as inline code of Markdown, in a fence that is longer than any run of backticks in it.
/// Pipes would end a table cell even there, so they are written as the look-alike U+2502.
#[must_use]
pub fn markdown_code(text: &str) -> String {
    let text = terminal(text);
    let mut longest = 0_usize;
    let mut run = 0_usize;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{}{space}{fence}", text.replace('|', "│"))
}

/// One line within a fenced block of code: no line of it can end the block.
#[must_use]
pub fn markdown_fenced(text: &str) -> String {
    terminal(text).replace("```", "'''").replace("~~~", "'''")
}

/// The inside of a JSON string, where JSON's own escapes are done: characters that it allows and
/// that must not reach a terminal become `\uXXXX`, which loses nothing.
///
/// # Errors
/// When `out` fails.
pub fn json<W: ?Sized + std::io::Write>(text: &str, out: &mut W) -> std::io::Result<()> {
    let mut rest = text;
    while let Some((at, c)) = rest.char_indices().find(|(_, c)| is_unsafe(*c)) {
        let (safe, tail) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.write_all(safe.as_bytes())?;
        for unit in c.encode_utf16(&mut [0; 2]) {
            write!(out, "\\u{unit:04x}")?;
        }
        rest = tail.get(c.len_utf8()..).unwrap_or("");
    }
    out.write_all(rest.as_bytes())
}

fn is_unsafe(c: char) -> bool {
    c.is_control() || is_hidden(c)
}

fn put(out: &mut String, c: char) {
    if is_unsafe(c) {
        // A String takes everything, so the writer cannot fail.
        let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
    } else {
        out.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a\u{1b}[31m\u{7}\r\n\u{202e}|`x`</script><b>[l](http://e.example)\u{9b}#1 @all www.e.example";

    #[test]
    fn a_terminal_gets_nothing_raw() {
        let safe = terminal(HOSTILE);
        assert!(!safe.chars().any(is_unsafe), "{safe}");
        assert!(safe.starts_with(r"a\u{1b}[31m\u{7}\u{d}\u{a}\u{202e}|`x`"));
        assert_eq!(terminal(&safe), safe, "escaping twice changes nothing");
    }

    #[test]
    fn markdown_gets_no_markup() {
        let safe = markdown(HOSTILE);
        assert_eq!(
            safe,
            "``a\\u{1b}[31m\\u{7}\\u{d}\\u{a}\\u{202e}│`x`</script><b>[l](http://e.example)\\u{9b}#1`` \
             `@all` `www.e.example`"
        );
        assert_eq!(markdown("</b>|[l](x) a`b`"), "&lt;/b&gt;&#124;\\[l\\](x) a\\`b\\`");
        assert_eq!(markdown("# x"), "\\# x");
        assert_eq!(markdown("a #12 !3 x@y"), "a `#12` `!3` `x@y`");
        assert_eq!(markdown("- x"), "\\- x");
        assert_eq!(markdown("1. x"), "1\\. x");
        assert_eq!(
            markdown("10.0.0.2 TLS 1.3 *x* _y_ a_b"),
            "10.0.0.2 TLS 1.3 \\*x\\* \\_y\\_ a_b"
        );
    }

    #[test]
    fn code_cannot_be_left() {
        assert_eq!(markdown_code("a b"), "`a b`");
        assert_eq!(markdown_code("a``b|"), "```a``b│```");
        assert_eq!(markdown_code("`a"), "`` `a ``");
        assert!(!markdown_fenced("```\n# x").contains("```"));
    }
}

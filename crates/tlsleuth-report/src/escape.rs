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

/// Text within a paragraph or a table cell of Markdown: what could be markup, a link, a mention or
/// HTML is escaped, and it stays one line.
#[must_use]
pub fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut previous = ' ';
    for (index, c) in text.chars().enumerate() {
        match c {
            // Entities and backslashes, because renderers differ in what they take in HTML.
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '|' => out.push_str("&#124;"),
            '@' => out.push_str("&#64;"),
            // Within a word it is no emphasis, and reads better as it is.
            '_' if previous.is_alphanumeric()
                && text.chars().nth(index + 1).is_some_and(char::is_alphanumeric) =>
            {
                out.push(c);
            }
            '\\' | '`' | '*' | '_' | '[' | ']' | '{' | '}' | '~' | '$' | '^' => {
                out.push('\\');
                out.push(c);
            }
            // A heading or a reference to an issue.
            '#' => out.push_str("&#35;"),
            // A list, at the beginning of a line.
            '-' | '+' | '=' if index == 0 => {
                out.push('\\');
                out.push(c);
            }
            '.' | ')' if previous.is_ascii_digit() && starts_a_list(text, index) => {
                out.push('\\');
                out.push(c);
            }
            // A bare address becomes a link: `http://` and `www.` are broken up without being
            // made unreadable.
            ':' if text.chars().skip(index).take(3).eq("://".chars()) => out.push_str("&#58;"),
            '.' if ends_with_www(text, index) => out.push_str("&#46;"),
            c => put(&mut out, c),
        }
        previous = c;
    }
    out
}

/// Whether only digits are before the character `index`.
fn starts_a_list(text: &str, index: usize) -> bool {
    text.chars().take(index).all(|c| c.is_ascii_digit())
}

/// Whether `www` is right before the character `index`.
fn ends_with_www(text: &str, index: usize) -> bool {
    index >= 3 && text.chars().skip(index - 3).take(3).all(|c| c.eq_ignore_ascii_case(&'w'))
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
        for bad in ["<", "\n", "|", "[l](", "://", "www.", " @", "\u{202e}"] {
            assert!(!safe.contains(bad), "{bad:?} in {safe}");
        }
        assert_eq!(markdown("# x"), "&#35; x");
        assert_eq!(markdown("- x"), "\\- x");
        assert_eq!(markdown("1. x"), "1\\. x");
        assert_eq!(markdown("TLS 1.3"), "TLS 1.3");
    }

    #[test]
    fn code_cannot_be_left() {
        assert_eq!(markdown_code("a b"), "`a b`");
        assert_eq!(markdown_code("a``b|"), "```a``b│```");
        assert_eq!(markdown_code("`a"), "`` `a ``");
        assert!(!markdown_fenced("```\n# x").contains("```"));
    }
}

//! Names of hosts: each label is replaced by itself, below the labels behind it.

use crate::{Key, alphabet, suffix};

/// Whether a text is the name of a host with more than one label.
pub(crate) fn is_host(text: &str) -> bool {
    let text = text.strip_suffix('.').unwrap_or(text);
    let mut labels = 0;
    let all = text.split('.').all(|label| {
        labels += 1;
        !label.is_empty()
            && label.len() <= 63
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'*'))
    });
    let letters = text.bytes().any(|byte| byte.is_ascii_alphabetic());
    all && labels > 1 && letters && text.len() <= 253
}

/// Whether a text is the name of a host with an ending that only such names have.
pub(crate) fn surely_host(text: &str) -> bool {
    let lower = text.trim_end_matches('.').to_ascii_lowercase();
    let labels: Vec<&str> = lower.split('.').collect();
    is_host(&lower) && suffix::ends_like_a_host(&labels)
}

/// Replaces the labels in front of the ending that many share. The token of a label depends on the
/// labels behind it: what is under one parent stays under one parent, and the same word under two
/// parents gets two tokens. A star stays a star. The whole comes out in lower case.
pub(crate) fn replace(key: &Key, text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let (name, dot) = match lower.strip_suffix('.') {
        Some(name) => (name, "."),
        None => (lower.as_str(), ""),
    };
    let labels: Vec<&str> = name.split('.').collect();
    let kept = suffix::kept(&labels);
    let mut parent = String::new();
    let mut tokens = Vec::with_capacity(labels.len());
    for (index, label) in labels.iter().rev().enumerate() {
        if index < kept || *label == "*" {
            tokens.push((*label).to_owned());
        } else {
            let token = alphabet::permute(key, &[b"host", parent.as_bytes()], label.as_bytes());
            tokens.push(String::from_utf8_lossy(&token).into_owned());
        }
        parent.push('.');
        parent.push_str(label);
    }
    tokens.reverse();
    let mut name = tokens.join(".");
    name.push_str(dot);
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key::parse(b"a key for tests, no secret").unwrap()
    }

    fn replaced(text: &str) -> String {
        replace(&key(), text)
    }

    #[test]
    fn what_is_a_host() {
        for host in ["a.example", "*.example.test", "_x.b", "api.example.com.", "1.2.3.x"] {
            assert!(is_host(host), "{host}");
        }
        for other in ["shop", "1.2.3.4", "Example CA", "a..b", "", ".", "a b.c", "http://a.b"] {
            assert!(!is_host(other), "{other}");
        }
        assert!(surely_host("api.example.test"));
        assert!(!surely_host("fullchain.pem"));
    }

    #[test]
    fn what_matters_stays() {
        let name = replaced("API.Example.test");
        assert_eq!(name, replaced("api.example.test"));
        assert_eq!(name.len(), "api.example.test".len());
        assert_eq!(name.split('.').count(), 3);
        assert!(name.ends_with(".test") && !name.contains("example") && !name.starts_with("api"));
        // The parent of a name is the parent of its token, and a star stays.
        let parent = replaced("example.test");
        assert!(name.ends_with(&format!(".{parent}")));
        assert_eq!(replaced("*.example.test"), format!("*.{parent}"));
        assert_ne!(replaced("api.other.test").split('.').next(), name.split('.').next());
        assert!(replaced("shop.example.co.uk").ends_with(".co.uk"));
        assert!(replaced("example.test.").ends_with('.'));
    }

    proptest::proptest! {
        #[test]
        fn any_text_keeps_its_length(text in ".{0,80}") {
            let token = replaced(&text);
            proptest::prop_assert_eq!(token.len(), text.len());
        }
    }
}

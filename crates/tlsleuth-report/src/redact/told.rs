//! The sentence that says what was redacted. The same in every format for people.

use crate::schema::Redaction;

/// What was replaced, in a sentence; nothing where nothing was.
pub(crate) fn sentence(redaction: Option<Redaction>) -> Option<String> {
    let Redaction { addresses, names, repeatable } = redaction?;
    let mut what = Vec::new();
    if addresses {
        what.push("addresses (networks stay together)");
    }
    if names {
        what.push(
            "names, serial numbers and hashes of certificates, paths, what peers and logs wrote",
        );
    }
    let same = if repeatable {
        "the same original has the same token wherever this key is used"
    } else {
        "the same original has the same token in this report"
    };
    (!what.is_empty()).then(|| format!("Redacted: {}; {same}.", what.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_and_how() {
        let told = |addresses, names, repeatable| {
            sentence(Some(Redaction { addresses, names, repeatable })).unwrap_or_default()
        };
        assert_eq!(
            told(true, false, false),
            "Redacted: addresses (networks stay together); the same original has the same token \
             in this report."
        );
        assert!(told(true, true, true).contains("names") && told(true, true, true).contains("key"));
        assert_eq!(told(false, false, false), "");
        assert_eq!(sentence(None), None);
    }
}

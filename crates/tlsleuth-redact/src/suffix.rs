//! Which labels at the end of a name stay: those that many share.
//!
//! Two letters are a country (ISO 3166) and say little; of the longer ones stay those that anybody
//! can register under, and those reserved for tests and inner networks (RFC 2606, RFC 6761, RFC
//! 8375). Any other ending may be somebody's own: `.acme` inside a company, a brand's top-level
//! domain, a hosting provider's suffix. It is replaced like the rest. That is why this is a short
//! list and not the public suffix list, which holds thousands of such owners.

const GENERIC: &[&str] = &[
    "app",
    "arpa",
    "biz",
    "blog",
    "cloud",
    "com",
    "corp",
    "dev",
    "edu",
    "example",
    "gov",
    "home",
    "info",
    "int",
    "internal",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "mil",
    "mobi",
    "name",
    "net",
    "online",
    "onion",
    "org",
    "pro",
    "shop",
    "site",
    "store",
    "svc",
    "tech",
    "test",
    "xyz",
];

/// Second labels below a country that are no owner's: `co.uk`, `com.br`, `ac.jp`.
const BELOW_COUNTRY: &[&str] = &[
    "ac", "co", "com", "ed", "edu", "go", "gob", "gov", "gouv", "gv", "ltd", "me", "mil", "ne",
    "net", "nhs", "nom", "or", "org", "plc", "sch",
];

/// How many labels at the end stay; never all of them. Labels are in lower case, in their order.
pub(crate) fn kept(labels: &[&str]) -> usize {
    let kept = match labels {
        [.., second, country] if is_country(country) && BELOW_COUNTRY.contains(second) => 2,
        [.., last] if is_country(last) || GENERIC.contains(last) => 1,
        _ => 0,
    };
    kept.min(labels.len().saturating_sub(1))
}

fn is_country(label: &str) -> bool {
    label.len() == 2 && label.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// Whether a name ends as only names of hosts do.
pub(crate) fn ends_like_a_host(labels: &[&str]) -> bool {
    labels.len() > 1 && labels.last().is_some_and(|last| is_country(last) || GENERIC.contains(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_shared_endings_stay() {
        assert_eq!(kept(&["api", "example", "com"]), 1);
        assert_eq!(kept(&["shop", "example", "co", "uk"]), 2);
        assert_eq!(kept(&["co", "uk"]), 1);
        assert_eq!(kept(&["db", "prod", "acme"]), 0);
        assert_eq!(kept(&["com"]), 0);
        assert_eq!(kept(&[]), 0);
    }

    #[test]
    fn lists_are_in_order() {
        assert!(BELOW_COUNTRY.iter().all(|label| !label.is_empty()));
        assert!(GENERIC.iter().all(|label| label.len() > 2));
    }
}

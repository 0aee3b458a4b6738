//! Name constraints (RFC 5280 §4.2.1.10).

use crate::{
    Certificate, Name, NameSubtree, WireText,
    der::{Reader, tag},
};

/// How a certificate breaks the constraints of an issuer above it.
pub(crate) struct Outside {
    pub(crate) name: WireText,
    pub(crate) refused_by: &'static str,
}

/// Comparisons that are left; none left means that nothing more can be said.
pub(crate) struct Budget(pub(crate) usize);

impl Budget {
    fn spend(&mut self) -> bool {
        match self.0.checked_sub(1) {
            Some(left) => {
                self.0 = left;
                true
            }
            None => false,
        }
    }
}

/// One name of a certificate, by its form.
#[derive(Clone, Copy)]
enum Presented<'a> {
    Dns(&'a WireText),
    Ip(&'a std::net::IpAddr),
    Email(&'a WireText),
    Uri(&'a WireText),
    Directory(&'a Name),
}

/// The first name of `certificate` that `issuer` may not certify.
///
/// A name of a form of which some subtrees are permitted must be within one of these, and no name
/// within an excluded one.
pub(crate) fn outside(
    certificate: &Certificate,
    issuer: &Certificate,
    budget: &mut Budget,
) -> Option<Outside> {
    let constraints = issuer.name_constraints.as_ref()?;
    let names = certificate
        .dns_names
        .iter()
        .map(Presented::Dns)
        .chain(certificate.ip_addresses.iter().map(Presented::Ip))
        .chain(certificate.email_addresses.iter().map(Presented::Email))
        .chain(certificate.uris.iter().map(Presented::Uri));
    let subject = Some(Presented::Directory(&certificate.subject));
    let mut unsupported = None;
    for name in names.chain(subject.filter(|_| !certificate.subject.is_empty())) {
        let mut permitted = None;
        for tree in &constraints.permitted {
            if !budget.spend() {
                return unsupported;
            }
            if let Some(within) = is_within(name, tree) {
                permitted = Some(permitted.unwrap_or(false) || within);
            }
        }
        let mut excluded = None;
        for tree in &constraints.excluded {
            if !budget.spend() {
                return unsupported;
            }
            if let Some(within) = is_within(name, tree) {
                excluded = Some(excluded.unwrap_or(false) || within);
            }
        }
        if permitted == Some(false) || excluded == Some(true) {
            return Some(Outside { name: text(name), refused_by: "every client" });
        }
        // Within the constraints, but rustls refuses whatever it cannot compare.
        let compared = matches!(name, Presented::Dns(_) | Presented::Ip(_));
        if !compared && (permitted.is_some() || excluded.is_some()) && unsupported.is_none() {
            unsupported = Some(Outside { name: text(name), refused_by: "rustls; not OpenSSL" });
        }
    }
    unsupported
}

fn text(name: Presented<'_>) -> WireText {
    match name {
        Presented::Dns(text) | Presented::Email(text) | Presented::Uri(text) => text.clone(),
        Presented::Ip(address) => WireText::from(address.to_string()),
        Presented::Directory(name) => name.text().clone(),
    }
}

/// Whether a name is within a subtree; None if they are of different forms.
fn is_within(name: Presented<'_>, tree: &NameSubtree) -> Option<bool> {
    match (name, tree) {
        (Presented::Dns(name), NameSubtree::Dns(tree)) => {
            Some(is_host_within(name.raw(), tree.raw(), true))
        }
        (Presented::Ip(address), NameSubtree::Ip(range)) => Some(range.contains(address)),
        (Presented::Email(address), NameSubtree::Email(tree)) => {
            let (address, tree) = (address.raw(), tree.raw());
            let host = address.rsplit(|byte| *byte == b'@').next().unwrap_or_default();
            Some(if tree.contains(&b'@') {
                address.eq_ignore_ascii_case(tree)
            } else {
                is_host_within(host, tree, false)
            })
        }
        (Presented::Uri(uri), NameSubtree::Uri(tree)) => {
            Some(is_host_within(uri_host(uri.raw()), tree.raw(), false))
        }
        (Presented::Directory(name), NameSubtree::Directory(tree)) => {
            Some(relative_names(name).starts_with(relative_names(tree)))
        }
        _ => None,
    }
}

/// Whether a host lies within a domain. A leading dot leaves out the domain itself; without one,
/// `below` tells whether hosts below it belong to it (for DNS names they do, for e-mail not).
fn is_host_within(host: &[u8], tree: &[u8], below: bool) -> bool {
    if tree.is_empty() {
        return true;
    }
    let host = host.strip_prefix(b"*.").unwrap_or(host);
    let (domain, itself, below) = match tree.strip_prefix(b".") {
        Some(domain) => (domain, false, true),
        None => (tree, true, below),
    };
    let Some(rest) = host.len().checked_sub(domain.len()) else { return false };
    let Some((before, end)) = host.split_at_checked(rest) else { return false };
    end.eq_ignore_ascii_case(domain)
        && if before.is_empty() { itself } else { below && before.ends_with(b".") }
}

fn uri_host(uri: &[u8]) -> &[u8] {
    let at = uri.windows(3).position(|window| window == b"://").map_or(0, |at| at + 3);
    let rest = uri.get(at..).unwrap_or_default();
    let authority = rest.split(|byte| matches!(byte, b'/' | b'?' | b'#')).next().unwrap_or(rest);
    let host = authority.rsplit(|byte| *byte == b'@').next().unwrap_or(authority);
    host.split(|byte| *byte == b':').next().unwrap_or(host)
}

fn relative_names(name: &Name) -> &[u8] {
    Reader::new(name.der()).expect(tag::SEQUENCE, "a name").map_or(&[], |name| name.content)
}

#[cfg(test)]
mod tests {
    use super::{is_host_within, uri_host};

    #[test]
    fn hosts() {
        assert!(is_host_within(b"a.example.test", b"example.test", true));
        assert!(is_host_within(b"EXAMPLE.test", b"example.test", true));
        assert!(!is_host_within(b"badexample.test", b"example.test", true));
        assert!(!is_host_within(b"example.test", b".example.test", true));
        assert!(is_host_within(b"a.b.example.test", b".example.test", true));
        assert!(is_host_within(b"*.example.test", b"example.test", true));
        assert!(is_host_within(b"any", b"", true));
        assert!(!is_host_within(b"a.example.test", b"example.test", false));
        assert!(!is_host_within(b"", b"example.test", true));
    }

    #[test]
    fn hosts_of_uris() {
        assert_eq!(uri_host(b"spiffe://trust.domain/workload"), b"trust.domain");
        assert_eq!(uri_host(b"https://user@host:8443?q"), b"host");
        assert_eq!(uri_host(b"urn:x"), b"urn");
        assert_eq!(uri_host(b""), b"");
    }
}

//! Ports on which TLS is usual: there a connection without any TLS byte is worth telling.

/// Ports of the IANA registry and of common software that speak TLS from the first byte.
const USUAL: &[u16] = &[
    443, 465, 563, 636, 853, 989, 990, 992, 993, 994, 995, 2376, 2484, 3269, 4433, 4443, 5061,
    5223, 5349, 5671, 5986, 6443, 6514, 6697, 8443, 8883, 9443, 10250,
];

/// Whether TLS is usual on a port.
#[must_use]
pub fn is_usual_tls_port(port: u16) -> bool {
    USUAL.binary_search(&port).is_ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_list_is_sorted_for_the_search() {
        assert!(super::USUAL.is_sorted());
        assert!(super::is_usual_tls_port(443));
        assert!(!super::is_usual_tls_port(80));
    }
}

//! Says why a TLS handshake failed, from a packet capture.

//! Opens TLS records with logged secrets.

//! TLS facts from streams: records, messages, connections.

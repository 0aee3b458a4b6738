//! Judges TLS connections: findings and one verdict.

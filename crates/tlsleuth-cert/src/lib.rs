//! Parses certificates and judges chains.

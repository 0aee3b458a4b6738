//! Parses certificates and judges chains.
//!
//! Bytes of a Certificate message come in, facts and judgements come out; nothing here reads a file
//! (but for [`Roots::System`], the roots of the operating system), a clock or the network, and
//! nothing here is fatal: a certificate that does not parse is a [`Certificate`] with
//! [`malformed`](Certificate::malformed) set and whatever facts could still be read.
//!
//! ```
//! use tlsleuth_cert::{Anchors, CertificateStore, Chain, Judge, NoIntermediates, Purpose, Roots};
//!
//! let store = CertificateStore::default();
//! let judge = Judge::new(Anchors::new(Roots::Mozilla)?);
//! let chain = Chain::new([store.intern(b"no certificate")]);
//! let judgement = judge.judge(&chain, Purpose::ServerAuth, &NoIntermediates, 1_790_000_000);
//! assert!(!judgement.is_trusted());
//! # Ok::<(), tlsleuth_cert::Error>(())
//! ```
//!
//! Whether a chain is trusted is decided by `rustls-webpki`, tightened by the few checks that
//! OpenSSL and Go make beyond it; *why not* is told by code of our own as [`Defect`]s.
//!
//! **Architecture invariant:** this crate alone knows x509-parser, webpki and ring, and none of
//! their types is in its interface. It depends on no other crate of the workspace.

mod anchor;
mod certificate;
mod chain;
mod constraint;
mod ct_log;
mod der;
mod error;
mod evaluate;
mod extension;
mod judge;
mod key;
mod limits;
mod name;
mod ocsp;
mod oid;
mod path;
mod placeholder;
mod reference;
mod sct;
mod signature;
mod staple;
mod store;
mod time;
mod verify;
mod violation;
mod wire_text;

pub use anchor::{Anchors, Roots};
pub use certificate::{Certificate, Fingerprint, Malformed, Serial};
pub use chain::Chain;
pub use ct_log::{CtLog, ct_log};
pub use error::Error;
pub use extension::{
    AcmeIdentifier, BasicConstraints, ExtendedKeyUsage, Extension, IpRange, KeyUsage,
    NameConstraints, NameSubtree,
};
pub use judge::{ChainJudgement, Defect, DefectAt, DefectKind, Judge, Purpose, Trust, Usage};
pub use key::{Curve, KeyAlgorithm, PublicKey};
pub use limits::Limits;
pub use name::Name;
pub use ocsp::{CertStatus, OcspJudgement, OcspProblem, OcspResponse, OcspSigner, SingleResponse};
pub use oid::Oid;
pub use path::{IssuerHints, Origin, PathStep, SignatureCheck};
pub use placeholder::{
    Interceptor, InterceptorKind, Placeholder, PlaceholderKind, interceptor, placeholder,
};
pub use reference::{HostName, Miss, ReferenceName};
pub use sct::{Sct, Scts};
pub use signature::{Hash, SignatureAlgorithm};
pub use store::{CertificateStore, Intermediates, NoIntermediates, SeenIntermediates};
pub use violation::Violation;
pub use wire_text::{WireText, is_hidden};

/// Feeds any bytes to the certificate parser and to everything that reads a parsed certificate.
///
/// For fuzzing; a unit test runs it over a small corpus too.
pub fn fuzz_certificate(data: &[u8]) {
    certificate::fuzz(data);
}

/// Feeds any bytes to the parser of stapled responses. For fuzzing, like [`fuzz_certificate`].
pub fn fuzz_ocsp(data: &[u8]) {
    ocsp::fuzz(data);
}

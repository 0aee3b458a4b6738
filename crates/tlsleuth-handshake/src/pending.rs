//! Stand-ins until the real messages and preambles land.
#![allow(missing_docs, dead_code)]
use crate::codepoint::*;
use crate::{Anomaly, WireText};

#[derive(Clone, Debug, PartialEq)]
pub struct CertificateRequest {}
impl CertificateRequest {
    pub fn decode(_: &[u8], _: ProtocolVersion) -> (Self, Vec<Anomaly>) {
        (Self {}, vec![])
    }
}
#[derive(Clone, Debug, PartialEq)]
pub struct ServerKeyExchange {}
impl ServerKeyExchange {
    pub fn decode(_: &[u8], _: CipherSuite, _: ProtocolVersion) -> (Self, Vec<Anomaly>) {
        (Self {}, vec![])
    }
    pub fn group(&self) -> Option<NamedGroup> {
        None
    }
}
#[derive(Clone, Debug, PartialEq)]
pub struct EncryptedExtensions {
    pub extensions: crate::message::Extensions,
}
impl EncryptedExtensions {
    pub fn decode(_: &[u8]) -> (Self, Vec<Anomaly>) {
        (Self { extensions: Default::default() }, vec![])
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Application;
#[derive(Clone, Debug, PartialEq)]
pub struct Plaintext;
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal;
#[derive(Default, Debug)]
pub struct Preamble;
pub enum Progress {
    Continue,
    Said(WireText),
    TlsStarts { offset: usize },
    Refused(Refusal),
}
impl Preamble {
    pub fn push(&mut self, _: bool, _: &[u8]) -> Progress {
        Progress::Continue
    }
}
pub fn application_of(_: bool, _: &[u8]) -> Option<Application> {
    None
}

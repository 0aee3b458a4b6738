//! Stand-ins until the real messages and preambles land.
#![allow(missing_docs, dead_code)]
use crate::WireText;

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

impl std::fmt::Display for Application {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Ok(())
    }
}

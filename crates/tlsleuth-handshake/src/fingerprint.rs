//! Stand-in.
#![allow(missing_docs)]
use crate::message::{ClientHello, ServerHello};
#[derive(Clone, Copy)]
pub enum Transport {
    Tcp,
}
pub fn ja3(_: &ClientHello) -> String {
    String::new()
}
pub fn ja3s(_: &ServerHello) -> String {
    String::new()
}
pub fn ja4(_: &ClientHello, _: Transport) -> String {
    String::new()
}

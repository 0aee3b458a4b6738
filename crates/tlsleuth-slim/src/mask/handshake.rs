//! Masks handshake messages: lengths, numbers and lists stay, what identifies somebody goes.

use super::cursor::Cursor;
use super::{Mask, der};

/// The random of a ServerHello that is a HelloRetryRequest (RFC 9846 §4.2.3).
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];
/// What ends the random of a server that was made to take an older version (RFC 9846 §4.2.4).
const DOWNGRADE: &[u8] = b"DOWNGRD";

/// Masks the messages in `bytes`, one after the other; what is no whole message is filled.
pub(super) fn messages(mask: &Mask<'_>, bytes: &mut [u8]) {
    let mut rest = bytes;
    while let [kind, a, b, c, behind @ ..] = rest {
        let len = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
        let kind = *kind;
        if len > behind.len() {
            // The beginning of a message is masked as far as it goes.
            message(mask, kind, behind);
            return;
        }
        let (body, next) = behind.split_at_mut(len);
        message(mask, kind, body);
        rest = next;
    }
    mask.fill(rest);
}

fn message(mask: &Mask<'_>, kind: u8, body: &mut [u8]) {
    let mut cursor = Cursor::new(mask, body);
    // A message that ends early is masked up to there, and what is not read of it is replaced.
    let _ = match kind {
        1 => client_hello(&mut cursor),
        2 => server_hello(&mut cursor),
        11 => certificates(&mut cursor),
        12 => server_key_exchange(&mut cursor),
        13 => certificate_request(&mut cursor),
        15 => signature(&mut cursor),
        22 => certificate_status(&mut cursor),
        4 => cursor.keep(4).and_then(|()| cursor.opaque16()),
        16 => client_key_exchange(&mut cursor),
        _ => None,
    };
}

fn client_hello(hello: &mut Cursor<'_, '_>) -> Option<()> {
    hello.keep(2)?;
    hello.fill(32)?;
    hello.opaque8()?;
    hello.keep16()?;
    hello.keep8()?;
    extensions(hello, true)
}

fn server_hello(hello: &mut Cursor<'_, '_>) -> Option<()> {
    hello.keep(2)?;
    let random = hello.peek(32)?;
    if random == RETRY {
        hello.keep(32)?;
    } else if random.get(24..31) == Some(DOWNGRADE) {
        hello.fill(24)?;
        hello.keep(8)?;
    } else {
        hello.fill(32)?;
    }
    hello.opaque8()?;
    hello.keep(3)?;
    extensions(hello, false)
}

fn extensions(hello: &mut Cursor<'_, '_>, from_client: bool) -> Option<()> {
    let mut list = hello.list16()?;
    while !list.is_empty() {
        let kind = list.number16()?;
        let mut body = list.list16()?;
        let _ = extension(kind, &mut body, from_client);
    }
    Some(())
}

fn extension(kind: u16, body: &mut Cursor<'_, '_>, from_client: bool) -> Option<()> {
    match kind {
        // server_name
        0 => {
            let mut names = body.list16()?;
            while !names.is_empty() {
                names.keep(1)?;
                names.text16()?;
            }
            Some(())
        }
        // status_request without responders.
        5 if body.peek(5) == Some(&[1, 0, 0, 0, 0]) => body.keep_rest(),
        // Lists of numbers, sizes, protocols, padding: nothing in them is anybody's own.
        1 | 10 | 11 | 13 | 15 | 16 | 21 | 22 | 23 | 27 | 28 | 34 | 43 | 45 | 49 | 50 | 13172
        | 17513 | 17613 => body.keep_rest(),
        // pre_shared_key
        41 if from_client => {
            let mut identities = body.list16()?;
            while !identities.is_empty() {
                identities.opaque16()?;
                identities.fill(4)?;
            }
            let mut binders = body.list16()?;
            while !binders.is_empty() {
                binders.opaque8()?;
            }
            Some(())
        }
        41 => body.keep_rest(),
        // cookie
        44 => body.opaque16(),
        // certificate_authorities
        47 => authorities(body),
        // key_share
        51 if from_client => {
            let mut shares = body.list16()?;
            while !shares.is_empty() {
                shares.keep(2)?;
                shares.opaque16()?;
            }
            Some(())
        }
        51 => {
            body.keep(2)?;
            if body.is_empty() { Some(()) } else { body.opaque16() }
        }
        // encrypted_client_hello, the outer one.
        65037 if from_client && body.peek(1) == Some(&[0]) => {
            body.keep(5)?;
            body.fill(1)?;
            body.opaque16()?;
            body.opaque16()
        }
        // renegotiation_info
        65281 => body.opaque8(),
        // GREASE (RFC 8701) of one byte or none.
        kind if kind & 0x0f0f == 0x0a0a && body.len() <= 1 => body.keep_rest(),
        _ => None,
    }
}

fn certificates(message: &mut Cursor<'_, '_>) -> Option<()> {
    let mut list = message.list24()?;
    while !list.is_empty() {
        der_of(&mut list.list24()?);
    }
    Some(())
}

fn certificate_status(message: &mut Cursor<'_, '_>) -> Option<()> {
    message.keep(1)?;
    der_of(&mut message.list24()?);
    Some(())
}

fn authorities(message: &mut Cursor<'_, '_>) -> Option<()> {
    let mut list = message.list16()?;
    while !list.is_empty() {
        der_of(&mut list.list16()?);
    }
    Some(())
}

fn der_of(value: &mut Cursor<'_, '_>) {
    let mask = value.mask();
    der::mask(mask, value.take_rest());
}

fn certificate_request(message: &mut Cursor<'_, '_>) -> Option<()> {
    message.keep8()?;
    // Before TLS 1.2 there are no signature algorithms: the lengths tell.
    let rest = message.peek_rest();
    let number = |at: usize| {
        let (high, low) = (rest.get(at)?, rest.get(at + 1)?);
        Some(usize::from(*high) << 8 | usize::from(*low))
    };
    let first = number(0)?;
    if first + 2 < rest.len() && number(first + 2).is_some() {
        message.keep16()?;
    }
    authorities(message)
}

/// An algorithm and a signature by it.
fn signature(message: &mut Cursor<'_, '_>) -> Option<()> {
    if !fits16(message.peek_rest(), 0) {
        message.keep(2)?;
    }
    message.opaque16()
}

/// Whether a length of two bytes stands at `at`, and tells exactly of the rest.
fn fits16(bytes: &[u8], at: usize) -> bool {
    match (bytes.get(at), bytes.get(at + 1)) {
        (Some(high), Some(low)) => {
            at + 2 + (usize::from(*high) << 8 | usize::from(*low)) == bytes.len()
        }
        _ => false,
    }
}

fn server_key_exchange(message: &mut Cursor<'_, '_>) -> Option<()> {
    // A named curve (RFC 8422 §5.4), else a finite field: prime, generator, public value.
    if message.peek(1) == Some(&[3]) {
        message.keep(3)?;
        message.opaque8()?;
    } else {
        message.opaque16()?;
        message.opaque16()?;
        message.opaque16()?;
    }
    if message.is_empty() { Some(()) } else { signature(message) }
}

fn client_key_exchange(message: &mut Cursor<'_, '_>) -> Option<()> {
    let rest = message.peek_rest();
    let len = rest.len();
    if rest.first().is_some_and(|first| usize::from(*first) + 1 == len) {
        message.opaque8()
    } else if fits16(rest, 0) {
        message.opaque16()
    } else {
        None
    }
}

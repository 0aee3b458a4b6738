//! Object identifiers.

use std::{fmt, sync::Arc};

/// An object identifier, printed in dotted form (`2.5.29.17`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Oid(Arc<[u8]>);

impl Oid {
    /// Takes the content of an OBJECT IDENTIFIER, without its tag and length.
    #[must_use]
    pub fn new(content: &[u8]) -> Self {
        Self(Arc::from(content))
    }

    /// The content as it came.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An identifier of a certificate has some ten arcs; more is somebody's joke.
        const MAX_ARCS: usize = 32;
        if self.0.is_empty() {
            return f.write_str("(empty)");
        }
        let mut value = 0_u128;
        let mut arcs = 0_usize;
        for &byte in self.0.iter() {
            value = value.saturating_mul(128).saturating_add(u128::from(byte & 0x7f));
            if byte & 0x80 != 0 {
                continue;
            }
            if arcs == 0 {
                let first = (value / 40).min(2);
                write!(f, "{first}.{}", value - first * 40)?;
            } else {
                write!(f, ".{value}")?;
            }
            value = 0;
            arcs += 1;
            if arcs == MAX_ARCS {
                return f.write_str("…");
            }
        }
        if arcs == 0 { f.write_str("(cut off)") } else { Ok(()) }
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::Oid;

    #[test]
    fn dotted() {
        assert_eq!(Oid::new(&[0x55, 0x1d, 0x11]).to_string(), "2.5.29.17");
        assert_eq!(
            Oid::new(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11]).to_string(),
            "1.2.840.113549.1.1.11"
        );
        assert_eq!(Oid::new(&[0x88, 0x37, 3]).to_string(), "2.999.3");
        assert_eq!(Oid::new(&[]).to_string(), "(empty)");
        assert_eq!(Oid::new(&[0x80]).to_string(), "(cut off)");
        // Neither a long arc nor many of them can make a long text.
        assert!(Oid::new(&[0xff; 100_000]).to_string().len() < 200);
        assert!(Oid::new(&[0x7f; 100_000]).to_string().len() < 200);
    }
}

//! The logged secrets of one client random.

use std::fmt;

use zeroize::{Zeroize, Zeroizing};

/// A secret that opens records. All else that key logs hold opens nothing here.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Label {
    /// `CLIENT_RANDOM`: the master secret of TLS 1.2 and below.
    Master,
    /// `CLIENT_EARLY_TRAFFIC_SECRET`.
    ClientEarly,
    /// `CLIENT_HANDSHAKE_TRAFFIC_SECRET`.
    ClientHandshake,
    /// `SERVER_HANDSHAKE_TRAFFIC_SECRET`.
    ServerHandshake,
    /// `CLIENT_TRAFFIC_SECRET_0`.
    ClientApplication,
    /// `SERVER_TRAFFIC_SECRET_0`.
    ServerApplication,
}

/// The longest secret: the output of SHA-384, which is as long as a master secret.
pub(crate) const MAX_SECRET_BYTES: usize = 48;

impl Label {
    const ALL: [Self; 6] = [
        Self::Master,
        Self::ClientEarly,
        Self::ClientHandshake,
        Self::ServerHandshake,
        Self::ClientApplication,
        Self::ServerApplication,
    ];

    /// The label of a line, if its secret opens records of TLS over TCP.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|label| label.name().as_bytes() == text)
    }

    /// How lines of it begin.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Master => "CLIENT_RANDOM",
            Self::ClientEarly => "CLIENT_EARLY_TRAFFIC_SECRET",
            Self::ClientHandshake => "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
            Self::ServerHandshake => "SERVER_HANDSHAKE_TRAFFIC_SECRET",
            Self::ClientApplication => "CLIENT_TRAFFIC_SECRET_0",
            Self::ServerApplication => "SERVER_TRAFFIC_SECRET_0",
        }
    }

    /// Whether a secret of this length can be meant: a master secret has 48 bytes (RFC 5246 §8.1),
    /// traffic secrets are as long as the suite's hash.
    pub(crate) fn fits(self, len: usize) -> bool {
        match self {
            Self::Master => len == 48,
            _ => len == 32 || len == 48,
        }
    }

    fn number(self) -> u8 {
        match self {
            Self::Master => 0,
            Self::ClientEarly => 1,
            Self::ClientHandshake => 2,
            Self::ServerHandshake => 3,
            Self::ClientApplication => 4,
            Self::ServerApplication => 5,
        }
    }
}

/// A secret by itself. Wiped on drop; no `Debug` shows it.
pub(crate) type Secret = Zeroizing<Vec<u8>>;

/// All secrets of one client random: label, length, bytes, one behind the other, in one allocation
/// of the exact size. At most six of 48 bytes, so an entry is bounded by 300 bytes.
#[derive(Default)]
pub(crate) struct Secrets {
    packed: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").finish_non_exhaustive()
    }
}

impl Secrets {
    /// Takes a secret. The same label again replaces it, unless what is there is longer: a line
    /// may be cut at its end.
    pub(crate) fn insert(&mut self, label: Label, secret: &[u8]) {
        let Ok(len) = u8::try_from(secret.len()) else { return };
        let old = self.entries().find(|(number, _)| *number == label.number());
        if let Some((_, old)) = old
            && (old.len() > secret.len() || old == secret)
        {
            return;
        }
        // A vector that grows leaves its old copy behind unwiped, so each size is made anew.
        let mut packed = Zeroizing::new(Vec::with_capacity(self.packed.len() + 2 + secret.len()));
        for (number, bytes) in self.entries() {
            if number != label.number()
                && let Ok(len) = u8::try_from(bytes.len())
            {
                packed.extend_from_slice(&[number, len]);
                packed.extend_from_slice(bytes);
            }
        }
        packed.extend_from_slice(&[label.number(), len]);
        packed.extend_from_slice(secret);
        self.packed = packed;
    }

    /// A copy of one secret.
    pub(crate) fn get(&self, label: Label) -> Option<Secret> {
        self.entries()
            .find(|(number, _)| *number == label.number())
            .map(|(_, secret)| Zeroizing::new(secret.to_vec()))
    }

    fn entries(&self) -> impl Iterator<Item = (u8, &[u8])> {
        let mut rest = self.packed.as_slice();
        std::iter::from_fn(move || {
            let (&[number, len], behind) = rest.split_first_chunk()?;
            let (secret, behind) = behind.split_at_checked(usize::from(len))?;
            rest = behind;
            Some((number, secret))
        })
    }
}

/// Reads hex digits of either case into `out`; `None` where they are none, odd or do not fit.
pub(crate) fn unhex(text: &[u8], out: &mut Zeroizing<Vec<u8>>) -> Option<()> {
    out.zeroize();
    if !text.len().is_multiple_of(2) || text.len() > 2 * MAX_SECRET_BYTES {
        return None;
    }
    out.reserve_exact(MAX_SECRET_BYTES);
    for pair in text.chunks_exact(2) {
        let &[high, low] = pair else { return None };
        let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|d| u8::try_from(d).ok());
        out.push(digit(high)? << 4 | digit(low)?);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_secret_stays_and_a_new_one_of_the_same_length_wins() {
        let mut secrets = Secrets::default();
        secrets.insert(Label::ClientEarly, &[1; 48]);
        secrets.insert(Label::ClientEarly, &[2; 32]);
        secrets.insert(Label::Master, &[3; 48]);
        assert_eq!(secrets.get(Label::ClientEarly).unwrap().as_slice(), [1; 48]);
        secrets.insert(Label::ClientEarly, &[4; 48]);
        assert_eq!(secrets.get(Label::ClientEarly).unwrap().as_slice(), [4; 48]);
        assert_eq!(secrets.get(Label::Master).unwrap().as_slice(), [3; 48]);
        assert_eq!(secrets.get(Label::ServerHandshake), None);
        assert_eq!(format!("{secrets:?}"), "Secrets { .. }");
        assert_eq!(secrets.packed.len(), 100, "nothing is kept twice");
    }

    #[test]
    fn hex_of_either_case() {
        let mut out = Zeroizing::default();
        assert_eq!(unhex(b"00fFaB", &mut out), Some(()));
        assert_eq!(out.as_slice(), [0, 0xff, 0xab]);
        for bad in [&b"0"[..], b"0g", b"+1", &[b'0'; 98]] {
            assert_eq!(unhex(bad, &mut out), None);
        }
    }
}

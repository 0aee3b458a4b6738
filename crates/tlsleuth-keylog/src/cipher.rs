//! The ciphers of TLS behind two small traits, so that a suite is a value.

use aes::cipher::{
    Array, BlockCipherDecrypt, BlockModeDecrypt, BlockSizeUser, InnerIvInit, KeyInit, KeySizeUser,
    consts::{U8, U12, U16},
    typenum::Unsigned,
};
use aes::{Aes128, Aes256};
use aes_gcm::AesGcm;
use aes_gcm::aead::{AeadInOut, Nonce, Tag};
use aria::{Aria128, Aria256};
use camellia::{Camellia128, Camellia256};
use ccm::Ccm;
use chacha20poly1305::ChaCha20Poly1305;
use des::{Des, TdesEde3};

/// A cipher with authentication.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum AeadKind {
    Aes128Gcm,
    Aes256Gcm,
    Aes128Ccm,
    Aes256Ccm,
    Aes128Ccm8,
    Aes256Ccm8,
    ChaCha20Poly1305,
    Camellia128Gcm,
    Camellia256Gcm,
    Aria128Gcm,
    Aria256Gcm,
}

impl AeadKind {
    /// Bytes of its key.
    pub(crate) fn key_len(self) -> usize {
        match self {
            Self::Aes128Gcm
            | Self::Aes128Ccm
            | Self::Aes128Ccm8
            | Self::Camellia128Gcm
            | Self::Aria128Gcm => 16,
            Self::Aes256Gcm
            | Self::Aes256Ccm
            | Self::Aes256Ccm8
            | Self::ChaCha20Poly1305
            | Self::Camellia256Gcm
            | Self::Aria256Gcm => 32,
        }
    }

    /// Whether TLS 1.2 sends eight bytes of the nonce with each record (RFC 5288 §3, RFC 6655 §3,
    /// not RFC 7905).
    pub(crate) fn explicit_nonce(self) -> bool {
        self != Self::ChaCha20Poly1305
    }

    /// The cipher with a key; `None` when the key's length is not its.
    pub(crate) fn with_key(self, key: &[u8]) -> Option<Box<dyn Aead>> {
        match self {
            Self::Aes128Gcm => sealed::<AesGcm<Aes128, U12>>(key),
            Self::Aes256Gcm => sealed::<AesGcm<Aes256, U12>>(key),
            Self::Aes128Ccm => sealed::<Ccm<Aes128, U16, U12>>(key),
            Self::Aes256Ccm => sealed::<Ccm<Aes256, U16, U12>>(key),
            Self::Aes128Ccm8 => sealed::<Ccm<Aes128, U8, U12>>(key),
            Self::Aes256Ccm8 => sealed::<Ccm<Aes256, U8, U12>>(key),
            Self::ChaCha20Poly1305 => sealed::<ChaCha20Poly1305>(key),
            Self::Camellia128Gcm => sealed::<AesGcm<Camellia128, U12>>(key),
            Self::Camellia256Gcm => sealed::<AesGcm<Camellia256, U12>>(key),
            Self::Aria128Gcm => sealed::<AesGcm<Aria128, U12>>(key),
            Self::Aria256Gcm => sealed::<AesGcm<Aria256, U12>>(key),
        }
    }
}

/// A cipher with authentication that has its key.
pub(crate) trait Aead: Send + Sync {
    /// Bytes of the tag at the end.
    fn tag_len(&self) -> usize;

    /// Opens ciphertext and tag. On success `plain` holds the text, else nothing.
    fn open(&self, nonce: [u8; 12], aad: &[u8], sealed: &[u8], plain: &mut Vec<u8>) -> bool;
}

struct Keyed<C>(C);

fn sealed<C>(key: &[u8]) -> Option<Box<dyn Aead>>
where
    C: AeadInOut<NonceSize = U12> + KeyInit + Send + Sync + 'static,
{
    Some(Box::new(Keyed(C::new_from_slice(key).ok()?)))
}

impl<C: AeadInOut<NonceSize = U12> + Send + Sync> Aead for Keyed<C> {
    fn tag_len(&self) -> usize {
        C::TagSize::USIZE
    }

    fn open(&self, nonce: [u8; 12], aad: &[u8], sealed: &[u8], plain: &mut Vec<u8>) -> bool {
        plain.clear();
        let text_len = sealed.len().checked_sub(self.tag_len());
        let Some((text, tag)) = text_len.and_then(|len| sealed.split_at_checked(len)) else {
            return false;
        };
        let Ok(tag) = Tag::<C>::try_from(tag) else { return false };
        plain.extend_from_slice(text);
        let nonce = Nonce::<C>::from(nonce);
        let opened =
            self.0.decrypt_inout_detached(&nonce, aad, plain.as_mut_slice().into(), &tag).is_ok();
        if !opened {
            plain.clear();
        }
        opened
    }
}

/// A block cipher.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BlockKind {
    Aes128,
    Aes256,
    Camellia128,
    Camellia256,
    Aria128,
    Aria256,
    TripleDes,
    Des,
}

impl BlockKind {
    /// Bytes of its key.
    pub(crate) fn key_len(self) -> usize {
        match self {
            Self::Aes128 | Self::Camellia128 | Self::Aria128 => 16,
            Self::Aes256 | Self::Camellia256 | Self::Aria256 => 32,
            Self::TripleDes => <TdesEde3 as KeySizeUser>::KeySize::USIZE,
            Self::Des => <Des as KeySizeUser>::KeySize::USIZE,
        }
    }

    /// Bytes of a block.
    pub(crate) fn block_len(self) -> usize {
        match self {
            Self::TripleDes | Self::Des => 8,
            _ => 16,
        }
    }

    /// The cipher with a key; `None` when the key's length is not its.
    pub(crate) fn with_key(self, key: &[u8]) -> Option<Box<dyn Cbc>> {
        match self {
            Self::Aes128 => block::<Aes128>(key),
            Self::Aes256 => block::<Aes256>(key),
            Self::Camellia128 => block::<Camellia128>(key),
            Self::Camellia256 => block::<Camellia256>(key),
            Self::Aria128 => block::<Aria128>(key),
            Self::Aria256 => block::<Aria256>(key),
            Self::TripleDes => block::<TdesEde3>(key),
            Self::Des => block::<Des>(key),
        }
    }
}

/// A block cipher in CBC mode that has its key.
pub(crate) trait Cbc: Send + Sync {
    /// Decrypts whole blocks in place; `false` when they are not whole.
    fn decrypt(&self, iv: &[u8], blocks: &mut [u8]) -> bool;
}

fn block<C>(key: &[u8]) -> Option<Box<dyn Cbc>>
where
    C: BlockCipherDecrypt + KeyInit + Clone + Send + Sync + 'static,
{
    Some(Box::new(Keyed(C::new_from_slice(key).ok()?)))
}

impl<C: BlockCipherDecrypt + BlockSizeUser + Clone + Send + Sync> Cbc for Keyed<C> {
    fn decrypt(&self, iv: &[u8], blocks: &mut [u8]) -> bool {
        let Ok(mut mode) = cbc::Decryptor::inner_iv_slice_init(self.0.clone(), iv) else {
            return false;
        };
        let (blocks, rest) = Array::<u8, C::BlockSize>::slice_as_chunks_mut(blocks);
        if !rest.is_empty() {
            return false;
        }
        mode.decrypt_blocks(blocks);
        true
    }
}

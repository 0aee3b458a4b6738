//! Hellos in few bytes, while nothing comes of their connection. What the hellos of one build share
//! stays shared.

use tlsleuth_cert::WireText;

use tlsleuth_capture::pack_fields;
use tlsleuth_capture::packed::{Pack, Packer, Unpacker};

use super::client_hello::{ClientHello, SessionId};
use super::extension::{ExtensionBody, Extensions, KeyShareEntry, Opaque, OwnBody, ServerName};
use super::server_hello::ServerHello;

pack_fields!(ClientHello {
    legacy_version,
    random,
    session_id,
    dtls_cookie,
    len_bytes,
    extensions,
});
pack_fields!(ServerHello {
    legacy_version,
    random,
    session_id,
    cipher_suite,
    compression_method,
    extensions,
});
pack_fields!(OwnBody { len_bytes, body });
pack_fields!(KeyShareEntry { group, key_len });
pack_fields!(Opaque { len_bytes, prefix });

impl Pack for SessionId {
    fn pack(self, to: &mut Packer) {
        to.bytes(self.as_bytes());
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        from.bytes().map(Self::new)
    }
}

impl Pack for Extensions {
    fn pack(self, to: &mut Packer) {
        let Self { shape, own } = self;
        to.flag(shape.is_some());
        if let Some(shape) = shape {
            if shape.id.is_none() {
                to.holds(shape.bytes());
            }
            to.share(shape);
        }
        own.pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let shape = if from.flag()? { Some(from.take_shared()?) } else { None };
        Some(Self { shape, own: Pack::unpack(from)? })
    }
}

impl Pack for ServerName {
    fn pack(self, to: &mut Packer) {
        let Self { host_name, is_ip_literal, names } = self;
        to.bytes(host_name.raw());
        is_ip_literal.pack(to);
        names.pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let host_name = WireText::new(from.bytes()?);
        let (is_ip_literal, names) = (Pack::unpack(from)?, Pack::unpack(from)?);
        Some(Self { host_name, is_ip_literal, names })
    }
}

impl Pack for ExtensionBody {
    fn pack(self, to: &mut Packer) {
        match self {
            Self::ServerName(name) => {
                to.number(1);
                name.pack(to);
            }
            Self::KeyShares(entries) => {
                to.number(2);
                entries.pack(to);
            }
            Self::KeyShare(entry) => {
                to.number(3);
                entry.pack(to);
            }
            Self::Opaque(opaque) => {
                to.number(4);
                opaque.pack(to);
            }
            other => {
                to.number(0);
                to.put_aside(other);
            }
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(match from.number()? {
            1 => Self::ServerName(Pack::unpack(from)?),
            2 => Self::KeyShares(Pack::unpack(from)?),
            3 => Self::KeyShare(Pack::unpack(from)?),
            4 => Self::Opaque(Pack::unpack(from)?),
            _ => from.take_aside()?,
        })
    }
}

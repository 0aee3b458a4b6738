//! The bodies of extensions: each is read by its type and the message that carries it.

use core::net::IpAddr;

use super::{
    Carrier, CertificateStatus, EncryptedClientHello, ExtensionBody, KeyShareEntry, MAX_RAW_BYTES,
    OfferedPsks, Opaque, PskIdentity, ServerName, SignedCertificateTimestamp, StatusRequest,
};
use crate::{
    WireText,
    anomaly::{Notes, Problem},
    codepoint::{
        CertificateStatusType, CertificateType, ExtensionType, NamedGroup, ProtocolVersion,
    },
    cursor::Cursor,
};

/// At most [`MAX_RAW_BYTES`] of a body.
fn bounded(bytes: &[u8]) -> Box<[u8]> {
    bytes.get(..MAX_RAW_BYTES).unwrap_or(bytes).into()
}

pub(crate) fn parse_body(
    kind: ExtensionType,
    mut body: Cursor<'_>,
    carrier: Carrier,
    notes: &mut Notes,
) -> ExtensionBody {
    let whole = body;
    let parsed = parse_known(kind, &mut body, carrier, notes);
    match parsed {
        Some(parsed) => {
            body.end("extension_data", notes);
            parsed
        }
        None => ExtensionBody::Malformed(bounded(whole.rest())),
    }
}

/// Reads the body of an extension; `None` when its form is broken so that it says nothing, with a
/// note. A form that is not known for this carrier is kept raw.
fn parse_known(
    kind: ExtensionType,
    body: &mut Cursor<'_>,
    carrier: Carrier,
    notes: &mut Notes,
) -> Option<ExtensionBody> {
    use Carrier as C;
    use ExtensionBody as B;
    use ExtensionType as T;
    let is_answer = matches!(carrier, C::ServerHello | C::EncryptedExtensions);
    Some(match (kind, carrier) {
        (T::SERVER_NAME, C::ClientHello) => B::ServerName(parse_server_name(body, notes)?),
        (T::MAX_FRAGMENT_LENGTH, _) => {
            let at = body.offset();
            let code = body.u8("max_fragment_length", notes)?;
            if !(1..=4).contains(&code) {
                let problem = Problem::IllegalValue { value: u32::from(code) };
                notes.add("max_fragment_length", at, problem);
            }
            B::MaxFragmentLength(code)
        }
        (T::STATUS_REQUEST, C::ClientHello) => B::StatusRequest(parse_status_request(body, notes)?),
        (T::STATUS_REQUEST_V2, C::ClientHello) => {
            let mut list = body.vec16("certificate_status_req_list", notes)?;
            let mut requests = Vec::new();
            while !list.is_empty() {
                let Some(request) = parse_status_request_item(&mut list, notes) else { break };
                requests.push(request);
            }
            B::StatusRequests(requests.into())
        }
        (T::STATUS_REQUEST, C::Certificate) => {
            B::CertificateStatus(Box::new(parse_certificate_status(body, notes)?))
        }
        (T::SUPPORTED_GROUPS, _) => {
            B::SupportedGroups(parse_u16_list(body, "named_group_list", notes)?)
        }
        (T::EC_POINT_FORMATS, _) => {
            let list = body.vec8("ec_point_format_list", notes)?;
            list.expect_len(1, 255, "ec_point_format_list", notes);
            B::EcPointFormats(list.u8_list())
        }
        (T::SIGNATURE_ALGORITHMS | T::SIGNATURE_ALGORITHMS_CERT, _)
        | (T::DELEGATED_CREDENTIAL, C::ClientHello) => {
            B::SignatureSchemes(parse_u16_list(body, "supported_signature_algorithms", notes)?)
        }
        (T::USE_SRTP, _) => {
            let profiles = parse_u16_list(body, "SRTPProtectionProfiles", notes)?;
            body.vec8("srtp_mki", notes)?;
            B::UseSrtp(profiles)
        }
        (T::HEARTBEAT, _) => {
            let at = body.offset();
            let mode = body.u8("mode", notes)?;
            if !matches!(mode, 1 | 2) {
                notes.add("mode", at, Problem::IllegalValue { value: u32::from(mode) });
            }
            B::Heartbeat(mode)
        }
        (T::APPLICATION_LAYER_PROTOCOL_NEGOTIATION, _) => {
            let protocols = parse_protocols(body, "protocol_name_list", notes)?;
            if is_answer && protocols.len() > 1 {
                // RFC 7301 §3.1: exactly one.
                notes.add("protocol_name_list", body.offset(), Problem::TooMany { kept: 1 });
            }
            B::Protocols(protocols)
        }
        (T::APPLICATION_SETTINGS | T::APPLICATION_SETTINGS_OLD, C::ClientHello) => {
            B::Protocols(parse_protocols(body, "supported_protocols", notes)?)
        }
        (T::NEXT_PROTOCOL_NEGOTIATION, C::ServerHello) => {
            let mut protocols = Vec::new();
            while !body.is_empty() {
                let Some(name) = body.vec8("protocol", notes) else { break };
                protocols.push(WireText::new(name.rest()));
            }
            B::Protocols(protocols.into())
        }
        (T::SIGNED_CERTIFICATE_TIMESTAMP, C::ServerHello | C::Certificate) => {
            B::Timestamps(parse_timestamps(body, notes)?)
        }
        (T::CLIENT_CERTIFICATE_TYPE | T::SERVER_CERTIFICATE_TYPE, C::ClientHello) => {
            let list = body.vec8("certificate_types", notes)?;
            list.expect_len(1, 255, "certificate_types", notes);
            B::CertificateTypes(list.u8_list())
        }
        (T::CLIENT_CERTIFICATE_TYPE | T::SERVER_CERTIFICATE_TYPE, _) => {
            let selected = CertificateType(body.u8("certificate_type", notes)?);
            B::CertificateTypes(Box::new([selected]))
        }
        (T::PADDING, _) => {
            let at = body.offset();
            let bytes = body.take(body.len(), "padding", notes)?;
            let is_zero = bytes.iter().all(|byte| *byte == 0);
            if !is_zero {
                notes.add("padding", at, Problem::IllegalText);
            }
            B::Padding { is_zero }
        }
        (T::COMPRESS_CERTIFICATE, _) => {
            let list = body.vec8("algorithms", notes)?;
            list.expect_len(2, 254, "algorithms", notes);
            B::CompressionAlgorithms(list.u16_list("algorithms", notes))
        }
        (T::RECORD_SIZE_LIMIT, _) => {
            let at = body.offset();
            let limit = body.u16("RecordSizeLimit", notes)?;
            // RFC 8449 §4: below 64 is illegal_parameter.
            if limit < 64 {
                let problem = Problem::IllegalValue { value: u32::from(limit) };
                notes.add("RecordSizeLimit", at, problem);
            }
            B::RecordSizeLimit(limit)
        }
        (T::SESSION_TICKET, C::ClientHello) => {
            B::Opaque(Opaque::new(body.take(body.len(), "ticket", notes)?))
        }
        (T::COOKIE, _) => {
            let cookie = body.vec16("cookie", notes)?;
            cookie.expect_len(1, 65_535, "cookie", notes);
            B::Opaque(Opaque::new(cookie.rest()))
        }
        (T::RENEGOTIATION_INFO, _) => {
            B::Opaque(Opaque::new(body.vec8("renegotiated_connection", notes)?.rest()))
        }
        (T::PRE_SHARED_KEY, C::ClientHello) => {
            B::PreSharedKeys(Box::new(parse_offered_psks(body, notes)?))
        }
        (T::PRE_SHARED_KEY, _) => B::SelectedIdentity(body.u16("selected_identity", notes)?),
        (T::EARLY_DATA, C::NewSessionTicket) => {
            B::MaxEarlyDataSize(body.u32("max_early_data_size", notes)?)
        }
        (T::SUPPORTED_VERSIONS, C::ClientHello) => {
            let list = body.vec8("versions", notes)?;
            list.expect_len(2, 254, "versions", notes);
            B::SupportedVersions(list.u16_list("versions", notes))
        }
        (T::SUPPORTED_VERSIONS, _) => {
            B::SelectedVersion(ProtocolVersion(body.u16("selected_version", notes)?))
        }
        (T::PSK_KEY_EXCHANGE_MODES, _) => {
            let list = body.vec8("ke_modes", notes)?;
            list.expect_len(1, 255, "ke_modes", notes);
            B::PskKeyExchangeModes(list.u8_list())
        }
        (T::CERTIFICATE_AUTHORITIES, _) => {
            let list = body.vec16("authorities", notes)?;
            B::CertificateAuthorities(parse_names(list, notes))
        }
        (T::KEY_SHARE | T::KEY_SHARE_DRAFT, C::ClientHello) => {
            let mut list = body.vec16("client_shares", notes)?;
            let mut shares = Vec::with_capacity(4);
            while !list.is_empty() {
                let Some(share) = parse_key_share(&mut list, true, notes) else { break };
                shares.push(share);
            }
            B::KeyShares(shares.into())
        }
        (T::KEY_SHARE | T::KEY_SHARE_DRAFT, C::HelloRetryRequest) => {
            B::SelectedGroup(NamedGroup(body.u16("selected_group", notes)?))
        }
        (T::KEY_SHARE | T::KEY_SHARE_DRAFT, _) => {
            // Some drafts put only the group into a ServerHello that retries.
            if body.len() == 2 {
                B::SelectedGroup(NamedGroup(body.u16("selected_group", notes)?))
            } else {
                B::KeyShare(parse_key_share(body, false, notes)?)
            }
        }
        (T::QUIC_TRANSPORT_PARAMETERS | T::QUIC_TRANSPORT_PARAMETERS_DRAFT, _) => {
            let parameters = body.take(body.len(), "quic_transport_parameters", notes)?;
            B::QuicTransportParameters(bounded(parameters))
        }
        (T::ENCRYPTED_CLIENT_HELLO, _) => B::EncryptedClientHello(parse_ech(body, carrier, notes)?),
        // Their presence says it all; parse_body notes what is in them.
        (T::ENCRYPT_THEN_MAC | T::EXTENDED_MASTER_SECRET | T::TRUNCATED_HMAC, _)
        | (T::POST_HANDSHAKE_AUTH, C::ClientHello)
        | (T::SIGNED_CERTIFICATE_TIMESTAMP, C::ClientHello | C::CertificateRequest)
        | (T::EARLY_DATA | T::NEXT_PROTOCOL_NEGOTIATION, C::ClientHello)
        | (T::EARLY_DATA | T::SERVER_NAME, C::EncryptedExtensions)
        | (T::SERVER_NAME | T::SESSION_TICKET | T::STATUS_REQUEST, C::ServerHello) => B::Empty,
        _ if body.is_empty() => B::Empty,
        _ => {
            // Not understood here. Whatever it is, it is not malformed.
            B::Raw(bounded(body.take(body.len(), "extension_data", notes)?))
        }
    })
}

fn parse_u16_list<T: From<u16>>(
    body: &mut Cursor<'_>,
    field: &'static str,
    notes: &mut Notes,
) -> Option<Box<[T]>> {
    let list = body.vec16(field, notes)?;
    list.expect_len(2, 65_534, field, notes);
    Some(list.u16_list(field, notes))
}

/// `ServerNameList`: pairs of a type and a name (RFC 6066 §3).
fn parse_server_name(body: &mut Cursor<'_>, notes: &mut Notes) -> Option<ServerName> {
    if let Some(host_name) = single_name(body.rest()) {
        body.take(body.len(), "server_name_list", notes)?;
        return Some(ServerName {
            host_name: WireText::new(host_name),
            is_ip_literal: is_ip_literal(host_name),
            names: 1,
        });
    }
    let mut list = body.vec16("server_name_list", notes)?;
    list.expect_len(1, 65_535, "server_name_list", notes);
    let mut host_name = None;
    let mut names = 0_u16;
    while !list.is_empty() {
        let at = list.offset();
        let Some(kind) = list.u8("name_type", notes) else { break };
        let Some(name) = list.vec16("host_name", notes) else { break };
        names = names.saturating_add(1);
        if kind != 0 {
            notes.add("name_type", at, Problem::IllegalValue { value: u32::from(kind) });
        } else if host_name.is_some() {
            notes.add("host_name", at, Problem::Duplicate);
        } else {
            name.expect_len(1, 65_535, "host_name", notes);
            if !is_text(name.rest()) {
                notes.add("host_name", name.offset(), Problem::IllegalText);
            }
            host_name = Some(name.rest());
        }
    }
    let host_name = host_name?;
    Some(ServerName {
        host_name: WireText::new(host_name),
        is_ip_literal: is_ip_literal(host_name),
        names,
    })
}

/// The name of a list that holds one, as nearly every one does, and breaks no rule.
fn single_name(list: &[u8]) -> Option<&[u8]> {
    let ([list_high, list_low, 0, high, low], name) = list.split_first_chunk()? else {
        return None;
    };
    let is_len = |bytes: [u8; 2], len: usize| usize::from(u16::from_be_bytes(bytes)) == len;
    let fits = is_len([*list_high, *list_low], name.len() + 3) && is_len([*high, *low], name.len());
    (fits && !name.is_empty() && is_text(name)).then_some(name)
}

/// Whether a name is in ASCII (RFC 6066 §3), of which no NUL or space can be a part.
fn is_text(name: &[u8]) -> bool {
    // All of it, without a branch for each byte: nearly always there is nothing to find.
    !name.iter().fold(false, |found, byte| found | !byte.is_ascii_graphic())
}

/// Whether a name is an IP address, with or without the brackets and the zone of a URL.
fn is_ip_literal(name: &[u8]) -> bool {
    // Every address begins with a hex digit, a colon or a bracket, and holds only these.
    let could_be = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':');
    let name = name.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")).unwrap_or(name);
    // Most names end the search with their first letter.
    let address = match name.iter().position(|byte| !could_be(byte)) {
        None => name,
        Some(zone) if name.get(zone) == Some(&b'%') => name.get(..zone).unwrap_or(name),
        Some(_) => return false,
    };
    str::from_utf8(address).is_ok_and(|address| address.parse::<IpAddr>().is_ok())
}

fn parse_status_request(body: &mut Cursor<'_>, notes: &mut Notes) -> Option<StatusRequest> {
    let status_type = CertificateStatusType(body.u8("status_type", notes)?);
    parse_status_request_rest(status_type, body, notes)
}

fn parse_status_request_rest(
    status_type: CertificateStatusType,
    body: &mut Cursor<'_>,
    notes: &mut Notes,
) -> Option<StatusRequest> {
    let mut responders = body.vec16("responder_id_list", notes)?;
    let mut responder_ids = 0_u16;
    while !responders.is_empty() && responders.vec16("ResponderID", notes).is_some() {
        responder_ids = responder_ids.saturating_add(1);
    }
    let extensions = body.vec16("request_extensions", notes)?;
    Some(StatusRequest {
        status_type,
        responder_ids,
        extensions_len: u16::try_from(extensions.len()).unwrap_or(u16::MAX),
    })
}

fn parse_status_request_item(list: &mut Cursor<'_>, notes: &mut Notes) -> Option<StatusRequest> {
    let status_type = CertificateStatusType(list.u8("status_type", notes)?);
    let mut request = list.vec16("request", notes)?;
    let parsed = parse_status_request_rest(status_type, &mut request, notes);
    // An unknown kind of request has a length, so that the next one can be found.
    Some(parsed.unwrap_or(StatusRequest { status_type, responder_ids: 0, extensions_len: 0 }))
}

/// `CertificateStatus`, as a message of its own or in a Certificate entry.
pub(crate) fn parse_certificate_status(
    body: &mut Cursor<'_>,
    notes: &mut Notes,
) -> Option<CertificateStatus> {
    let at = body.offset();
    let status_type = CertificateStatusType(body.u8("status_type", notes)?);
    let responses = match status_type {
        CertificateStatusType::OCSP => {
            let response = body.vec24("OCSPResponse", notes)?;
            response.expect_len(1, 0xff_ffff, "OCSPResponse", notes);
            Box::from([Box::from(response.rest())])
        }
        CertificateStatusType::OCSP_MULTI => {
            let mut list = body.vec24("ocsp_response_list", notes)?;
            let mut responses = Vec::new();
            while !list.is_empty() {
                let Some(response) = list.vec24("OCSPResponse", notes) else { break };
                responses.push(Box::from(response.rest()));
            }
            responses.into()
        }
        other => {
            let problem = Problem::IllegalValue { value: u32::from(other.0) };
            notes.add("status_type", at, problem);
            return None;
        }
    };
    Some(CertificateStatus { status_type, responses })
}

fn parse_protocols(
    body: &mut Cursor<'_>,
    field: &'static str,
    notes: &mut Notes,
) -> Option<Box<[WireText]>> {
    let mut list = body.vec16(field, notes)?;
    list.expect_len(2, 65_535, field, notes);
    let mut protocols = Vec::with_capacity(2);
    while let Some((claimed, rest)) = list.rest().split_first() {
        let is_whole = usize::from(*claimed) <= rest.len();
        let Some(name) = list.vec8("ProtocolName", notes) else { break };
        // What a length that lies has cut out is no name.
        if !is_whole {
            break;
        }
        // RFC 7301 §3.1: empty strings must not be included.
        name.expect_len(1, 255, "ProtocolName", notes);
        protocols.push(WireText::new(name.rest()));
    }
    Some(protocols.into())
}

fn parse_timestamps(
    body: &mut Cursor<'_>,
    notes: &mut Notes,
) -> Option<Box<[SignedCertificateTimestamp]>> {
    let mut list = body.vec16("sct_list", notes)?;
    list.expect_len(1, 65_535, "sct_list", notes);
    let mut timestamps = Vec::new();
    while !list.is_empty() {
        let Some(mut item) = list.vec16("SerializedSCT", notes) else { break };
        let Some(sct_version) = item.u8("sct_version", notes) else { continue };
        // The form of later versions is not known.
        if sct_version != 0 {
            continue;
        }
        let Some(log_id) = item.array("log_id", notes) else { continue };
        let Some(timestamp) = item.array("timestamp", notes) else { continue };
        let timestamp_ms = u64::from_be_bytes(timestamp);
        timestamps.push(SignedCertificateTimestamp { sct_version, log_id, timestamp_ms });
    }
    Some(timestamps.into())
}

/// `OfferedPsks`: identities, then a binder for each (RFC 8446 §4.2.11).
fn parse_offered_psks(body: &mut Cursor<'_>, notes: &mut Notes) -> Option<OfferedPsks> {
    let mut list = body.vec16("identities", notes)?;
    list.expect_len(7, 65_535, "identities", notes);
    let mut identities = Vec::with_capacity(1);
    while !list.is_empty() {
        let Some(identity) = list.vec16("identity", notes) else { break };
        identity.expect_len(1, 65_535, "identity", notes);
        let Some(obfuscated_ticket_age) = list.u32("obfuscated_ticket_age", notes) else { break };
        let identity = Opaque::new(identity.rest());
        identities.push(PskIdentity { identity, obfuscated_ticket_age });
    }
    let mut binder_lens = Vec::with_capacity(identities.len());
    let at = body.offset();
    if let Some(mut list) = body.vec16("binders", notes) {
        list.expect_len(33, 65_535, "binders", notes);
        while !list.is_empty() {
            let Some(binder) = list.vec8("PskBinderEntry", notes) else { break };
            binder.expect_len(32, 255, "PskBinderEntry", notes);
            binder_lens.push(u8::try_from(binder.len()).unwrap_or(u8::MAX));
        }
        if binder_lens.len() != identities.len() {
            notes.add("binders", at, Problem::Inconsistent { with: "identities" });
        }
    }
    Some(OfferedPsks { identities: identities.into(), binder_lens: binder_lens.into() })
}

/// Distinguished names in DER, each with a length of two bytes (RFC 8446 §4.2.4, RFC 5246 §7.4.4).
pub(crate) fn parse_names(mut list: Cursor<'_>, notes: &mut Notes) -> Box<[Box<[u8]>]> {
    let mut names = Vec::new();
    while !list.is_empty() {
        let Some(name) = list.vec16("DistinguishedName", notes) else { break };
        names.push(Box::from(name.rest()));
    }
    names.into()
}

fn parse_key_share(
    list: &mut Cursor<'_>,
    is_from_client: bool,
    notes: &mut Notes,
) -> Option<KeyShareEntry> {
    let group = NamedGroup(list.u16("group", notes)?);
    let key = list.vec16("key_exchange", notes)?;
    key.expect_len(1, 65_535, "key_exchange", notes);
    let fixed = if is_from_client { group.client_share_len() } else { group.server_share_len() };
    if let Some(fixed) = fixed {
        let fixed = usize::from(fixed);
        key.expect_len(fixed, fixed, "key_exchange", notes);
    }
    Some(KeyShareEntry { group, key_len: u16::try_from(key.len()).unwrap_or(u16::MAX) })
}

fn parse_ech(
    body: &mut Cursor<'_>,
    carrier: Carrier,
    notes: &mut Notes,
) -> Option<EncryptedClientHello> {
    match carrier {
        Carrier::ClientHello => {
            let at = body.offset();
            match body.u8("ECHClientHelloType", notes)? {
                0 => {
                    let kdf = body.u16("kdf_id", notes)?;
                    let aead = body.u16("aead_id", notes)?;
                    let config_id = body.u8("config_id", notes)?;
                    let enc = body.vec16("enc", notes)?;
                    let payload = body.vec16("payload", notes)?;
                    payload.expect_len(1, 65_535, "payload", notes);
                    Some(EncryptedClientHello::Outer {
                        config_id,
                        kdf,
                        aead,
                        enc_len: u16::try_from(enc.len()).unwrap_or(u16::MAX),
                        payload_len: u16::try_from(payload.len()).unwrap_or(u16::MAX),
                    })
                }
                1 => Some(EncryptedClientHello::Inner),
                other => {
                    let problem = Problem::IllegalValue { value: u32::from(other) };
                    notes.add("ECHClientHelloType", at, problem);
                    None
                }
            }
        }
        Carrier::HelloRetryRequest => {
            Some(EncryptedClientHello::Confirmation(body.array("confirmation", notes)?))
        }
        _ => {
            let mut list = body.vec16("retry_configs", notes)?;
            let len_bytes = u16::try_from(list.len()).unwrap_or(u16::MAX);
            let mut public_names = Vec::new();
            while !list.is_empty() {
                let Some(version) = list.u16("version", notes) else { break };
                let Some(config) = list.vec16("contents", notes) else { break };
                // RFC 9849 §4: the version is the number of the extension.
                if version == ExtensionType::ENCRYPTED_CLIENT_HELLO.0 {
                    public_names.extend(parse_ech_public_name(config, notes));
                }
            }
            Some(EncryptedClientHello::RetryConfigs {
                len_bytes,
                public_names: public_names.into(),
            })
        }
    }
}

/// `ECHConfigContents` up to its public name (RFC 9849 §4).
fn parse_ech_public_name(mut config: Cursor<'_>, notes: &mut Notes) -> Option<WireText> {
    config.u8("config_id", notes)?;
    config.u16("kem_id", notes)?;
    config.vec16("public_key", notes)?;
    config.vec16("cipher_suites", notes)?;
    config.u8("maximum_name_length", notes)?;
    Some(WireText::new(config.vec8("public_name", notes)?.rest()))
}

//! Every extension that is understood, in every message that can carry it: what it means, and that
//! a body cut short anywhere is told and hides nothing behind it.

use super::ExtensionBody as B;
use super::ExtensionType as T;
use super::*;
use crate::testing::hex;

/// Reads a list of one extension and, behind it, an extended_master_secret.
fn read(kind: T, carrier: Carrier, body: &[u8]) -> (Extensions, Vec<crate::Anomaly>) {
    let mut list = kind.0.to_be_bytes().to_vec();
    list.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
    list.extend(body);
    if kind != T::PRE_SHARED_KEY || carrier != Carrier::ClientHello {
        list.extend([0, 23, 0, 0]);
    }
    let mut bytes = u16::try_from(list.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend(list);
    let mut notes = Notes::default();
    let extensions = Extensions::parse(&mut Cursor::new(&bytes), carrier, &mut notes);
    (extensions, notes.finish())
}

/// What a body means. `is_free` says that any bytes are a body, so that none is cut short.
fn check(kind: T, carrier: Carrier, body: &str, is_free: bool, expected: &B) {
    let body = hex(body);
    let (extensions, anomalies) = read(kind, carrier, &body);
    assert!(anomalies.is_empty(), "{kind} in {carrier:?}: {anomalies:?}");
    assert_eq!(extensions.body(kind), Some(expected), "{kind} in {carrier:?}");
    for len in 0..body.len() {
        let (extensions, anomalies) = read(kind, carrier, &body[..len]);
        assert!(extensions.contains(kind), "{kind} in {carrier:?} of {len} bytes");
        // A later extension is read all the same.
        let follower = extensions.contains(T::EXTENDED_MASTER_SECRET);
        assert_eq!(follower, extensions.len() == 2, "{kind} in {carrier:?} of {len} bytes");
        assert!(is_free || !anomalies.is_empty(), "{kind} in {carrier:?} of {len} bytes");
        for anomaly in anomalies {
            assert_eq!(anomaly.extension, Some(kind), "{anomaly}");
        }
    }
}

fn text(text: &str) -> WireText {
    WireText::new(text.as_bytes())
}

#[test]
fn addresses_in_place_of_names() {
    let is_address = |name: &str| {
        let len = u8::try_from(name.len()).unwrap();
        let mut body = vec![0, len + 3, 0, 0, len];
        body.extend(name.as_bytes());
        let (extensions, _) = read(T::SERVER_NAME, Carrier::ClientHello, &body);
        extensions.server_name().unwrap().is_ip_literal
    };
    for address in ["192.0.2.1", "2001:db8::1", "[2001:db8::1]", "fe80::1%eth0", "[fe80::1%25wifi]"]
    {
        assert!(is_address(address), "{address}");
    }
    for name in ["a.test", "cafe", "1.test", "192.0.2", "abc%2", "%eth0", "192.0.2.1x%1", "", "[a]"]
    {
        assert!(!is_address(name), "{name}");
    }
}

#[test]
fn names_and_protocols() {
    let c = Carrier::ClientHello;
    let name = ServerName { host_name: text("a.test"), is_ip_literal: false, names: 1 };
    check(T::SERVER_NAME, c, "0009 00 0006 612e74657374", false, &B::ServerName(name));
    check(T::SERVER_NAME, Carrier::ServerHello, "", false, &B::Empty);
    check(T::SERVER_NAME, Carrier::EncryptedExtensions, "", false, &B::Empty);
    let alpn = T::APPLICATION_LAYER_PROTOCOL_NEGOTIATION;
    let offer = B::Protocols(Box::new([text("h2"), text("http/1.1")]));
    check(alpn, c, "000c 02 6832 08 687474702f312e31", false, &offer);
    // A name that is longer than what is left is none; those before it are.
    let (extensions, anomalies) = read(alpn, c, &hex("0006 02 6832 08 6874"));
    assert_eq!(extensions.alpn(), Some(&[text("h2")][..]));
    assert_eq!(anomalies.len(), 1, "{anomalies:?}");
    let selected = B::Protocols(Box::new([text("h2")]));
    for carrier in [Carrier::ServerHello, Carrier::EncryptedExtensions] {
        check(alpn, carrier, "0003 02 6832", false, &selected);
    }
    check(T::NEXT_PROTOCOL_NEGOTIATION, c, "", false, &B::Empty);
    // An empty body is that of a server without protocols.
    check(T::NEXT_PROTOCOL_NEGOTIATION, Carrier::ServerHello, "02 6832", true, &selected);
    for settings in [T::APPLICATION_SETTINGS, T::APPLICATION_SETTINGS_OLD] {
        check(settings, c, "0003 02 6832", false, &selected);
        let (extensions, _) = read(settings, c, &hex("0003 02 6832"));
        assert_eq!(extensions.application_settings(), Some(&[text("h2")][..]));
    }
}

#[test]
fn versions_groups_and_shares() {
    let c = Carrier::ClientHello;
    let versions = [ProtocolVersion::TLS1_3, ProtocolVersion::TLS1_2];
    let offer = B::SupportedVersions(Box::new(versions));
    check(T::SUPPORTED_VERSIONS, c, "04 0304 0303", false, &offer);
    let selected = B::SelectedVersion(ProtocolVersion::TLS1_3);
    for carrier in [Carrier::ServerHello, Carrier::HelloRetryRequest] {
        check(T::SUPPORTED_VERSIONS, carrier, "0304", false, &selected);
    }
    let groups = [NamedGroup(0x11ec), NamedGroup::X25519];
    assert_eq!(groups[0].name(), Some("X25519MLKEM768"), "a hybrid has its name");
    let groups = B::SupportedGroups(Box::new(groups));
    check(T::SUPPORTED_GROUPS, c, "0004 11ec 001d", false, &groups);
    check(T::SUPPORTED_GROUPS, Carrier::EncryptedExtensions, "0004 11ec 001d", false, &groups);
    let formats = B::EcPointFormats(Box::new([EcPointFormat(0)]));
    check(T::EC_POINT_FORMATS, c, "01 00", false, &formats);
    let key = "11".repeat(32);
    let share = KeyShareEntry { group: NamedGroup::X25519, key_len: 32 };
    for kind in [T::KEY_SHARE, T::KEY_SHARE_DRAFT] {
        let shares = B::KeyShares(Box::new([share]));
        check(kind, c, &format!("0024 001d 0020 {key}"), false, &shares);
        let (extensions, _) = read(kind, c, &hex("0000"));
        assert_eq!(extensions.key_shares(), Some(&[][..]), "asks for a HelloRetryRequest");
        let retry = B::SelectedGroup(NamedGroup::X25519);
        check(kind, Carrier::HelloRetryRequest, "001d", false, &retry);
        let (extensions, anomalies) =
            read(kind, Carrier::ServerHello, &hex(&format!("001d 0020 {key}")));
        assert!(anomalies.is_empty(), "{anomalies:?}");
        assert_eq!(extensions.body(kind), Some(&B::KeyShare(share)));
        assert_eq!(extensions.selected_group(), Some(NamedGroup::X25519));
    }
}

#[test]
fn signatures_and_certificates() {
    let c = Carrier::ClientHello;
    let schemes = B::SignatureSchemes(Box::new([
        SignatureScheme::ECDSA_SECP256R1_SHA256,
        SignatureScheme::RSA_PSS_RSAE_SHA256,
    ]));
    for (kind, carrier) in [
        (T::SIGNATURE_ALGORITHMS, c),
        (T::SIGNATURE_ALGORITHMS, Carrier::CertificateRequest),
        (T::SIGNATURE_ALGORITHMS_CERT, c),
        (T::DELEGATED_CREDENTIAL, c),
    ] {
        check(kind, carrier, "0004 0403 0804", false, &schemes);
    }
    let names: Box<[Box<[u8]>]> = Box::new([Box::from([0x30, 0])]);
    let names = B::CertificateAuthorities(names);
    for carrier in [c, Carrier::CertificateRequest] {
        check(T::CERTIFICATE_AUTHORITIES, carrier, "0004 0002 3000", false, &names);
    }
    let algorithms = [
        CertificateCompressionAlgorithm::ZLIB,
        CertificateCompressionAlgorithm::BROTLI,
        CertificateCompressionAlgorithm::ZSTD,
    ];
    let algorithms = B::CompressionAlgorithms(Box::new(algorithms));
    check(T::COMPRESS_CERTIFICATE, c, "06 0001 0002 0003", false, &algorithms);
    for kind in [T::CLIENT_CERTIFICATE_TYPE, T::SERVER_CERTIFICATE_TYPE] {
        let offer = [CertificateType::RAW_PUBLIC_KEY, CertificateType(0)];
        check(kind, c, "02 02 00", false, &B::CertificateTypes(Box::new(offer)));
        let selected = B::CertificateTypes(Box::new([CertificateType::RAW_PUBLIC_KEY]));
        check(kind, Carrier::EncryptedExtensions, "02", false, &selected);
    }
}

#[test]
fn status_and_timestamps() {
    let c = Carrier::ClientHello;
    let ocsp = CertificateStatusType::OCSP;
    let request = StatusRequest { status_type: ocsp, responder_ids: 1, extensions_len: 2 };
    let body = "01 0003 0001 aa 0002 bbbb";
    check(T::STATUS_REQUEST, c, body, false, &B::StatusRequest(request));
    let request = StatusRequest { extensions_len: 3, ..request };
    let requests = B::StatusRequests(Box::new([request]));
    let body = "000d 01 000a 0003 0001 aa 0003 cccccc";
    check(T::STATUS_REQUEST_V2, c, body, false, &requests);
    check(T::STATUS_REQUEST, Carrier::ServerHello, "", false, &B::Empty);
    let stapled = CertificateStatus {
        status_type: ocsp,
        responses: Box::new([Box::from([0x30, 3, 1, 2, 3].as_slice())]),
    };
    let stapled = B::CertificateStatus(Box::new(stapled));
    check(T::STATUS_REQUEST, Carrier::Certificate, "01 000005 3003010203", false, &stapled);
    check(T::SIGNED_CERTIFICATE_TIMESTAMP, c, "", false, &B::Empty);
    let log = "ab".repeat(32);
    let sct = SignedCertificateTimestamp {
        sct_version: 0,
        log_id: [0xab; 32],
        timestamp_ms: 1_700_000_000_000,
    };
    let timestamps = B::Timestamps(Box::new([sct]));
    for carrier in [Carrier::ServerHello, Carrier::Certificate] {
        let body = format!("002b 0029 00 {log} 0000018bcfe56800");
        check(T::SIGNED_CERTIFICATE_TIMESTAMP, carrier, &body, false, &timestamps);
    }
}

#[test]
fn sessions_and_early_data() {
    let c = Carrier::ClientHello;
    let opaque = |hex_text: &str| B::Opaque(Opaque::new(&hex(hex_text)));
    check(T::SESSION_TICKET, c, "abcdef", true, &opaque("abcdef"));
    check(T::SESSION_TICKET, Carrier::ServerHello, "", false, &B::Empty);
    for carrier in [c, Carrier::HelloRetryRequest] {
        check(T::COOKIE, carrier, "0002 abcd", false, &opaque("abcd"));
    }
    for carrier in [c, Carrier::ServerHello] {
        check(T::RENEGOTIATION_INFO, carrier, "02 abcd", false, &opaque("abcd"));
        let (extensions, _) = read(T::RENEGOTIATION_INFO, carrier, &[0]);
        assert!(extensions.renegotiation_info().unwrap().is_empty(), "a first handshake");
    }
    let binder = "00".repeat(32);
    let body = format!("000a 0004 74696b74 00000005 0021 20 {binder}");
    let (extensions, anomalies) = read(T::PRE_SHARED_KEY, c, &hex(&body));
    assert!(anomalies.is_empty(), "{anomalies:?}");
    let identity = PskIdentity { identity: Opaque::new(b"tikt"), obfuscated_ticket_age: 5 };
    let offered = OfferedPsks { identities: Box::new([identity]), binder_lens: Box::new([32]) };
    assert_eq!(extensions.pre_shared_keys(), Some(&offered));
    check(T::PRE_SHARED_KEY, Carrier::ServerHello, "0001", false, &B::SelectedIdentity(1));
    let modes = [PskKeyExchangeMode(1), PskKeyExchangeMode(0)];
    let modes = B::PskKeyExchangeModes(Box::new(modes));
    check(T::PSK_KEY_EXCHANGE_MODES, c, "02 01 00", false, &modes);
    check(T::EARLY_DATA, c, "", false, &B::Empty);
    check(T::EARLY_DATA, Carrier::EncryptedExtensions, "", false, &B::Empty);
    let max = B::MaxEarlyDataSize(16_384);
    check(T::EARLY_DATA, Carrier::NewSessionTicket, "00004000", false, &max);
    check(T::POST_HANDSHAKE_AUTH, c, "", false, &B::Empty);
}

#[test]
fn records_and_their_protection() {
    let c = Carrier::ClientHello;
    for kind in [T::ENCRYPT_THEN_MAC, T::TRUNCATED_HMAC] {
        check(kind, c, "", false, &B::Empty);
        let (_, anomalies) = read(kind, c, &[1]);
        assert_eq!(anomalies.len(), 1, "{kind} says nothing but that it is there");
    }
    for carrier in [c, Carrier::EncryptedExtensions] {
        check(T::RECORD_SIZE_LIMIT, carrier, "4001", false, &B::RecordSizeLimit(16_385));
        let (_, anomalies) = read(T::RECORD_SIZE_LIMIT, carrier, &[0, 63]);
        assert_eq!(anomalies.len(), 1, "63 is too small");
    }
    for (code, bytes) in [("01", 512), ("02", 1024), ("03", 2048), ("04", 4096)] {
        let body = hex(code);
        check(T::MAX_FRAGMENT_LENGTH, c, code, false, &B::MaxFragmentLength(body[0]));
        let (extensions, _) = read(T::MAX_FRAGMENT_LENGTH, c, &body);
        assert_eq!(extensions.max_fragment_length(), Some(bytes));
    }
    let (extensions, anomalies) = read(T::MAX_FRAGMENT_LENGTH, c, &[5]);
    assert_eq!((extensions.max_fragment_length(), anomalies.len()), (None, 1));
    check(T::HEARTBEAT, c, "01", false, &B::Heartbeat(1));
    let srtp = B::UseSrtp(Box::new([SrtpProfile(1)]));
    check(T::USE_SRTP, c, "0002 0001 00", false, &srtp);
    check(T::PADDING, c, "000000", true, &B::Padding { is_zero: true });
    let (extensions, anomalies) = read(T::PADDING, c, &[0, 1]);
    assert_eq!(extensions.body(T::PADDING), Some(&B::Padding { is_zero: false }));
    assert_eq!(anomalies.len(), 1);
}

#[test]
fn encrypted_client_hello_in_each_message() {
    let ech = T::ENCRYPTED_CLIENT_HELLO;
    let outer =
        EncryptedClientHello::Outer { config_id: 7, kdf: 1, aead: 2, enc_len: 2, payload_len: 2 };
    let outer = B::EncryptedClientHello(outer);
    let body = "00 0001 0002 07 0002 aabb 0002 ccdd";
    check(ech, Carrier::ClientHello, body, false, &outer);
    let inner = B::EncryptedClientHello(EncryptedClientHello::Inner);
    check(ech, Carrier::ClientHello, "01", false, &inner);
    let confirmation = EncryptedClientHello::Confirmation([1, 2, 3, 4, 5, 6, 7, 8]);
    let confirmation = B::EncryptedClientHello(confirmation);
    check(ech, Carrier::HelloRetryRequest, "0102030405060708", false, &confirmation);
    let configs = "0015 fe0d 0011 07 0020 0001 aa 0004 00010001 20 03 612e62 00";
    let (extensions, _) = read(ech, Carrier::EncryptedExtensions, &hex(configs));
    let Some(EncryptedClientHello::RetryConfigs { len_bytes, public_names }) =
        extensions.encrypted_client_hello()
    else {
        panic!("{extensions:?}")
    };
    assert_eq!((*len_bytes, &**public_names), (21, &[text("a.b")][..]));
}

#[test]
fn grease_is_kept_wherever_it_stands() {
    for (kind, carrier) in
        [(T(0x0a0a), Carrier::ClientHello), (T(0xfafa), Carrier::CertificateRequest)]
    {
        check(kind, carrier, "", false, &B::Empty);
        check(kind, carrier, "00", true, &B::Raw(Box::new([0])));
    }
    let (extensions, anomalies) =
        read(T::SUPPORTED_GROUPS, Carrier::ClientHello, &hex("0004 3a3a 001d"));
    assert!(anomalies.is_empty());
    let groups = [NamedGroup(0x3a3a), NamedGroup::X25519];
    assert_eq!(extensions.supported_groups(), Some(&groups[..]));
}

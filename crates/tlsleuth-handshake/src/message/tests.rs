use super::*;
use crate::{
    WireText,
    codepoint::{
        CertificateCompressionAlgorithm, ExtensionType, NamedGroup, PskKeyExchangeMode,
        SignatureScheme,
    },
    testing::{self, GNUTLS_HELLO, OPENSSL_HELLO, OPENSSL_TLS12_HELLO, hex},
};

fn hello(record: &str) -> ClientHello {
    let (hello, anomalies) = ClientHello::decode(&testing::body(record));
    assert!(anomalies.is_empty(), "{anomalies:?}");
    hello
}

/// A ClientHello with one list of extensions, given as hex without the length of the list.
fn with_extensions(extensions: &str) -> (ClientHello, Vec<String>) {
    let list = hex(extensions);
    let mut body = hex("0303");
    body.extend([7; 32]);
    body.extend(hex("00 0002 1301 01 00"));
    body.extend(u16::try_from(list.len()).unwrap().to_be_bytes());
    body.extend(list);
    let (hello, anomalies) = ClientHello::decode(&body);
    (hello, anomalies.iter().map(ToString::to_string).collect())
}

#[test]
fn reads_the_hello_of_openssl() {
    let hello = hello(OPENSSL_HELLO);
    assert_eq!(hello.cipher_suites().len(), 31);
    assert_eq!(hello.session_id.as_bytes().len(), 32);
    let extensions = &hello.extensions;
    let name = extensions.server_name().unwrap();
    assert_eq!(name.host_name, WireText::new(b"shop.example"));
    assert!(!name.is_ip_literal);
    let protocols: Vec<String> =
        extensions.alpn().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(protocols, ["h2", "http/1.1"]);
    assert_eq!(hello.offered_versions().highest(), Some(ProtocolVersion::TLS1_3));
    assert_eq!(hello.offered_versions().lowest(), Some(ProtocolVersion::TLS1_0));
    assert_eq!(extensions.supported_groups().unwrap()[0], NamedGroup::X25519);
    let share = KeyShareEntry { group: NamedGroup::X25519, key_len: 32 };
    assert_eq!(extensions.key_shares(), Some(&[share][..]));
    assert_eq!(extensions.psk_key_exchange_modes(), Some(&[PskKeyExchangeMode::PSK_DHE_KE][..]));
    assert_eq!(extensions.session_ticket(), Some(Opaque::default()));
    assert!(extensions.contains(ExtensionType::STATUS_REQUEST));
    assert!(extensions.contains(ExtensionType::EXTENDED_MASTER_SECRET));
    assert!(hello.has_secure_renegotiation());
    assert!(!hello.has_fallback_scsv() && !hello.has_grease() && !hello.has_early_data());
}

#[test]
fn an_older_client_tells_only_its_highest_version() {
    let hello = hello(OPENSSL_TLS12_HELLO);
    let offered = hello.offered_versions();
    assert_eq!(offered, OfferedVersions::UpTo(ProtocolVersion::TLS1_2));
    assert_eq!(offered.contains(ProtocolVersion::TLS1_3), Some(false));
    assert_eq!(offered.contains(ProtocolVersion::TLS1_0), None);
    assert!(hello.extensions.server_name().is_none());
}

#[test]
fn reads_the_hello_of_gnutls() {
    let hello = hello(GNUTLS_HELLO);
    let groups: Vec<_> = hello.extensions.key_shares().unwrap().iter().map(|s| s.group).collect();
    assert_eq!(groups, [NamedGroup::SECP256R1, NamedGroup::X25519]);
    assert_eq!(hello.extensions.record_size_limit(), Some(16_385));
}

/// tls-parser reads well-formed hellos; where it does, we read the same.
#[test]
fn agrees_with_tls_parser_on_hellos() {
    for record in [OPENSSL_HELLO, OPENSSL_TLS12_HELLO, GNUTLS_HELLO] {
        let body = testing::body(record);
        let (ours, _) = ClientHello::decode(&body);
        let (_, theirs) = tls_parser::parse_tls_handshake_client_hello(&body).unwrap();
        assert_eq!(ours.legacy_version.0, theirs.version.0);
        assert_eq!(ours.random, theirs.random);
        let suites: Vec<u16> = theirs.ciphers.iter().map(|suite| suite.0).collect();
        assert!(ours.cipher_suites().iter().map(|suite| suite.0).eq(suites));
        let (_, list) = tls_parser::parse_tls_extensions(theirs.ext.unwrap()).unwrap();
        let types =
            list.iter().map(|extension| u16::from(tls_parser::TlsExtensionType::from(extension)));
        assert!(ours.extensions.types().map(|kind| kind.0).eq(types));
    }
}

#[test]
fn a_malformed_extension_hides_no_other() {
    // server_name whose list is longer than its body, then ALPN.
    let (hello, anomalies) =
        with_extensions("0000 0008 0009 00 0003 616263 0010 0005 0003 02 6832");
    assert_eq!(
        anomalies,
        ["extension 0 server_name, server_name_list, offset 49: length 9 exceeds the 6 bytes left"]
    );
    assert_eq!(hello.extensions.server_name().unwrap().host_name, WireText::new(b"abc"));
    assert_eq!(hello.extensions.alpn(), Some(&[WireText::new(b"h2")][..]));
}

#[test]
fn an_extension_that_breaks_off_keeps_those_before_it() {
    let (hello, anomalies) = with_extensions("0010 0005 0003 02 6832 0000 0100 0001");
    assert_eq!(hello.extensions.alpn().unwrap().len(), 1);
    assert!(anomalies[0].contains("length 256 exceeds the 2 bytes left"), "{anomalies:?}");
}

#[test]
fn what_is_forbidden_is_noted() {
    let (_, anomalies) = with_extensions("0017 0000 0017 0000");
    assert_eq!(
        anomalies,
        ["extension 23 extended_master_secret, extension_type, offset 51: there twice"]
    );
    let (_, anomalies) = with_extensions("0017 0001 00");
    assert!(anomalies[0].ends_with("1 bytes too many"), "{anomalies:?}");
    let (hello, anomalies) = with_extensions("0000 000e 000c 00 0009 3139322e302e322e31");
    assert!(anomalies.is_empty(), "{anomalies:?}");
    assert!(hello.extensions.server_name().unwrap().is_ip_literal);
    let (_, anomalies) = with_extensions("0033 0006 0004 001d 0000");
    assert!(anomalies.iter().any(|anomaly| anomaly.contains("length 0 is not 32")));
}

#[test]
fn grease_and_unknown_extensions_keep_their_place() {
    let (hello, anomalies) = with_extensions("1a1a 0001 00 1234 0002 abcd 0017 0000");
    assert!(anomalies.is_empty(), "{anomalies:?}");
    let types: Vec<u16> = hello.extensions.types().map(|kind| kind.0).collect();
    assert_eq!(types, [0x1a1a, 0x1234, 23]);
    let unknown = hello.extensions.get(ExtensionType(0x1234)).unwrap();
    assert_eq!(unknown.body, &ExtensionBody::Raw(Box::new([0xab, 0xcd])));
    assert!(hello.has_grease());
}

#[test]
fn reads_what_tls13_added() {
    let mut psk = "0029 002f 000a 0004 74696b74 00000005 0021 20".to_owned();
    psk.push_str(&"00".repeat(32));
    let (hello, anomalies) = with_extensions(&format!(
        "002a 0000 002c 0004 0002 abcd 001b 0003 02 0002 fe0d 000e 00 0001 0002 07 0002 aabb 0002 ccdd {psk}"
    ));
    assert!(anomalies.is_empty(), "{anomalies:?}");
    assert!(hello.has_early_data());
    assert_eq!(hello.extensions.cookie(), Some(Opaque::new(&[0xab, 0xcd])));
    let algorithms = hello.extensions.compress_certificate();
    assert_eq!(algorithms, Some(&[CertificateCompressionAlgorithm::BROTLI][..]));
    let ech =
        EncryptedClientHello::Outer { config_id: 7, kdf: 1, aead: 2, enc_len: 2, payload_len: 2 };
    assert_eq!(hello.extensions.encrypted_client_hello(), Some(&ech));
    let psks = hello.extensions.pre_shared_keys().unwrap();
    assert_eq!(psks.identities[0].obfuscated_ticket_age, 5);
    assert_eq!(*psks.binder_lens, [32]);
}

fn server_hello(random: &[u8; 32], tail: &str) -> (ServerHello, Vec<Anomaly>) {
    let mut body = hex("0303");
    body.extend(random);
    body.extend(hex(tail));
    ServerHello::decode(&body)
}

#[test]
fn a_server_hello_tells_version_and_group() {
    let key = "11".repeat(32);
    let (hello, anomalies) = server_hello(
        &[1; 32],
        &format!("00 1301 00 002e 002b 0002 0304 0033 0024 001d 0020 {key}"),
    );
    assert!(anomalies.is_empty(), "{anomalies:?}");
    assert_eq!(hello.negotiated_version(), ProtocolVersion::TLS1_3);
    assert_eq!(hello.selected_group(), Some(NamedGroup::X25519));
    assert!(!hello.is_hello_retry_request());
}

#[test]
fn a_retry_asks_for_a_group() {
    let tail = "00 1301 00 000c 002b 0002 0304 0033 0002 0017";
    let (hello, anomalies) = server_hello(&HELLO_RETRY_REQUEST_RANDOM, tail);
    assert!(anomalies.is_empty(), "{anomalies:?}");
    assert!(hello.is_hello_retry_request());
    assert_eq!(hello.selected_group(), Some(NamedGroup::SECP256R1));
}

#[test]
fn a_downgrade_is_marked() {
    let mut random = [1; 32];
    random[24..].copy_from_slice(b"DOWNGRD\x01");
    let (hello, _) = server_hello(&random, "00 c02f 00");
    assert_eq!(hello.downgrade_sentinel(), Some(DowngradeSentinel::ToTls12));
    assert_eq!(hello.negotiated_version(), ProtocolVersion::TLS1_2);
    assert!(!hello.extensions.is_present());
}

#[test]
fn certificates_of_either_form_are_cut_out() {
    let tls13 = hex("00 00000e 000002 3000 0000 000002 3001 0000");
    assert_eq!(CertificateForm::guess(&tls13), CertificateForm::Tls13);
    let (chain, anomalies) = Certificate::decode(&tls13, CertificateForm::Tls13);
    assert!(anomalies.is_empty(), "{anomalies:?}");
    assert_eq!(chain.der(&tls13).collect::<Vec<_>>(), [[0x30, 0], [0x30, 1]]);
    let lies = hex("000007 000005 3000");
    assert_eq!(CertificateForm::guess(&hex("000003 000000")), CertificateForm::Tls12);
    let (chain, anomalies) = Certificate::decode(&lies, CertificateForm::Tls12);
    assert_eq!(anomalies.len(), 2, "{anomalies:?}");
    assert_eq!(chain.der(&lies).collect::<Vec<_>>(), [[0x30, 0]]);
}

#[test]
fn messages_are_chosen_by_type() {
    let context = Context::default();
    let (message, anomalies) = Message::decode(HandshakeType::SERVER_HELLO_DONE, &[0], &context);
    assert_eq!(message, Message::ServerHelloDone);
    assert_eq!(anomalies[0].to_string(), "body, offset 0: 1 bytes too many");
    let (message, _) = Message::decode(HandshakeType(99), &[1, 2], &context);
    assert_eq!(message, Message::Other { len_bytes: 2 });
    let version = Some(ProtocolVersion::TLS1_2);
    let context = Context { version, ..context };
    let verify = hex("0804 0002 abcd");
    let (message, _) = Message::decode(HandshakeType::CERTIFICATE_VERIFY, &verify, &context);
    let signature_scheme = Some(SignatureScheme::RSA_PSS_RSAE_SHA256);
    let expected = CertificateVerify { signature_scheme, signature_len: 2 };
    assert_eq!(message, Message::CertificateVerify(expected));
}

#[test]
fn everything_crosses_threads() {
    fn check<T: Send + Sync + Clone + core::fmt::Debug + PartialEq>() {}
    check::<Message>();
    check::<Anomaly>();
    check::<crate::preamble::Preamble>();
    check::<sslv2::Ssl2Message>();
}

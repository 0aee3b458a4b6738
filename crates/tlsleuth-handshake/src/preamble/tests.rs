use super::*;

/// Plays a dialogue of client (`C`) and server (`S`), and gives the last progress.
fn play(preamble: &mut Preamble, lines: &[(char, &[u8])]) -> Progress {
    let mut last = Progress::NotThis;
    let mut pending = [Vec::new(), Vec::new()];
    for (side, bytes) in lines {
        let from_client = *side == 'C';
        let buffer = &mut pending[usize::from(from_client)];
        buffer.extend_from_slice(bytes);
        last = preamble.step(from_client, buffer);
        match last {
            Progress::Continue { consumed } | Progress::Refused { consumed, .. } => {
                buffer.drain(..consumed);
            }
            _ => return last,
        }
    }
    last
}

/// The same, one byte at a time: the outcome may not depend on how the packets fell.
fn check(protocol: Protocol, lines: &[(char, &[u8])], expected: &str) {
    let mut whole = Preamble::new();
    let progress = play(&mut whole, lines);
    let said = match &progress {
        Progress::Refused { reason, .. } => format!("refused: {reason}"),
        Progress::TlsStarts { .. } => "tls".to_owned(),
        Progress::TunnelOpens { .. } => "tunnel".to_owned(),
        other => format!("{other:?}"),
    };
    assert_eq!(said, expected, "{protocol}");
    assert_eq!(whole.protocol(), Some(protocol));
    // SOCKS 5 is told by its whole first packet, and MySQL by its first six bytes.
    if matches!(protocol, Protocol::Socks5) {
        return;
    }
    let bytes: Vec<(char, Vec<u8>)> = lines
        .iter()
        .flat_map(|(side, bytes)| {
            // What tells protocols apart is in the first eleven bytes.
            let (head, tail) = bytes.split_at(bytes.len().min(11));
            let head = std::iter::once((*side, head.to_vec()));
            head.chain(tail.iter().map(|byte| (*side, vec![*byte])))
        })
        .collect();
    let bytes: Vec<(char, &[u8])> =
        bytes.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
    let mut cut = Preamble::new();
    let progress = play(&mut cut, &bytes);
    let kind = |progress: &Progress| core::mem::discriminant(progress);
    let kind_of_whole = play(&mut Preamble::new(), lines);
    assert_eq!(kind(&progress), kind(&kind_of_whole), "{protocol} cut: {progress:?}");
}

#[test]
fn lines_that_start_tls() {
    check(
        Protocol::Smtp,
        &[
            ('S', b"220 mail ESMTP\r\n"),
            ('C', b"EHLO me\r\n"),
            ('S', b"250-mail\r\n250-SIZE 1\r\n250 STARTTLS\r\n"),
            ('C', b"STARTTLS\r\n"),
            ('S', b"220 2.0.0 Ready\r\n"),
        ],
        "tls",
    );
    check(
        Protocol::Lmtp,
        &[
            ('S', b"220 lmtp\r\n"),
            ('C', b"LHLO me\r\n"),
            ('S', b"250 STARTTLS\r\n"),
            ('C', b"STARTTLS\r\n"),
            ('S', b"220 go\r\n"),
        ],
        "tls",
    );
    check(
        Protocol::Imap,
        &[
            ('S', b"* OK [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n"),
            ('C', b"a1 STARTTLS\r\n"),
            ('S', b"a1 OK begin\r\n"),
        ],
        "tls",
    );
    check(
        Protocol::Pop3,
        &[('S', b"+OK hi\r\n"), ('C', b"STLS\r\n"), ('S', b"+OK begin\r\n")],
        "tls",
    );
    check(
        Protocol::Ftp,
        &[('S', b"220 hello there\r\n"), ('C', b"AUTH TLS\r\n"), ('S', b"234 ok\r\n")],
        "tls",
    );
    check(
        Protocol::Nntp,
        &[('S', b"200 news ready\r\n"), ('C', b"STARTTLS\r\n"), ('S', b"382 go\r\n")],
        "tls",
    );
    check(
        Protocol::Sieve,
        &[
            ('S', b"\"IMPLEMENTATION\" \"x\"\r\n\"STARTTLS\"\r\nOK\r\n"),
            ('C', b"STARTTLS\r\n"),
            ('S', b"OK \"begin\"\r\n"),
        ],
        "tls",
    );
    check(
        Protocol::Irc,
        &[('C', b"STARTTLS\r\n"), ('S', b":irc.example 670 * :STARTTLS successful\r\n")],
        "tls",
    );
}

#[test]
fn lines_that_refuse_tls() {
    check(
        Protocol::Smtp,
        &[
            ('S', b"220 mail ESMTP\r\n"),
            ('C', b"EHLO me\r\n"),
            ('S', b"250 STARTTLS\r\n"),
            ('C', b"STARTTLS\r\n"),
            ('S', b"454 4.7.0 TLS not available\r\n"),
        ],
        "refused: 454 4.7.0 TLS not available",
    );
    check(
        Protocol::Smtp,
        &[
            ('S', b"220 mail ESMTP\r\n"),
            ('C', b"EHLO me\r\n"),
            ('S', b"250-mail\r\n250 SIZE 1\r\n"),
            ('C', b"QUIT\r\n"),
        ],
        "refused: TLS was not offered",
    );
    check(
        Protocol::Imap,
        &[('S', b"* OK hi\r\n"), ('C', b"a1 STARTTLS\r\n"), ('S', b"a1 BAD what?\r\n")],
        "refused: a1 BAD what?",
    );
}

#[test]
fn binary_protocols() {
    let ssl_request = [0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f];
    check(Protocol::PostgreSql, &[('C', &ssl_request), ('S', b"S")], "tls");
    check(Protocol::PostgreSql, &[('C', &ssl_request), ('S', b"N")], "refused: N");

    let mut greeting = b"\x4a\0\0\0\x0a8.0.36\0".to_vec();
    greeting.extend([1, 0, 0, 0]);
    greeting.extend(b"12345678\0");
    greeting.extend([0xff, 0xff]);
    greeting.resize(4 + 0x4a, 0);
    let mut request = vec![32, 0, 0, 1, 0x85, 0xae, 0xff, 0x19];
    request.resize(36, 0);
    check(Protocol::MySql, &[('S', &greeting), ('C', &request)], "tls");

    let prelogin = |kind: u8, encryption: u8| {
        let mut packet = vec![kind, 1, 0, 26, 0, 0, 0, 0];
        packet.extend([0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff]);
        packet.extend([0; 6]);
        packet.push(encryption);
        packet
    };
    check(Protocol::Tds, &[('C', &prelogin(0x12, 0)), ('S', &prelogin(4, 1))], "tls");
    check(
        Protocol::Tds,
        &[('C', &prelogin(0x12, 1)), ('S', &prelogin(4, 2))],
        "refused: ENCRYPT_NOT_SUP (2)",
    );

    let request = [3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 3, 0, 0, 0];
    let answer =
        |kind, value| [3, 0, 0, 19, 14, 0xd0, 0, 0, 0, 0, 0, kind, 0, 8, 0, value, 0, 0, 0];
    check(Protocol::Rdp, &[('C', &request), ('S', &answer(2, 1))], "tls");
    check(
        Protocol::Rdp,
        &[('C', &request), ('S', &answer(3, 5))],
        "refused: HYBRID_REQUIRED_BY_SERVER (5)",
    );

    let mut start_tls = vec![0x30, 29, 2, 1, 1, 0x77, 24, 0x80, 22];
    start_tls.extend(b"1.3.6.1.4.1.1466.20037");
    let answer = |code| [0x30, 12, 2, 1, 1, 0x78, 7, 0x0a, 1, code, 4, 0, 4, 0];
    check(Protocol::Ldap, &[('C', &start_tls), ('S', &answer(0))], "tls");
    check(Protocol::Ldap, &[('C', &start_tls), ('S', &answer(52))], "refused: unavailable (52)");
}

#[test]
fn xmpp_proceeds_or_fails() {
    let open: &[u8] = b"<?xml version='1.0'?><stream:stream to='a' xmlns='jabber:client'>";
    let features: &[u8] =
        b"<stream:stream><stream:features><starttls xmlns='x'/></stream:features>";
    let ask: &[u8] = b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
    let mut preamble = Preamble::new();
    let progress = play(
        &mut preamble,
        &[('C', open), ('S', features), ('C', ask), ('S', b"<proceed xmlns='x'/>\x16")],
    );
    assert_eq!(progress, Progress::TlsStarts { offset: 20 });
    assert_eq!(preamble.is_offered(), Some(true));
}

#[test]
fn tunnels_open_and_are_refused() {
    check(
        Protocol::HttpConnect,
        &[
            ('C', b"CONNECT api.example:443 HTTP/1.1\r\nHost: api.example\r\n\r\n"),
            ('S', b"HTTP/1.1 200 Connection established\r\n\r\n"),
        ],
        "tunnel",
    );
    let mut preamble = Preamble::new();
    let progress = play(
        &mut preamble,
        &[
            ('C', b"CONNECT api.example:443 HTTP/1.1\r\n\r\n"),
            ('S', b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 2\r\n\r\nno"),
            ('C', b"CONNECT api.example:443 HTTP/1.1\r\nProxy-Authorization: x\r\n\r\n"),
            ('S', b"HTTP/1.1 200 OK\r\n\r\n"),
        ],
    );
    // The body of the first answer is part of these bytes.
    assert_eq!(progress, Progress::TunnelOpens { offset: 21 });
    assert_eq!(preamble.target(), Some(WireText::new(b"api.example:443")));
    check(
        Protocol::Socks4,
        &[('C', b"\x04\x01\x01\xbb\0\0\0\x01me\0host.example\0"), ('S', b"\0\x5a\0\0\0\0\0\0")],
        "tunnel",
    );
    check(
        Protocol::Socks5,
        &[
            ('C', b"\x05\x01\x00"),
            ('S', b"\x05\x00"),
            ('C', b"\x05\x01\x00\x03\x04host\x01\xbb"),
            ('S', b"\x05\x05\x00\x01\0\0\0\0\0\0"),
        ],
        "refused: connection refused (5)",
    );
    check(
        Protocol::HttpUpgrade,
        &[
            ('C', b"OPTIONS * HTTP/1.1\r\nUpgrade: TLS/1.0\r\nConnection: Upgrade\r\n\r\n"),
            ('S', b"HTTP/1.1 101 Switching Protocols\r\n\r\n"),
        ],
        "tls",
    );
}

#[test]
fn proxy_headers_tell_the_addresses() {
    for header in [
        b"PROXY TCP4 192.0.2.1 198.51.100.2 40000 443\r\n".to_vec(),
        [&b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\xc6\x33\x64\x02\x9c\x40\x01\xbb"[..]]
            .concat(),
    ] {
        let mut preamble = Preamble::new();
        let progress = preamble.step(true, &header);
        assert_eq!(progress, Progress::TunnelOpens { offset: header.len() });
        let addresses = preamble.proxied().unwrap();
        assert_eq!(addresses.source.to_string(), "192.0.2.1:40000");
        assert_eq!(addresses.destination.to_string(), "198.51.100.2:443");
    }
}

#[test]
fn tls_is_not_taken_for_a_preamble() {
    assert_eq!(Preamble::new().step(true, &[0x16, 3, 1, 2, 0, 1]), Progress::NotThis);
    assert_eq!(Preamble::new().step(false, &[0x16, 3, 3, 0, 60]), Progress::NotThis);
}

#[test]
fn a_line_without_end_is_given_up() {
    let mut preamble = Preamble::new();
    let endless = vec![b'2'; MAX_UNIT_BYTES + 1];
    assert_eq!(preamble.step(false, b"220 "), Progress::Continue { consumed: 0 });
    assert_eq!(preamble.step(false, &[b"220 ".as_slice(), &endless].concat()), Progress::NotThis);
}

/// The first packet of each protocol, of its side.
fn first_packets() -> Vec<(Protocol, bool, Vec<u8>)> {
    let mut greeting = b"\x4a\0\0\0\x0a8.0.36\0".to_vec();
    greeting.resize(4 + 0x4a, 1);
    let mut prelogin = vec![0x12, 1, 0, 26, 0, 0, 0, 0, 0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff];
    prelogin.resize(26, 0);
    let mut start_tls = vec![0x30, 29, 2, 1, 1, 0x77, 24, 0x80, 22];
    start_tls.extend(b"1.3.6.1.4.1.1466.20037");
    let stream = b"<?xml version='1.0'?><stream:stream to='a' xmlns='jabber:client'>";
    let v2 = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\xc6\x33\x64\x02\x9c\x40\x01\xbb";
    vec![
        (Protocol::Smtp, false, b"220 mail ESMTP\r\n".to_vec()),
        (Protocol::Imap, false, b"* OK [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n".to_vec()),
        (Protocol::Pop3, false, b"+OK hi\r\n".to_vec()),
        (Protocol::Nntp, false, b"200 news ready\r\n".to_vec()),
        (Protocol::Sieve, false, b"\"IMPLEMENTATION\" \"x\"\r\n\"STARTTLS\"\r\nOK\r\n".to_vec()),
        (Protocol::Irc, true, b"STARTTLS\r\n".to_vec()),
        (Protocol::PostgreSql, true, vec![0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f]),
        (Protocol::MySql, false, greeting),
        (Protocol::Tds, true, prelogin),
        (Protocol::Rdp, true, vec![3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 3, 0, 0, 0]),
        (Protocol::Ldap, true, start_tls),
        (Protocol::Xmpp, true, stream.to_vec()),
        (Protocol::HttpConnect, true, b"CONNECT api.example:443 HTTP/1.1\r\n\r\n".to_vec()),
        (Protocol::HttpUpgrade, true, b"OPTIONS * HTTP/1.1\r\nUpgrade: TLS/1.0\r\n\r\n".to_vec()),
        (Protocol::Socks4, true, b"\x04\x01\x01\xbb\0\0\0\x01me\0host.example\0".to_vec()),
        (Protocol::Socks5, true, b"\x05\x01\x00".to_vec()),
        (
            Protocol::ProxyProtocol,
            true,
            b"PROXY TCP4 192.0.2.1 198.51.100.2 40000 443\r\n".to_vec(),
        ),
        (Protocol::ProxyProtocol, true, v2.to_vec()),
    ]
}

#[test]
fn first_bytes_alone_decide_nothing() {
    for (protocol, from_client, packet) in first_packets() {
        let mut at_once = Preamble::new();
        at_once.step(from_client, &packet);
        // Some banners tell the protocol only with what the client answers.
        let is_told = at_once.protocol() == Some(protocol);
        assert!(
            is_told || !from_client && at_once.protocol().is_none(),
            "{protocol}: {:?}",
            at_once.protocol()
        );
        for len in 1..packet.len() {
            let mut preamble = Preamble::new();
            let progress = preamble.step(from_client, &packet[..len]);
            // Lines of a banner may be done with one by one.
            let waits = matches!(progress, Progress::Continue { .. });
            let is_too_few = progress == Progress::NotThis && len <= 10;
            assert!(waits || is_too_few, "{len} bytes of {protocol}: {progress:?}");
            let named = preamble.protocol();
            assert!(named.is_none() || named == Some(protocol), "{len} of {protocol}: {named:?}");
            let Progress::Continue { consumed } = progress else { continue };
            // What comes behind is read as if it had come at once.
            preamble.step(from_client, &packet[consumed..]);
            assert_eq!(preamble.protocol(), at_once.protocol(), "{protocol} cut at {len}");
        }
    }
}

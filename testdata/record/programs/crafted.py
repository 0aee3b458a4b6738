"""A server that answers a ClientHello with a crafted flight: crafted.py BEHAVIOR

    cipher-not-offered   ServerHello (TLS 1.2) with a suite that the client did not offer
    alpn-not-offered     ServerHello (TLS 1.2) that selects h2
    empty-chain          a Certificate message with no certificate
    alert LEVEL CODE     an alert at once
    bad-length           a ServerHello whose length runs past its end
    garbage              a record of an unknown type
    overflow             a record longer than the limit
    hello-request        a Finished where a ServerHello belongs
    ssl2                 an SSLv2-looking answer
    malformed-cert FILE  a Certificate message with what is in the PEM file
"""
import base64
import os
import re
import socket
import struct
import sys
import time

behavior = sys.argv[1]


def record(kind, body):
    return bytes([kind]) + b"\x03\x03" + struct.pack(">H", len(body)) + body


def message(kind, body):
    return bytes([kind]) + struct.pack(">I", len(body))[1:] + body


def parse(hello):
    body = hello[5 + 4:]
    at = 34
    session = body[at + 1:at + 1 + body[at]]
    at += 1 + body[at]
    size = struct.unpack_from(">H", body, at)[0]
    suites = [struct.unpack_from(">H", body, at + 2 + i)[0] for i in range(0, size, 2)]
    return session, suites


def server_hello(session, suite, extensions=b""):
    extensions = b"\xff\x01\x00\x01\x00" + extensions
    body = b"\x03\x03" + os.urandom(32) + bytes([len(session)]) + session + struct.pack(">HB", suite, 0)
    return message(2, body + struct.pack(">H", len(extensions)) + extensions)


def ders(path):
    return [base64.b64decode(b) for b in re.findall(r"-----BEGIN CERTIFICATE-----(.*?)-----END", open(path).read(), re.S)]


def certificate(certs):
    body = b"".join(struct.pack(">I", len(c))[1:] + c for c in certs)
    return message(11, struct.pack(">I", len(body))[1:] + body)


def answer(hello):
    session, suites = parse(hello)
    known = [s for s in suites if s in (0xC02F, 0xC030, 0xC02B, 0xCCA8, 0x009C)]
    suite = known[0] if known else suites[0]
    if 0xC02F in suites:
        suite = 0xC02F
    chain = ders("pki/good.chain.pem")
    if behavior == "cipher-not-offered":
        other = next(s for s in (0xC02F, 0xC030, 0x009C) if s not in suites)
        return record(22, server_hello(session, other)) + record(22, certificate(chain))
    if behavior == "alpn-not-offered":
        return record(22, server_hello(session, suite, b"\x00\x10\x00\x05\x00\x03\x02h2")) + record(22, certificate(chain))
    if behavior == "empty-chain":
        return record(22, server_hello(session, suite)) + record(22, certificate([])) + record(22, message(14, b""))
    if behavior == "malformed-cert":
        return record(22, server_hello(session, suite)) + record(22, certificate(ders(sys.argv[2]))) + record(22, message(14, b""))
    if behavior == "alert":
        return record(21, bytes([int(sys.argv[2]), int(sys.argv[3])]))
    if behavior == "bad-length":
        m = bytearray(server_hello(session, suite))
        m[-7:-5] = b"\x00\x40"
        return record(22, bytes(m))
    if behavior == "garbage":
        return b"\x63\x03\x03\x00\x04abcd"
    if behavior == "overflow":
        return b"\x16\x03\x03\x50\x00" + bytes(1000)
    if behavior == "hello-request":
        return record(22, message(20, os.urandom(12)))
    raise SystemExit(behavior)


listener = socket.create_server(("10.0.0.2", 443))
while True:
    conn, _ = listener.accept()
    conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    conn.sendall(answer(conn.recv(65536)))
    conn.settimeout(1)
    try:
        while conn.recv(65536):
            pass
    except OSError:
        pass
    conn.close()

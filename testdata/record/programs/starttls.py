"""Servers that speak just enough of a protocol to reach TLS: starttls.py PROTOCOL[-refuse|-none] PORT [CERT]

The port is on 10.0.0.2. After STARTTLS the socket is handed to Python's ssl module.
"""
import os
import socket
import ssl
import sys

protocol, _, mood = sys.argv[1].partition("-")
port = int(sys.argv[2])
cert = sys.argv[3] if len(sys.argv) > 3 else "wide"
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
if os.environ.get("TLS12", "1") == "1":
    context.maximum_version = ssl.TLSVersion.TLSv1_2
context.load_cert_chain(f"pki/{cert}.chain.pem", f"pki/{cert}.key")


def lines(conn):
    data = b""
    while True:
        more = conn.recv(4096)
        if not more:
            return
        data += more
        while b"\n" in data:
            line, data = data.split(b"\n", 1)
            yield line.rstrip(b"\r")


def by_line(conn, greeting, answers):
    """Answers each line by its first matching word; True when TLS begins."""
    conn.sendall(greeting)
    for line in lines(conn):
        upper = line.upper()
        for word, answer in answers:
            if word in upper:
                tag = line.split(b" ")[0]
                begin = isinstance(answer, tuple)
                text = answer[0] if begin else answer
                conn.sendall(text.replace(b"TAG", tag))
                if begin:
                    return True
                break
        else:
            conn.sendall(b"500 unknown\r\n")
    return False


def smtp(conn):
    offer = b"" if mood == "none" else b"250-STARTTLS\r\n"
    start = b"454 4.7.0 TLS not available due to local problem\r\n" if mood == "refuse" else (b"220 2.0.0 Ready to start TLS\r\n",)
    if mood == "none":
        start = b"502 5.5.1 Command not implemented\r\n"
    return by_line(conn, b"220 mail.example.test ESMTP\r\n", [
        (b"EHLO", b"250-mail.example.test\r\n" + offer + b"250 8BITMIME\r\n"), (b"LHLO", b"250-mail.example.test\r\n" + offer + b"250 8BITMIME\r\n"),
        (b"HELO", b"250 mail.example.test\r\n"), (b"STARTTLS", start), (b"QUIT", b"221 2.0.0 Bye\r\n"), (b"", b"530 5.7.0 Must issue a STARTTLS command first\r\n")])


def imap(conn):
    start = b"TAG BAD TLS support is not enabled\r\n" if mood == "refuse" else (b"TAG OK Begin TLS negotiation now.\r\n",)
    return by_line(conn, b"* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] ready\r\n", [
        (b"CAPABILITY", b"* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\nTAG OK done\r\n"), (b"STARTTLS", start), (b"LOGOUT", b"* BYE\r\nTAG OK done\r\n")])


def pop3(conn):
    return by_line(conn, b"+OK ready\r\n", [(b"CAPA", b"+OK\r\nSTLS\r\nUSER\r\n.\r\n"), (b"STLS", (b"+OK Begin TLS negotiation now.\r\n",)), (b"QUIT", b"+OK\r\n")])


def ftp(conn):
    return by_line(conn, b"220 ftp.example.test ready\r\n", [(b"FEAT", b"211-Features:\r\n AUTH TLS\r\n211 End\r\n"), (b"AUTH", (b"234 AUTH TLS successful\r\n",)), (b"QUIT", b"221 Bye\r\n")])


def nntp(conn):
    return by_line(conn, b"200 news.example.test ready\r\n", [(b"CAPABILITIES", b"101 list\r\nVERSION 2\r\nSTARTTLS\r\n.\r\n"), (b"STARTTLS", (b"382 Begin TLS negotiation now\r\n",))])


def sieve(conn):
    return by_line(conn, b'"IMPLEMENTATION" "example"\r\n"SASL" ""\r\n"STARTTLS"\r\nOK "ready"\r\n', [(b"STARTTLS", (b'OK "Begin TLS negotiation now."\r\n',))])


def irc(conn):
    return by_line(conn, b"", [(b"STARTTLS", (b":chat.example.test 670 * :STARTTLS successful, go ahead with TLS handshake\r\n",)), (b"CAP", b":chat.example.test CAP * LS :tls\r\n"),
                               (b"NICK", b""), (b"USER", b"")])


def until(conn, text):
    data = b""
    while text not in data:
        more = conn.recv(4096)
        if not more:
            return False
        data += more
    return True


def xmpp(conn):
    if not until(conn, b"<stream:stream"):
        return False
    conn.sendall(b"<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='1' from='chat.example.test' version='1.0'>"
                 b"<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>")
    if not until(conn, b"<starttls"):
        return False
    conn.sendall(b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    return True


def ldap(conn):
    conn.recv(4096)
    if mood == "refuse":
        conn.sendall(bytes.fromhex("300c02010178070a01340400 0400".replace(" ", "")))
        return False
    oid = b"1.3.6.1.4.1.1466.20037"
    body = b"\x0a\x01\x00\x04\x00\x04\x00\x8a" + bytes([len(oid)]) + oid
    body = b"\x02\x01\x01\x78" + bytes([len(body)]) + body
    conn.sendall(b"\x30" + bytes([len(body)]) + body)
    return True


def postgres(conn):
    conn.recv(4096)
    conn.sendall(b"N" if mood == "refuse" else b"S")
    return mood != "refuse"


def mysql(conn):
    flags = 0x81FFF7FF if mood != "none" else 0x81FFF7FF & ~0x800
    flags = flags | 0x800 if mood != "none" else flags
    body = (b"\x0a8.0.36\0" + (7).to_bytes(4, "little") + b"12345678\0" + (flags & 0xFFFF).to_bytes(2, "little") + b"\x21\x02\0" + (flags >> 16).to_bytes(2, "little")
            + b"\x15" + bytes(10) + b"123456789012\0" + b"mysql_native_password\0")
    conn.sendall(len(body).to_bytes(3, "little") + b"\0" + body)
    conn.recv(4096)
    return mood != "none"


def mssql(conn):
    """TDS 7.4: PRELOGIN in clear, then TLS inside PRELOGIN packets (MS-TDS 2.2.6.5)."""
    conn.recv(4096)
    options = bytes([0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xFF]) + bytes([16, 0, 4, 0, 0, 0]) + b"\1"
    conn.sendall(b"\x04\x01" + (8 + len(options)).to_bytes(2, "big") + b"\0\0\1\0" + options)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_side=True)
    while True:
        packet = conn.recv(8)
        if len(packet) < 8:
            return False
        size, data = int.from_bytes(packet[2:4], "big") - 8, b""
        while len(data) < size:
            data += conn.recv(size - len(data))
        incoming.write(data)
        try:
            tls.do_handshake()
            done = True
        except ssl.SSLWantReadError:
            done = False
        out = outgoing.read()
        for i in range(0, len(out), 4000):
            part = out[i:i + 4000]
            conn.sendall(b"\x12" + (b"\x01" if i + 4000 >= len(out) else b"\x00") + (8 + len(part)).to_bytes(2, "big") + b"\0\0\0\0" + part)
        if done:
            incoming.write(conn.recv(4096))
            tls.read()
            tls.write(b"\x04\x01\x00\x0c\0\0\1\0done")
            conn.sendall(outgoing.read())
            return False


listener = socket.create_server(("10.0.0.2", port))
while True:
    conn, _ = listener.accept()
    try:
        if globals()[protocol](conn):
            with context.wrap_socket(conn, server_side=True) as tls:
                tls.settimeout(1.5)
                try:
                    if tls.recv(4096):
                        tls.sendall(b"* OK\r\n")
                except (TimeoutError, OSError):
                    pass
    except (OSError, ssl.SSLError):
        pass
    conn.close()

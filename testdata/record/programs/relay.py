"""A TCP relay on 10.0.0.2:443 before a server on 127.0.0.1:8443, which does one bad thing: relay.py BEHAVIOR [VALUE]

    reset N        resets both sides after N bytes of the server
    close N        closes after N bytes of the server
    refuse N       resets when the client has sent N bytes
    slow S         holds the server's first bytes back for S seconds
    intolerant     closes on a ClientHello that offers TLS 1.3
    intolerant-alert  answers it with handshake_failure
    no-tickets     resets when a ClientHello carries a session ticket
    downgrade      hides supported_versions from the server, as an attacker on the path would
    corrupt N      flips a bit of the client's record N, counted from 1
    eat N          forwards the client's bytes, but only the first N bytes of the server, and keeps the connection open
"""
import select
import socket
import struct
import sys
import threading
import time

behavior = sys.argv[1]
value = float(sys.argv[2]) if len(sys.argv) > 2 else 0
listen = sys.argv[3] if len(sys.argv) > 3 else "10.0.0.2"
listener = socket.create_server((listen, 443))


def offers_tls13(hello):
    at = hello.find(b"\x00\x2b")
    return at >= 0 and b"\x03\x04" in hello[at:at + 20]


def extensions(out):
    """The places of the extensions: type, offset, length of the body."""
    at = 5 + 4 + 2 + 32
    at += 1 + out[at]
    at += 2 + struct.unpack_from(">H", out, at)[0]
    at += 1 + out[at]
    end = at + 2 + struct.unpack_from(">H", out, at)[0]
    at += 2
    while at + 4 <= end:
        kind, size = struct.unpack_from(">HH", out, at)
        yield kind, at, size
        at += 4 + size


def hide_versions(hello):
    out = bytearray(hello)
    for kind, at, _ in extensions(hello):
        if kind == 43:
            struct.pack_into(">H", out, at, 0xFAFA)
    return bytes(out)


def ticket_bytes(hello):
    return sum(size for kind, _, size in extensions(hello) if kind == 35)


def corrupt(data, seen, number):
    out, at = bytearray(data), 0
    while at + 5 <= len(out):
        size = struct.unpack_from(">H", out, at + 3)[0]
        seen[0] += 1
        if seen[0] == number and at + 5 + size <= len(out):
            out[at + 5 + size - 1] ^= 1
        at += 5 + size
    return bytes(out)


def reset(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def serve(conn):
    conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    upstream = socket.create_connection(("127.0.0.1", 8443))
    upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    first, from_server, from_client, seen = True, 0, 0, [0]
    try:
        while True:
            ready, _, _ = select.select([conn, upstream], [], [], 8)
            if not ready:
                return
            if conn in ready:
                data = conn.recv(65536)
                if not data:
                    upstream.shutdown(socket.SHUT_WR)
                    return
                if first and behavior.startswith("intolerant") and offers_tls13(data):
                    if behavior == "intolerant-alert":
                        conn.sendall(b"\x15\x03\x01\x00\x02\x02\x28")
                    return
                if first and behavior == "no-tickets" and ticket_bytes(data):
                    reset(conn)
                    return
                if first and behavior == "downgrade":
                    data = hide_versions(data)
                if behavior == "corrupt":
                    data = corrupt(data, seen, value)
                first = False
                from_client += len(data)
                if behavior == "refuse" and from_client >= value:
                    reset(conn)
                    return
                upstream.sendall(data)
            if upstream in ready:
                data = upstream.recv(65536)
                if not data:
                    return
                if behavior == "slow" and from_server == 0:
                    time.sleep(value)
                if behavior in ("reset", "close", "eat"):
                    data = data[:max(0, int(value) - from_server)]
                from_server += len(data)
                if data:
                    conn.sendall(data)
                if behavior in ("reset", "close") and from_server >= value:
                    time.sleep(0.02)
                    if behavior == "reset":
                        reset(conn)
                    return
    except OSError:
        pass
    finally:
        upstream.close()
        conn.close()


while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

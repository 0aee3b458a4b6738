"""A proxy on 10.0.0.3: proxy.py http|http-refuse|http-auth|socks|socks-refuse|socks4 PORT"""
import select
import socket
import sys
import threading

kind, _, mood = sys.argv[1].partition("-")


def join(a, b):
    while True:
        for s in select.select([a, b], [], [])[0]:
            data = s.recv(65536)
            if not data:
                return
            (b if s is a else a).sendall(data)


def serve(conn):
    try:
        if kind == "http":
            data = b""
            while b"\r\n\r\n" not in data:
                data += conn.recv(4096)
            host, port = data.split(b" ")[1].decode().split(":")
            if mood == "refuse":
                conn.sendall(b"HTTP/1.1 403 Forbidden\r\nServer: example-proxy\r\nX-Error: ERR_ACCESS_DENIED 0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            if mood == "auth":
                conn.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"proxy\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            upstream = socket.create_connection((host, int(port)))
            conn.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        elif kind == "socks4":
            data = conn.recv(4096)
            host = data[8:].split(b"\0")[1].decode()
            upstream = socket.create_connection((host, int.from_bytes(data[2:4], "big")))
            conn.sendall(b"\0\x5a" + data[2:8])
        else:
            conn.recv(4096)
            conn.sendall(b"\5\0")
            data = conn.recv(4096)
            if mood == "refuse":
                conn.sendall(b"\5\2\0\1\0\0\0\0\0\0")
                return
            if data[3] == 3:
                host = data[5:5 + data[4]].decode()
            else:
                host = socket.inet_ntoa(data[4:8])
            upstream = socket.create_connection((host, int.from_bytes(data[-2:], "big")))
            conn.sendall(b"\5\0\0\1" + socket.inet_aton("10.0.0.3") + b"\xc3\x50")
        join(conn, upstream)
        upstream.close()
    except (OSError, ValueError):
        pass
    finally:
        conn.close()


listener = socket.create_server(("10.0.0.3", int(sys.argv[2])))
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

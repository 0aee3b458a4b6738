"""Plain TCP servers that misbehave around a TLS handshake: server.py BEHAVIOR [PORT]"""
import socket
import struct
import sys
import time

behavior = sys.argv[1]
port = int(sys.argv[2]) if len(sys.argv) > 2 else 443
listener = socket.create_server(("10.0.0.2", port))
while True:
    conn, _ = listener.accept()
    if behavior == "reset":  # reads the ClientHello, then closes with a reset
        conn.recv(65536)
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif behavior == "close":  # reads the ClientHello, then closes
        time.sleep(0.05)
        conn.recv(65536)
    elif behavior == "silent":  # reads the ClientHello and never answers
        conn.recv(65536)
        time.sleep(6)
    elif behavior == "http":
        conn.recv(65536)
        conn.sendall(b"HTTP/1.1 400 Bad Request\r\nServer: example\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: 12\r\n\r\nBad Request\n")
        time.sleep(0.1)
    elif behavior == "smtp":
        conn.sendall(b"220 mail.example.test ESMTP ready\r\n")
        conn.recv(65536)
        conn.sendall(b"500 5.5.2 Error: bad syntax\r\n")
        time.sleep(0.2)
    elif behavior == "ssh":
        conn.sendall(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")
        conn.recv(65536)
        conn.sendall(b"Invalid SSH identification string.\r\n")
        time.sleep(0.1)
    conn.close()

"""A TDS 7.4 client up to the end of the TLS handshake: tds_client.py SERVER PORT NAME CA.pem"""
import socket
import ssl
import sys

server, port, name, ca = sys.argv[1:5]
context = ssl.create_default_context(cafile=ca)
context.maximum_version = ssl.TLSVersion.TLSv1_2
incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
tls = context.wrap_bio(incoming, outgoing, server_hostname=name)
sock = socket.create_connection((server, int(port)))


def send(data):
    sock.sendall(b"\x12\x01" + (8 + len(data)).to_bytes(2, "big") + b"\0\0\0\0" + data)


def receive():
    head = b""
    while len(head) < 8:
        head += sock.recv(8 - len(head))
    size, data = int.from_bytes(head[2:4], "big") - 8, b""
    while len(data) < size:
        data += sock.recv(size - len(data))
    return data


options = bytes([0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xFF]) + bytes([16, 0, 0, 0, 0, 0]) + b"\1"
send(options)
receive()
while True:
    try:
        tls.do_handshake()
        break
    except ssl.SSLWantReadError:
        out = outgoing.read()
        if out:
            send(out)
        incoming.write(receive())
tls.write(b"\x10\x01\x00\x0d\0\0\1\0login")
sock.sendall(outgoing.read())
incoming.write(sock.recv(4096))
print(len(tls.read()), "bytes")
sock.close()

"""A TLS client that does one unusual thing: client.py BEHAVIOR [SERVER [NAME]]; PORT binds the client's port

    slow S          waits S seconds between the server's flight and its own
    canceled        sends user_canceled and close_notify after the server's flight
    close-notify    sends close_notify only
    split           sends the ClientHello in two records
    trickle         sends the ClientHello in pieces of 100 bytes
    hang            reads the server's flight and says nothing for 3 seconds, then resets
    none            nothing unusual
    abort-fin       closes after the server's flight
"""
import os
import socket
import ssl
import struct
import sys
import time

behavior = sys.argv[1]
value = float(os.environ.get("VALUE", "3"))
server = sys.argv[2] if len(sys.argv) > 2 else "10.0.0.2"
name = sys.argv[3] if len(sys.argv) > 3 else "api.example.test"
context = ssl.create_default_context(cafile="pki/root.pem")
if os.environ.get("TLS12"):
    context.maximum_version = ssl.TLSVersion.TLSv1_2
if os.environ.get("SSLKEYLOGFILE"):
    context.keylog_filename = os.environ["SSLKEYLOGFILE"]
incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
tls = context.wrap_bio(incoming, outgoing, server_hostname=name)
sock = socket.socket()
if os.environ.get("PORT"):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("10.0.0.7", int(os.environ["PORT"])))
sock.connect((server, 443))
sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def step(action):
    try:
        return action()
    except ssl.SSLWantReadError:
        return None


def alert(level, code):
    return b"\x15\x03\x03\x00\x02" + bytes([level, code])


step(tls.do_handshake)
hello = outgoing.read()
if behavior == "split":
    half = (len(hello) - 5) // 2
    body = hello[5:]
    hello = hello[:3] + struct.pack(">H", half) + body[:half] + hello[:3] + struct.pack(">H", len(body) - half) + body[half:]
if behavior == "trickle":
    for i in range(0, len(hello), 100):
        sock.sendall(hello[i:i + 100])
        time.sleep(0.01)
else:
    sock.sendall(hello)
data = sock.recv(65536)
time.sleep(0.05)
sock.setblocking(False)
try:
    data += sock.recv(65536)
except BlockingIOError:
    pass
sock.setblocking(True)
if behavior == "slow":
    time.sleep(value)
elif behavior == "canceled":
    sock.sendall(alert(1, 90) + alert(1, 0))
    sock.close()
    raise SystemExit
elif behavior == "close-notify":
    sock.sendall(alert(1, 0))
    sock.close()
    raise SystemExit
elif behavior == "hang":
    time.sleep(value)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
    raise SystemExit
elif behavior == "abort-fin":
    sock.close()
    raise SystemExit
incoming.write(data)
while True:
    done = True
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        done = False
    sock.sendall(outgoing.read())
    if done:
        break
    data = sock.recv(65536)
    if not data:
        raise SystemExit("closed by the server")
    incoming.write(data)
tls.write(b"GET /hello.txt HTTP/1.0\r\n\r\n")
sock.sendall(outgoing.read())
sock.settimeout(2)
while True:
    try:
        data = sock.recv(65536)
    except TimeoutError:
        break
    if not data:
        break
    incoming.write(data)
    try:
        print(tls.read().decode(errors="replace").splitlines()[0])
        break
    except ssl.SSLWantReadError:
        continue
sock.close()

"""A client with the OpenSSL of the `cryptography` package, newer than the system's: modern.py SERVER NAME [TIMEOUT [KEYLOG]]"""
import socket
import sys

from OpenSSL import SSL

server, name = sys.argv[1:3]
timeout = float(sys.argv[3]) if len(sys.argv) > 3 else 4
context = SSL.Context(SSL.TLS_CLIENT_METHOD)
context.load_verify_locations("pki/root.pem")
context.set_verify(SSL.VERIFY_PEER)
sock = socket.create_connection((server, 443), timeout)
sock.settimeout(None)
if len(sys.argv) > 4:
    log = open(sys.argv[4], "ab")
    context.set_keylog_callback(lambda _, line: (log.write(line + b"\n"), log.flush()))
sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, int(timeout).to_bytes(8, "little") + bytes(8))
tls = SSL.Connection(context, sock)
tls.set_tlsext_host_name(name.encode())
tls.set_connect_state()
try:
    tls.do_handshake()
    tls.sendall(b"GET /hello.txt HTTP/1.0\r\n\r\n")
    print(tls.recv(4096).split(b"\r\n")[0].decode())
    tls.shutdown()
except SSL.WantReadError:
    print(f"no answer in {timeout:g} s")
except SSL.Error as e:
    print(e)
sock.close()

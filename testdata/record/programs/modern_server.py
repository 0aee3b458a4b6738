"""A server with the OpenSSL of the `cryptography` package, newer than the system's, on 10.0.0.2:443.

modern_server.py [CLIENT-CA]    with an authority, client certificates are required
"""
import socket
import sys

from OpenSSL import SSL

context = SSL.Context(SSL.TLS_SERVER_METHOD)
context.use_certificate_chain_file("pki/good.chain.pem")
context.use_privatekey_file("pki/good.key")
if len(sys.argv) > 1:
    context.load_verify_locations(sys.argv[1])
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
listener = socket.create_server(("10.0.0.2", 443))
while True:
    sock, _ = listener.accept()
    tls = SSL.Connection(context, sock)
    tls.set_accept_state()
    try:
        tls.do_handshake()
        tls.recv(4096)
        tls.sendall(b"HTTP/1.0 200 OK\r\n\r\nhello\n")
        tls.shutdown()
    except SSL.Error as e:
        print(e, flush=True)
    sock.close()

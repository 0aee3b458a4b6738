"""Peers that fall silent or speak no TLS, servers of more stacks that want client certificates, and a clock that is wrong."""
import os
import signal
import time

from common import *
from group_a import MTLS
from lib import sh, story

SILENT = """import socket, ssl, sys, time
context = ssl.create_default_context(cafile="pki/root.pem")
context.maximum_version = getattr(ssl.TLSVersion, sys.argv[1])
incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
tls = context.wrap_bio(incoming, outgoing, server_hostname="api.example.test")
try:
    tls.do_handshake()
except ssl.SSLWantReadError:
    pass
conn = socket.create_connection(("10.0.0.2", 443))
conn.sendall(outgoing.read())
# The server's flight is read and never answered, as by a program that waits for something else.
while conn.recv(65536):
    pass
"""


@story("tcp-client-silent", "The client reads the server's flight and never goes on: nginx gives up after three seconds (TLS 1.2, then 1.3)")
def _(r):
    nginx(r, nginx_site(extra="client_header_timeout 3s;"), log="s")
    r.write("silent.py", SILENT)
    r.start_capture()
    r.client("python3 silent.py TLSv1_2", log="c")
    r.client("python3 silent.py TLSv1_3", log="c")
    r.stop_capture()
    r.log("server.log", "s")
    r.expect("failed", "tcp.client-silent")
    r.expect("failed", "tcp.client-silent")


@story("tcp-client-left-early", "curl gives up before the server answers; the answer comes when it has gone")
def _(r):
    p = s_server(r, "-tls1_2")
    r.start_capture()
    os.killpg(p.pid, signal.SIGSTOP)
    curl(r, "--max-time 1", log="c")
    os.killpg(p.pid, signal.SIGCONT)
    time.sleep(0.5)
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", None, any_of=["tcp.closed-during-handshake", "tcp.server-silent"], never=["chain.expired", "sni.certificate-mismatch"])


@story("protocol-not-tls-ssh", "ssh dials the port of HTTPS: nginx answers 400 in clear, a Go server and HAProxy close")
def _(r):
    ssh = "ssh -p 443 -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ConnectTimeout=4 nobody@10.0.0.2"
    p = nginx(r, nginx_site(), log="s")
    r.start_capture()
    r.client(ssh, log="c")
    r.stop(p)
    p = go_server(r, log="s")
    r.client(ssh, log="c")
    r.stop(p)
    sh("sh", "-c", f"cat {r.dir}/pki/good.chain.pem {r.dir}/pki/good.key > {r.dir}/good.bundle")
    haproxy(r, "frontend web\n    bind 10.0.0.2:443 ssl crt good.bundle\n    http-request return status 200 content-type text/plain string hello\n", log="s")
    r.client(ssh, log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.log("server.log", "s")
    for _ in range(3):
        r.expect("failed", "protocol.not-tls")


@story("protocol-not-tls-smtp", "A mail program without TLS dials the port of implicit TLS, 465: openssl s_server closes")
def _(r):
    s_server(r, port=465, www="-quiet", log="s")
    r.start_capture()
    r.client("curl -sS --max-time 4 smtp://10.0.0.2:465 --mail-from a@example.test --mail-rcpt b@example.test -T /dev/null", log="c")
    r.client("""python3 -c "import socket; s=socket.create_connection(('10.0.0.2',465)); s.sendall(b'EHLO mail.example.test\\r\\n'); print(s.recv(100))\"""", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.log("server.log", "s")
    r.expect("failed", None, any_of=["tcp.no-client-hello", "protocol.not-tls"])
    r.expect("failed", "protocol.not-tls")


@story("protocol-plaintext-reply-465", "A mail server speaks in clear on port 465, which is for TLS from the first byte")
def _(r):
    py(r, "server.py smtp 465", port=465)
    r.start_capture()
    r.client("curl -sS --max-time 4 smtps://10.0.0.2:465 --mail-from a@example.test --mail-rcpt b@example.test -T /dev/null", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "protocol.plaintext-reply")


@story("client-auth-missing-node", "A Node server that rejects clients without a certificate (TLS 1.2, then 1.3)")
def _(r):
    r.write("server.js", """const fs = require('fs');
require('tls').createServer({
    cert: fs.readFileSync('pki/good.chain.pem'), key: fs.readFileSync('pki/good.key'), ca: fs.readFileSync('pki/client-ca.pem'),
    requestCert: true, rejectUnauthorized: true,
}, socket => socket.end('hello\\n')).on('tlsClientError', error => console.error(error.message)).listen(443, '10.0.0.2');
""")
    r.server("node server.js", log="s")
    r.start_capture()
    s_client(r, "-tls1_2", log="c")
    s_client(r, "-tls1_3", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.log("server.log", "s")
    r.expect("failed", "client-auth.missing")
    r.expect("failed", None, any_of=["client-auth.missing", "peer.server-aborted"])


@story("client-auth-missing-gnutls", "A GnuTLS server that requires a certificate (TLS 1.2, then 1.3)")
def _(r):
    r.server("gnutls-serv --http --require-client-cert --verify-client-cert --x509cafile pki/client-ca.pem --x509certfile pki/good.chain.pem "
             "--x509keyfile pki/good.key -p 443", log="s")
    r.start_capture()
    s_client(r, "-tls1_2", log="c")
    s_client(r, "-tls1_3", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.log("server.log", "s")
    r.expect("failed", "client-auth.missing")
    r.expect("failed", None, any_of=["client-auth.missing", "peer.server-aborted"])


@story("client-auth-missing-nss", "An NSS server that requires a certificate (TLS 1.2, then 1.3)")
def _(r):
    sh("sh", "-c", f"cd {r.dir} && mkdir nssdb && certutil -N -d sql:nssdb --empty-password && certutil -A -d sql:nssdb -n client-ca -t T,, -i pki/client-ca.pem "
       "&& openssl pkcs12 -export -in pki/good.chain.pem -inkey pki/good.key -name good -out good.p12 -passout pass: && pk12util -i good.p12 -d sql:nssdb -W ''")
    r.server("selfserv -d sql:nssdb -n good -p 443 -r -r -V tls1.2:tls1.3 -v", log="s")
    r.start_capture()
    s_client(r, "-tls1_2", log="c")
    s_client(r, "-tls1_3", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.log("server.log", "s")
    r.expect("failed", "client-auth.missing")
    r.expect("failed", None, any_of=["client-auth.missing", "peer.server-aborted"])


@story("client-auth-missing-python", "A Python server that requires a certificate (TLS 1.2, then 1.3)")
def _(r):
    r.write("server.py", """import http.server, ssl
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile="pki/client-ca.pem")
context.load_cert_chain("pki/good.chain.pem", "pki/good.key")
context.verify_mode = ssl.CERT_REQUIRED
server = http.server.HTTPServer(("10.0.0.2", 443), http.server.SimpleHTTPRequestHandler)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
""")
    r.server("python3 server.py", log="s")
    r.start_capture()
    s_client(r, "-tls1_2", log="c")
    s_client(r, "-tls1_3", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "client-auth.missing")
    r.expect("failed", None, any_of=["client-auth.missing", "peer.server-aborted"])


@story("group-no-overlap-java", "A Java server of TLS 1.3 has no group of the client's and says unexpected_message; GnuTLS says handshake_failure")
def _(r):
    sh("sh", "-c", f"cd {r.dir} && openssl pkcs12 -export -in pki/good.chain.pem -inkey pki/good.key -out good.p12 -passout pass:changeit")
    p = r.server("java -Djdk.tls.namedGroups=secp256r1 -cp bin Server good.p12 443 TLSv1.3", log="s")
    r.start_capture()
    s_client(r, "-tls1_3 -groups X448", log="c")
    r.stop(p)
    gnutls_serv(r, "--priority NORMAL:-GROUP-ALL:+GROUP-SECP256R1", log="s")
    s_client(r, "-tls1_3 -groups X448", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.log("server.log", "s")
    for _ in range(2):
        r.expect("failed", "group.no-overlap")


@story("fleet-clock", "Healthy handshakes with servers of two authorities, captured by a host whose clock is a year behind")
def _(r):
    s_server(r, "-tls1_2")
    s_server(r, "-tls1_2", cert="other", chain="other-full-ca", port=8443)
    r.start_capture()
    s_client(r)
    s_client(r, port=8443, verify="")
    r.stop_capture()
    command = "editcap -F pcap -t -31536000 raw.pcap capture.pcap"
    r.note("then", command)
    r.post = lambda directory: sh("sh", "-c", "mv capture.raw raw.pcap && " + command.replace("capture.pcap", "capture.raw"), cwd=directory)
    r.expect("completed", must=["chain.not-yet-valid"])
    r.expect("completed", must=["chain.not-yet-valid"])
    r.fleet = ["fleet.clock"]

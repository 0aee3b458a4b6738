"""The rest of the catalogue, as far as real stacks produce it."""
import os
import subprocess
import time

import lib
from common import *
from lib import CLIENT, ROUTER, SERVER, nft, sh, story

MTLS = "-Verify 2 -CAfile pki/client-ca.pem -verify_return_error"
LOCAL = dict(address="127.0.0.1", port=8443)
CHROME = "python3 programs/impersonate.py"


def wire(r, *options):
    lib.wired()
    p = r.background("python3 programs/wire.py r0 r1 " + " ".join(options), ns=ROUTER, log="wire.out", who="path")
    while "ready" not in open(os.path.join(r.dir, "wire.out")).read():
        time.sleep(0.05)
    return p


# ---------------------------------------------------------------- TCP under the handshake


def relayed(name, title, behavior, outcome, verdict, server="-tls1_2", client=lambda r: curl(r, log="c"), must=(), any_of=(), log=True, doc=None, never=(), **kw):
    @story(name, title, **kw)
    def record(r):
        s_server(r, server, **LOCAL)
        r.server(f"python3 programs/relay.py {behavior}")
        r.start_capture()
        client(r)
        r.stop_capture()
        if log:
            r.log("client.log", "c")
        r.expect(outcome, verdict, must=must, any_of=any_of, never=never)


relayed("tcp-reset-during-handshake", "A reset in the middle of the server's flight", "reset 1500", "failed", "tcp.reset-during-handshake")
relayed("tcp-closed-during-handshake", "The server's side closes in the middle of its flight, without an alert", "close 1500", "failed", "tcp.closed-during-handshake")
relayed("tcp-reset-after-client-flight", "A reset answers the client's Finished (TLS 1.2): no alert says why", "refuse 600", "failed", "tcp.reset-during-handshake",
        any_of=["tcp.reset-during-handshake", "peer.server-aborted"])
relayed("tcp-stuck-after-first-bytes", "The server's flight stops half way; the client gives up after three seconds", "eat 1500", "failed", None,
        client=lambda r: curl(r, "--max-time 3", log="c"), any_of=["tcp.server-silent", "tcp.closed-during-handshake"])


@story("tcp-client-hello-lost", "A large ClientHello (X25519MLKEM768) is cut in two segments, and a filter on the way drops the large one")
def _(r):
    """The small second segment arrives and is acknowledged selectively; the first is sent again and again."""
    go_server(r)
    nft(SERVER, "input: tcp dport 443 meta length > 1300 drop")
    r.note("server", "nft add rule inet f input tcp dport 443 meta length > 1300 drop")
    r.start_capture()
    r.client("python3 programs/modern.py 10.0.0.2 api.example.test 4", log="c")
    r.stop_capture()
    r.software.append("OpenSSL 4.0.3 (pyOpenSSL 26.4.0)")
    r.log("client.log", "c")
    r.expect("failed", "tcp.client-hello-lost")


@story("tcp-server-flight-lost", "Path MTU black hole, seen at the client: only the small end of the server's flight arrives", routed=True)
def _(r):
    """The router's link to the client has an MTU of 1400 and a filter eats its ICMP. Segments of the server larger than that vanish."""
    lib.routed(1400)
    nft(ROUTER, "output: icmp type destination-unreachable drop")
    r.note("router", "ip link set r0 mtu 1400; nft add rule inet f output icmp type destination-unreachable drop")
    s_server(r, "-tls1_2", address="10.0.1.2")
    r.start_capture()
    curl(r, "--max-time 5 --resolve api.example.test:443:10.0.1.2", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "tcp.server-flight-lost", any_of=["tcp.server-flight-lost", "tcp.server-silent"])


@story("tcp-server-flight-lost-at-server", "The same black hole, seen at the server: its flight is sent again and again", routed=True)
def _(r):
    lib.routed(1400)
    nft(ROUTER, "output: icmp type destination-unreachable drop")
    r.note("router", "ip link set r0 mtu 1400; nft add rule inet f output icmp type destination-unreachable drop")
    s_server(r, "-tls1_2", address="10.0.1.2")
    r.start_capture(ns=SERVER, dev="s0")
    curl(r, "--max-time 5 --resolve api.example.test:443:10.0.1.2", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "tcp.server-flight-lost")


@story("tcp-path-mtu-works", "The same narrow link with its ICMP let through, seen at the server: one retransmission, and it completes", routed=True)
def _(r):
    lib.routed(1400)
    s_server(r, "-tls1_2", address="10.0.1.2")
    r.note("router", "ip link set r0 mtu 1400")
    r.start_capture(ns=SERVER, dev="s0")
    curl(r, "--max-time 5 --resolve api.example.test:443:10.0.1.2")
    r.stop_capture()
    r.expect("completed", never=["tcp.server-flight-lost", "tcp.unreachable"])


@story("tcp-reset-forged", "A device on the way answers the ClientHello with a reset in the server's name: its TTL and IP ID give it away", routed=True)
def _(r):
    wire(r, "rst=200")
    go_server(r)
    r.start_capture()
    curl(r, log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "tcp.reset-after-client-hello")


relayed("tcp-slow-server", "The server takes 2.5 s to answer the ClientHello", "slow 2.5", "completed", None, must=["tcp.slow-handshake"], log=False)


@story("tcp-slow-client", "The client takes 2.5 s over the server's certificate")
def _(r):
    s_server(r, "-tls1_2")
    r.start_capture()
    r.client("python3 programs/client.py slow", env={"VALUE": "2.5"})
    r.stop_capture()
    r.expect("completed", must=["tcp.slow-handshake"])


@story("tcp-slow-path", "A path with 300 ms each way that loses every fifth segment: the handshake takes seconds", routed=True)
def _(r):
    wire(r, "delay=0.3", "drop=5")
    s_server(r, "-tls1_2")
    r.start_capture()
    curl(r, "--max-time 12")
    r.stop_capture()
    r.expect("completed", must=["tcp.slow-handshake"])


@story("tcp-client-gave-up", "The client reads the server's flight and resets three seconds later")
def _(r):
    s_server(r, "-tls1_2")
    r.start_capture()
    r.client("python3 programs/client.py hang")
    r.stop_capture()
    r.expect("failed", None, any_of=["tcp.reset-during-handshake", "peer.client-aborted", "peer.client-rejected-certificate"])


# ---------------------------------------------------------------- version


@story("version-fallback", "The client fell back to TLS 1.2 and says so with TLS_FALLBACK_SCSV; the server knows 1.3 and refuses")
def _(r):
    s_server(r)
    r.start_capture()
    s_client(r, "-tls1_2 -fallback_scsv", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "version.fallback")


def intolerant(behavior, how, code):
    @story(f"version-intolerant-{behavior}", f"A middlebox {how} every ClientHello that offers TLS 1.3; with TLS 1.2 the same client gets through")
    def record(r):
        s_server(r, "-tls1_2", **LOCAL)
        r.server("python3 programs/relay.py " + {"close": "intolerant", "alert": "intolerant-alert"}[behavior])
        r.start_capture()
        curl(r, log="c")
        curl(r, "--tls-max 1.2")
        r.stop_capture()
        r.log("client.log", "c")
        r.expect("failed", "version.intolerant", any_of=["version.intolerant", code])
        r.expect("completed")
        # The second attempt with TLS 1.2 is what makes it intolerance: a ladder of one.
        r.fleet = ["fleet.retry-ladder"]


intolerant("close", "closes on", "tcp.closed-after-client-hello")
intolerant("alert", "answers handshake_failure to", "peer.handshake-failure")
relayed("version-downgraded", "An attacker hides the client's supported_versions: the server's random carries the downgrade sentinel, and the client refuses",
        "downgrade", "failed", "version.downgraded", server="", client=lambda r: s_client(r, log="c"))


@story("version-sslv3", "SSL 3.0 is negotiated between two Java programs")
def _(r):
    sh("sh", "-c", f"cd {r.dir} && openssl pkcs12 -export -in pki/good.chain.pem -inkey pki/good.key -out good.p12 -passout pass:changeit")
    r.write("java.security", "jdk.tls.disabledAlgorithms=\njdk.certpath.disabledAlgorithms=\njdk.tls.legacyAlgorithms=\n")
    legacy = "-Djava.security.properties=java.security"
    r.server(f"java {legacy} -cp bin Server good.p12 443 SSLv3")
    r.start_capture()
    java_client(r, options="SSLv3", props=legacy)
    r.stop_capture()
    r.expect("completed", must=["version.deprecated"])


# ---------------------------------------------------------------- what a server must not choose


def crafted(name, title, behavior, verdict, client=None, any_of=(), outcome="failed", must=(), never=(), **kw):
    @story(name, title, **kw)
    def record(r):
        r.server(f"python3 programs/crafted.py {behavior}")
        r.start_capture()
        (client or (lambda r: s_client(r, "-tls1_2", log="c")))(r)
        r.stop_capture()
        r.log("client.log", "c")
        r.expect(outcome, verdict, any_of=any_of, must=must, never=never)


crafted("cipher-not-offered", "The server selects a suite that the client did not offer: illegal_parameter", "cipher-not-offered", "cipher.not-offered",
        client=lambda r: s_client(r, "-tls1_2 -cipher ECDHE-RSA-AES256-GCM-SHA384", log="c"))
crafted("alpn-not-offered", "The server selects a protocol though the client offered none: unsupported_extension", "alpn-not-offered", "alpn.not-offered")
crafted("alpn-not-offered-other", "The server selects h2 where only http/1.1 was offered", "alpn-not-offered", "alpn.not-offered",
        client=lambda r: go_client(r, "-alpn http/1.1 -max 1.2", log="c"))
crafted("chain-empty", "The server sends an empty certificate list", "empty-chain", "chain.empty")
crafted("chain-malformed-bytes", "A certificate whose subjectAltName cannot be parsed, met by Go", "malformed-cert pki/malformed.pem", "chain.malformed",
        client=lambda r: go_client(r, "-max 1.2", log="c"))
crafted("protocol-malformed-length", "The extensions of the ServerHello run past its end: decode_error", "bad-length", "protocol.malformed")
crafted("protocol-malformed-garbage", "A record of a type that does not exist", "garbage", None, any_of=["protocol.malformed", "protocol.plaintext-reply"])
crafted("protocol-malformed-overflow", "A record longer than the limit: record_overflow", "overflow", "protocol.malformed")
crafted("protocol-malformed-order", "A Finished where the ServerHello belongs: unexpected_message", "hello-request", "protocol.malformed")
crafted("peer-access-denied", "The server answers access_denied at once (rustls does so for names that it does not know)", "alert 2 49", "peer.access-denied")
crafted("peer-insufficient-security", "The server answers insufficient_security", "alert 2 71", None, any_of=["peer.handshake-failure", "cipher.no-overlap"])


# ---------------------------------------------------------------- signatures, names, ALPN


@story("signature-no-overlap", "The client takes only ECDSA signatures, the server has an RSA key (TLS 1.3, then 1.2)")
def _(r):
    s_server(r)
    r.start_capture()
    s_client(r, "-tls1_3 -sigalgs ECDSA+SHA256", log="c")
    s_client(r, "-tls1_2 -sigalgs ECDSA+SHA256", log="c")
    s_client(r)
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "signature.no-overlap", any_of=["signature.no-overlap", "peer.handshake-failure"])
    r.expect("failed", "signature.no-overlap", any_of=["signature.no-overlap", "peer.handshake-failure", "cipher.no-overlap"])
    r.expect("completed")


@story("sni-missing", "Without a name nginx serves the certificate of another site; with the name, the right one")
def _(r):
    nginx(r, nginx_site("intranet.example.test", "wrong-host", "10.0.0.2:443 ssl default_server", "ssl_protocols TLSv1.2;"), nginx_site())
    r.start_capture()
    s_client(r, name=None, log="c")
    s_client(r)
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "sni.missing", any_of=["sni.missing", "peer.client-rejected-certificate"])
    r.expect("completed")


@story("sni-missing-rejected", "nginx refuses a client that sends no name, and serves one that does")
def _(r):
    nginx(r, "server { listen 10.0.0.2:443 ssl default_server; ssl_reject_handshake on; }", nginx_site(), log="s")
    r.start_capture()
    s_client(r, name=None, log="c")
    s_client(r)
    r.stop_capture()
    r.log("client.log", "c")
    r.log("server.log", "s")
    r.expect("failed", "sni.missing", any_of=["sni.missing", "sni.unrecognized"])
    r.expect("completed")


@story("sni-ip-literal", "The client sends an IP address as server name; the server does not know it")
def _(r):
    nginx(r, "server { listen 10.0.0.2:443 ssl default_server; ssl_reject_handshake on; }", nginx_site(), log="s")
    r.start_capture()
    s_client(r, name="10.0.0.2", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.log("server.log", "s")
    r.expect("failed", None, must=["sni.ip-literal"], any_of=["sni.ip-literal", "sni.unrecognized"])


@story("sni-unrecognized-warning", "The server warns unrecognized_name and goes on; the handshake completes")
def _(r):
    s_server(r, "-tls1_2 -servername www.example.test -cert2 pki/good.pem -key2 pki/good.key")
    r.start_capture()
    s_client(r)
    r.stop_capture()
    r.expect("completed", never=["sni.certificate-mismatch"])


def placeholder(label, cert, what):
    @story(f"sni-default-certificate-{label}", f"The server answers with {what}")
    def record(r):
        s_server(r, "-tls1_2", cert=cert, chain=None)
        r.start_capture()
        curl(r, log="c")
        java_client(r)
        r.stop_capture()
        r.log("client.log", "c")
        for _ in range(2):
            r.expect("failed", "sni.default-certificate", must=["sni.default-certificate"])


placeholder("kubernetes", "k8s-fake", "the placeholder of the Kubernetes ingress controller")
placeholder("traefik", "traefik-default", "Traefik's default certificate")
placeholder("snakeoil", "snakeoil", "Debian's snakeoil certificate")


@story("alpn-ignored-haproxy", "HAProxy does not find a common protocol and goes on without one")
def _(r):
    sh("sh", "-c", f"cat {r.dir}/pki/good.chain.pem {r.dir}/pki/good.key > {r.dir}/good.bundle")
    haproxy(r, "frontend web\n    bind 10.0.0.2:443 ssl crt good.bundle alpn h2 ssl-max-ver TLSv1.2\n    http-request return status 200 content-type text/plain string hello\n")
    r.start_capture()
    s_client(r, "-alpn http/1.1")
    r.stop_capture()
    r.expect("completed", must=["alpn.ignored"], never=["alpn.no-overlap"])


def acme(name, title, options, outcome, verdict, any_of=(), must=(), log=True):
    @story(name, title)
    def record(r):
        go_server(r, options, log="s")
        r.start_capture()
        for tls in ("1.2", "1.3"):
            r.client(f"bin/go-tls-client -name www.example.test -alpn acme-tls/1 -insecure -request=false -max {tls} -keylog keys.log", log="c")
        r.stop_capture()
        r.keylog = True
        if log:
            r.log("server.log", "s")
            r.log("client.log", "c")
        for _ in range(2):
            r.expect(outcome, verdict, any_of=any_of, must=must)


acme("acme-completed", "A TLS-ALPN-01 validation that finds what it wants", "-alpn acme-tls/1,http/1.1 -acme-cert pki/acme-challenge.pem -acme-key pki/acme-challenge.key", "completed", None, log=False)
acme("acme-not-echoed", "The server knows nothing of acme-tls/1 and refuses it", "-alpn http/1.1", "failed", None, any_of=["alpn.acme-challenge", "alpn.no-overlap"])
acme("acme-no-challenge", "The server is asked for a challenge that it does not have: internal_error", "-alpn acme-tls/1,http/1.1", "failed", "alpn.acme-challenge")
acme("acme-wrong-name", "The challenge certificate is for another name", "-alpn acme-tls/1 -acme-cert pki/acme-wrong-name.pem -acme-key pki/acme-wrong-name.key", "failed",
     "alpn.acme-challenge", log=False)
acme("acme-no-identifier", "The certificate has no acmeIdentifier extension", "-alpn acme-tls/1 -acme-cert pki/acme-no-identifier.pem -acme-key pki/acme-no-identifier.key", "failed",
     "alpn.acme-challenge", log=False)
acme("acme-not-self-signed", "The certificate is not self-signed", "-alpn acme-tls/1 -acme-cert pki/acme-not-self-signed.chain.pem -acme-key pki/acme-not-self-signed.key", "failed",
     "alpn.acme-challenge", log=False)


# ---------------------------------------------------------------- chains


def chain(name, title, code, clients, cert="good", file=None, www="-WWW", options="-tls1_2", outcome="failed", verdict=True, any_of=(), never=(), doc=None, must=None):
    @story(name, title)
    def record(r):
        s_server(r, options, cert=cert, chain=file)
        r.start_capture()
        for i, c in enumerate(clients):
            c(r, log="c" if i == 0 else f"c{i}")
        r.stop_capture()
        if outcome == "failed":
            r.log("client.log", "c")
        for _ in clients:
            r.expect(outcome, code if outcome == "failed" and verdict else None, must=[code] if must is None else must, any_of=any_of, never=never)
        r.entry["doc"] = doc or ""


R3 = "issuing-r3"
TRUST = ["chain.untrusted-root", "chain.missing-intermediate"]
chain("chain-wrong-order", "Leaf, root, intermediate: not in issuing order; OpenSSL and Go sort it out", "chain.wrong-order", [s_client, go_client], file="wrong-order-ca", outcome="completed",
      never=TRUST)
chain("chain-unrelated", "Two certificates that are no part of the path", "chain.unrelated-certificates", [curl], file="unrelated-ca", outcome="completed", never=TRUST)
chain("chain-root-included", "The root is sent as well", "chain.root-included", [curl], file="with-root-ca", outcome="completed", never=TRUST)
chain("chain-bad-signature", "The leaf's signature does not verify with its issuer's key", "chain.bad-signature", [s_client, go_client, java_client], cert="bad-signature", file=R3)
chain("chain-weak-key", "RSA with 1024 bits", "chain.weak-key", [s_client], cert="rsa1024", file=R3, options='-tls1_2 -cipher "DEFAULT:@SECLEVEL=0"')
chain("chain-weak-key-accepted", "RSA with 1024 bits, and a client that does not mind", "chain.weak-key", [go_client], cert="rsa1024", file=R3, options='-tls1_2 -cipher "DEFAULT:@SECLEVEL=0"',
      outcome="completed")
chain("chain-weak-signature-accepted", "A leaf signed with SHA-1, and Java, which takes it from a private authority", "chain.weak-signature", [java_client], cert="sha1", file=R3,
      options='-tls1_2 -cipher "DEFAULT:@SECLEVEL=0"', outcome="completed")
chain("chain-weak-signature", "A leaf signed with SHA-1", "chain.weak-signature", [curl, go_client], cert="sha1", file=R3, options='-tls1_2 -cipher "DEFAULT:@SECLEVEL=0"')
chain("chain-not-a-ca", "The leaf was issued by another leaf", "chain.not-a-ca", [s_client, go_client, java_client], cert="not-a-ca", file="not-a-ca-ca")
chain("chain-path-too-long", "An authority below one that allows no further authorities", "chain.path-too-long", [s_client, go_client, java_client], cert="path-too-long", file="path-too-long-ca")
chain("chain-name-constraints", "The issuer may only sign names under example.org", "chain.name-constraints", [s_client, go_client, java_client], cert="name-constraints", file="constrained-ca")
chain("chain-wrong-usage", "The leaf is for clients only", "chain.wrong-usage", [s_client, go_client, java_client], cert="client-only", file=R3)
chain("chain-critical-unknown", "The leaf has a critical extension that nobody knows", "chain.malformed", [s_client, go_client, java_client], cert="critical-unknown", file=R3, verdict=False,
      any_of=["chain.malformed", "chain.wrong-usage", "peer.client-rejected-certificate"], must=[])
chain("chain-expires-soon", "The leaf expires in five days", "chain.expires-soon", [curl], cert="expires-soon", file=R3, outcome="completed")
chain("chain-common-name-only", "The name is only in the common name: OpenSSL takes it, Go does not", "sni.certificate-mismatch", [go_client], cert="cn-only", file=R3)
status = lambda r, **kw: curl(r, "--cert-status", **kw)
chain("chain-revoked", "The stapled OCSP response says revoked: curl leaves after the handshake, GnuTLS with an alert", "chain.revoked", [status, gnutls_cli], cert="revoked", file=R3,
      options="-tls1_2 -status_file pki/revoked.ocsp")
chain("chain-staple-expired", "The stapled OCSP response is five days past its end", "chain.staple-expired", [status], file=R3, options="-tls1_2 -status_file pki/stale.ocsp")
chain("chain-staple-good", "A good stapled OCSP response", "chain.staple-good", [status], file=R3, options="-tls1_2 -status_file pki/good.ocsp", outcome="completed", must=[],
      never=["chain.revoked", "chain.staple-expired", "chain.staple-missing"])
chain("chain-staple-missing", "The certificate demands a stapled response and there is none; GnuTLS refuses", "chain.staple-missing", [gnutls_cli], cert="must-staple", file=R3)


@story("chain-compressed", "TLS 1.3 with a compressed certificate (RFC 8879, zlib)")
def _(r):
    gnutls_serv(r, "--compress-cert=zlib")
    r.start_capture()
    gnutls_cli(r, "--compress-cert=zlib", env={"SSLKEYLOGFILE": "keys.log"})
    r.stop_capture()
    r.keylog = True
    r.expect("completed", never=["chain.malformed", "protocol.malformed"])


@story("chain-compressed-expired", "TLS 1.3: the compressed certificate expired, GnuTLS refuses; with a key log")
def _(r):
    gnutls_serv(r, "--compress-cert=zlib", cert="expired")
    r.start_capture()
    gnutls_cli(r, "--compress-cert=zlib", env={"SSLKEYLOGFILE": "keys.log"}, log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.keylog = True
    r.expect("failed", "chain.expired")


OTHER_CLIENTS = {
    "python": lambda r: r.client("python3 programs/https.py https://api.example.test/ pki/root.pem", log="python.log"),
    "rustls": lambda r: r.client("uv pip install --no-cache --no-python-downloads --python /usr/bin/python3 --target t --index-url https://api.example.test/simple/ example", log="rustls.log",
                                 env={"SSL_CERT_FILE": "pki/root.pem", "UV_HTTP_RETRIES": "0", "UV_NO_PROGRESS": "1"}),
    "nss": lambda r: r.client("tstclnt -h api.example.test -p 443 -d sql:nssdb -Q", log="nss.log"),
    "boringssl": lambda r: r.client("python3 programs/impersonate.py https://api.example.test/ pki/root.pem chrome", log="boringssl.log"),
    "node": lambda r: r.client("node programs/client.js https://api.example.test/ pki/root.pem", log="node.log"),
    "wget": lambda r: r.client("wget -nv -O /dev/null --tries=1 --ca-certificate=pki/root.pem https://api.example.test/hello.txt", log="wget.log"),
    "grpc": lambda r: r.client("python3 programs/grpc_client.py 10.0.0.2:443 api.example.test pki/root.pem", log="grpc.log"),
}


def other_clients(name, title, code, cert, chain):
    @story(name, title)
    def record(r):
        """In order: Python (OpenSSL), uv (rustls), NSS tstclnt, curl_cffi (BoringSSL), Node.js, wget (GnuTLS), gRPC (BoringSSL)."""
        sh("sh", "-c", f"cd {r.dir} && mkdir nssdb && certutil -N -d sql:nssdb --empty-password && certutil -A -d sql:nssdb -n root -t C,, -i pki/root.pem")
        s_server(r, "-tls1_2", cert=cert, chain=chain)
        r.start_capture()
        for c in OTHER_CLIENTS:
            OTHER_CLIENTS[c](r)
        r.stop_capture()
        sh("sh", "-c", f"cd {r.dir} && for f in python rustls nss boringssl node wget grpc; do echo \"# $f\"; cat $f.log; done > all.log", check=False)
        r.log("client.log", "all.log")
        r.software.append("uv 0.13.8 (rustls); curl_cffi 0.16.3 (BoringSSL); gRPC 1.85.1")
        for _ in lib.streams(os.path.join(r.dir, "capture.raw")):
            r.expect("failed", code)


other_clients("clients-expired", "Seven other clients meet an expired leaf (TLS 1.2)", "chain.expired", "expired", R3)
other_clients("clients-missing-intermediate", "Seven other clients meet a leaf without its intermediate (TLS 1.2)", "chain.missing-intermediate", "good", None)
other_clients("clients-wrong-name", "Seven other clients meet a certificate for another name (TLS 1.2)", "sni.certificate-mismatch", "wrong-host", R3)


# ---------------------------------------------------------------- client certificates


def client_cert(name, title, cert, verdict, server=MTLS, tls="-tls1_2", any_of=(), must=(), keylog=False, make=None, chained="client"):
    @story(name, title)
    def record(r):
        (make or (lambda r: s_server(r, f"{tls} {server}", log="s")))(r)
        r.start_capture()
        s_client(r, f"-cert pki/{cert}.pem -key pki/{cert}.key" + (" -keylogfile keys.log" if keylog else ""), log="c")
        r.stop_capture()
        r.keylog = keylog
        r.log("client.log", "c")
        r.log("server.log", "s")
        r.expect("failed", verdict, any_of=any_of, must=must)


client_cert("client-auth-expired", "The client's certificate expired", "client-expired", "chain.expired")
client_cert("client-auth-expired-tls13-keys", "The client's certificate expired (TLS 1.3, key log)", "client-expired", "chain.expired", tls="-tls1_3", keylog=True)
client_cert("client-auth-expired-go", "The client's certificate expired; Go says bad_certificate", "client-expired", "chain.expired",
            make=lambda r: go_server(r, "-client-ca pki/client-ca.pem -max 1.2", log="s"))
client_cert("client-auth-expired-gnutls", "The client's certificate expired; GnuTLS says access_denied", "client-expired", "chain.expired",
            make=lambda r: r.server('gnutls-serv --http --require-client-cert --verify-client-cert --x509cafile pki/client-ca.pem --x509certfile pki/good.chain.pem '
                                    '--x509keyfile pki/good.key -p 443 --priority NORMAL:-VERS-TLS1.3', log="s"))
client_cert("client-auth-untrusted-issuer", "The client's certificate comes from an authority that the server did not ask for", "client-unknown-ca", "client-auth.untrusted-issuer")
client_cert("client-auth-self-signed", "The client's certificate is self-signed", "client-self-signed", None, any_of=["client-auth.untrusted-issuer", "chain.self-signed"])
client_cert("client-auth-wrong-usage", "The client's certificate is for servers", "client-wrong-usage", "chain.wrong-usage")
client_cert("client-auth-rejected", "The server asks for an authority, gets a good certificate of it, and still refuses: it verifies with another one", "client", "client-auth.rejected",
            server="-Verify 2 -CAfile pki/client-ca.pem -verifyCAfile pki/other-client-ca.pem -verify_return_error")
client_cert("client-auth-rejected-tls13", "The same in TLS 1.3 without keys: only lengths are seen", "client", None, tls="-tls1_3",
            server="-Verify 2 -CAfile pki/client-ca.pem -verifyCAfile pki/other-client-ca.pem -verify_return_error", any_of=["client-auth.rejected", "peer.server-aborted"])


@story("client-auth-go-sends-none", "The client has a certificate, but of an authority that the server did not name: Go keeps it back and sends none")
def _(r):
    s_server(r, f"-tls1_2 {MTLS}", log="s")
    r.start_capture()
    go_client(r, "-cert pki/client-unknown-ca.pem -key pki/client-unknown-ca.key", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.log("server.log", "s")
    r.expect("failed", "client-auth.missing")


@story("client-auth-missing-java-server", "A Java server that requires a certificate refuses a client without (TLS 1.2, then 1.3)")
def _(r):
    sh("sh", "-c", f"cd {r.dir} && openssl pkcs12 -export -in pki/good.chain.pem -inkey pki/good.key -out good.p12 -passout pass:changeit")
    r.server("java -Dca=pki/client-ca.pem -cp bin Server good.p12 443 TLSv1.2 TLSv1.3", log="s")
    r.start_capture()
    s_client(r, "-tls1_2", log="c")
    s_client(r, "-tls1_3", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.log("server.log", "s")
    r.expect("failed", "client-auth.missing")
    r.expect("failed", None, any_of=["client-auth.missing", "peer.server-aborted"])


# ---------------------------------------------------------------- keys, cancel


@story("peer-key-mismatch", "The server's private key does not fit its certificate: the client cannot verify the signature (TLS 1.2, then 1.3)")
def _(r):
    go_server(r, "-unfit -key pki/renewed.key", log="s")
    r.start_capture()
    s_client(r, "-tls1_2", log="c")
    s_client(r, "-tls1_3", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.log("server.log", "s")
    r.expect("failed", "peer.key-mismatch")
    r.expect("failed", "peer.key-mismatch")


relayed("peer-bad-record-mac", "A bit of the client's Finished flips on the way: bad_record_mac", "corrupt 4", "failed", "peer.key-mismatch", client=lambda r: s_client(r, "-tls1_2", log="c"))


@story("peer-user-canceled", "The client sends user_canceled and close_notify after the server's flight; another sends close_notify only")
def _(r):
    s_server(r, "-tls1_2")
    r.start_capture()
    r.client("python3 programs/client.py canceled")
    r.client("python3 programs/client.py close-notify")
    r.stop_capture()
    r.expect("failed", "peer.user-canceled")
    r.expect("failed", "peer.user-canceled")


@story("peer-client-aborted", "The client closes after the server's flight without a word (TLS 1.2, then 1.3): the chain is fine")
def _(r):
    s_server(r)
    r.start_capture()
    r.client("python3 programs/client.py abort-fin", env={"TLS12": "1"})
    r.client("python3 programs/client.py abort-fin")
    r.stop_capture()
    for _ in range(2):
        r.expect("failed", None, any_of=["peer.client-aborted", "peer.client-rejected-certificate"])


@story("peer-java-user-canceled-healthy", "Java ends a healthy TLS 1.3 connection with user_canceled and close_notify")
def _(r):
    s_server(r, "-tls1_3")
    r.start_capture()
    java_client(r, props="-Djavax.net.debug=none")
    r.stop_capture()
    r.expect("completed", never=["peer.user-canceled"])


# ---------------------------------------------------------------- resumption, early data, renegotiation


def refused(label, options):
    @story(f"resumption-refused-{label}", f"The server restarts and has forgotten its ticket keys: the ticket is refused, the full handshake completes ({label})")
    def record(r):
        p = s_server(r, options)
        r.start_capture()
        s_client(r, f"{options} -sess_out session.pem")
        r.stop(p)
        s_server(r, options)
        s_client(r, f"{options} -sess_in session.pem")
        r.stop_capture()
        r.expect("completed")
        r.expect("completed", must=["resumption.refused"])


refused("tls12", "-tls1_2")
refused("tls13", "-tls1_3")


def early(name, title, restart, must):
    @story(name, title)
    def record(r):
        r.write("early.txt", "early hello\n")
        serve = lambda: r.server("openssl s_server -accept 10.0.0.2:443 -cert pki/good.pem -key pki/good.key -cert_chain pki/issuing-r3.pem -tls1_3 -early_data", log="s", stdin=subprocess.PIPE)
        p = serve()
        client = lambda o: r.client("openssl s_client -connect 10.0.0.2:443 -servername api.example.test -CAfile pki/root.pem -tls1_3 -keylogfile keys.log " + o, input="hello\n", hold=0.4)
        r.start_capture()
        client("-sess_out session.pem")
        if restart:
            r.stop(p)
            serve()
        client("-sess_in session.pem -early_data early.txt")
        r.stop_capture()
        r.keylog = True
        r.expect("completed", early_data=None)
        r.expect("completed", must=must, never=[] if must else ["early-data.rejected", "resumption.refused"], early_data="rejected" if restart else "accepted")


early("early-data-accepted", "TLS 1.3: 0-RTT data is sent and taken", False, [])
early("early-data-rejected", "TLS 1.3: the server restarted, so the 0-RTT data is refused; the handshake completes", True, ["early-data.rejected", "resumption.refused"])


@story("renegotiation-server", "TLS 1.2: the server starts a renegotiation inside the connection, and it completes")
def _(r):
    r.write("in.fifo.sh", "(sleep 1; echo r; sleep 0.7; echo Q) | openssl s_server -accept 10.0.0.2:443 -cert pki/good.pem -key pki/good.key -cert_chain pki/issuing-r3.pem -tls1_2\n")
    p = r.server("sh in.fifo.sh", show=False)
    r.note("server", "(sleep 1; echo r; sleep 0.7; echo Q) | openssl s_server -accept 10.0.0.2:443 -cert pki/good.pem -key pki/good.key -cert_chain pki/issuing-r3.pem -tls1_2")
    r.start_capture()
    r.client("openssl s_client -connect 10.0.0.2:443 -servername api.example.test -CAfile pki/root.pem -tls1_2 -keylogfile keys.log", input="hello\n", hold=2)
    r.stop_capture()
    r.keylog = True
    r.expect("completed", never=["renegotiation.insecure"])


@story("renegotiation-client-refused", "TLS 1.2: the client asks for a renegotiation and the server answers no_renegotiation")
def _(r):
    s_server(r, "-tls1_2")
    r.start_capture()
    r.client("openssl s_client -connect 10.0.0.2:443 -servername api.example.test -CAfile pki/root.pem -tls1_2 -keylogfile keys.log", input="R\n", hold=0.6)
    r.stop_capture()
    r.keylog = True
    r.expect("completed")


@story("renegotiation-insecure", "Neither side knows RFC 5746")
def _(r):
    gnutls_serv(r, '--priority "NORMAL:-VERS-TLS1.3:%DISABLE_SAFE_RENEGOTIATION"')
    r.start_capture()
    gnutls_cli(r, '--priority "NORMAL:-VERS-TLS1.3:%DISABLE_SAFE_RENEGOTIATION"')
    r.stop_capture()
    r.expect("completed", must=["renegotiation.insecure"])


# ---------------------------------------------------------------- proxies and STARTTLS that refuse


def refused_before(name, title, program, port, client, verdict):
    @story(name, title)
    def record(r):
        r.server(f"python3 programs/{program}", port=port)
        r.start_capture()
        client(r)
        r.stop_capture()
        r.log("client.log", "c")
        r.expect("failed", verdict)


refused_before("starttls-refused-smtp", "The mail server answers STARTTLS with 454", "starttls.py smtp-refuse 25", 25,
               lambda r: curl(r, "--ssl-reqd", url="smtp://mail.example.test/client.example.test", log="c", timeout=5), "protocol.starttls-refused")
refused_before("starttls-not-offered-smtp", "The mail server does not offer STARTTLS", "starttls.py smtp-none 25", 25,
               lambda r: curl(r, "--ssl-reqd", url="smtp://mail.example.test/client.example.test", log="c", timeout=5), "protocol.starttls-refused")
refused_before("starttls-refused-imap", "The IMAP server answers STARTTLS with BAD", "starttls.py imap-refuse 143", 143,
               lambda r: r.client("openssl s_client -connect 10.0.0.2:143 -starttls imap -CAfile pki/root.pem", log="c", timeout=5), "protocol.starttls-refused")
refused_before("starttls-refused-postgres", "PostgreSQL answers SSLRequest with N", "starttls.py postgres-refuse 5432", 5432,
               lambda r: r.client("openssl s_client -connect 10.0.0.2:5432 -starttls postgres -CAfile pki/root.pem", log="c", timeout=5), "protocol.starttls-refused")
refused_before("proxy-refused-connect", "An HTTP proxy answers CONNECT with 403", "proxy.py http-refuse 3128", 3128,
               lambda r: curl(r, "-x http://10.0.0.3:3128", log="c", timeout=6), "protocol.proxy-refused")
refused_before("proxy-refused-auth", "An HTTP proxy answers CONNECT with 407", "proxy.py http-auth 3128", 3128,
               lambda r: curl(r, "-x http://10.0.0.3:3128", log="c", timeout=6), "protocol.proxy-refused")
refused_before("proxy-refused-socks5", "A SOCKS5 proxy answers `not allowed by ruleset`", "proxy.py socks-refuse 1080", 1080,
               lambda r: curl(r, "-x socks5h://10.0.0.3:1080", log="c", timeout=6), "protocol.proxy-refused")


# ---------------------------------------------------------------- shapes of hellos and of captures


@story("hello-split-records", "The ClientHello comes in two records, then in segments of 100 bytes")
def _(r):
    s_server(r)
    r.start_capture()
    r.client("python3 programs/client.py split")
    r.client("python3 programs/client.py trickle")
    r.stop_capture()
    r.expect("completed")
    r.expect("completed")


@story("hello-chrome", "A ClientHello like Chrome's: GREASE, ECH GREASE, X25519MLKEM768 over two segments, compressed certificates offered")
def _(r):
    go_server(r, "-alpn http/1.1")
    r.start_capture()
    r.client("python3 programs/impersonate.py https://api.example.test/ pki/root.pem chrome", log="c", env={"SSLKEYLOGFILE": "keys.log"})
    r.stop_capture()
    r.keylog = True
    r.software.append("BoringSSL (curl_cffi 0.16.3)")
    r.expect("completed")


@story("hello-mlkem", "OpenSSL 4 offers X25519MLKEM768: the ClientHello needs two segments; the server answers with X25519")
def _(r):
    go_server(r)
    r.start_capture()
    r.client("python3 programs/modern.py 10.0.0.2 api.example.test 4", log="c")
    r.stop_capture()
    r.software.append("OpenSSL 4.0.3 (pyOpenSSL 26.4.0)")
    r.expect("completed", never=["tcp.client-hello-lost"])


@story("capture-clock", "The clock of the capturing host was set back by ten seconds in mid-capture")
def _(r):
    s_server(r, "-tls1_2")
    r.start_capture()
    s_client(r)
    s_client(r)
    r.stop_capture()
    command = "editcap -F pcap raw.pcap 1.pcap 1-9 && editcap -F pcap -t -10 raw.pcap all.pcap && editcap -F pcap all.pcap 2.pcap 1-9 && mergecap -F pcap -a -w capture.pcap 1.pcap 2.pcap"
    command = command.replace("editcap -F pcap raw.pcap 1.pcap 1-9", "editcap -F pcap -r raw.pcap 1.pcap 1-9")
    r.note("then", command)
    r.post = lambda d: sh("sh", "-c", "mv capture.raw raw.pcap && " + command.replace("capture.pcap", "capture.raw"), cwd=d)
    r.capture_findings = ["capture.clock"]
    r.expect("completed")
    r.expect("completed")


@story("link-sll2", "Captured with `tcpdump -i any`: Linux cooked frames (SLL2)")
def _(r):
    s_server(r, "-tls1_2", cert="expired")
    r.start_capture(dev="any", filter="tcp")
    curl(r)
    r.stop_capture()
    r.expect("failed", "chain.expired")


@story("link-vxlan", "The handshake goes through a VXLAN tunnel", routed=True)
def _(r):
    for ns, dev, own, peer in ((CLIENT, "c0", "10.0.0.7", "10.0.0.2"), (SERVER, "s0", "10.0.0.2", "10.0.0.7")):
        sh("ip", "netns", "exec", ns, "ip", "link", "add", "vx", "type", "vxlan", "id", "42", "local", own, "remote", peer, "dstport", "4789", "dev", dev)
        sh("ip", "netns", "exec", ns, "ip", "addr", "add", own.replace("10.0.0", "172.16.0") + "/24", "dev", "vx")
        sh("ip", "netns", "exec", ns, "ip", "link", "set", "vx", "up")
        for kind in ("tso", "gso", "gro", "tx", "rx"):
            lib.in_ns(ns, "ethtool", "-K", "vx", kind, "off", check=False)
    r.note("both", "ip link add vx type vxlan id 42 local ... remote ... dstport 4789")
    s_server(r, "-tls1_2", cert="expired", address="172.16.0.2")
    r.start_capture(filter="udp port 4789")
    curl(r, "--resolve api.example.test:443:172.16.0.2")
    r.stop_capture()
    r.expect("failed", "chain.expired")


@story("link-loopback", "Client and server on one host, captured on the loopback interface, whose segments are larger than any wire takes")
def _(r):
    s_server(r, "-tls1_2", address="127.0.0.1", cert="expired")
    r.start_capture(ns=SERVER, dev="lo", filter="tcp")
    curl(r, "--resolve api.example.test:443:127.0.0.1", ns=SERVER)
    r.stop_capture()
    r.expect("failed", "chain.expired")


@story("link-raw-ip", "The same as raw IP packets without a link layer", form="pcapng")
def _(r):
    s_server(r, "-tls1_2", cert="self-signed", chain=None)
    r.start_capture()
    curl(r)
    r.stop_capture()
    command = "editcap -C 14 -T rawip -F pcap raw.pcap capture.pcap"
    r.note("then", command)
    r.post = lambda d: sh("sh", "-c", "mv capture.raw raw.pcap && " + command.replace("capture.pcap", "capture.raw"), cwd=d)
    r.expect("failed", "chain.self-signed")

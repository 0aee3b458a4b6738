"""Healthy handshakes, and the failures that are seen most."""
from common import *
from lib import CLIENT, SERVER, nft, sh, story

CERT_ERRORS = ["chain.expired", "chain.untrusted-root", "chain.missing-intermediate", "sni.certificate-mismatch"]
OLD = '-cipher "ALL:@SECLEVEL=0"'

# ---------------------------------------------------------------- healthy


def healthy(name, title, server, client, must=(), never=CERT_ERRORS, cert="good", chain="issuing-r3", keylog=True, **kw):
    @story(name, title, **kw)
    def record(r):
        s_server(r, server, cert=cert, chain=chain)
        r.start_capture()
        s_client(r, client + (" -keylogfile keys.log" if keylog else ""))
        r.stop_capture()
        r.keylog = keylog
        r.expect("completed", must=must, never=never)


healthy("tls10-completed", "A TLS 1.0 handshake that completes", f"-tls1 {OLD}", f"-tls1 {OLD}", must=["version.deprecated"])
healthy("tls11-completed", "A TLS 1.1 handshake that completes", f"-tls1_1 {OLD}", f"-tls1_1 {OLD}", must=["version.deprecated"])
healthy("tls12-rsa", "A healthy TLS 1.2 handshake: ECDHE, RSA certificate", "-tls1_2", "-tls1_2", never=CERT_ERRORS + ["version.deprecated", "cipher.weak"])
healthy("tls12-ecdsa", "A healthy TLS 1.2 handshake with an ECDSA certificate", "-tls1_2", "-tls1_2", cert="good-ec", chain="issuing-e5", form="pcapng")
healthy("tls13", "A healthy TLS 1.3 handshake", "-tls1_3", "", form="pcap.gz")
healthy("tls13-hello-retry", "TLS 1.3 with a HelloRetryRequest: the client guessed a group that the server does not take", "-tls1_3 -groups P-384", "-groups X25519:P-384",
        must=["group.retry"])


@story("resumed-session-id", "Two TLS 1.2 connections; the second resumes by session ID")
def _(r):
    s_server(r, "-tls1_2 -no_ticket")
    r.start_capture()
    s_client(r, "-tls1_2 -no_ticket -sess_out session.pem")
    s_client(r, "-tls1_2 -no_ticket -sess_in session.pem")
    r.stop_capture()
    r.expect("completed", never=["resumption.refused"], resumed=False)
    r.expect("completed", never=["resumption.refused", "chain.empty"], resumed=True)


@story("resumed-ticket", "Two TLS 1.2 connections; the second resumes by ticket (RFC 5077)")
def _(r):
    s_server(r, "-tls1_2")
    r.start_capture()
    s_client(r, "-tls1_2 -sess_out session.pem")
    s_client(r, "-tls1_2 -sess_in session.pem")
    r.stop_capture()
    r.expect("completed", resumed=False)
    r.expect("completed", never=["resumption.refused", "chain.empty"], resumed=True)


@story("resumed-psk", "Two TLS 1.3 connections; the second resumes by a PSK from the ticket of the first")
def _(r):
    s_server(r, "-tls1_3")
    r.start_capture()
    s_client(r, "-sess_out session.pem -keylogfile keys.log")
    s_client(r, "-sess_in session.pem -keylogfile keys.log")
    r.stop_capture()
    r.keylog = True
    r.expect("completed", resumed=False)
    r.expect("completed", never=["resumption.refused", "chain.empty"], resumed=True)


MTLS = "-Verify 2 -CAfile pki/client-ca.pem -verify_return_error"


@story("mtls12-completed", "TLS 1.2, and the client shows a good certificate")
def _(r):
    s_server(r, f"-tls1_2 {MTLS}")
    r.start_capture()
    s_client(r, "-tls1_2 -cert pki/client.pem -key pki/client.key")
    r.stop_capture()
    r.expect("completed", never=["client-auth.missing", "client-auth.rejected", "client-auth.untrusted-issuer"] + CERT_ERRORS)


@story("mtls13-completed", "TLS 1.3, and the client shows a good certificate")
def _(r):
    s_server(r, f"-tls1_3 {MTLS}")
    r.start_capture()
    s_client(r, "-cert pki/client-ec.pem -key pki/client-ec.key -keylogfile keys.log")
    r.stop_capture()
    r.keylog = True
    r.expect("completed", never=["client-auth.missing", "client-auth.rejected", "client-auth.untrusted-issuer"])


@story("alpn-h2", "curl and nginx agree on HTTP/2 by ALPN, over IPv6")
def _(r):
    nginx(r, nginx_site(cert="wide", name="v6.example.test", listen="[2001:db8::2]:443 ssl http2"))
    r.start_capture()
    curl(r, "--connect-to v6.example.test:443:v6.example.test:443 -k", url="https://v6.example.test/")
    r.stop_capture()
    r.expect("completed", never=["alpn.no-overlap", "alpn.ignored"])


# ---------------------------------------------------------------- version, cipher, group


@story("version-client-too-old", "The client offers TLS 1.0 only, the server wants 1.2")
def _(r):
    s_server(r, "-tls1_2")
    r.start_capture()
    s_client(r, f"-tls1 {OLD}", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "version.no-overlap")


@story("version-server-too-old", "The server speaks TLS 1.0 only, the client wants 1.2 at least")
def _(r):
    """A client with supported_versions gets an alert from the server; one without it gets a ServerHello of TLS 1.0, and refuses that itself."""
    s_server(r, f"-tls1 {OLD}")
    r.start_capture()
    curl(r, "--tlsv1.2", log="c")
    curl(r, "--tlsv1.2 --tls-max 1.2", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "version.no-overlap")
    r.expect("failed", "version.no-overlap")


@story("version-13-only-client", "The client speaks TLS 1.3 only, nginx has 1.2 at most")
def _(r):
    nginx(r, nginx_site(extra="ssl_protocols TLSv1.2;"), log="s")
    r.start_capture()
    curl(r, "--tlsv1.3", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.log("server.log", "s")
    r.expect("failed", "version.no-overlap")


@story("version-gnutls-server", "GnuTLS answers a client that is too old with handshake_failure, not protocol_version")
def _(r):
    gnutls_serv(r, '--priority "NORMAL:-VERS-ALL:+VERS-TLS1.3"')
    r.start_capture()
    s_client(r, "-tls1_2")
    r.stop_capture()
    r.expect("failed", "version.no-overlap", never=["peer.handshake-failure", "cipher.no-overlap"])


@story("cipher-no-overlap-tls12", "TLS 1.2: no cipher suite in common")
def _(r):
    nginx(r, nginx_site(extra="ssl_protocols TLSv1.2; ssl_ciphers ECDHE-RSA-AES256-GCM-SHA384;"), log="s")
    r.start_capture()
    curl(r, "--tlsv1.2 --tls-max 1.2 --ciphers ECDHE-RSA-AES128-SHA", log="c")
    curl(r, "--tlsv1.2 --tls-max 1.2 --ciphers ECDHE-RSA-AES256-GCM-SHA384")
    r.stop_capture()
    r.log("client.log", "c")
    r.log("server.log", "s")
    r.expect("failed", "cipher.no-overlap", any_of=["cipher.no-overlap", "peer.handshake-failure"])
    r.expect("completed")


@story("cipher-no-overlap-tls13", "TLS 1.3: no cipher suite in common")
def _(r):
    s_server(r, "-tls1_3 -ciphersuites TLS_AES_128_GCM_SHA256")
    r.start_capture()
    s_client(r, "-tls1_3 -ciphersuites TLS_CHACHA20_POLY1305_SHA256", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "cipher.no-overlap", any_of=["cipher.no-overlap", "peer.handshake-failure"])


@story("cipher-ecdsa-only-client", "The client has ECDSA suites only, the server an RSA certificate")
def _(r):
    s_server(r, "-tls1_2")
    r.start_capture()
    s_client(r, "-tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256", log="c")
    s_client(r, "-tls1_2")
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "cipher.no-overlap")
    r.expect("completed")


@story("cipher-weak-3des", "Triple DES is negotiated")
def _(r):
    gnutls_serv(r, '--priority "NORMAL:+3DES-CBC:-VERS-TLS1.3"')
    r.start_capture()
    gnutls_cli(r, '--priority "NORMAL:-CIPHER-ALL:+3DES-CBC:-VERS-TLS1.3"')
    r.stop_capture()
    r.expect("completed", must=["cipher.weak"])


@story("cipher-weak-null", "A suite without encryption is negotiated")
def _(r):
    s_server(r, '-tls1_2 -cipher "NULL-SHA256:@SECLEVEL=0"')
    r.start_capture()
    s_client(r, '-tls1_2 -cipher "NULL-SHA256:@SECLEVEL=0"')
    r.stop_capture()
    r.expect("completed", must=["cipher.weak"])


@story("cipher-weak-anonymous", "An anonymous suite is negotiated: nobody shows a certificate")
def _(r):
    r.server('openssl s_server -accept 10.0.0.2:443 -nocert -WWW -tls1_2 -cipher "AECDH-AES128-SHA:@SECLEVEL=0"')
    r.start_capture()
    s_client(r, '-tls1_2 -cipher "AECDH-AES128-SHA:@SECLEVEL=0"', verify="")
    r.stop_capture()
    r.expect("completed", must=["cipher.weak"], never=["chain.empty"])


@story("cipher-weak-rc4", "RC4 is negotiated by two GnuTLS peers")
def _(r):
    gnutls_serv(r, '--priority "NORMAL:+ARCFOUR-128:-VERS-TLS1.3"')
    r.start_capture()
    gnutls_cli(r, '--priority "NORMAL:-CIPHER-ALL:+ARCFOUR-128:-VERS-TLS1.3"')
    r.stop_capture()
    r.expect("completed", must=["cipher.weak"])


@story("group-no-overlap", "TLS 1.3: no key-exchange group in common")
def _(r):
    s_server(r, "-tls1_3 -groups P-384")
    r.start_capture()
    s_client(r, "-groups X25519", log="c")
    s_client(r, "-groups P-384")
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "group.no-overlap", any_of=["group.no-overlap", "peer.handshake-failure"])
    r.expect("completed")


# ---------------------------------------------------------------- names


@story("sni-unrecognized-nginx", "nginx rejects handshakes for names it does not know (ssl_reject_handshake)")
def _(r):
    nginx(r, "server { listen 10.0.0.2:443 ssl default_server; ssl_reject_handshake on; }", nginx_site(), log="s")
    r.start_capture()
    curl(r, "", url="https://shop.example.test/", log="c")
    curl(r)
    r.stop_capture()
    r.log("client.log", "c")
    r.log("server.log", "s")
    r.expect("failed", "sni.unrecognized")
    r.expect("completed")


@story("sni-unrecognized-haproxy", "HAProxy with strict-sni refuses a name that no certificate covers")
def _(r):
    sh("sh", "-c", f"cat {r.dir}/pki/good.chain.pem {r.dir}/pki/good.key > {r.dir}/good.bundle")
    haproxy(r, "frontend web\n    bind 10.0.0.2:443 ssl crt good.bundle strict-sni\n    http-request return status 200 content-type text/plain string hello\n", log="s")
    r.start_capture()
    s_client(r, name="shop.example.test", verify="-CAfile pki/root.pem", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.log("server.log", "s")
    r.expect("failed", "sni.unrecognized")


@story("sni-unrecognized-go", "A Go server whose GetCertificate knows another name answers internal_error")
def _(r):
    go_server(r, "-only www.example.test", log="s")
    r.start_capture()
    go_client(r, log="c")
    curl(r, url="https://www.example.test/")
    r.stop_capture()
    r.log("client.log", "c")
    r.log("server.log", "s")
    r.expect("failed", "sni.unrecognized", any_of=["sni.unrecognized", "peer.internal-error"])
    r.expect("completed")


@story("sni-certificate-mismatch", "The certificate covers another name; OpenSSL checks it and says bad_certificate")
def _(r):
    s_server(r, "-tls1_2", cert="wrong-host")
    r.start_capture()
    s_client(r, log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "sni.certificate-mismatch", never=["chain.expired", "chain.untrusted-root"])


@story("sni-certificate-mismatch-curl", "curl checks the name after the handshake and leaves without an alert of its own: a silent refusal")
def _(r):
    s_server(r, "-tls1_2", cert="wrong-host")
    r.start_capture()
    curl(r, log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "sni.certificate-mismatch")


@story("sni-certificate-mismatch-tls13", "The same silent refusal in TLS 1.3, with a key log")
def _(r):
    s_server(r, "-tls1_3", cert="wrong-host")
    r.start_capture()
    curl(r, log="c", env={"SSLKEYLOGFILE": "keys.log"})
    r.stop_capture()
    r.log("client.log", "c")
    r.keylog = True
    r.expect("failed", "sni.certificate-mismatch")


# ---------------------------------------------------------------- ALPN


@story("alpn-no-overlap-nginx", "nginx with HTTP/2 refuses a client that offers only something else")
def _(r):
    nginx(r, nginx_site(listen="10.0.0.2:443 ssl http2"), log="s")
    r.start_capture()
    s_client(r, "-alpn mqtt,imap", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.log("server.log", "s")
    r.expect("failed", "alpn.no-overlap")


@story("alpn-no-overlap-go", "Go refuses the protocols of the client: in TLS 1.3 the alert is encrypted, in 1.2 plain")
def _(r):
    go_server(r, "-alpn h2", log="s")
    r.start_capture()
    s_client(r, "-alpn mqtt -keylogfile keys.log", log="c")
    s_client(r, "-alpn mqtt -tls1_2 -keylogfile keys.log", log="c")
    r.stop_capture()
    r.keylog = True
    r.log("client.log", "c")
    r.log("server.log", "s")
    r.expect("failed", "alpn.no-overlap")
    r.expect("failed", "alpn.no-overlap")


@story("alpn-go-h2-http11", "A Go server with h2 only takes a client with http/1.1 only, and selects nothing")
def _(r):
    """Go's own rule (crypto/tls, negotiateALPN): such a client is served without ALPN, not refused."""
    go_server(r, "-alpn h2")
    r.start_capture()
    s_client(r, "-alpn http/1.1 -tls1_2")
    r.stop_capture()
    r.expect("completed", must=["alpn.ignored"], never=["alpn.no-overlap"])


# ---------------------------------------------------------------- chains


def bad_chain(name, title, code, cert, chain, clients=("openssl", "curl", "go", "java", "gnutls"), tls="-tls1_2", extra="", **kw):
    @story(name, title, **kw)
    def record(r):
        s_server(r, f"{tls} {extra}".strip(), cert=cert, chain=chain)
        r.start_capture()
        for c in clients:
            {"openssl": lambda: s_client(r, log="openssl"), "curl": lambda: curl(r, log="c"), "go": lambda: go_client(r, log="go"),
             "java": lambda: java_client(r, log="java"), "gnutls": lambda: gnutls_cli(r, log="gnutls")}[c]()
        r.stop_capture()
        r.log("client.log", {"openssl": "openssl", "curl": "c", "go": "go", "java": "java", "gnutls": "gnutls"}[clients[-1] if "curl" not in clients else "curl"])
        for c in clients:
            r.expect("failed", code)


bad_chain("chain-expired", "The leaf expired five days ago", "chain.expired", "expired", "issuing-r3")
bad_chain("chain-not-yet-valid", "The leaf is valid from the day after tomorrow", "chain.not-yet-valid", "not-yet-valid", "issuing-r3", clients=("openssl", "curl", "java"))
bad_chain("chain-self-signed", "A self-signed certificate", "chain.self-signed", "self-signed", None, clients=("openssl", "curl", "java"))
bad_chain("chain-missing-intermediate", "The server sends its leaf alone", "chain.missing-intermediate", "good", None)
bad_chain("chain-untrusted-root", "The chain ends in a root that the clients do not trust", "chain.untrusted-root", "other", "other-full-ca")


@story("chain-missing-intermediate-node", "Node.js refuses a leaf without its intermediate: in TLS 1.2 it finishes and closes without an alert")
def _(r):
    s_server(r, "-tls1_2", chain=None)
    r.start_capture()
    r.client("node programs/client.js https://api.example.test/hello.txt pki/root.pem", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "chain.missing-intermediate")


@story("chain-missing-intermediate-wget", "wget (GnuTLS) refuses a leaf without its intermediate after the handshake, without an alert: in TLS 1.3, then in 1.2")
def _(r):
    s_server(r, "", chain=None)
    r.start_capture()
    r.client("wget -nv -O /dev/null --tries=1 --ca-certificate=pki/root.pem https://api.example.test/hello.txt", log="c")
    r.client("wget --ciphers=NORMAL:-VERS-TLS1.3 -nv -O /dev/null --tries=1 --ca-certificate=pki/root.pem https://api.example.test/hello.txt", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", None, any_of=["peer.client-rejected-certificate", "peer.client-aborted"])
    r.expect("failed", "chain.missing-intermediate")


# ---------------------------------------------------------------- client certificates


@story("client-auth-missing-tls12", "The server requires a client certificate, the client has none (TLS 1.2)")
def _(r):
    s_server(r, f"-tls1_2 {MTLS}", log="s")
    r.start_capture()
    s_client(r, "", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.log("server.log", "s")
    r.expect("failed", "client-auth.missing")


@story("client-auth-missing-tls13", "The server requires a client certificate, the client has none (TLS 1.3: all of it encrypted)")
def _(r):
    s_server(r, f"-tls1_3 {MTLS}", log="s")
    r.start_capture()
    curl(r, "", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.log("server.log", "s")
    r.expect("failed", None, any_of=["client-auth.missing", "peer.server-aborted"])


@story("client-auth-missing-tls13-keys", "The same with a key log")
def _(r):
    s_server(r, f"-tls1_3 {MTLS}")
    r.start_capture()
    curl(r, "", log="c", env={"SSLKEYLOGFILE": "keys.log"})
    r.stop_capture()
    r.log("client.log", "c")
    r.keylog = True
    r.expect("failed", "client-auth.missing")


@story("client-auth-missing-nginx", "nginx finishes the handshake without the client's certificate and answers HTTP 400 inside TLS")
def _(r):
    nginx(r, nginx_site(extra="ssl_protocols TLSv1.2; ssl_client_certificate pki/client-ca.pem; ssl_verify_client on;"), log="s")
    r.start_capture()
    curl(r, "-i", log="c", env={"SSLKEYLOGFILE": "keys.log"})
    r.stop_capture()
    r.keylog = True
    r.log("client.log", "c")
    r.log("server.log", "s")
    r.expect("completed", must=["client-auth.missing"])


# ---------------------------------------------------------------- refused, cause hidden


@story("peer-client-rejected-tls13", "TLS 1.3 without keys: curl, Go and Java refuse the certificate. curl's alert is plain, the others' are encrypted")
def _(r):
    """What is wrong (the certificate expired) is not visible from the frames: only curl's plain alert says it."""
    s_server(r, "-tls1_3", cert="expired")
    r.start_capture()
    curl(r, log="c")
    go_client(r, log="c")
    java_client(r, log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "peer.client-rejected-certificate", never=["chain.expired"])
    r.expect("failed", None, any_of=["peer.client-rejected-certificate", "peer.client-aborted"], never=["chain.expired"])
    r.expect("failed", None, any_of=["peer.client-rejected-certificate", "peer.client-aborted"], never=["chain.expired"])


@story("peer-client-rejected-pinned", "The chain is fine, but the client pins another authority and says unknown_ca")
def _(r):
    s_server(r, "-tls1_2")
    r.start_capture()
    curl(r, ca="--cacert pki/other-root.pem", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "peer.client-rejected-certificate", never=["chain.untrusted-root", "chain.missing-intermediate"])


@story("peer-handshake-failure", "handshake_failure that nothing in the hellos explains: the server's suites exclude what the client offers")
def _(r):
    """The client offers usual suites, the server takes only DHE ones without saying so. Only the server's configuration tells."""
    s_server(r, "-tls1_2 -cipher DHE-RSA-AES256-GCM-SHA384")
    r.start_capture()
    curl(r, "--tls-max 1.2 --ciphers ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", None, any_of=["peer.handshake-failure", "cipher.no-overlap"])


@story("peer-internal-error", "A Go server has no certificate for a client that sends no name: internal_error")
def _(r):
    go_server(r, "-only api.example.test", log="s")
    r.start_capture()
    s_client(r, name=None, verify="-CAfile pki/root.pem", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.log("server.log", "s")
    r.expect("failed", None, any_of=["peer.internal-error", "sni.missing"])


# ---------------------------------------------------------------- TCP


@story("tcp-no-answer", "The SYN is dropped by a packet filter and never answered")
def _(r):
    nft(SERVER, "input: tcp dport 443 drop")
    r.note("server", "nft add rule inet f input tcp dport 443 drop")
    r.start_capture()
    curl(r, "--connect-timeout 4", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "tcp.no-answer")


@story("tcp-refused", "Nothing listens on the port: the SYN is answered by a reset")
def _(r):
    r.start_capture()
    curl(r, log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "tcp.refused")


@story("tcp-unreachable", "A packet filter answers the SYN with ICMP administratively prohibited")
def _(r):
    nft(SERVER, "input: tcp dport 443 reject with icmpx type admin-prohibited")
    r.note("server", "nft add rule inet f input tcp dport 443 reject with icmpx type admin-prohibited")
    r.start_capture()
    curl(r, "--connect-timeout 3", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "tcp.unreachable")


def misbehaving(name, title, behavior, code, outcome="failed", timeout="", **kw):
    @story(name, title, **kw)
    def record(r):
        py(r, f"server.py {behavior}")
        r.start_capture()
        curl(r, timeout, log="c")
        r.stop_capture()
        r.log("client.log", "c")
        r.expect(outcome, code)


misbehaving("tcp-reset-after-client-hello", "The server reads the ClientHello and resets", "reset", "tcp.reset-after-client-hello")
misbehaving("tcp-closed-after-client-hello", "The server reads the ClientHello and closes without a byte", "close", "tcp.closed-after-client-hello")
misbehaving("tcp-server-silent", "The ClientHello is acknowledged and never answered; the client gives up", "silent", "tcp.server-silent", timeout="--max-time 3")
misbehaving("protocol-plaintext-reply-http", "The port speaks plain HTTP: 400 Bad Request in answer to a ClientHello", "http", "protocol.plaintext-reply")
misbehaving("protocol-plaintext-reply-ssh", "An SSH server answers the ClientHello", "ssh", "protocol.plaintext-reply")
misbehaving("protocol-plaintext-reply-smtp", "A mail server that speaks first, on a port that the client takes for TLS", "smtp", "protocol.plaintext-reply")


@story("tcp-no-client-hello", "A health check opens the connection and closes it without a byte")
def _(r):
    go_server(r, log="s")
    r.start_capture()
    r.client("python3 -c \"import socket,time; s=socket.create_connection(('10.0.0.2',443)); time.sleep(.1); s.close()\"")
    curl(r)
    r.stop_capture()
    r.log("server.log", "s")
    r.expect("failed", "tcp.no-client-hello")
    r.expect("completed")
    r.connections[0]["outcome_any_of"] = ["failed", "incomplete"]


@story("protocol-http-to-tls-port", "Plain HTTP on a TLS port: nginx answers 400 in clear, Go as well, OpenSSL just closes")
def _(r):
    p = nginx(r, nginx_site(), log="s")
    r.start_capture()
    curl(r, "-i", url="http://api.example.test:443/", log="c")
    r.stop(p)
    p = go_server(r, log="s")
    curl(r, "-i", url="http://api.example.test:443/", log="c")
    r.stop(p)
    s_server(r, log="s2")
    curl(r, "-i", url="http://api.example.test:443/", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.log("server.log", "s")
    for _ in range(3):
        r.expect("failed", "protocol.http-to-tls-port")


# ---------------------------------------------------------------- captures that lack something


def edited(name, title, command, expectations, findings=(), form="pcap", cert="good", options="-tls1_2", snaplen=0, **kw):
    """A healthy connection whose capture is then cut. `command` is a shell line from raw.pcap to capture.raw."""
    @story(name, title, form=form, **kw)
    def record(r):
        s_server(r, options, cert=cert)
        r.start_capture(snaplen=snaplen)
        s_client(r)
        r.stop_capture()
        r.capture_findings = list(findings)
        expectations(r)
        if command:
            r.note("then", command)
            def post(directory):
                sh("sh", "-c", "mv capture.raw raw.pcap && " + command.replace("capture.pcap", "capture.raw"), cwd=directory)
            r.post = post


edited("capture-one-sided", "Only the client's direction was captured", "tcpdump -r raw.pcap -w capture.pcap src host 10.0.0.7",
       lambda r: r.expect("incomplete", None, must=["capture.one-sided"]))
edited("capture-one-sided-server", "Only the server's direction was captured", "tcpdump -r raw.pcap -w capture.pcap src host 10.0.0.2",
       lambda r: r.expect("incomplete", None, must=["capture.one-sided"]))
edited("capture-mid-stream", "The capture starts after the ClientHello", "editcap -F pcap raw.pcap capture.pcap 1-5",
       lambda r: r.expect("incomplete", None, must=["capture.mid-stream"]))
edited("capture-gap", "The capture lost a frame of the server's flight that the client acknowledged",
       "editcap -F pcap raw.pcap capture.pcap $(tshark -r raw.pcap -Y 'tcp.srcport==443 && tcp.len>1000' -T fields -e frame.number | head -1)",
       lambda r: r.expect("completed", None, must=["capture.gap"], outcome_any_of=["completed", "incomplete"]))
edited("capture-cut-short", "The file ends in the middle of a packet", "head -c 3000 raw.pcap > capture.pcap",
       lambda r: r.expect("incomplete", None), findings=["capture.cut-short"])
edited("capture-snaplen", "Frames were cut at 200 bytes", None, lambda r: r.expect("completed", None, must=["capture.snaplen"], outcome_any_of=["completed", "incomplete"]), snaplen=200)

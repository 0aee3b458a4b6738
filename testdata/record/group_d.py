"""The incidents that the project started from, each told in its variants, with the log lines that people saw."""
import os
import signal
import time

import lib
from common import *
from group_b import wire
from lib import SERVER, nft, sh, story

HIDDEN = ["peer.client-rejected-certificate", "peer.client-aborted"]


def tale(name, variant, title, **kw):
    return story(variant, title, folder=f"stories/{name}", **kw)


# ---------------------------------------------------------------- cosmos-bad-certificate


def cosmos(letter, cert, chain, code, what, name="api.example.test"):
    for tls, keys in (("1.2", False), ("1.3", False), ("1.3", True)):
        suffix = "tls" + tls.replace(".", "") + ("-keys" if keys else "")

        @tale("cosmos-bad-certificate", f"{letter}-{suffix}", f"A Go client meets {what} on a Go server (TLS {tls}{', key log' if keys else ''})")
        def record(r, tls=tls, keys=keys):
            """The server's log blames `remote error`: remote is the other side, the client."""
            go_server(r, f"-cert pki/{cert}.{chain}" + f"pem -key pki/{cert}.key -max {tls}", log="s")
            r.start_capture()
            for _ in range(2):
                go_client(r, f"-name {name}" + (" -keylog keys.log" if keys else ""), log="c")
            r.stop_capture()
            r.keylog = keys
            r.log("server.log", "s")
            r.log("client.log", "c")
            for _ in range(2):
                if tls == "1.3" and not keys:
                    r.expect("failed", None, any_of=HIDDEN, never=[code])
                else:
                    r.expect("failed", code)


cosmos("a-missing-intermediate", "good", "", "chain.missing-intermediate", "a leaf without its intermediate")
cosmos("b-expired", "expired", "chain.", "chain.expired", "an expired leaf")
cosmos("c-wrong-name", "good", "chain.", "sni.certificate-mismatch", "a certificate that does not cover the name", name="shop.example.test")


def renewed(variant, options, title, keys):
    @tale("cosmos-bad-certificate", variant, title)
    def record(r):
        """Four connections meet the expired leaf; then the server restarts with the renewed one, and four more succeed."""
        p = go_server(r, f"-cert pki/expired.chain.pem -key pki/expired.key {options}", log="s")
        r.start_capture()
        client = lambda a: go_client(r, f"-from {a} " + ("-keylog keys.log" if keys else ""), log="c")
        for i in range(4):
            client(f"10.0.0.{7 + i % 2}")
            time.sleep(0.3)
        r.stop(p)
        go_server(r, f"-cert pki/renewed.chain.pem -key pki/renewed.key {options}", log="s")
        for i in range(4):
            client(f"10.0.0.{7 + i % 2}")
            time.sleep(0.2)
        r.stop_capture()
        r.keylog = keys
        r.log("server.log", "s")
        r.log("client.log", "c")
        for _ in range(4):
            r.expect("failed", "chain.expired")
        for _ in range(4):
            r.expect("completed", never=["chain.expired"])
        r.fleet = ["fleet.certificate-changed"]


renewed("d-renewed-after-restart-tls12", "-max 1.2", "The renewed certificate is on disk, the old one is served until a restart: the leaf changes in mid-capture", False)
renewed("d-renewed-after-restart-tls13-keys", "", "The same in TLS 1.3, with a key log", True)


# ---------------------------------------------------------------- cosmos-alpn

for tls in ("1.2", "1.3"):
    @tale("cosmos-alpn", "tls" + tls.replace(".", ""), f"Browsers visit a Go server that for the moment only speaks acme-tls/1 (TLS {tls})")
    def _(r, tls=tls):
        """The validation itself comes first and succeeds; then curl and a client with Chrome's hello are refused."""
        go_server(r, "-cert pki/good.chain.pem -key pki/good.key -alpn acme-tls/1 -acme-cert pki/acme-challenge.pem -acme-key pki/acme-challenge.key", log="s")
        r.start_capture()
        r.client(f"bin/go-tls-client -from 10.0.0.21 -name www.example.test -alpn acme-tls/1 -insecure -request=false -max {tls}")
        curl(r, f"--tls-max {tls}", url="https://www.example.test/", log="c")
        if tls == "1.3":
            r.client("python3 programs/impersonate.py https://www.example.test/ pki/root.pem chrome", log="c")
            r.software.append("curl_cffi 0.16.3 (BoringSSL)")
        else:
            curl(r, f"--interface 10.0.0.8 --tls-max {tls}", url="https://www.example.test/", log="c")
        r.stop_capture()
        r.log("server.log", "s")
        r.log("client.log", "c")
        r.expect("completed")
        r.expect("failed", "alpn.no-overlap")
        r.expect("failed", "alpn.no-overlap")


# ---------------------------------------------------------------- certmagic-tls-alpn-01

CHALLENGE = "-acme-cert pki/acme-challenge.pem -acme-key pki/acme-challenge.key"


def validate(r, tls, address="10.0.0.2", start=None, count=3):
    """Let's Encrypt looks from several places: three clients."""
    for i, source in enumerate(("10.0.0.7", "10.0.0.8", "10.0.0.21")[:count]):
        r.client(f"bin/go-tls-client -connect {address}:443 -from {source} -name www.example.test -alpn acme-tls/1 -insecure -request=false -max {tls} -keylog keys.log", log="c")


for tls in ("1.2", "1.3"):
    t = "tls" + tls.replace(".", "")

    @tale("certmagic-tls-alpn-01", f"a-fine-{t}", f"A TLS-ALPN-01 validation from three places that finds what RFC 8737 wants (TLS {tls})")
    def _(r, tls=tls):
        go_server(r, f"-alpn acme-tls/1,http/1.1 {CHALLENGE}")
        r.start_capture()
        validate(r, tls)
        r.stop_capture()
        r.keylog = True
        for _ in range(3):
            r.expect("completed", never=["alpn.acme-challenge", "chain.self-signed"])

    @tale("certmagic-tls-alpn-01", f"b-load-balancer-{t}", f"A load balancer (HAProxy) ends TLS, does not know acme-tls/1 and answers with its own certificate (TLS {tls})")
    def _(r, tls=tls):
        """The handshake completes; the validator sees no ALPN and the wrong certificate, and leaves."""
        sh("sh", "-c", f"cat {r.dir}/pki/good.chain.pem {r.dir}/pki/good.key > {r.dir}/good.bundle")
        haproxy(r, "frontend web\n    bind 10.0.0.2:443 ssl crt good.bundle alpn h2,http/1.1\n    http-request return status 200 content-type text/plain string hello\n")
        r.start_capture()
        validate(r, tls)
        r.stop_capture()
        r.keylog = True
        for _ in range(3):
            r.expect("failed", "alpn.acme-challenge")

    @tale("certmagic-tls-alpn-01", f"b-nginx-{t}", f"nginx ends TLS and refuses acme-tls/1 with no_application_protocol (TLS {tls})")
    def _(r, tls=tls):
        nginx(r, nginx_site("www.example.test", listen="10.0.0.2:443 ssl http2", extra="ssl_protocols TLSv1.2 TLSv1.3;"), log="s")
        r.start_capture()
        validate(r, tls)
        r.stop_capture()
        r.log("client.log", "c")
        r.log("server.log", "s")
        for _ in range(3):
            r.expect("failed", "alpn.acme-challenge", any_of=["alpn.acme-challenge", "alpn.no-overlap"])

    @tale("certmagic-tls-alpn-01", f"c-no-challenge-{t}", f"The server has no challenge certificate: internal_error, which the log calls a remote error (TLS {tls})")
    def _(r, tls=tls):
        go_server(r, "-alpn acme-tls/1,http/1.1", log="s")
        r.start_capture()
        validate(r, tls)
        r.stop_capture()
        r.log("client.log", "c")
        r.log("server.log", "s")
        for _ in range(3):
            r.expect("failed", "alpn.acme-challenge")


@tale("certmagic-tls-alpn-01", "d-two-nodes", "Two nodes with an address each; only the first knows the challenge")
def _(r):
    go_server(r, f"-alpn acme-tls/1,http/1.1 {CHALLENGE}", log="s1")
    r.server("bin/go-tls-server -listen 10.0.0.3:443 -alpn acme-tls/1,http/1.1", log="s")
    time.sleep(0.3)
    r.start_capture()
    validate(r, "1.2")
    validate(r, "1.2", "10.0.0.3")
    r.stop_capture()
    r.log("client.log", "c")
    r.log("server.log", "s")
    for _ in range(3):
        r.expect("completed", never=["alpn.acme-challenge"])
    for _ in range(3):
        r.expect("failed", "alpn.acme-challenge")


@tale("certmagic-tls-alpn-01", "d-behind-balancer", "Two nodes behind one address (HAProxy passes TLS through, turn about); only one knows the challenge")
def _(r):
    r.server(f"bin/go-tls-server -listen 127.0.0.1:8441 -alpn acme-tls/1,http/1.1 {CHALLENGE}", port=8441)
    r.server("bin/go-tls-server -listen 127.0.0.1:8442 -alpn acme-tls/1,http/1.1", port=8442, log="s")
    r.write("haproxy.cfg", "defaults\n    mode tcp\n    timeout connect 2s\n    timeout client 4s\n    timeout server 4s\n"
            "listen tls\n    bind 10.0.0.2:443\n    balance roundrobin\n    server one 127.0.0.1:8441\n    server two 127.0.0.1:8442\n")
    r.server("haproxy -f haproxy.cfg -db")
    r.start_capture()
    validate(r, "1.2")
    validate(r, "1.2")
    r.stop_capture()
    r.log("client.log", "c")
    for i in range(6):
        if i % 2:
            r.expect("failed", "alpn.acme-challenge")
        else:
            r.expect("completed", never=["alpn.acme-challenge"])


@tale("certmagic-tls-alpn-01", "e-five-percent-left", "The certificate in use has 5 % of its life left")
def _(r):
    go_server(r, "-cert pki/five-percent-left.chain.pem -key pki/five-percent-left.key -max 1.2")
    r.start_capture()
    curl(r, url="https://www.example.test/")
    r.stop_capture()
    r.expect("completed", must=["chain.expires-soon"])


# ---------------------------------------------------------------- wukongim-wss


def wukong(letter, cert, chain, code, what, host, must=()):
    for tls, keys in (("1.2", False), ("1.3", False), ("1.3", True)):
        suffix = "tls" + tls.replace(".", "") + ("-keys" if keys else "")

        @tale("wukongim-wss", f"{letter}-{suffix}", f"A Java client, then a Go client: {what} (TLS {tls}{', key log' if keys else ''})")
        def record(r, tls=tls, keys=keys):
            go_server(r, f"-cert pki/{cert}.{chain}pem -key pki/{cert}.key -max {tls}" + (" -keylog keys.log" if keys else ""), log="s")
            r.start_capture()
            java_client(r, url=f"https://{host}/", log="c")
            go_client(r, f"-name {host}", log="c")
            r.stop_capture()
            r.keylog = keys
            r.log("server.log", "s")
            r.log("client.log", "c")
            for _ in range(2):
                if tls == "1.3" and not keys:
                    r.expect("failed", None, any_of=HIDDEN, never=[code])
                else:
                    r.expect("failed", code, must=must)


wukong("a-dials-address", "good", "chain.", "sni.certificate-mismatch", "the client dials an IP address, the certificate has names only; no SNI is sent", "10.0.0.2")
wukong("b-wildcard", "wildcard", "chain.", "sni.certificate-mismatch", "a wildcard does not cover two labels", "a.b.example.test")
wukong("c-missing-intermediate", "good", "", "chain.missing-intermediate", "the intermediate is not sent", "api.example.test")
wukong("d-not-yet-valid", "not-yet-valid", "chain.", "chain.not-yet-valid", "the certificate is not yet valid", "api.example.test")


@tale("wukongim-wss", "d-clock-of-the-client", "The client's clock is a year behind: the certificate that everyone else takes is not yet valid for it")
def _(r):
    """curl under faketime refuses a good certificate with bad_certificate; by the clock of the capture nothing is wrong with it. Its neighbour is content."""
    go_server(r, "-max 1.2", log="s")
    r.start_capture()
    r.client("faketime -f -365d curl -sS --cacert pki/root.pem https://api.example.test/", log="c")
    curl(r, "--interface 10.0.0.8", url="https://api.example.test/")
    r.stop_capture()
    r.log("server.log", "s")
    r.log("client.log", "c")
    r.expect("failed", "peer.client-rejected-certificate", never=["chain.not-yet-valid"])
    r.expect("completed")


# ---------------------------------------------------------------- buypass-decision-tree

TREE = "buypass-decision-tree"


@tale(TREE, "1-port-closed", "Nothing listens on the port")
def _(r):
    r.start_capture()
    curl(r, log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "tcp.refused")


@tale(TREE, "1-filtered", "A firewall drops what comes to the port")
def _(r):
    nft(SERVER, "input: tcp dport 443 drop")
    nginx(r, nginx_site())
    r.note("server", "nft add rule inet f input tcp dport 443 drop")
    r.start_capture()
    curl(r, "--connect-timeout 3", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "tcp.no-answer")


@tale(TREE, "1-wrong-address", "The name points to an address that does not exist; the router says so", routed=True)
def _(r):
    lib.routed()
    lib.in_ns(lib.ROUTER, "ip", "route", "add", "unreachable", "10.0.9.0/24")
    r.start_capture()
    curl(r, "--connect-timeout 3 --resolve api.example.test:443:10.0.9.9", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "tcp.unreachable")


@tale(TREE, "2-no-answer-to-hello", "The ClientHello is acknowledged and nobody answers it")
def _(r):
    py(r, "server.py silent")
    r.start_capture()
    curl(r, "--max-time 3", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "tcp.server-silent")


@tale(TREE, "3-version-too-old", "The client knows TLS 1.1 at most, nginx wants 1.2")
def _(r):
    nginx(r, nginx_site(extra="ssl_protocols TLSv1.2 TLSv1.3;"), log="s")
    r.start_capture()
    s_client(r, '-tls1_1 -cipher "ALL:@SECLEVEL=0"', log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.log("server.log", "s")
    r.expect("failed", "version.no-overlap")


@tale(TREE, "4-default-certificate", "nginx does not know the name and serves its default site's certificate; the right name shows that it has another")
def _(r):
    nginx(r, nginx_site("intranet.example.test", "wrong-host", "10.0.0.2:443 ssl default_server", "ssl_protocols TLSv1.2;"), nginx_site())
    r.start_capture()
    curl(r, url="https://shop.example.test/", log="c")
    curl(r)
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "sni.certificate-mismatch")
    r.expect("completed")


@tale(TREE, "5-no-shared-cipher", "nginx and the client have no cipher suite in common: `no shared cipher` in the log")
def _(r):
    nginx(r, nginx_site(extra="ssl_protocols TLSv1.2; ssl_ciphers ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305;"), log="s")
    r.start_capture()
    java_client(r, options="TLSv1.2", props="-Dsuites=TLS_RSA_WITH_AES_128_CBC_SHA,TLS_RSA_WITH_AES_128_CBC_SHA256", log="c")
    curl(r)
    r.stop_capture()
    r.log("client.log", "c")
    r.log("server.log", "s")
    r.expect("failed", "cipher.no-overlap", any_of=["cipher.no-overlap", "peer.handshake-failure"])
    r.expect("completed")


@tale(TREE, "6-incomplete-chain", "nginx was given the leaf only: `unable to get local issuer certificate`, `tlsv1 alert unknown ca`")
def _(r):
    site = nginx_site(extra="ssl_protocols TLSv1.2;").replace("good.chain.pem", "good.pem")
    nginx(r, site, log="s")
    r.start_capture()
    curl(r, log="c")
    java_client(r, log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.log("server.log", "s")
    r.expect("failed", "chain.missing-intermediate")
    r.expect("failed", "chain.missing-intermediate")


@tale(TREE, "7-root-unknown-to-java", "curl knows the root and is content; Java's own trust store does not have it: `PKIX path building failed`")
def _(r):
    """By the anchors that the capture is read with, the chain is fine: only that one client refuses it tells the story."""
    nginx(r, nginx_site(extra="ssl_protocols TLSv1.2;"), log="s")
    r.start_capture()
    curl(r)
    r.client("java -Xshare:auto -cp bin Client https://api.example.test/ pki/other-root.pem", log="c", timeout=20)
    r.stop_capture()
    r.log("client.log", "c")
    r.log("server.log", "s")
    r.expect("completed")
    r.expect("failed", "peer.client-rejected-certificate", never=["chain.untrusted-root", "chain.missing-intermediate"])


# ---------------------------------------------------------------- verification-errors

ERRORS = "verification-errors"
for tls in ("tls1_2", "tls1_3"):
    for variant, cert, chain, code, what in (
            ("too-short", "good", None, "chain.missing-intermediate", "the chain is too short"),
            ("self-signed", "self-signed", None, "chain.self-signed", "a self-signed certificate"),
            ("unable-to-get-issuer", "other", "other-issuing", "chain.missing-intermediate", "the issuer is nobody that the client knows"),
            ("expired", "expired", "issuing-r3", "chain.expired", "an expired certificate")):
        @tale(ERRORS, f"{variant}-{tls.replace('_', '')}", f"OpenSSL refuses: {what} ({'TLS 1.2' if tls == 'tls1_2' else 'TLS 1.3, key log'})")
        def _(r, tls=tls, cert=cert, chain=chain, code=code):
            s_server(r, f"-{tls}", cert=cert, chain=chain)
            r.start_capture()
            s_client(r, "-keylogfile keys.log" if tls == "tls1_3" else "", log="c")
            r.stop_capture()
            r.keylog = tls == "tls1_3"
            r.log("client.log", "c")
            r.expect("failed", code, any_of=[code, "chain.untrusted-root"] if cert == "other" else ())


@tale(ERRORS, "slow-server", "A slow login: the server takes 2.5 s before its ServerHello")
def _(r):
    s_server(r, "-tls1_2", address="127.0.0.1", port=8443)
    r.server("python3 programs/relay.py slow 2.5")
    r.start_capture()
    curl(r)
    r.stop_capture()
    r.expect("completed", must=["tcp.slow-handshake"])


@tale(ERRORS, "slow-client", "A slow login: the client thinks for 2.5 s about the certificate")
def _(r):
    s_server(r, "-tls1_2")
    r.start_capture()
    r.client("python3 programs/client.py slow", env={"VALUE": "2.5"})
    r.stop_capture()
    r.expect("completed", must=["tcp.slow-handshake"])


@tale(ERRORS, "slow-path", "A slow login: a path of 300 ms each way that loses every fourth segment", routed=True)
def _(r):
    wire(r, "delay=0.3", "drop=4")
    s_server(r, "-tls1_2")
    r.start_capture()
    curl(r, "--max-time 14")
    r.stop_capture()
    r.expect("completed", must=["tcp.slow-handshake"])


@tale(ERRORS, "one-node-of-three", "Three nodes with an address each; the third still has the old certificate", form="pcap.gz")
def _(r):
    for address, cert in (("10.0.0.2", "renewed"), ("10.0.0.3", "renewed"), ("10.0.0.4", "expired")):
        s_server(r, "-tls1_2", cert=cert, address=address, log=f"s{address[-1]}")
        time.sleep(0.15)
    r.start_capture()
    for i in range(12):
        address = f"10.0.0.{2 + i % 3}"
        curl(r, f"--interface 10.0.0.{7 + i % 2} --resolve api.example.test:443:{address}", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    for i in range(12):
        if i % 3 == 2:
            r.expect("failed", "chain.expired")
        else:
            r.expect("completed")
    r.fleet = ["fleet.mostly-failing"]


@tale(ERRORS, "one-node-of-three-behind-balancer", "Three nodes behind one address; one of them still has the old certificate", form="pcap.gz")
def _(r):
    for port, cert in ((8441, "renewed"), (8442, "renewed"), (8443, "expired")):
        s_server(r, "-tls1_2", cert=cert, address="127.0.0.1", port=port)
    r.write("haproxy.cfg", "defaults\n    mode tcp\n    timeout connect 2s\n    timeout client 4s\n    timeout server 4s\n"
            "listen tls\n    bind 10.0.0.2:443\n    balance roundrobin\n" + "".join(f"    server n{p} 127.0.0.1:{p}\n" for p in (8441, 8442, 8443)))
    r.server("haproxy -f haproxy.cfg -db")
    r.start_capture()
    for i in range(12):
        curl(r, f"--interface 10.0.0.{7 + i % 2}", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    for i in range(12):
        if i % 3 == 2:
            r.expect("failed", "chain.expired")
        else:
            r.expect("completed")
    r.fleet = ["fleet.certificate-differs"]

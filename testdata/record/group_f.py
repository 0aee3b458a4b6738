"""Many connections: what only all of them together show. And incidents in several files."""
import gzip
import os
import signal
import time

import lib
from common import *
from lib import CLIENT, ROUTER, SERVER, sh, story

EC = dict(cert="good-ec", chain="issuing-e5")


def compact(r, bind="10.0.0.7", options="-tls1_2", log="c", **kw):
    """A connection of few bytes."""
    return s_client(r, options, bind=bind, log=log, show=kw.pop("show", True), **kw)


def fleet(name, title, **kw):
    return story(name, title, form="pcap.gz", **kw)


def changing(name, title, first, second, first_failed, second_failed, code):
    @fleet(name, title)
    def record(r):
        p = go_server(r, f"-cert pki/{first}.chain.pem -key pki/good-ec.key -max 1.2 -next-cert pki/{second}.chain.pem -next-key pki/good-ec.key", log="s")
        r.start_capture()
        for i in range(32):
            if i == 16:
                os.killpg(p.pid, signal.SIGHUP)
                time.sleep(0.2)
            compact(r, f"10.0.0.{7 + i % 3}", "-tls1_2 -no_ticket")
            time.sleep(0.1)
        r.stop_capture()
        r.log("server.log", "s")
        for i in range(32):
            failed = first_failed if i < 16 else second_failed
            r.expect("failed" if failed else "completed", code if failed else None)
        r.fleet = ["fleet.certificate-changed"]


changing("fleet-certificate-changed-for-the-better", "The expired certificate is replaced in mid-capture: failures end with it", "expired-ec", "renewed-ec", True, False, "chain.expired")
changing("fleet-certificate-changed-for-the-worse", "A certificate is replaced in mid-capture by one of an inspecting middlebox: failures begin with it", "good-ec", "inspected-ec", False, True,
         "chain.untrusted-root")


@fleet("fleet-certificate-differs", "Three nodes behind one address, one still with the expired certificate")
def _(r):
    for port, cert in ((8441, "renewed-ec"), (8442, "renewed-ec"), (8443, "expired-ec")):
        s_server(r, "-tls1_2", cert=cert, chain="issuing-e5", address="127.0.0.1", port=port)
    r.write("haproxy.cfg", "defaults\n    mode tcp\n    timeout connect 2s\n    timeout client 4s\n    timeout server 4s\n"
            "listen tls\n    bind 10.0.0.2:443\n    balance roundrobin\n" + "".join(f"    server n{p} 127.0.0.1:{p}\n" for p in (8441, 8442, 8443)))
    r.server("haproxy -f haproxy.cfg -db")
    r.start_capture()
    for i in range(30):
        compact(r, f"10.0.0.{7 + i % 2}", "-tls1_2 -no_ticket")
    r.stop_capture()
    for i in range(30):
        r.expect("failed" if i % 3 == 2 else "completed", "chain.expired" if i % 3 == 2 else None)
    r.fleet = ["fleet.certificate-differs"]


def split(name, title, server, good, bad, verdict, any_of=(), must=(), count=24, bad_name="api.example.test"):
    @fleet(name, title)
    def record(r):
        server(r)
        r.start_capture()
        for i in range(count):
            if i % 3 == 1:
                compact(r, "10.0.0.8", bad, name=bad_name, log="bad")
            else:
                compact(r, "10.0.0.7" if i % 2 else "10.0.0.9", good)
        r.stop_capture()
        r.log("client.log", "bad")
        for i in range(count):
            if i % 3 == 1:
                r.expect("failed", verdict, any_of=any_of, must=must)
            else:
                r.expect("completed")
        r.fleet = ["fleet.split-by-client"]


split("fleet-split-by-version", "One client speaks TLS 1.2 at most and always fails; the server wants 1.3", lambda r: s_server(r, "-tls1_3", **EC), "-tls1_3", "-tls1_2", "version.no-overlap", count=15)
split("fleet-split-by-sni", "One client sends no name and always fails: it gets another site's certificate",
      lambda r: nginx(r, nginx_site("intranet.example.test", "wrong-host", "10.0.0.2:443 ssl default_server", "ssl_protocols TLSv1.2;"), nginx_site(cert="good-ec")),
      "-tls1_2 -no_ticket", "-tls1_2 -no_ticket", "sni.missing", any_of=["sni.missing", "peer.client-rejected-certificate", "sni.certificate-mismatch"], bad_name=None)
split("fleet-split-by-cipher", "One client offers only suites that the server has not", lambda r: s_server(r, "-tls1_2 -cipher ECDHE-ECDSA-AES256-GCM-SHA384", **EC), "-tls1_2 -no_ticket",
      "-tls1_2 -no_ticket -cipher ECDHE-RSA-AES128-SHA:AES128-SHA", "cipher.no-overlap", any_of=["cipher.no-overlap", "peer.handshake-failure"])


@fleet("fleet-outage-window", "The server is gone for two seconds: refused connections begin and end at clear times")
def _(r):
    p = s_server(r, "-tls1_2", **EC)
    r.start_capture()
    outcomes = []
    for i in range(36):
        if i == 12:
            r.stop(p)
        if i == 24:
            p = s_server(r, "-tls1_2", **EC)
        compact(r, f"10.0.0.{7 + i % 3}", "-tls1_2 -no_ticket")
        outcomes.append(12 <= i < 24)
        time.sleep(0.12)
    r.stop_capture()
    for failed in outcomes:
        r.expect("failed" if failed else "completed", "tcp.refused" if failed else None)
    r.fleet = ["fleet.outage-window"]


@fleet("fleet-retry-ladder", "A client that falls back: TLS 1.3 with h2 and TLS 1.3 without are closed by a middlebox, TLS 1.2 gets through; again and again")
def _(r):
    s_server(r, "-tls1_2", address="127.0.0.1", port=8443, **EC)
    r.server("python3 programs/relay.py intolerant")
    r.start_capture()
    for i in range(8):
        for options in ("-alpn h2,http/1.1", "", "-tls1_2 -no_ticket"):
            compact(r, "10.0.0.7", options)
        time.sleep(0.6)
    r.stop_capture()
    r.log("client.log", "c")
    for i in range(8):
        for step in range(3):
            if step < 2:
                r.expect("failed", "version.intolerant", any_of=["version.intolerant", "tcp.closed-after-client-hello"])
            else:
                r.expect("completed")
    r.fleet = ["fleet.retry-ladder"]


@fleet("fleet-happy-eyeballs", "A name with IPv6 and IPv4: IPv6 is filtered, curl takes IPv4 after 200 ms; the lost race is no failure")
def _(r):
    s_server(r, "-tls1_2", **EC)
    lib.nft(SERVER, "input: ip6 daddr 2001:db8::2 tcp dport 443 drop")
    r.note("server", "nft add rule inet f input ip6 daddr 2001:db8::2 tcp dport 443 drop")
    r.start_capture()
    for i in range(6):
        curl(r, "--resolve api.example.test:443:[2001:db8::2],10.0.0.2 --tls-max 1.2")
        time.sleep(0.3)
    r.stop_capture()
    for i in range(6):
        r.expect("failed", "tcp.no-answer")
        r.connections[-1]["outcome_any_of"] = ["failed", "incomplete"]
        r.connections[-1]["verdict_any_of"] = ["tcp.no-answer", None]
        r.connections[-1]["must_find"] = []
        r.expect("completed")
    r.fleet = ["fleet.retry-ladder"]


@fleet("fleet-intercepted", "One client's TLS is inspected on the way: the same name, another issuer")
def _(r):
    s_server(r, "-tls1_2", address="127.0.0.1", port=8441, **EC)
    s_server(r, "-tls1_2", cert="inspected-ec", chain="inspection-ca", address="127.0.0.1", port=8442)
    r.write("haproxy.cfg", "defaults\n    mode tcp\n    timeout connect 2s\n    timeout client 4s\n    timeout server 4s\n"
            "frontend tls\n    bind 10.0.0.2:443\n    use_backend inspection if { src 10.0.0.8 }\n    default_backend direct\n"
            "backend direct\n    server d 127.0.0.1:8441\nbackend inspection\n    server i 127.0.0.1:8442\n")
    r.server("haproxy -f haproxy.cfg -db")
    r.start_capture()
    for i in range(24):
        compact(r, f"10.0.0.{7 + i % 3}", "-tls1_2 -no_ticket")
    r.stop_capture()
    r.log("client.log", "c")
    for i in range(24):
        r.expect("failed" if i % 3 == 1 else "completed", "chain.untrusted-root" if i % 3 == 1 else None)
    r.fleet = ["fleet.intercepted"]


@fleet("fleet-resumption-fails", "Two nodes behind one address do not share their ticket keys: every resumption is refused")
def _(r):
    for port in (8441, 8442):
        s_server(r, "-tls1_2", address="127.0.0.1", port=port, **EC)
    r.write("haproxy.cfg", "defaults\n    mode tcp\n    timeout connect 2s\n    timeout client 4s\n    timeout server 4s\n"
            "listen tls\n    bind 10.0.0.2:443\n    balance roundrobin\n    server a 127.0.0.1:8441\n    server b 127.0.0.1:8442\n")
    r.server("haproxy -f haproxy.cfg -db")
    r.start_capture()
    compact(r, "10.0.0.7", "-tls1_2 -sess_out session.pem")
    for i in range(20):
        compact(r, "10.0.0.7", "-tls1_2 -sess_in session.pem -sess_out session.pem")
    r.stop_capture()
    r.expect("completed")
    for i in range(20):
        r.expect("completed", must=["resumption.refused"])
    r.fleet = ["fleet.resumption-fails"]


@fleet("fleet-resumption-breaks", "Resumed handshakes fail where full ones succeed: a device before the server chokes on tickets")
def _(r):
    s_server(r, "-tls1_2", address="127.0.0.1", port=8443, **EC)
    r.server("python3 programs/relay.py no-tickets")
    r.start_capture()
    for i in range(12):
        compact(r, "10.0.0.7", "-tls1_2 -sess_out session.pem")
        compact(r, "10.0.0.7", "-tls1_2 -sess_in session.pem")
    r.stop_capture()
    r.log("client.log", "c")
    for i in range(12):
        r.expect("completed")
        r.expect("failed", "tcp.reset-after-client-hello")
    r.fleet = ["fleet.resumption-fails"]


@fleet("fleet-mostly-failing", "Most connections to one server fail with an expired certificate; a client that verifies nothing is content")
def _(r):
    s_server(r, "-tls1_2", cert="expired-ec", chain="issuing-e5")
    r.start_capture()
    for i in range(24):
        if i % 6 == 5:
            compact(r, "10.0.0.9", "-tls1_2 -no_ticket", verify="")
        else:
            compact(r, f"10.0.0.{7 + i % 2}", "-tls1_2 -no_ticket")
    r.stop_capture()
    for i in range(24):
        if i % 6 == 5:
            r.expect("completed", must=["chain.expired"])
        else:
            r.expect("failed", "chain.expired")
    r.fleet = ["fleet.mostly-failing"]


@fleet("fleet-healthy", "Twenty healthy connections of three kinds of clients: nothing to say")
def _(r):
    s_server(r, "", **EC)
    r.start_capture()
    for i in range(20):
        [lambda: compact(r, "10.0.0.7", "-tls1_2 -no_ticket"), lambda: compact(r, "10.0.0.8", "-tls1_3"), lambda: curl(r, "--interface 10.0.0.9")][i % 3]()
    r.stop_capture()
    for i in range(20):
        r.expect("completed", never=["chain.expired", "chain.untrusted-root", "sni.certificate-mismatch"])


@fleet("fleet-split-by-node", "Three nodes behind one address, packets passed on by the balancer; the one in an overlay wants TLS 1.3 and refuses every client", routed=True)
def _(r):
    """nftables sends one connection after the other to 10.0.1.2, 10.0.1.3 and 10.0.2.2. The third has an MTU of 1450, so that its SYN-ACK announces a smaller MSS."""
    lib.balanced()
    for address in ("10.0.1.2", "10.0.1.3"):
        s_server(r, "-tls1_2", address=address, **EC)
    s_server(r, "-tls1_3", address="10.0.2.2", ns=lib.NODE, **EC)
    r.note("balancer", "nft add rule ip balance prerouting ip daddr 10.0.0.2 tcp dport 443 dnat to numgen inc mod 3 map { 0 : 10.0.1.2, 1 : 10.0.1.3, 2 : 10.0.2.2 }")
    r.start_capture()
    for i in range(36):
        compact(r, f"10.0.0.{7 + i % 2}", "-tls1_2 -no_ticket")
    r.stop_capture()
    r.log("client.log", "c")
    for i in range(36):
        if i % 3 == 2:
            r.expect("failed", "version.no-overlap", any_of=["version.no-overlap", "peer.handshake-failure"])
        else:
            r.expect("completed")
    r.fleet = ["fleet.split-by-node"]


@fleet("fleet-intermittent", "Four nodes behind a balancer that ends TCP itself; one of them wants TLS 1.3: every client fails now and then")
def _(r):
    """The balancer picks nodes at random, and answers with its own TCP: nothing tells which node it was."""
    for port in (8441, 8442, 8443, 8444):
        s_server(r, "-tls1_3" if port == 8443 else "-tls1_2", address="127.0.0.1", port=port, **EC)
    r.write("haproxy.cfg", "defaults\n    mode tcp\n    timeout connect 2s\n    timeout client 4s\n    timeout server 4s\n"
            "listen tls\n    bind 10.0.0.2:443\n    balance random(1)\n" + "".join(f"    server n{p} 127.0.0.1:{p}\n" for p in (8441, 8442, 8443, 8444)))
    r.server("haproxy -f haproxy.cfg -db")
    r.start_capture()
    outcomes = [compact(r, f"10.0.0.{7 + i % 3}", "-tls1_2 -no_ticket") for i in range(60)]
    r.stop_capture()
    r.log("client.log", "c")
    for outcome in outcomes:
        if outcome:
            r.expect("failed", "version.no-overlap", any_of=["version.no-overlap", "peer.handshake-failure"])
        else:
            r.expect("completed")
    r.fleet = ["fleet.intermittent"]


@fleet("fleet-split-by-hello-size", "A filter on the way drops large segments: hellos with X25519MLKEM768 never arrive whole, small ones do")
def _(r):
    go_server(r)
    lib.nft(SERVER, "input: tcp dport 443 meta length > 1300 drop")
    r.note("server", "nft add rule inet f input tcp dport 443 meta length > 1300 drop")
    r.start_capture()
    for i in range(18):
        if i % 3 == 1:
            r.client("python3 programs/modern.py 10.0.0.2 api.example.test 2", log="large")
        else:
            compact(r, "10.0.0.8", "-tls1_3")
    time.sleep(6)
    r.stop_capture()
    r.software.append("OpenSSL 4.0.3 (pyOpenSSL 26.4.0)")
    r.log("client.log", "large")
    for i in range(18):
        if i % 3 == 1:
            r.expect("failed", "tcp.client-hello-lost")
        else:
            r.expect("completed")
    r.fleet = ["fleet.split-by-client"]


# ---------------------------------------------------------------- several files


def pieces(directory, target):
    files = []
    for side in ("front", "back"):
        for i, f in enumerate(sorted(x for x in os.listdir(directory) if x.startswith(side + "-"))):
            name = f"{side}{i}.pcap.gz"
            data = open(os.path.join(directory, f), "rb").read()
            if f.endswith(".gz"):
                data = gzip.decompress(data)
            if len(data) <= 24:
                continue
            with open(os.path.join(target, name), "wb") as g, gzip.GzipFile("", "wb", 9, g, 0) as z:
                z.write(data)
            files.append(name)
    return files


@story("ring", "A reverse proxy with two interfaces, captured on both by tcpdump that starts a new file every two seconds: the clients get 503, because the proxy refuses its backend's certificate",
       form=pieces, routed=True)
def _(r):
    """`front*` is the side of the clients, `back*` that of the backend. One client is slow, so that its handshake crosses from one file into the next."""
    lib.routed()
    sh("sh", "-c", f"cat {r.dir}/pki/good.chain.pem {r.dir}/pki/good.key > {r.dir}/good.bundle")
    s_server(r, "-tls1_2", cert="expired", address="10.0.1.2")
    r.write("haproxy.cfg", "global\n    log stdout format raw local0\ndefaults\n    mode http\n    log global\n    option httplog\n    timeout connect 2s\n    timeout client 8s\n    timeout server 4s\n"
            "    retries 0\nfrontend web\n    bind 10.0.0.1:443 ssl crt good.bundle ssl-max-ver TLSv1.2\n    default_backend app\n"
            "backend app\n    server app 10.0.1.2:443 ssl verify required ca-file pki/root.pem sni str(api.example.test)\n")
    r.server("haproxy -f haproxy.cfg -db", ns=ROUTER, log="s")
    for dev, side in (("r0", "front"), ("r1", "back")):
        r.start_capture(ns=ROUTER, dev=dev, file=f"{side}-%s.pcap", options="-G 2")
    r.note("proxy", "tcpdump -i r0 -G 2 -z gzip -w front-%s.pcap & tcpdump -i r1 -G 2 -z gzip -w back-%s.pcap")
    for i in range(5):
        curl(r, f"-o /dev/null --resolve api.example.test:443:10.0.0.1 -w %{{http_code}}\\\\n", log="c")
        time.sleep(0.5)
    r.client("python3 programs/client.py slow 10.0.0.1", log="c", env={"VALUE": "3"})
    curl(r, f"-o /dev/null --resolve api.example.test:443:10.0.0.1 -w %{{http_code}}\\\\n", log="c")
    r.stop_capture()
    r.log("server.log", "s")
    r.log("client.log", "c")
    # In order of their start: each client's connection, then the proxy's to its backend.
    for i in range(7):
        r.expect("completed", must=["tcp.slow-handshake"] if i == 5 else [])
        r.expect("failed", "chain.expired")


@story("ring-both-sides-of-a-router", "The same connections, captured on both interfaces of a router: every frame is there twice", form=pieces, routed=True)
def _(r):
    """Two files of one host, an interface each. The frames differ in MAC addresses and TTL only. No connection may be counted twice, no retransmission be seen."""
    lib.routed()
    s_server(r, "-tls1_2", address="10.0.1.2", cert="expired")
    for dev, side in (("r0", "front"), ("r1", "back")):
        r.start_capture(ns=ROUTER, dev=dev, file=f"{side}-0.pcap")
    for i in range(2):
        curl(r, "--resolve api.example.test:443:10.0.1.2", log="c")
    s_client(r, address="10.0.1.2", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    for _ in range(3):
        r.expect("failed", "chain.expired")

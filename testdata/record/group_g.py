"""Further shapes: DTLS, QUIC, ECH, old hellos, fragments, reordering, other servers."""
import os
import subprocess
import time

import lib
from common import *
from group_b import MTLS, wire
from lib import SERVER, sh, story

UDP = "udp or icmp"


def dtls(name, title, cert, chain, outcome, verdict, server="", client="", keylog=True):
    @story(name, title)
    def record(r):
        r.server(f"openssl s_server -dtls1_2 -listen -accept 10.0.0.2:4433 -cert pki/{cert}.pem -key pki/{cert}.key -cert_chain pki/{chain}.pem -mtu 1400 {server}".strip(), port=4433,
                 stdin=subprocess.PIPE)
        r.start_capture(filter=UDP)
        r.client(f"openssl s_client -dtls1_2 -connect 10.0.0.2:4433 -servername api.example.test {CA} -keylogfile keys.log {client}".strip(), input="hello\n", hold=0.5, log="c", timeout=4)
        r.stop_capture()
        r.keylog = True
        if outcome == "failed":
            r.log("client.log", "c")
        r.expect(outcome, verdict, transport="udp", protocol="dtls")


dtls("dtls12-completed", "DTLS 1.2 with HelloVerifyRequest and a fragmented flight", "good", "issuing-r3", "completed", None)
dtls("dtls12-expired", "DTLS 1.2: the certificate expired", "expired", "issuing-r3", "failed", "chain.expired")
dtls("dtls12-no-common-cipher", "DTLS 1.2: no cipher suite in common", "good", "issuing-r3", "failed", "cipher.no-overlap", "-cipher ECDHE-RSA-AES256-GCM-SHA384",
     "-cipher ECDHE-RSA-AES128-SHA")


def quic(name, title, cert, outcome, verdict, any_of=(), keys=True):
    @story(name, title)
    def record(r):
        r.server(f"python3 programs/quic_server.py pki/{cert}.chain.pem pki/{cert}.key")
        r.start_capture(filter=UDP)
        r.client("python3 programs/quic_client.py api.example.test pki/root.pem" + (" keys.log" if keys else ""), log="c")
        r.stop_capture()
        r.software.append("aioquic 1.7.2")
        r.keylog = keys
        r.log("client.log", "c")
        r.expect(outcome, verdict, any_of=any_of, transport="udp", protocol="quic")


quic("quic-completed", "QUIC version 1 carries HTTP/3; with a key log", "good", "completed", None)
quic("quic-expired", "QUIC: the certificate expired, the client closes with CRYPTO_ERROR; with a key log", "expired", "failed", "chain.expired")
quic("quic-expired-no-keys", "QUIC: the same without keys; only the Initial packets can be read", "expired", "failed", None,
     ["peer.client-rejected-certificate", "peer.client-aborted"], keys=False)


@story("quic-blocked-then-tcp", "UDP to port 443 is dropped: the browser-like client tries HTTP/3, then TLS over TCP")
def _(r):
    lib.nft(SERVER, "input: udp dport 443 drop")
    r.note("server", "nft add rule inet f input udp dport 443 drop")
    go_server(r, "-alpn http/1.1")
    r.start_capture(filter="tcp or udp or icmp")
    r.client("python3 programs/quic_client.py api.example.test pki/root.pem", log="c")
    curl(r)
    r.stop_capture()
    r.software.append("aioquic 1.7.2")
    r.log("client.log", "c")
    r.expect("failed", None, any_of=["tcp.no-answer", "tcp.server-silent", None], transport="udp", protocol="quic")
    r.connections[-1]["outcome_any_of"] = ["failed", "incomplete"]
    r.expect("completed")
    r.fleet = ["fleet.retry-ladder"]


# ---------------------------------------------------------------- old hellos, PSK, certificates asked for later


@story("version-sslv2-hello", "A Java client says hello in the format of SSL 2 and offers TLS 1.0; the server takes it")
def _(r):
    r.write("java.security", "jdk.tls.disabledAlgorithms=\njdk.certpath.disabledAlgorithms=\njdk.tls.legacyAlgorithms=\n")
    s_server(r, '-tls1 -cipher "ALL:@SECLEVEL=0"')
    r.start_capture()
    java_client(r, options="SSLv2Hello TLSv1", props="-Djava.security.properties=java.security", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("completed", must=["version.deprecated"])


PSK = "00112233445566778899aabbccddeeff"


@story("psk-wrong-key", "TLS 1.2 with a pre-shared key: the key of the client is wrong, then right")
def _(r):
    r.server(f"openssl s_server -accept 10.0.0.2:443 -nocert -tls1_2 -cipher PSK -psk_identity sensor-1 -psk {PSK} -WWW")
    r.start_capture()
    r.client("openssl s_client -connect 10.0.0.2:443 -tls1_2 -cipher PSK -psk_identity sensor-1 -psk ffeeddccbbaa99887766554433221100 -quiet", input=GET, log="c")
    r.client(f"openssl s_client -connect 10.0.0.2:443 -tls1_2 -cipher PSK -psk_identity sensor-1 -psk {PSK} -quiet", input=GET)
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "peer.key-mismatch", any_of=["peer.key-mismatch", "peer.server-aborted"])
    r.expect("completed", never=["chain.empty"])


@story("psk-unknown-identity", "TLS 1.2 with a pre-shared key whose identity the GnuTLS server does not know")
def _(r):
    r.write("psk.txt", f"sensor-1:{PSK}\n")
    priority = '--priority "NORMAL:-VERS-TLS1.3:-KX-ALL:+ECDHE-PSK:+PSK"'
    r.server(f"gnutls-serv --http -p 443 --pskpasswd psk.txt {priority}", log="s")
    r.start_capture()
    r.client(f"gnutls-cli -p 443 --pskusername sensor-2 --pskkey {PSK} {priority} 10.0.0.2", input=GET, hold=0.5, log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", None, any_of=["peer.key-mismatch", "peer.handshake-failure", "peer.server-aborted", "client-auth.rejected"])


@story("mtls13-post-handshake", "TLS 1.3: the server asks for the client's certificate after the handshake")
def _(r):
    r.server("(sleep 1.2; echo c; sleep 0.6; echo Q) | openssl s_server -accept 10.0.0.2:443 -cert pki/good.pem -key pki/good.key -cert_chain pki/issuing-r3.pem -tls1_3 "
             "-CAfile pki/client-ca.pem")
    r.start_capture()
    r.client("openssl s_client -connect 10.0.0.2:443 -servername api.example.test -CAfile pki/root.pem -tls1_3 -enable_pha -cert pki/client.pem -key pki/client.key -keylogfile keys.log",
             input="hello\n", hold=2)
    r.stop_capture()
    r.keylog = True
    r.expect("completed", never=["client-auth.missing"])


@story("renegotiation-client-certificate", "TLS 1.2: the server renegotiates to ask for a client certificate, as IIS and Apache do for one directory; the client has none")
def _(r):
    r.server("(sleep 1.2; echo R; sleep 0.6; echo Q) | openssl s_server -accept 10.0.0.2:443 -cert pki/good.pem -key pki/good.key -cert_chain pki/issuing-r3.pem -tls1_2 "
             "-no_resumption_on_reneg -CAfile pki/client-ca.pem")
    r.start_capture()
    r.client("openssl s_client -connect 10.0.0.2:443 -servername api.example.test -CAfile pki/root.pem -tls1_2 -keylogfile keys.log", input="hello\n", hold=2)
    r.stop_capture()
    r.keylog = True
    r.expect("completed")


# ---------------------------------------------------------------- other servers


@story("sni-unrecognized-caddy", "Caddy has no certificate for the name: internal_error")
def _(r):
    r.write("Caddyfile", "{\n    admin off\n    auto_https off\n}\nhttps://api.example.test:443 {\n    bind 10.0.0.2\n    tls pki/good.chain.pem pki/good.key\n    respond hello\n}\n")
    r.server("caddy run --config Caddyfile --adapter caddyfile", log="s")
    r.start_capture()
    curl(r, "--http1.1", url="https://shop.example.test/", log="c")
    curl(r, "--http1.1")
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "sni.unrecognized", any_of=["sni.unrecognized", "peer.internal-error"])
    r.expect("completed")


@story("chain-expired-stunnel", "stunnel as server with an expired certificate, and its log")
def _(r):
    r.write("stunnel.conf", "foreground = yes\npid =\nsyslog = no\nsetuid = root\n[web]\naccept = 10.0.0.2:443\nconnect = 127.0.0.1:80\ncert = pki/expired.chain.pem\nkey = pki/expired.key\nsslVersionMax = TLSv1.2\n")
    r.server("stunnel stunnel.conf", log="s")
    r.start_capture()
    curl(r, log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.log("server.log", "s")
    r.expect("failed", "chain.expired")


# ---------------------------------------------------------------- IP and TCP


@story("ipv6-expired", "An expired certificate over IPv6")
def _(r):
    s_server(r, "-tls1_2", cert="expired", address="[2001:db8::2]")
    r.start_capture()
    curl(r, "--resolve api.example.test:443:[2001:db8::2]", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "chain.expired")


@story("ip-fragments", "The server's segments do not fit the last link and come as IPv4 fragments", routed=True)
def _(r):
    lib.routed(900)
    lib.in_ns(SERVER, "sysctl", "-qw", "net.ipv4.ip_no_pmtu_disc=1")
    r.note("server", "sysctl net.ipv4.ip_no_pmtu_disc=1 (no DF bit); router: ip link set r0 mtu 900")
    s_server(r, "-tls1_2", cert="expired", address="10.0.1.2")
    r.start_capture(filter="ip")
    curl(r, "--resolve api.example.test:443:10.0.1.2", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "chain.expired")


@story("tcp-reordered", "A path that delays every third segment, and sends it twice", routed=True)
def _(r):
    wire(r, "swap=3")
    s_server(r, "-tls1_2", cert="self-signed", chain=None)
    s_server(r, "-tls1_2", address="10.0.0.3")
    r.start_capture()
    curl(r, "--resolve api.example.test:443:10.0.0.3")
    curl(r, log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("completed", never=["capture.gap"])
    r.expect("failed", "chain.self-signed")


@story("format-nanoseconds", "A pcap with nanoseconds")
def _(r):
    s_server(r, "-tls1_2", cert="expired")
    r.start_capture(options="--time-stamp-precision=nano")
    curl(r)
    r.stop_capture()
    r.expect("failed", "chain.expired")


@story("capture-starts-in-handshake-failed", "The capture starts between the ServerHello and the client's alert")
def _(r):
    s_server(r, "-tls1_2", cert="expired")
    r.start_capture()
    curl(r)
    r.stop_capture()
    command = "tshark -r raw.pcap -F pcap -w capture.pcap -Y 'frame.number > 6'"
    r.note("then", command)
    r.post = lambda d: sh("sh", "-c", "mv capture.raw raw.pcap && " + command.replace("capture.pcap", "capture.raw"), cwd=d)
    r.expect("failed", None, must=["capture.mid-stream"], any_of=["peer.client-rejected-certificate", "chain.expired", "capture.mid-stream"])
    r.connections[-1]["outcome_any_of"] = ["failed", "incomplete"]


# ---------------------------------------------------------------- other keys and groups


GROUPS = "openssl_conf = init\n[init]\nssl_conf = ssl\n[ssl]\nsystem_default = default\n[default]\nGroups = {}\n"


@story("tls13-mlkem", "OpenSSL 4 on both sides agrees on X25519MLKEM768; both hellos need two segments")
def _(r):
    r.server("python3 programs/modern_server.py")
    r.start_capture()
    r.client("python3 programs/modern.py 10.0.0.2 api.example.test 4 keys.log", log="c")
    r.stop_capture()
    r.keylog = True
    r.software.append("OpenSSL 4.0.3 (pyOpenSSL 26.4.0)")
    r.expect("completed", never=["group.retry", "tcp.client-hello-lost"])


@story("tls13-mlkem-only", "The server insists on X25519MLKEM768: one client is asked again for it, an older one has nothing in common")
def _(r):
    r.write("server.cnf", GROUPS.format("X25519MLKEM768"))
    r.write("client.cnf", GROUPS.format("*X25519:X25519MLKEM768"))
    r.server("python3 programs/modern_server.py", env={"OPENSSL_CONF": "server.cnf"})
    r.start_capture()
    r.client("python3 programs/modern.py 10.0.0.2 api.example.test 4", env={"OPENSSL_CONF": "client.cnf"}, log="m")
    s_client(r, log="c")
    r.stop_capture()
    r.software.append("OpenSSL 4.0.3 (pyOpenSSL 26.4.0)")
    r.log("client.log", "c")
    r.expect("completed", must=["group.retry"])
    r.expect("failed", "group.no-overlap", any_of=["group.no-overlap", "peer.handshake-failure"])


def key_kind(name, title, generate, server="-tls1_2", client="", form="pcap", outcome="completed", verdict=None, must=(), keylog=False, digest="sha256"):
    @story(name, title, form=form)
    def record(r):
        commands = (f"openssl genpkey {generate} -out own.key && openssl req -new -key own.key -subj /CN=api.example.test -out own.csr -config pki/req.cnf && "
                    f"openssl x509 -req -in own.csr -CA pki/issuing-r3.pem -CAkey pki/issuing-r3.key -days 60 -{digest} -extfile pki/req.cnf -extensions leaf -out own.pem")
        r.note("before", commands)
        sh("sh", "-c", commands, cwd=r.dir, env=r.env)
        r.server(f"openssl s_server -accept 10.0.0.2:443 -cert own.pem -key own.key -cert_chain pki/issuing-r3.pem -WWW {server}")
        r.start_capture()
        s_client(r, f"{client} {'-keylogfile keys.log' if keylog else ''}".strip(), log="c")
        r.stop_capture()
        r.keylog = keylog
        if outcome == "failed":
            r.log("client.log", "c")
        r.expect(outcome, verdict, must=must, never=["chain.bad-signature", "chain.malformed", "chain.untrusted-root"] + ([] if must else ["chain.weak-key"]))


key_kind("key-ed25519", "A leaf with an Ed25519 key (TLS 1.2)", "-algorithm ed25519")
key_kind("key-rsa-pss", "A leaf whose key is for RSA-PSS only (TLS 1.3, key log)", "-algorithm rsa-pss -pkeyopt rsa_keygen_bits:2048", "-tls1_3", keylog=True)
key_kind("key-rsa-4096", "A leaf with RSA 4096", "-algorithm rsa -pkeyopt rsa_keygen_bits:4096")
key_kind("key-p384", "A leaf on P-384", "-algorithm ec -pkeyopt ec_paramgen_curve:P-384")
key_kind("key-p521", "A leaf on P-521", "-algorithm ec -pkeyopt ec_paramgen_curve:P-521")
key_kind("chain-weak-curve", "A leaf on a curve of 192 bits; the client takes it at security level 0", "-algorithm ec -pkeyopt ec_paramgen_curve:P-192",
         '-tls1_2 -cipher "ALL:@SECLEVEL=0" -groups P-192:X25519', '-cipher "ALL:@SECLEVEL=0" -groups X25519:P-192', must=["chain.weak-key"])
key_kind("chain-weak-signature-md5", "A leaf signed with MD5; OpenSSL refuses it", "-algorithm rsa -pkeyopt rsa_keygen_bits:2048", '-tls1_2 -cipher "ALL:@SECLEVEL=0"',
         outcome="failed", verdict="chain.weak-signature", digest="md5", must=["chain.weak-signature"])


@story("peer-internal-error-resumption", "A server that wants client certificates but never set a session id context: every resumption ends in internal_error, a full handshake is fine")
def _(r):
    """`session id context uninitialized`: an old trap of OpenSSL's API, here with pyOpenSSL."""
    r.server("python3 programs/modern_server.py pki/client-ca.pem", log="s")
    r.start_capture()
    s_client(r, "-tls1_2 -cert pki/client.pem -key pki/client.key -sess_out session.pem", log="m")
    s_client(r, "-tls1_2 -cert pki/client.pem -key pki/client.key -sess_in session.pem", log="c")
    s_client(r, "-tls1_2 -cert pki/client.pem -key pki/client.key -sess_in session.pem", log="c")
    r.stop_capture()
    r.software.append("OpenSSL 4.0.3 (pyOpenSSL 26.4.0)")
    r.log("client.log", "c")
    r.log("server.log", "s")
    r.expect("completed")
    r.expect("failed", "peer.internal-error")
    r.expect("failed", "peer.internal-error")


# ---------------------------------------------------------------- gRPC, which sends no alert for anything


def grpc(name, title, server, client, verdict, any_of=()):
    @story(name, title)
    def record(r):
        r.server(f"python3 programs/grpc_server.py {server}", log="s", env={"GRPC_VERBOSITY": "INFO"})
        r.start_capture()
        s_client(r, client, log="c")
        r.stop_capture()
        r.software.append("gRPC 1.85.1 (BoringSSL)")
        r.log("client.log", "c")
        r.expect("failed", verdict, any_of=any_of)


grpc("grpc-no-client-certificate", "A gRPC server that wants a client certificate and gets none: it closes without an alert (TLS 1.2)", "10.0.0.2:443 pki/good pki/client-ca.pem", "-tls1_2 -alpn h2",
     None, ["client-auth.missing", "tcp.closed-during-handshake", "peer.server-aborted"])
grpc("grpc-no-alpn", "A gRPC server meets a client without ALPN: it closes without a word", "10.0.0.2:443 pki/good", "-tls1_3", None,
     ["tcp.closed-after-client-hello", "tcp.closed-during-handshake", "alpn.no-overlap", "peer.server-aborted"])
grpc("grpc-too-old", "A gRPC server meets a TLS 1.1 client: it closes without an alert", "10.0.0.2:443 pki/good", '-tls1_1 -alpn h2 -cipher "ALL:@SECLEVEL=0"', None,
     ["version.no-overlap", "tcp.closed-after-client-hello"])

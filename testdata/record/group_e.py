"""Captures with their keys, one for each kind of record protection."""
import os
import shutil

from common import *
from lib import sh, story

LOW = "@SECLEVEL=0"
NO_EMS = "openssl_conf = init\n[init]\nssl_conf = ssl\n[ssl]\nsystem_default = default\n[default]\nOptions = -ExtendedMasterSecret\n"
PLAINTEXT = "GET /hello.txt HTTP/1.0"


def keyed(name, title, suite, server, client="", cert="good", chain="issuing-r3", ems=True, key=None, form="pcap", verdict_ok=True, must=()):
    @story(f"keys-{name}", title, form=form, **({"expected": {"server_key": "../../pki/server.test-only.key"}} if key else {}))
    def record(r):
        env = None
        if not ems:
            r.write("no-ems.cnf", NO_EMS)
            env = {"OPENSSL_CONF": "no-ems.cnf"}
        s_server(r, server, cert=cert, chain=chain, env=env)
        r.start_capture()
        s_client(r, (client or server).replace("-no_etm", "").strip() + ("" if key else " -keylogfile keys.log"))
        r.stop_capture()
        r.keylog = not key
        r.expect("completed", must=must, cipher_suite=suite, decrypted=True, plaintext=PLAINTEXT)


for suite in ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"):
    short = suite[4:].lower().rsplit("_sha", 1)[0].replace("_", "-")
    keyed(f"tls13-{short}", f"TLS 1.3, {suite}", suite, f"-tls1_3 -ciphersuites {suite}")

for name, suite, openssl, cert, chain in (
        ("gcm128", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "good", "issuing-r3"),
        ("gcm256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384", "good-ec", "issuing-e5"),
        ("dhe-gcm128", "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", "DHE-RSA-AES128-GCM-SHA256", "good", "issuing-r3"),
        ("chacha20", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305", "good", "issuing-r3"),
        ("ccm", "TLS_ECDHE_ECDSA_WITH_AES_128_CCM", "ECDHE-ECDSA-AES128-CCM", "good-ec", "issuing-e5"),
        ("ccm8", "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", "ECDHE-ECDSA-AES128-CCM8", "good-ec", "issuing-e5"),
        ("camellia-cbc", "TLS_ECDHE_RSA_WITH_CAMELLIA_128_CBC_SHA256", "ECDHE-RSA-CAMELLIA128-SHA256", "good", "issuing-r3"),
        ("aria-gcm", "TLS_ECDHE_RSA_WITH_ARIA_128_GCM_SHA256", "ECDHE-ARIA128-GCM-SHA256", "good", "issuing-r3")):
    keyed(f"tls12-{name}", f"TLS 1.2, {suite}", suite, f"-tls1_2 -cipher {openssl}", cert=cert, chain=chain)

for name, suite, openssl in (("cbc-sha", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA"), ("cbc-sha256", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "ECDHE-RSA-AES128-SHA256"),
                             ("cbc-sha384", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", "ECDHE-RSA-AES256-SHA384")):
    keyed(f"tls12-{name}-etm", f"TLS 1.2, {suite}, encrypt-then-MAC (RFC 7366)", suite, f"-tls1_2 -cipher {openssl}")
    keyed(f"tls12-{name}", f"TLS 1.2, {suite}, MAC-then-encrypt", suite, f"-tls1_2 -cipher {openssl} -no_etm")

keyed("tls12-gcm128-no-ems", "TLS 1.2, AES-128-GCM, without the extended master secret", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "-tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256", ems=False)
keyed("tls12-null", "TLS 1.2, NULL with SHA-256: integrity only", "TLS_RSA_WITH_NULL_SHA256", f'-tls1_2 -cipher "NULL-SHA256:{LOW}"', must=["cipher.weak"])
keyed("tls12-static-rsa-gcm", "TLS 1.2, static RSA with AES-128-GCM; no key log, the server's private key opens it", "TLS_RSA_WITH_AES_128_GCM_SHA256", "-tls1_2 -cipher AES128-GCM-SHA256", key=True,
      must=["cipher.weak"])
keyed("tls12-static-rsa-gcm-no-ems", "The same without the extended master secret", "TLS_RSA_WITH_AES_128_GCM_SHA256", "-tls1_2 -cipher AES128-GCM-SHA256", key=True, ems=False, must=["cipher.weak"])
keyed("tls12-static-rsa-cbc", "TLS 1.2, static RSA with AES-256-CBC", "TLS_RSA_WITH_AES_256_CBC_SHA256", "-tls1_2 -cipher AES256-SHA256", key=True, must=["cipher.weak"])
keyed("tls12-static-rsa-gcm256", "TLS 1.2, static RSA with AES-256-GCM and SHA-384", "TLS_RSA_WITH_AES_256_GCM_SHA384", "-tls1_2 -cipher AES256-GCM-SHA384", key=True, must=["cipher.weak"])
for tls, option in (("tls10", "-tls1"), ("tls11", "-tls1_1")):
    keyed(f"{tls}-static-rsa-cbc", f"TLS 1.{tls[-1]}, static RSA with AES-128-CBC", "TLS_RSA_WITH_AES_128_CBC_SHA", f'{option} -cipher "AES128-SHA:{LOW}"', key=True, must=["version.deprecated"])
    keyed(f"{tls}-static-rsa-cbc-no-ems", "The same without the extended master secret", "TLS_RSA_WITH_AES_128_CBC_SHA", f'{option} -cipher "AES128-SHA:{LOW}"', key=True, ems=False,
          must=["version.deprecated"])
for tls, option in (("tls10", "-tls1"), ("tls11", "-tls1_1")):
    keyed(f"{tls}-cbc-sha-etm", f"{tls[:3].upper()} 1.{tls[-1]}, AES-128-CBC-SHA, encrypt-then-MAC", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", f'{option} -cipher "ECDHE-RSA-AES128-SHA:{LOW}"',
          must=["version.deprecated"])
    keyed(f"{tls}-cbc-sha", f"{tls[:3].upper()} 1.{tls[-1]}, AES-128-CBC-SHA, MAC-then-encrypt", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", f'{option} -cipher "ECDHE-RSA-AES128-SHA:{LOW}" -no_etm',
          must=["version.deprecated"])


def gnutls_keyed(name, title, suite, priority):
    @story(f"keys-{name}", title)
    def record(r):
        gnutls_serv(r, f'--priority "{priority}"')
        r.start_capture()
        gnutls_cli(r, f'--priority "{priority}"', env={"SSLKEYLOGFILE": "keys.log"})
        r.stop_capture()
        r.keylog = True
        r.expect("completed", must=["cipher.weak"], cipher_suite=suite, decrypted=True, plaintext=PLAINTEXT)


gnutls_keyed("tls12-3des", "TLS 1.2, Triple DES", "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", "NORMAL:-CIPHER-ALL:+3DES-CBC:-VERS-TLS1.3")
gnutls_keyed("tls12-rc4", "TLS 1.2, RC4", "TLS_ECDHE_RSA_WITH_RC4_128_SHA", "NORMAL:-CIPHER-ALL:+ARCFOUR-128:-VERS-TLS1.3")
gnutls_keyed("tls12-static-rsa-3des", "TLS 1.2, static RSA, Triple DES", "TLS_RSA_WITH_3DES_EDE_CBC_SHA", "NORMAL:-CIPHER-ALL:+3DES-CBC:-KX-ALL:+RSA:-VERS-TLS1.3")


@story("keys-static-rsa-gnutls", "GnuTLS on both sides: static RSA in TLS 1.0, 1.1 and 1.2; no key log, the server's private key opens all three",
       expected={"server_key": "../../pki/server.test-only.key"})
def _(r):
    gnutls_serv(r, '--priority "LEGACY:-VERS-TLS1.3:+RSA"')
    r.start_capture()
    for version in ("1.0", "1.1", "1.2"):
        gnutls_cli(r, f'--priority "LEGACY:-VERS-ALL:+VERS-TLS{version}:-KX-ALL:+RSA"')
    r.stop_capture()
    for version in ("1.0", "1.1", "1.2"):
        r.expect("completed", decrypted=True, plaintext=PLAINTEXT)


@story("keys-static-rsa-renegotiation", "Static RSA: in a renegotiation the server asks for a client certificate, gets one that has expired, and refuses it; only the server's private key shows it",
       expected={"server_key": "../../pki/server.test-only.key"})
def _(r):
    r.server("(sleep 1.2; echo R; sleep 0.6; echo Q) | openssl s_server -accept 10.0.0.2:443 -cert pki/good.pem -key pki/good.key -cert_chain pki/issuing-r3.pem -tls1_2 "
             "-cipher AES128-GCM-SHA256 -no_resumption_on_reneg -CAfile pki/client-ca.pem -verify_return_error")
    r.start_capture()
    r.client("openssl s_client -connect 10.0.0.2:443 -servername api.example.test -CAfile pki/root.pem -tls1_2 -cert pki/client-expired.pem -key pki/client-expired.key", input="hello\n", hold=2)
    r.stop_capture()
    r.expect("failed", "chain.expired", decrypted=True)


@story("keys-static-rsa-resumed", "Static RSA: a full handshake, and one resumed by ticket, whose secret the server's key does not tell",
       expected={"server_key": "../../pki/server.test-only.key"})
def _(r):
    s_server(r, "-tls1_2 -cipher AES128-GCM-SHA256")
    r.start_capture()
    s_client(r, "-tls1_2 -sess_out session.pem")
    s_client(r, "-tls1_2 -sess_in session.pem")
    r.stop_capture()
    r.expect("completed", decrypted=True, resumed=False)
    r.expect("completed", decrypted=False, resumed=True)


@story("keys-tls13-key-update", "TLS 1.3: the client updates its keys and asks the server to do the same, in mid-connection")
def _(r):
    import subprocess
    r.server("openssl s_server -accept 10.0.0.2:443 -cert pki/good.pem -key pki/good.key -cert_chain pki/issuing-r3.pem -tls1_3", stdin=subprocess.PIPE)
    r.start_capture()
    r.client("(sleep 0.3; echo one; sleep 0.3; echo K; sleep 0.3; echo two; sleep 0.3; echo Q) | openssl s_client -connect 10.0.0.2:443 -servername api.example.test -CAfile pki/root.pem "
             "-keylogfile keys.log")
    r.stop_capture()
    r.keylog = True
    r.expect("completed", decrypted=True, plaintext="two")


@story("keys-tls13-padding", "TLS 1.3: the server pads its records to a multiple of 512 bytes")
def _(r):
    s_server(r, "-tls1_3 -record_padding 512")
    r.start_capture()
    s_client(r, "-keylogfile keys.log")
    r.stop_capture()
    r.keylog = True
    r.expect("completed", decrypted=True, plaintext=PLAINTEXT)


@story("keys-resumed", "TLS 1.2: a full handshake and one resumed by ticket, with the keys of both")
def _(r):
    s_server(r, "-tls1_2")
    r.start_capture()
    s_client(r, "-tls1_2 -sess_out session.pem -keylogfile keys.log")
    s_client(r, "-tls1_2 -sess_in session.pem -keylogfile keys.log")
    r.stop_capture()
    r.keylog = True
    r.expect("completed", decrypted=True, resumed=False, plaintext=PLAINTEXT)
    r.expect("completed", decrypted=True, resumed=True, plaintext=PLAINTEXT)


@story("keys-wrong", "TLS 1.3 with the key log of another connection: it must not decrypt anything, nor break anything")
def _(r):
    s_server(r, "-tls1_3")
    s_client(r, "-keylogfile keys.log")
    r.start_capture()
    s_client(r)
    r.stop_capture()
    r.keylog = True
    r.expect("completed", decrypted=False)


@story("keys-partial", "A key log that has only the client's handshake secret: the server's side stays closed")
def _(r):
    s_server(r, "-tls1_3", cert="expired")
    r.start_capture()
    go_client(r, "-keylog all.log", log="c")
    r.stop_capture()
    lines = [x for x in open(os.path.join(r.dir, "all.log")) if x.startswith("CLIENT_HANDSHAKE")]
    assert lines, "nothing was logged"
    r.write("keys.log", "".join(lines))
    r.note("then", "grep ^CLIENT_HANDSHAKE all.log > keys.log")
    r.keylog = True
    r.expect("failed", "peer.client-rejected-certificate", never=["chain.expired"])


def with_secrets(name, title, cert, client, outcome, verdict):
    def write(directory, target):
        sh("sh", "-c", "editcap -F pcapng --inject-secrets tls,keys.log capture.raw out.pcapng", cwd=directory)
        shutil.copyfile(os.path.join(directory, "out.pcapng"), os.path.join(target, "capture.pcapng"))
        return ["capture.pcapng"]

    @story(name, title, form=write)
    def record(r):
        """The capture carries its own keys in a Decryption Secrets Block; no key log is needed."""
        s_server(r, "-tls1_3", cert=cert)
        r.start_capture()
        client(r)
        r.stop_capture()
        r.note("then", "editcap -F pcapng --inject-secrets tls,keys.log capture.pcap capture.pcapng")
        r.expect(outcome, verdict, decrypted=True)


with_secrets("keys-in-pcapng", "A pcapng with a Decryption Secrets Block, TLS 1.3 completes", "good", lambda r: s_client(r, "-keylogfile keys.log"), "completed", None)
with_secrets("keys-in-pcapng-expired", "A pcapng with a Decryption Secrets Block: the certificate that was refused in TLS 1.3 can be read", "expired",
             lambda r: go_client(r, "-keylog keys.log", log="c"), "failed", "chain.expired")

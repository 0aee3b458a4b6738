"""Failures of further TLS stacks: wolfSSL, mbed TLS, s2n, Erlang, Perl, Ruby, PHP, git with GnuTLS, Envoy, Traefik."""
import time

from common import *
from lib import sh, story


@story("clients-expired-more", "An expired certificate, seen by seven more clients: wolfSSL, mbed TLS, Erlang, Ruby, PHP, Perl, git with GnuTLS")
def _(r):
    s_server(r, "-tls1_2", cert="expired")
    r.start_capture()
    for command in ("bin/c-wolfssl client 10.0.0.2 api.example.test pki/root.pem", "bin/c-mbedtls 10.0.0.2 api.example.test pki/root.pem",
                    "escript programs/client.escript api.example.test pki/root.pem", "ruby programs/client.rb api.example.test pki/root.pem",
                    "php programs/client.php api.example.test pki/root.pem", "perl programs/client.pl api.example.test pki/root.pem",
                    "git -c http.sslCAInfo=pki/root.pem ls-remote https://api.example.test/repository"):
        r.client(command, log="c")
        r.expect("failed", "chain.expired")
    r.stop_capture()
    r.log("client.log", "c")


@story("chain-expired-s2n", "s2n refuses an expired certificate: it is silent for 10 to 30 s, then closes without an alert")
def _(r):
    s_server(r, "-tls1_2", cert="expired")
    r.start_capture()
    r.client("python3 programs/s2n.py api.example.test pki/root.pem", timeout=40, log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "chain.expired")


@story("sni-certificate-mismatch-perl", "Perl's IO::Socket::SSL checks the name itself and says internal_error (TLS 1.2, then 1.3)")
def _(r):
    s_server(r, cert="wrong-host")
    r.start_capture()
    r.client("perl programs/client.pl api.example.test pki/root.pem", env={"VERSION": "TLSv1_2"}, log="c")
    r.client("perl programs/client.pl api.example.test pki/root.pem", env={"VERSION": "TLSv1_3"}, log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "sni.certificate-mismatch")
    r.expect("failed", None, any_of=["peer.internal-error", "peer.client-rejected-certificate", "peer.client-aborted"])


@story("signature-no-overlap-erlang", "An Erlang server with an RSA key says insufficient_security to a client that takes ECDSA alone (TLS 1.3)")
def _(r):
    r.server("escript programs/server.escript pki/good.chain.pem pki/good.key", log="s")
    r.start_capture()
    s_client(r, "-tls1_3 -sigalgs ECDSA+SHA256", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.log("server.log", "s")
    r.expect("failed", "signature.no-overlap")


@story("signature-no-overlap-java-keys", "A Java server refuses signature algorithms only behind its ServerHello: the key log shows which alert it is")
def _(r):
    sh("sh", "-c", f"cd {r.dir} && openssl pkcs12 -export -in pki/good.chain.pem -inkey pki/good.key -out good.p12 -passout pass:changeit")
    r.server("java -cp bin Server good.p12 443 TLSv1.3", log="s")
    r.start_capture()
    s_client(r, "-tls1_3 -sigalgs ECDSA+SHA256 -keylogfile keys.log", log="c")
    r.stop_capture()
    r.keylog = True
    r.log("client.log", "c")
    r.log("server.log", "s")
    r.expect("failed", "signature.no-overlap")


@story("group-not-offered-java", "A Java server of TLS 1.2 goes on with a curve that the client does not offer")
def _(r):
    sh("sh", "-c", f"cd {r.dir} && openssl pkcs12 -export -in pki/good.chain.pem -inkey pki/good.key -out good.p12 -passout pass:changeit")
    r.server("java -cp bin Server good.p12 443 TLSv1.2", log="s")
    r.start_capture()
    s_client(r, "-tls1_2 -groups brainpoolP512r1 -cipher ECDHE-RSA-AES128-GCM-SHA256", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.log("server.log", "s")
    r.expect("failed", "group.no-overlap")


@story("sni-missing-wolfssl", "A wolfSSL server that wants a name says handshake_failure to a client that sends none, and unrecognized_name to one that sends another")
def _(r):
    r.server("bin/c-wolfssl server 10.0.0.2 api.example.test pki/good.chain.pem pki/good.key", log="s")
    r.start_capture()
    s_client(r, name=None, verify="", log="c")
    s_client(r, name="www.example.test", verify="", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.log("server.log", "s")
    r.expect("failed", "sni.missing")
    r.expect("failed", "sni.unrecognized")


ENVOY = """static_resources:
  listeners:
  - address: {socket_address: {address: 10.0.0.2, port_value: 443}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: web
          route_config: {virtual_hosts: [{name: web, domains: ["*"], routes: [{match: {prefix: /}, direct_response: {status: 200}}]}]}
          http_filters: [{name: router, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}]
      transport_socket:
        name: envoy.transport_sockets.tls
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
          require_client_certificate: true
          common_tls_context:
            tls_certificates: [{certificate_chain: {filename: pki/good.chain.pem}, private_key: {filename: pki/good.key}}]
            validation_context: {trusted_ca: {filename: pki/client-ca.pem}}
"""


@story("client-auth-envoy", "Envoy wants a client certificate: none, then an expired one (TLS 1.2), then none (TLS 1.3)")
def _(r):
    r.write("envoy.yaml", ENVOY)
    r.server("envoy -c envoy.yaml --concurrency 1 --disable-hot-restart -l warning", log="s")
    r.start_capture()
    s_client(r, "-tls1_2", log="c")
    s_client(r, "-tls1_2 -cert pki/client-expired.pem -key pki/client-expired.key", log="c")
    s_client(r, "-tls1_3", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "client-auth.missing")
    r.expect("failed", "chain.expired")
    r.expect("failed", None, any_of=["client-auth.missing", "peer.server-aborted"])


@story("sni-unrecognized-traefik", "Traefik with sniStrict refuses a name that no certificate covers")
def _(r):
    r.write("dynamic.yml", "tls:\n  options:\n    default:\n      sniStrict: true\n  certificates:\n    - certFile: pki/good.chain.pem\n      keyFile: pki/good.key\n"
            "http:\n  routers:\n    web:\n      rule: PathPrefix(`/`)\n      service: noop@internal\n      tls: {}\n")
    r.server("traefik --entryPoints.web.address=10.0.0.2:443 --providers.file.filename=dynamic.yml --global.checknewversion=false --global.sendanonymoususage=false", log="s")
    time.sleep(1)
    r.start_capture()
    s_client(r, name="shop.example.test", verify="", log="c")
    r.stop_capture()
    r.log("client.log", "c")
    r.expect("failed", "sni.unrecognized")

"""One HTTPS request with s2n-tls, which is in the AWS Common Runtime: s2n.py NAME CA.pem"""
import sys

from awscrt import http, io

name, anchors = sys.argv[1:3]
group = io.EventLoopGroup(1)
options = io.TlsContextOptions()
options.override_default_trust_store_from_path(None, anchors)
tls = io.ClientTlsContext(options).new_connection_options()
tls.set_server_name(name)
bootstrap = io.ClientBootstrap(group, io.DefaultHostResolver(group))
try:
    # s2n waits for 10 to 30 s before it closes a connection that it refuses, so that an attacker learns nothing from the time.
    http.HttpClientConnection.new(host_name="10.0.0.2", port=443, bootstrap=bootstrap, tls_connection_options=tls).result(35)
    print("connected")
except Exception as e:
    print(e)

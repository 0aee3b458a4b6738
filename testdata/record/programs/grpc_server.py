"""A gRPC server: grpc_server.py ADDRESS CERT-PREFIX [CLIENT-CA]"""
import sys
from concurrent import futures

import grpc

prefix = sys.argv[2]
pair = (open(prefix + ".key", "rb").read(), open(prefix + ".chain.pem", "rb").read())
ca = open(sys.argv[3], "rb").read() if len(sys.argv) > 3 else None
server = grpc.server(futures.ThreadPoolExecutor(2))
server.add_secure_port(sys.argv[1], grpc.ssl_server_credentials([pair], ca, ca is not None))
server.start()
server.wait_for_termination()

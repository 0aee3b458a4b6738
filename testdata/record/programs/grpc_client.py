"""One gRPC call, which only has to reach the handshake: grpc_client.py ADDRESS NAME CA.pem"""
import sys

import grpc

credentials = grpc.ssl_channel_credentials(open(sys.argv[3], "rb").read())
options = [("grpc.ssl_target_name_override", sys.argv[2]), ("grpc.enable_retries", 0), ("grpc.initial_reconnect_backoff_ms", 20000)]
with grpc.secure_channel(sys.argv[1], credentials, options) as channel:
    try:
        channel.unary_unary("/example.Echo/Say", request_serializer=None, response_deserializer=None)(b"hello", timeout=3)
    except grpc.RpcError as e:
        print(e.code(), e.details())

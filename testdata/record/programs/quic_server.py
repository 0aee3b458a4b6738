"""An HTTP/3 server on 10.0.0.2:443: quic_server.py CERT KEY"""
import asyncio
import sys

from aioquic.asyncio import QuicConnectionProtocol, serve
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ProtocolNegotiated


class Http(QuicConnectionProtocol):
    http = None

    def quic_event_received(self, event):
        if isinstance(event, ProtocolNegotiated):
            self.http = H3Connection(self._quic)
        if self.http:
            for e in self.http.handle_event(event):
                if isinstance(e, HeadersReceived):
                    self.http.send_headers(e.stream_id, [(b":status", b"200")])
                    self.http.send_data(e.stream_id, b"hello\n", end_stream=True)
                    self.transmit()


async def main():
    configuration = QuicConfiguration(is_client=False, alpn_protocols=H3_ALPN)
    configuration.load_cert_chain(sys.argv[1], sys.argv[2])
    await serve("10.0.0.2", 443, configuration=configuration, create_protocol=Http)
    await asyncio.Future()


asyncio.run(main())

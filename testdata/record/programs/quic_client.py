"""One HTTP/3 request: quic_client.py NAME CA.pem [KEYLOG]"""
import asyncio
import sys

from aioquic.asyncio import QuicConnectionProtocol, connect
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived
from aioquic.quic.configuration import QuicConfiguration


class Http(QuicConnectionProtocol):
    def __init__(self, *args, **kw):
        super().__init__(*args, **kw)
        self.http, self.answer = H3Connection(self._quic), asyncio.get_running_loop().create_future()

    def quic_event_received(self, event):
        for e in self.http.handle_event(event):
            if isinstance(e, DataReceived) and not self.answer.done():
                self.answer.set_result(e.data)


async def main():
    configuration = QuicConfiguration(alpn_protocols=H3_ALPN, server_name=sys.argv[1], idle_timeout=3)
    configuration.load_verify_locations(sys.argv[2])
    if len(sys.argv) > 3:
        configuration.secrets_log_file = open(sys.argv[3], "a")
    try:
        async with connect("10.0.0.2", 443, configuration=configuration, create_protocol=Http) as client:
            stream = client._quic.get_next_available_stream_id()
            client.http.send_headers(stream, [(b":method", b"GET"), (b":scheme", b"https"), (b":authority", sys.argv[1].encode()), (b":path", b"/")], end_stream=True)
            client.transmit()
            print((await asyncio.wait_for(client.answer, 3)).decode().strip())
    except (ConnectionError, asyncio.TimeoutError) as e:
        print(repr(e))


asyncio.run(main())

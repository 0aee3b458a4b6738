"""A wire between two interfaces of the router's namespace: wire.py LEFT RIGHT [delay=SECONDS] [drop=EVERY] [dropbig=BYTES] [rst=BYTES] [swap=EVERY]

Frames are passed on unchanged, `delay` seconds later; every EVERY-th TCP frame is lost, or those longer than BYTES
that come from the left. `swap`: every EVERY-th TCP frame with payload comes 4 ms late, and again 4 ms later. `rst=BYTES` instead answers such a frame with a forged reset and swallows it, as some filters do.
"""
import heapq
import select
import socket
import struct
import sys
import time

left, right = sys.argv[1:3]
options = dict(a.split("=") for a in sys.argv[3:])
delay, drop, big, rst, swap = float(options.get("delay", 0)), int(options.get("drop", 0)), int(options.get("dropbig", 0)), int(options.get("rst", 0)), int(options.get("swap", 0))
ends = {}
for dev in (left, right):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.bind((dev, 0))
    ends[s] = dev
a, b = ends
queue, count, order = [], 0, 0


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def forged_reset(frame):
    """A reset for the sender of `frame`, as if from its peer, with the TTL and IP ID of another host."""
    source, target = frame[26:30], frame[30:34]
    sport, dport, seq, ack = struct.unpack_from(">HHII", frame, 34)
    size = struct.unpack_from(">H", frame, 16)[0] - 20 - (frame[46] >> 4) * 4
    tcp = struct.pack(">HHIIHHHH", dport, sport, ack, (seq + size) & 0xFFFFFFFF, 5 << 12 | 0x14, 0, 0, 0)
    pseudo = target + source + struct.pack(">BBH", 0, 6, len(tcp))
    tcp = tcp[:16] + struct.pack(">H", checksum(pseudo + tcp)) + tcp[18:]
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 40, 0xBEEF, 0, 251, 6, 0) + target + source
    ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
    return frame[6:12] + frame[:6] + b"\x08\x00" + ip + tcp


print("ready", flush=True)
while True:
    wait = max(0, queue[0][0] - time.monotonic()) if queue else None
    for s in select.select([a, b], [], [], wait)[0]:
        frame, info = s.recvfrom(65536)
        if info[2] == socket.PACKET_OUTGOING:
            continue
        tcp = frame[12:14] == b"\x08\x00" and frame[23] == 6
        if tcp and drop:
            count += 1
            if count % drop == 0:
                continue
        if tcp and big and s is a and len(frame) > big:
            continue
        out = b if s is a else a
        if tcp and rst and s is a and len(frame) > rst:
            frame, out = forged_reset(frame), a
        late = 0
        if tcp and swap and len(frame) > 80:
            count += 1
            if count % swap == 0:
                late = 0.004
                order += 1
                heapq.heappush(queue, (time.monotonic() + delay + 0.008, order, out.fileno(), frame))
        order += 1
        heapq.heappush(queue, (time.monotonic() + delay + late, order, out.fileno(), frame))
    while queue and queue[0][0] <= time.monotonic():
        _, _, number, frame = heapq.heappop(queue)
        (a if a.fileno() == number else b).send(frame)

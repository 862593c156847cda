# SPDX-License-Identifier: BSD-2-Clause
"""numbered_flow.py - flows whose receiver sees whether anything was corrupted, duplicated or overtaken

They pause now and then, as real ones do, and go on until they are stopped.
"""
import contextlib
import hashlib
import random
import socket
import struct
import threading
import time
import zlib

from support.wait import AT_MOST, SLOW, eventually

HEADER = struct.Struct("!QI")  # number, CRC of what follows
SO_RCVBUFFORCE = 33
PAUSE_S = 0.004
POOL_OCTETS = 1 << 20
ENOUGH = 1000  # datagrams, or octets
# Datagrams that are on their way at most: fewer than fit into the queue of a program's socket, so that none is lost where all of
# them wait for a processor. Those that have not come after so many seconds were lost all the same.
UNDER_WAY = 40
LOST_S = 1


class Flow:
    def __init__(self, source, destination, address, kind):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.stopped = threading.Event()
        self.wrong = []
        self.sent = self.received = 0
        self.out, self.into = source.socket(family, kind), destination.socket(family, kind)
        self.out.settimeout(AT_MOST)
        self.into.settimeout(AT_MOST)
        self.into.bind((address, 0))
        self.random = random.Random(4)
        self.pool = self.random.randbytes(POOL_OCTETS)  # what is sent is cut from it: to make each anew costs more
        self.open()
        self.threads = [threading.Thread(target=self.guarded, args=[work], daemon=True) for work in (self.send, self.receive)]
        for thread in self.threads:
            thread.start()

    def guarded(self, work):
        """A thread that fails says so, and the other does not wait for it."""
        try:
            work()
        except OSError as why:
            self.wrong.append(f"{type(self).__name__}.{work.__name__}: {why!r}")
        finally:
            if work == self.send:
                self.finish()

    def octets(self, most):
        """Some, fewer than that."""
        length = self.random.randrange(1, most)
        where = self.random.randrange(POOL_OCTETS - length)
        return self.pool[where:where + length]

    def finish(self):
        """Nothing is sent any more."""

    def most_came(self):
        """Of what was sent, and it was something; some meets a full queue, more of it where all is slower."""
        return self.sent > ENOUGH and self.received > (0.9 if SLOW == 1 else 0.5) * self.sent

    def stop(self):
        """What was wrong with it."""
        self.stopped.set()
        for thread in self.threads:
            thread.join(2 * AT_MOST)
            if thread.is_alive():
                self.wrong.append(f"{type(self).__name__} does not end")
        self.out.close()
        self.into.close()
        return self.wrong


class Datagrams(Flow):
    """UDP. Some may be lost, where a path changes or a queue is full; all else is wrong."""

    def __init__(self, *ends):
        super().__init__(*ends, socket.SOCK_DGRAM)

    def open(self):
        self.came = self.lost = 0   # numbers below came, or will not come any more
        self.out.connect(self.into.getsockname()[:2])
        self.into.settimeout(1)
        self.into.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 4 << 20)  # more than rmem_max: who reads may have to wait

    def many_under_way(self):
        return self.sent - max(self.came, self.lost) > UNDER_WAY

    def let_them_come(self):
        deadline = time.monotonic() + LOST_S
        while self.many_under_way() and not self.stopped.is_set():
            if time.monotonic() > deadline:
                self.lost = self.sent
            time.sleep(PAUSE_S / 4)

    def send(self):
        while not self.stopped.is_set():
            self.let_them_come()
            for _ in range(self.random.randrange(1, 12)):
                body = self.octets(1300)
                self.out.send(HEADER.pack(self.sent, zlib.crc32(body)) + body)
                self.sent += 1
            time.sleep(PAUSE_S * self.random.random())

    def receive(self):
        expected = 0
        while True:
            try:
                packet = self.into.recv(65536)
            except TimeoutError:
                if self.stopped.is_set():
                    return
                continue
            number, crc = HEADER.unpack_from(packet)
            if zlib.crc32(packet[HEADER.size:]) != crc:
                self.wrong.append(f"datagram {number} is corrupted")
            if number < expected:
                self.wrong.append(f"{self.into.getsockname()[0]} {time.monotonic():.3f} datagram {number} came after {expected - 1}")
            self.came = expected = max(expected, number + 1)
            self.received += 1


class Stream(Flow):
    """TCP."""

    def __init__(self, *ends):
        self.digests = [hashlib.sha256(), hashlib.sha256()]
        super().__init__(*ends, socket.SOCK_STREAM)

    def open(self):
        self.into.listen()
        self.out.connect(self.into.getsockname()[:2])
        listener, (self.into, _) = self.into, self.into.accept()
        self.into.settimeout(AT_MOST)
        listener.close()

    def send(self):
        while not self.stopped.is_set():
            octets = self.octets(1 << 17)
            self.digests[0].update(octets)
            self.out.sendall(octets)
            self.sent += len(octets)
            time.sleep(PAUSE_S)

    def finish(self):
        with contextlib.suppress(OSError):
            self.out.shutdown(socket.SHUT_WR)

    def receive(self):
        while octets := self.into.recv(1 << 20):
            self.digests[1].update(octets)
            self.received += len(octets)
        if self.digests[0].digest() != self.digests[1].digest():
            self.wrong.append("the stream is another")


@contextlib.contextmanager
def flows_both_ways(near, far, there, here):
    """Datagrams and streams meanwhile, to the address there and to here, and on until each has sent enough to judge by; nothing
    may be wrong with them, and most must come."""
    flows = [flow(*ends) for ends in ((near, far, there), (far, near, here)) for flow in (Datagrams, Stream)]
    try:
        yield
        eventually(lambda: all(flow.sent > ENOUGH or flow.wrong for flow in flows), "each flow has sent enough")
    finally:
        wrong = [what for flow in flows for what in flow.stop()]
        told = f"{len(wrong)} wrong, of them: {wrong[:10]}; sent and received: {[(flow.sent, flow.received) for flow in flows]}"
        print(told)     # if something else has failed before, this may be why
    assert not wrong, told
    for flow in flows:
        assert flow.most_came(), (flow.sent, flow.received)

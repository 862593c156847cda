# SPDX-License-Identifier: BSD-2-Clause
"""relay.py - a socket in the place of ul2tpd's, from which a request can be kept

    with Relay(daemon.socket, path) as relay:
        relay.requests_left = 2     # the third one ends its connection, unanswered; then all goes on
        relay.answers_wait = True   # requests reach ul2tpd, and nobody hears what became of them
    relay.alter = function      # of the octets of an answer: those that come instead
"""
import contextlib
import os
import select
import socket
import threading

DATAGRAM_MAX = 1 << 17
DESCRIPTORS_MAX = 8


def pass_on(source, sink, alter=bytes):
    """A datagram and its descriptors. Return: whether there was one."""
    octets, descriptors, _, _ = socket.recv_fds(source, DATAGRAM_MAX, DESCRIPTORS_MAX)
    try:
        if octets:
            socket.send_fds(sink, [alter(octets)], descriptors)
    finally:
        for fd in descriptors:
            os.close(fd)
    return bool(octets)


class Relay:
    def __init__(self, to, path, namespace=None):
        self.to, self.socket, self.namespace = to, str(path), namespace
        self.requests_left = None       # None: none is kept
        self.alter = bytes              # which leaves them as they are
        self._answers_wait = False
        self.told, self.tell = os.pipe()   # closed: the end; an octet: something is otherwise
        self.pairs = []                 # of a program's end and ul2tpd's
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(self.socket)
        self.listener.listen(64)
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    @property
    def answers_wait(self):
        return self._answers_wait

    @answers_wait.setter
    def answers_wait(self, value):
        self._answers_wait = value
        os.write(self.tell, b".")       # it may wait for all but answers

    def _accept(self):
        near, _ = self.listener.accept()
        with self.namespace.entered() if self.namespace else contextlib.nullcontext():
            far = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            far.connect(self.to)
        self.pairs.append((near, far))

    def _is_kept(self):
        if self.requests_left is None:
            return False
        self.requests_left -= 1
        if self.requests_left >= 0:
            return False
        self.requests_left = None
        return True

    def _goes_on(self, near, far, ready):
        try:
            if near in ready and (self._is_kept() or not pass_on(near, far)):
                return False
            return far not in ready or pass_on(far, near, self.alter)
        except OSError:
            return False

    def cut(self):
        """All connections there are end."""
        for near, _ in [*self.pairs]:
            with contextlib.suppress(OSError):
                near.shutdown(socket.SHUT_RDWR)

    def _serve(self):
        while True:
            ends = [s for near, far in self.pairs for s in ([near] if self._answers_wait else [near, far])]
            ready, _, _ = select.select([self.told, self.listener, *ends], [], [])
            if self.told in ready and not os.read(self.told, 64):
                return
            for pair in [*self.pairs]:
                if not self._goes_on(*pair, ready):
                    self.pairs.remove(pair)
                    for s in pair:
                        s.close()
            if self.listener in ready:
                self._accept()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.tell)
        self.thread.join()
        for s in [self.listener, *(s for pair in self.pairs for s in pair)]:
            s.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.socket)
        os.close(self.told)

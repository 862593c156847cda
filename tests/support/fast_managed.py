# SPDX-License-Identifier: BSD-2-Clause
"""fast_managed.py - a pair of hosts as fast_pair.py has it, each end of the tunnel on a socket of this program's"""
import contextlib
import socket

from support.fast_pair import PORT, FastPair
from support.program_socket import CONTROL, disconnect
from support.wait import eventually

NO_CHECK = {4: (socket.SOL_SOCKET, 11), 6: (17, 101)}  # SO_NO_CHECK, UDP_NO_CHECK6_TX
NO_CHECK6_RX = (17, 102)


class ManagedPair(FastPair):
    """checksums: as a socket has them that nobody set an option of."""

    def __init__(self, *arguments, checksums=False, **options):
        self.sockets, self.checksums = [None, None], checksums
        super().__init__(*arguments, **options)

    def make_socket(self, end):
        made = self.hosts[end].socket(socket.AF_INET if self.family == 4 else socket.AF_INET6, socket.SOCK_DGRAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if self.family == 6:
            made.setsockopt(*NO_CHECK6_RX, 1)
        self.send_checksums(made, self.checksums)
        made.bind((self.addresses[end], PORT))
        made.connect((self.addresses[1 - end], PORT))
        return made

    def connect(self, end):
        self.sockets[end].connect((self.addresses[1 - end], PORT))

    def connect_to_nobody(self, end):
        disconnect(self.sockets[end])

    def send_checksums(self, sock, wanted):
        sock.setsockopt(*NO_CHECK[self.family], int(not wanted))

    def make_tunnel(self, end):
        self.sockets[end] = self.make_socket(end)
        self.apis[end].tunnel_on(self.sockets[end], CONN_ID=1, PEER_CONN_ID=1, **self.tunnel)

    def change(self, end):
        """The program says that it has set options of the socket, or connected it anew."""
        self.apis[end].socket_changed(self.sockets[end])

    def reason_is(self, end, reason):
        eventually(lambda: self.reason(end) == reason, f"no fast path: {reason}")

    def control_is_the_programs(self):
        """Sent again where the wire has lost it (FastPair.agree), as programs do."""
        for end in (0, 1):
            self.sockets[end].settimeout(5)
            for _ in range(4):
                self.sockets[1 - end].send(CONTROL)
                with contextlib.suppress(TimeoutError):
                    assert self.sockets[end].recv(1 << 16) == CONTROL
                    break
            else:
                raise AssertionError("what is no data does not go to the program")

    def close(self):
        super().close()
        for sock in self.sockets:
            sock.close()

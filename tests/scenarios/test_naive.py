# SPDX-License-Identifier: BSD-2-Clause
"""ul2tpd --naive: the way that the other ways are measured against. What passes is the same, in packets one by one."""
import contextlib
import socket
import threading

import pytest

from support.daemon import Cli, Daemon
from support.end import receive_block, send_block
from support.netns import Cable
from support.wait import AT_MOST

ETH_P_ALL, OCTETS = 3, 4 << 20
ADDRESSES = "10.9.0.1", "10.9.0.2"


class Largest:
    """Of the packets that arrive by a device meanwhile."""

    def __init__(self, namespace, device):
        self.socket = namespace.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.bind((device, ETH_P_ALL))
        self.socket.settimeout(0.1)
        self.octets, self.done, self.thread = 0, False, threading.Thread(target=self._look, daemon=True)
        self.thread.start()

    def _look(self):
        while not self.done:
            with contextlib.suppress(TimeoutError):
                self.octets = max(self.octets, len(self.socket.recv(1 << 17)))

    def close(self):
        self.done = True
        self.thread.join(AT_MOST)
        self.socket.close()


def connect(daemon, cable):
    for end, (space, outer) in enumerate(((cable.near, cable.NEAR4), (cable.far, cable.FAR4))):
        cli, peer = Cli(daemon, space), (cable.NEAR4, cable.FAR4)[1 - end]
        cli(f"add tunnel tunnel_id {end + 1} peer_tunnel_id {2 - end} encap udp local {outer} remote {peer} "
            f"udp_sport {5001 + end} udp_dport {5002 - end}")
        cli(f"add session name way0 tunnel_id {end + 1} session_id {end + 1} peer_session_id {2 - end}")
        space.ip(f"address add {ADDRESSES[end]}/24 dev way0", "link set way0 up")


def transfer(sender, receiver, address):
    with receiver.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.bind((address, 7000))
        listener.listen()
        listener.settimeout(60)
        with sender.socket(socket.AF_INET, socket.SOCK_STREAM) as out:
            out.settimeout(60)
            out.connect((address, 7000))
            thread = threading.Thread(target=send_block, args=(out, OCTETS), daemon=True)
            thread.start()
            taken = listener.accept()[0]
            with taken:
                taken.settimeout(60)
                assert receive_block(taken) == OCTETS
            thread.join(AT_MOST)


@pytest.mark.parametrize("options", [["--naive"], []], ids=["naive", "not"])
def test_packets_one_by_one(build, options):
    cable = Cable(offloads=True)
    try:
        with Daemon("--workers", "1", *options) as daemon:
            connect(daemon, cable)
            features = cable.near.run("ethtool", "-k", "way0").stdout
            assert ("tcp-segmentation-offload: off" in features) == bool(options)
            assert ("tx-checksumming: off" in features) == bool(options)
            seen = Largest(cable.far, "wire")
            try:
                transfer(cable.near, cable.far, ADDRESSES[1])
                transfer(cable.far, cable.near, ADDRESSES[0])
            finally:
                seen.close()
            assert (seen.octets <= 1514) == bool(options), f"the largest packet has {seen.octets} octets"
    finally:
        cable.close()

# SPDX-License-Identifier: BSD-2-Clause
"""The two hosts of ./run bench are as it says: what TCP does about congestion is what was asked for"""
import contextlib
import socket

import pytest

from benchmarks.hosts import FAR, NEAR, Hosts, address


@pytest.mark.parametrize("row", ["plain", "user"])
def test_what_tcp_does_about_congestion(row):
    with contextlib.ExitStack() as cleanup:
        hosts = Hosts(cleanup, [row], ["gso"], congestion="reno")
        there = hosts.spaces[FAR].socket(socket.AF_INET, socket.SOCK_STREAM)
        here = hosts.spaces[NEAR].socket(socket.AF_INET, socket.SOCK_STREAM)
        with there, here:
            there.bind((address("gso", row, FAR), 0))
            there.listen()
            here.connect(there.getsockname())
            with there.accept()[0] as accepted:
                for end in (here, accepted):
                    assert end.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16).rstrip(b"\0") == b"reno"

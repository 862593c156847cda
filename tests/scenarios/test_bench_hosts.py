# SPDX-License-Identifier: BSD-2-Clause
"""The hosts of ./run bench are as it says: what TCP does about congestion is what was asked for, what is sent to an address is
answered from it, and gateways forward by the row that is measured"""
import contextlib
import socket

import pytest

from benchmarks import gateways, measuring
from benchmarks.hosts import FAR, NEAR, Hosts, address, inner_device


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


def test_an_address_that_is_not_of_the_way_answers():
    """As that behind l2tpns, which is no interface's."""
    elsewhere = "10.99.0.1"
    with contextlib.ExitStack() as cleanup:
        hosts = Hosts(cleanup, ["plain"], ["gso"])
        hosts.spaces[FAR].ip(f"address add {elsewhere}/32 dev lo")
        hosts.spaces[NEAR].ip(f"route add {elsewhere} via {address('gso', 'plain', FAR)}")
        for arrived, _ in measuring.floods(hosts, [elsewhere, address("gso", "plain", FAR)], measuring.Effort(flood=0.08)):
            assert arrived > 0
        assert len(measuring.round_trips(hosts, [elsewhere, address("gso", "plain", FAR)], 20, 0)) == 2


@pytest.mark.parametrize("row", ["plain", "user", "ppp-user"])
def test_gateways_forward_by_the_row(row):
    """What is behind the one reaches what is behind the other by the row's device."""
    with contextlib.ExitStack() as cleanup:
        hosts = Hosts(cleanup, [row], ["gso"])
        gateways.add(cleanup, hosts)
        device = inner_device("gso", row)
        before = hosts.spaces[NEAR].link_statistics(device)["tx_packets"]
        hosts.command(gateways.BEHIND_NEAR, "ping", "-q", "-c", "20", "-i", "0.01", "-W", "5", gateways.behind("gso", row, FAR))
        assert hosts.spaces[NEAR].link_statistics(device)["tx_packets"] - before >= 20

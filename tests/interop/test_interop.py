# SPDX-License-Identifier: BSD-2-Clause
"""A real Linux kernel with its own L2TP as the far end: Debian's 6.12, in QEMU, by its TAP in our namespace

The near end is ul2tpd. The far end is configured by `ip l2tp` and asked for its counters by netlink: nothing
of ul2tp is in it.
"""
import re

import pytest

from support import combinations
from support.combinations import ADDRESSES, ALL, BLOCKED, CARRIERS, FAR, NEAR, PASSING, Pair
from support.daemon import Daemon
from support.end import End, RemoteEnd
from support.netns import Namespace
from support.vm import Machine

KERNEL = "linux-image-6.12-amd64"
MODULES = ["l2tp_eth", "l2tp_ip", "l2tp_ip6"]
TAP = "wire"


@pytest.fixture(scope="module")
def namespace():
    made = Namespace("near")
    yield made
    made.close()


@pytest.fixture(scope="module")
def machine(namespace):
    with Machine(KERNEL, modules=MODULES, tap=(TAP, namespace.path)) as made:
        yield made


def join(end, wire, number):
    """Addresses on the wire; no IPv6 on what comes later, whose greetings would be packets of a session."""
    end.command("sh", "-c", f"""cd /proc/sys/net/ipv6/conf && echo 1 >default/disable_ipv6 &&
        echo 0 >{wire}/disable_ipv6 && echo 0 >{wire}/accept_dad""")
    end.ip([f"address add {ADDRESSES[4][number]}/24 dev {wire}",
            f"address add {ADDRESSES[6][number]}/64 dev {wire} nodad", f"link set {wire} up"])


@pytest.fixture(scope="module")
def pair(build, namespace, machine):
    machine.call("support.end:make", "far")
    with Daemon() as daemon:
        near = End(namespace.path, daemon.socket, str(build / "ul2tp"))
        far = RemoteEnd(machine, "far")
        join(near, TAP, NEAR)
        join(far, "eth0", FAR)
        made = Pair(near, far)
        made.connect()
        yield made
        near.close()


def test_the_interfaces_have_the_kernels_mtu(pair):
    """Requirements: ETH-10"""
    near, far = (end.mtus() for end in pair.ends)
    devices = [combinations.device(c) for c in ALL]
    assert {d: near[d] for d in devices} == {d: far[d] for d in devices}


@pytest.mark.parametrize("combination", PASSING, ids=str)
def test_ping_and_tcp_both_ways(pair, combination):
    """Requirements: HDR-2, HDR-6, RX-40, RX-41, SEQ-1, SEQ-21"""
    pair.carry(combination)


@pytest.mark.parametrize("combination", PASSING, ids=str)
def test_the_ends_agree(pair, combination):
    """Requirements: SEQ-21, STAT-1"""
    combinations.agree(pair, combination)


@pytest.mark.parametrize("combination", BLOCKED, ids=str)
def test_numbers_required_that_nothing_can_carry(pair, combination):
    """Requirements: SEQ-27, RX-43"""
    combinations.nothing_passes(pair, combination)


@pytest.mark.parametrize("over, family", CARRIERS)
def test_tunnels_count_what_their_sessions_do(pair, over, family):
    """Requirements: SEQ-21"""
    combinations.tunnels_agree(pair, over, family)


def test_the_kernel_had_nothing_to_complain_about(pair, machine):
    assert not re.search("Call Trace|BUG:|WARNING:", machine.log())

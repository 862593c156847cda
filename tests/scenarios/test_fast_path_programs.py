# SPDX-License-Identifier: BSD-2-Clause
"""BPF programs of an administrator's that packets of the fast path would pass by: on the control group of the tunnel's socket, as
systemd puts them there, on netfilter itself, and where the socket is chosen. Each holds within a second."""
import pytest

from support.bpf_programs import program
from support.control_group import control_group, inside, move
from support.daemon import settle
from support.fast_managed import ManagedPair
from support.fast_pair import INNER, FastPair, lay_cable
from support.soon import within
from support.wait import SLOW

pytestmark = pytest.mark.usefixtures("fast_path")

DROP, PASS = 0, 1  # of control groups and netfilter; of the choice of a socket, too


@pytest.fixture(scope="module")
def group():
    with control_group() as made:
        yield made


@pytest.fixture(scope="module")
def cable():
    cable = lay_cable("plain", 6)
    yield cable
    cable.close()


@pytest.fixture(scope="module")
def pair(cable):
    with FastPair(cable) as made:
        yield made


class InGroup(FastPair):
    """The near ul2tpd has moved into the group before it makes a socket."""

    def __init__(self, cable, group):
        self.group = group
        super().__init__(cable)

    def make_tunnel(self, end):
        if end == 0:
            move(self.daemons[0].keeper_pid, self.group)
        super().make_tunnel(end)


class SocketOfGroup(ManagedPair):
    """The near program was in the group when it made its socket, and ul2tpd never was."""

    def __init__(self, cable, group):
        self.group = group
        super().__init__(cable)

    def make_socket(self, end):
        if end == 1:
            return super().make_socket(end)
        with inside(self.group):
            return super().make_socket(end)


def answers(pair):
    return pair.hosts[0].run("ping", "-c", 2, "-i", "0.01", "-W", "0.3", INNER[4][1], check=False).returncode == 0


def during(pair, words, reason, works):
    """While the program is there the near session has this reason."""
    within(1, lambda: pair.reason(0) == "used", pair.daemons)
    with program(pair.hosts[0], *words):
        within(1, lambda: pair.reason(0) == reason, pair.daemons)
        within(1, lambda: answers(pair) == works, pair.daemons)
    within(1, lambda: pair.reason(0) == "used", pair.daemons)
    within(1, lambda: answers(pair), pair.daemons)


def test_on_the_control_group_of_ul2tpd(cable, group):
    """IPAddressDeny= of its unit is such a program. The inner packets are of another family than the tunnel's."""
    with InGroup(cable, group) as pair:
        during(pair, ["cgroup", group, "egress", DROP], "cgroup", False)
        during(pair, ["cgroup", group, "ingress", DROP], "cgroup", False)
        during(pair, ["cgroup", group, "udp6_sendmsg", PASS], "cgroup", True)
        during(pair, ["cgroup", group.parent, "egress", PASS], "cgroup", True)


def test_on_the_control_group_of_a_programs_socket(cable, group):
    with SocketOfGroup(cable, group) as pair:
        during(pair, ["cgroup", group, "ingress", DROP], "cgroup", False)
        pair.control_is_the_programs()


def test_on_a_group_that_no_socket_is_of(pair, group):
    with program(pair.hosts[0], "cgroup", group, "egress", DROP):
        settle(0.7 * SLOW)
        assert pair.reason(0) == "used"


def test_on_netfilter(pair):
    """In which namespace such a program is, the kernel does not say; it is found out."""
    during(pair, ["netfilter", "ipv6", "output", DROP], "netfilter", False)
    for words in (["ipv6", "forward", DROP], ["ipv4", "input", PASS]):
        with program(pair.hosts[0], "netfilter", *words):
            settle(0.7 * SLOW)
            assert pair.reason(0) == "used"
    with program(pair.hosts[1], "netfilter", "ipv6", "prerouting", PASS):
        within(1, lambda: pair.reason(1) == "netfilter", pair.daemons)
        within(1, lambda: pair.reason(0) == "used", pair.daemons)  # it is in another namespace
    within(1, lambda: pair.reason(1) == "used", pair.daemons)


def test_where_the_socket_is_chosen(pair):
    during(pair, ["sk_lookup", DROP], "socket-lookup", False)
    assert pair.reason(1) == "used", "the other is in another namespace"

# SPDX-License-Identifier: BSD-2-Clause
"""Programs with tunnels on their own sockets, on Linux's own L2TP: Debian's 6.12, in QEMU

The stories of support/managed.py hold there; tests/scenarios and tests/kernels demand the same of ul2tpd.
"""
import pytest

from support.program import PROGRAMS

# Each program; every carrier with one that asks by itself and one that asks by a library; the broker, which does more by
# UDP, by both. A program that reads by poll() here and by epoll() there asks the kernel for the same.
RUNS = [("static-blocked", "udp", 4), ("static-poll", "udp", 6), ("static-select", "ip", 4), ("static-epoll", "ip", 6),
        ("tunneldigger-client", "udp", 4), ("tunneldigger-broker", "udp", 4), ("tunneldigger-broker", "udp", 6),
        ("kl2tpd", "ip", 4), ("kl2tpd", "ip", 6), ("scripted", "udp", 4), ("scripted", "ip", 4)]
assert {name for name, _, _ in RUNS} == set(PROGRAMS)


@pytest.fixture(scope="module")
def machine(linux):
    linux.call("support.pair_inside:open_pair", False)
    yield linux
    linux.call("support.pair_inside:close_pair")


@pytest.mark.parametrize("name, over, family", RUNS)
def test_a_program_on_linuxs_own_l2tp(machine, name, over, family):
    machine.call("support.pair_inside:tell_story", name, over, family, 2)


def test_under_esp(machine):
    machine.call("support.pair_inside:tell_story_under_esp", "static-epoll")


def test_a_storm_of_ppp_sessions(machine):
    """Each descriptor of a session as programs with thousands of them have it: what storm expects holds here."""
    machine.call("support.pair_inside:tell_storm", 50)

# SPDX-License-Identifier: BSD-2-Clause
"""Programs with tunnels on their own sockets, on Linux's own L2TP: Debian's 6.12, in QEMU

The stories of support/managed.py hold there; tests/scenarios and tests/kernels demand the same of ul2tpd.
"""
import pytest

from support.daemon import BUILD
from support.esp import MODULES as ESP_MODULES
from support.program import PROGRAMS
from support.vm import Machine

KERNEL = "linux-image-6.12-amd64"
MODULES = ["veth", "l2tp_eth", "l2tp_ip", "l2tp_ip6", "l2tp_ppp", *ESP_MODULES]

# Each program, and each carrier with every kind of program.
RUNS = [(name, "udp", 4) for name in PROGRAMS] + [
    ("static-blocked", "ip", 6), ("static-epoll", "ip", 4), ("static-poll", "udp", 6), ("kl2tpd", "ip", 4),
    ("kl2tpd", "ip", 6), ("scripted", "ip", 4), ("tunneldigger-broker", "udp", 6)]


@pytest.fixture(scope="module")
def machine(build):
    with Machine(KERNEL, MODULES, cpus=2, environment={"UL2TP_BUILD": BUILD}) as made:
        made.call("support.pair_inside:open_pair", False)
        yield made
        made.call("support.pair_inside:close_pair")


@pytest.mark.parametrize("name, over, family", RUNS)
def test_a_program_on_linuxs_own_l2tp(machine, name, over, family):
    machine.call("support.pair_inside:tell_story", name, over, family, 2)


def test_under_esp(machine):
    machine.call("support.pair_inside:tell_story_under_esp", "static-epoll")


def test_a_storm_of_ppp_sessions(machine):
    """Each descriptor of a session as programs with thousands of them have it: what storm expects holds here."""
    machine.call("support.pair_inside:tell_storm", 50)


def test_the_kernel_had_nothing_to_complain_about(machine):
    assert "Call Trace" not in machine.log()

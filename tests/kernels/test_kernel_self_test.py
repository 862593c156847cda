# SPDX-License-Identifier: BSD-2-Clause
"""The kernel's own test of its L2TP, tools/testing/selftests/net/l2tp.sh, and tunnels under IPsec, on ul2tpd

In QEMU, on Debian's 6.12 with none of its L2TP modules: the script, unmodified as the package of the kernel's source
has it, believes it tests the kernel. On the kernel's own L2TP it passes 16 of 16 as well (seen on 6.12.117).
"""
import re

import pytest

from support import kernel_source
from support.daemon import BUILD
from support.debian import on_offered

SOURCE = "linux-source-6.12"
SELF_TESTS = "tools/testing/selftests/net"
FILES = [f"{SELF_TESTS}/l2tp.sh", f"{SELF_TESTS}/lib.sh"]
TESTS = 16

pytestmark = on_offered


def l2tp_modules(machine):
    return [line for line in machine.run("cat", "/proc/modules").stdout.splitlines() if line.startswith("l2tp")]


def test_the_kernels_own_self_test(debian):
    assert not l2tp_modules(debian)
    home = kernel_source.fetch(SOURCE, FILES) / SELF_TESTS
    server = debian.call("support.pair_inside:server")
    done = debian.run("env", f"UL2TP_SOCKET={server}", BUILD / "ul2tp", "run", "--", "sh", "-c",
                       f"cd {home} && exec bash ./l2tp.sh", check=False)
    verdicts = re.findall(r"^TEST: (.*?) +\[ *(OK|FAIL) *\]$", done.stdout, re.MULTILINE)
    assert [name for name, verdict in verdicts if verdict != "OK"] == [], done.stdout + done.stderr
    assert (done.returncode, len(verdicts)) == (0, TESTS), done.stdout + done.stderr
    assert debian.run("ip", "netns", "list").stdout.count("host") == 0
    assert not l2tp_modules(debian)


@pytest.mark.parametrize("name", ["static-epoll", "kl2tpd"])
@pytest.mark.parametrize("divert", ["ebpf", "raw"])
def test_under_esp(debian, name, divert):
    debian.call("support.pair_inside:tell_story_under_esp", name, divert)


def test_the_mtu_leaves_room_for_esp(debian):
    """1446 without ESP; as that kernel's own L2TP (seen on 6.12.117).

    Requirements: ETH-10
    """
    assert debian.call("support.pair_inside:mtu_under_esp") == 1412


def test_the_fast_path_ends_where_esp_begins(debian):
    """What a policy is about leaves and comes encrypted, or not at all, from soon after the policy was made."""
    debian.call("support.pair_inside:tell_fast_path_under_esp")

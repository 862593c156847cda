# SPDX-License-Identifier: BSD-2-Clause
"""ul2tpd on the kernels of Debian 12 (conftest.py): that each carries its packets, lets it answer, and has what it leans on

What is the same octets on every kernel, headers and the programs' own logic, is tested elsewhere: on this machine's kernel
by tests/scenarios, against another L2TP by tests/interop. Here is each carrier, each way to answer, and of the scenarios
those that are marked `kernels`.
"""
import base64
import contextlib
import re

import pytest

from support import combinations
from support.combinations import BLOCKED, CARRIERS, SOME
from support.daemon import BUILD, TOP
from support.debian import OFFERED, STOCK, on_stock

REPLY_WAYS = ["uevent", "fib", "trap"]
SCENARIOS = ["test_managed.py", "test_divert_raw.py", "test_fast_path_bound.py"]  # files that have some marked `kernels`
# What test_managed.py does without eBPF the stock kernel does; the other one is as this machine's there.
CHOSEN = {STOCK: [], OFFERED: ["-k", "not raw or test_divert_raw"]}


@contextlib.contextmanager
def without(machine, module):
    machine.run("rmmod", module)
    try:
        yield
    finally:
        octets = dict(machine.kernel.modules([module]))[module]
        machine.run("sh", "-c", "base64 -d >/run/back.ko && insmod /run/back.ko && rm /run/back.ko",
                    input=base64.b64encode(octets).decode())


def test_the_kernel_has_no_l2tp(debian):
    assert "l2tp" not in debian.run("cat", "/proc/modules").stdout
    assert debian.run("modprobe", "l2tp_eth", check=False).returncode != 0
    assert debian.run("ip", "l2tp", "show", "tunnel", check=False).returncode != 0


@on_stock
def test_what_the_kernel_lacks_is_said(debian):
    """Without the module by which clients are known before Linux 6.5 nobody can be served; the log says so."""
    with without(debian, "unix_diag"):
        debian.call("support.pair_inside:said_at_start", "event=identity-limited missing=unix_diag .*remedy=")


@on_stock
def test_the_demo(debian):
    before = debian.run("ip", "netns", "list").stdout
    out = debian.run("env", "UL2TP_DEMO_MEBIBYTES=2", TOP / "demo/demo").stdout
    assert len(re.findall("the same at both ends", out)) == 4, out
    assert "Everything is removed again." in out
    assert debian.run("ip", "netns", "list").stdout == before


# Programs of root's without CAP_SYS_PTRACE, as in a container; "shown" are the tunnels, "no" is a refusal.
YAMA = """
"$UL2TP_BUILD/ul2tpd" --socket /tmp/yama.sock 2>/tmp/yama.log & daemon=$!
until [ -S /tmp/yama.sock ]; do sleep 0.1; done
ip link set lo up
started() { setpriv --bounding-set=-sys_ptrace --inh-caps=-sys_ptrace "$UL2TP_BUILD/ul2tp" --socket /tmp/yama.sock run "$@"; }
started ip l2tp add tunnel tunnel_id 9 peer_tunnel_id 9 encap ip local 127.0.0.1 remote 127.0.0.2
for level in 0 1 2; do
    echo $level > /proc/sys/kernel/yama/ptrace_scope
    echo "$level itself: $(started ip l2tp show tunnel 2>&1 | head -n 1)"
    echo "$level a child: $(started sh -c 'ip l2tp show tunnel; true' 2>&1 | head -n 1)"
    echo "$level all rights: $("$UL2TP_BUILD/ul2tp" --socket /tmp/yama.sock run sh -c 'ip l2tp show tunnel; true' 2>&1 | head -n 1)"
done
echo 0 > /proc/sys/kernel/yama/ptrace_scope
kill $daemon
wait $daemon
"""


def test_what_yama_allows(debian):
    """Without rights the program itself is served at level 1 and none at 2, with them all; a refusal names the level."""
    said = dict(line.split(": ", 1) for line in debian.run("bash", "-c", YAMA).stdout.splitlines())
    tunnel = "Tunnel 9, encap IP"
    assert [said[f"{level} all rights"] for level in range(3)] == [tunnel] * 3
    assert said["0 itself"] == said["0 a child"] == said["1 itself"] == tunnel
    for name in ("1 a child", "2 itself", "2 a child"):
        assert f"can not be read or written: kernel.yama.ptrace_scope is {name[0]}" in said[name], said[name]


def test_the_interfaces_have_the_kernels_mtu(pair):
    """Requirements: ETH-10"""
    for end in pair.ends:
        mtus = end.mtus()
        for c in pair.all:
            overhead = ((28 if c.family == 4 else 48) + 4 + 4 if c.over == "udp" else
                        (20 if c.family == 4 else 40) + 4) + c.cookie + (4 if c.sublayer == "default" else 0) + 14
            assert mtus[combinations.device(c)] == 1500 - overhead, c


@pytest.mark.parametrize("combination", SOME, ids=str)
def test_ping_and_tcp_both_ways(pair, combination):
    pair.carry(combination)


@pytest.mark.parametrize("combination", SOME, ids=str)
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


@pytest.mark.parametrize("way", REPLY_WAYS)
def test_ip_l2tp_is_unmodified(debian, way):
    def ip_l2tp(*words, check=True):
        return debian.run("env", f"UL2TP_SOCKET={server}", BUILD / "ul2tp", "run", "--reply", way, "--", "ip", "l2tp",
                          *words, check=check)
    server = debian.call("support.pair_inside:server")
    ip_l2tp("add", "tunnel", "tunnel_id", "9001", "peer_tunnel_id", "9002", "encap", "udp", "local", "127.0.0.1",
            "remote", "127.0.0.2", "udp_sport", "9001", "udp_dport", "9002")
    ip_l2tp("add", "session", "name", "real0", "tunnel_id", "9001", "session_id", "1", "peer_session_id", "2")
    assert "Tunnel 9001, encap UDP" in ip_l2tp("show", "tunnel").stdout
    assert "interface name: real0" in ip_l2tp("show", "session").stdout
    again = ip_l2tp("add", "tunnel", "tunnel_id", "9001", "peer_tunnel_id", "9002", "encap", "ip", "local", "127.0.0.1",
                    "remote", "127.0.0.2", check=False)
    assert (again.returncode, again.stderr.strip()) == (2, "Error: there is a tunnel 9001 already.")
    assert "real0" in debian.run("ip", "link").stdout
    ip_l2tp("del", "tunnel", "tunnel_id", "9001")
    assert "Tunnel 9001" not in ip_l2tp("show", "tunnel").stdout


def test_scenarios_that_lean_on_the_kernel(debian):
    """Among them: the socket filter is loaded by this kernel's verifier; tunnels on programs' sockets without eBPF, too."""
    stock = debian.release.startswith(STOCK + ".")
    done = debian.run("/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "kernels", "--rootdir", TOP,
                      *CHOSEN[STOCK if stock else OFFERED], *(TOP / "tests/scenarios" / name for name in SCENARIOS),
                      check=False, timeout=2000)
    assert done.returncode == 0, done.stdout
    # The fast path, and so VRFs on it, is from Linux 6.6 on.
    skipped = int(m[1]) if (m := re.search(r"(\d+) skipped", done.stdout)) else 0
    assert skipped == (2 if stock else 0), done.stdout


def test_a_static_program_and_its_tunnels(debian):
    debian.call("support.pair_inside:tell_story", "static-poll", "udp", 4, 2)

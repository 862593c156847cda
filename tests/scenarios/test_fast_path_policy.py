# SPDX-License-Identifier: BSD-2-Clause
"""What an administrator configures holds for data that took the fast path, a second later at most; afterwards it takes
it again. Each is added and taken away while packets flow both ways."""
import collections
import contextlib
import re
import socket

import pytest

from support.api import UDP, Api
from support.capture import ETH_P_ALL, Capture
from support.daemon import Cli, Daemon, settle
from support.fast_pair import INNER, PORT, FastPair, lay_cable, make_busy
from support.netns import Cable
from support.soon import within
from support.wait import AT_MOST, eventually

QUIET_S = 0.3
# Lets no packet through: TC_ACT_SHOT.
DROP = ("bpf", "da", "bytecode", "1,6 0 0 2,")


pytestmark = pytest.mark.usefixtures("fast_path")


@pytest.fixture(scope="module", params=(4, 6), ids=("udp4", "udp6"))
def pair(request):
    cable = lay_cable("plain", request.param)
    try:
        with FastPair(cable) as made:
            made.family = request.param
            yield made
    finally:
        cable.close()


@pytest.fixture
def show(pair):
    """Why the near session does not take the fast path, as ul2tp shows it; "used" if it does."""
    cli = Cli(pair.daemons[0], pair.hosts[0])
    return lambda: cli.json("-s show session tunnel_id 1 session_id 1")[0]["fast_path"]["reason"]


@contextlib.contextmanager
def traffic(pair):
    """Packets both ways, 500 a second, whether or not they are answered."""
    pings = [host.popen("ping", "-i", "0.002", "-q", address, stdout=-3)
             for host, address in zip(pair.hosts, reversed(INNER[4]))]
    try:
        yield
    finally:
        for ping in pings:
            ping.kill()
            ping.wait(AT_MOST)


def answers(pair):
    return pair.hosts[0].run("ping", "-c", 1, "-W", "0.2", INNER[4][1], check=False).returncode == 0


def is_tunnel(frame):
    protocol, udp = {b"\x08\x00": (23, 34), b"\x86\xdd": (20, 54)}.get(frame[12:14], (0, len(frame)))
    return len(frame) > udp + 8 and frame[protocol] == 17 and int.from_bytes(frame[udp + 2:udp + 4], "big") == PORT


def leaves(pair):
    """Packets of the tunnel that come over the cable from near, in a while."""
    with Capture(pair.hosts[1], "wire", is_tunnel) as capture:
        settle(QUIET_S)
        return len(capture.waiting())


def accepted(pair):
    before = pair.counts()[0]["RX_PACKETS"]
    settle(QUIET_S)
    return pair.counts()[0]["RX_PACKETS"] - before


def nothing_leaves(pair):
    assert leaves(pair) == 0


def nothing_is_accepted(pair):
    eventually(lambda: leaves(pair) > 0, "the tunnel's packets still leave")
    assert accepted(pair) == 0


def all_is_as_before(pair):
    eventually(lambda: answers(pair), "an echo is answered")


def shaped(pair):
    """The discipline has seen packets."""
    sent = pair.hosts[0].run("tc", "-s", "qdisc", "show", "dev", "pw", "root").stdout
    assert int(re.search(r"Sent \d+ bytes (\d+) pkt", sent)[1]) > 0


def captured_on_its_way_out(pair):
    with pair.hosts[0].socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as capture:
        capture.bind(("pw", ETH_P_ALL))
        capture.settimeout(AT_MOST)
        eventually(lambda: capture.recvfrom(1)[1][2] == socket.PACKET_OUTGOING, "a packet socket sees what leaves")


def nft(*lines):
    return [["nft", "; ".join(lines)]]


ENDS = {4: (Cable.NEAR4, Cable.FAR4), 6: (Cable.NEAR6, Cable.FAR6)}
OTHER = {4: "198.51.100.1", 6: "2001:db8:1::1"}
UNDO_XFRM = [["ip", "xfrm", "policy", "flush"]]


def cases(family):
    """reason: commands on the near host, what undoes them, what they do. Effects are those of the last command."""
    own, peer = ENDS[family]
    ip = ["ip", f"-{family}"]
    nf, tables = {4: ("ip", "iptables-legacy"), 6: ("ip6", "ip6tables-legacy")}[family]
    undo_rule = [[*ip, "rule", "del", "pref", "50"]]
    undo_nft = [["nft", f"delete table {nf} t"]]
    return {
        "xfrm-out": ("xfrm", [["ip", "xfrm", "policy", "add", "dir", "out", "src", own, "dst", peer, "action", "block"]],
                     UNDO_XFRM, nothing_leaves),
        "xfrm-in": ("xfrm", [["ip", "xfrm", "policy", "add", "dir", "in", "src", peer, "dst", own, "proto", "udp", "sport",
                              PORT, "action", "block"]], UNDO_XFRM, nothing_is_accepted),
        "xfrm-no-state": ("xfrm", [["ip", "xfrm", "policy", "add", "dir", "out", "src", own, "dst", peer, "tmpl", "proto",
                                    "comp", "mode", "transport"]], UNDO_XFRM, nothing_leaves),
        "nft-output": ("netfilter", nft(f"add table {nf} t", f"add chain {nf} t c {{ type filter hook output priority 0; }}",
                                        f"add rule {nf} t c udp dport {PORT} drop"), undo_nft, nothing_leaves),
        "nft-input": ("netfilter", nft(f"add table {nf} t", f"add chain {nf} t c {{ type filter hook input priority 0; }}",
                                       f"add rule {nf} t c udp dport {PORT} drop"), undo_nft, nothing_is_accepted),
        "nft-ingress": ("netfilter", nft("add table netdev t", "add chain netdev t c { type filter hook ingress device wire "
                                         "priority 0; policy drop; }"), [["nft", "delete table netdev t"]],
                        nothing_is_accepted),
        "iptables": ("netfilter", [[tables, "-A", "INPUT", "-p", "udp", "--dport", PORT, "-j", "DROP"]],
                     [[tables, "-F"]], nothing_is_accepted),
        "rule": ("policy-rule", [[*ip, "route", "add", peer, "dev", "wire", "table", "77"],
                                 [*ip, "rule", "add", "pref", "50", "to", peer, "table", "77"]],
                 [*undo_rule, [*ip, "route", "flush", "table", "77"]], all_is_as_before),
        "rule-prohibits": ("no-route", [[*ip, "rule", "add", "pref", "50", "to", peer, "prohibit"]], undo_rule,
                           nothing_leaves),
        "rule-of-others": ("used", [[*ip, "rule", "add", "pref", "50", "to", OTHER[family], "prohibit"]], undo_rule,
                           all_is_as_before),
        "tbf": ("device-qdisc", [["tc", "qdisc", "add", "dev", "pw", "root", "tbf", "rate", "100mbit", "burst", "100k",
                                  "limit", "100k"]], [["tc", "qdisc", "del", "dev", "pw", "root"]], shaped),
        "capture": ("promiscuous", [["ip", "link", "set", "pw", "promisc", "on"]],
                    [["ip", "link", "set", "pw", "promisc", "off"]], captured_on_its_way_out),
        "filter": ("device-filter", [["tc", "qdisc", "add", "dev", "pw", "clsact"],
                                     ["tc", "filter", "add", "dev", "pw", "egress", *DROP]],
                   [["tc", "qdisc", "del", "dev", "pw", "clsact"]], nothing_leaves),
        "underlay-filter": ("underlay-ingress", [["tc", "qdisc", "add", "dev", "wire", "clsact"],
                                                 ["tc", "filter", "add", "dev", "wire", "ingress", *DROP]],
                            [["tc", "qdisc", "del", "dev", "wire", "clsact"]], nothing_is_accepted),
    }


@pytest.mark.parametrize("name", cases(4))
def test_it_holds_within_a_second(pair, show, name):
    reason, commands, undo, effect = cases(pair.family)[name]
    near = pair.hosts[0]
    within(1, lambda: show() == "used", pair.daemons)
    with traffic(pair):
        eventually(lambda: leaves(pair) > 0 and accepted(pair) > 0, "traffic both ways")
        try:
            for command in commands:
                near.run(*command)
            within(1, lambda: show() == reason, pair.daemons)
            effect(pair)
            assert show() == reason
        finally:
            for command in undo:
                near.run(*command)
        within(1, lambda: show() == "used", pair.daemons)
        within(1, lambda: answers(pair), pair.daemons)


def test_a_namespace_is_not_kept_by_watching_it():
    """Requirements: TUN-12"""
    cable = lay_cable("plain")
    pair = FastPair(cable)
    try:
        assert Cli(pair.daemons[0], pair.hosts[0]).json("-s show session")[0]["fast_path"]["reason"] == "used"
        pair.apis[0].close()
        cable.near.close()
        eventually(lambda: "wire" not in cable.far.devices(), "it goes, and its end of the cable")
    finally:
        for api in pair.apis:
            api.close()
        statuses = [daemon.stop() for daemon in pair.daemons]
        cable.close()
    assert statuses == [0, 0]


def test_many_sessions_at_once():
    """The verdict on one reaches all of them in time."""
    count = 40
    cable = lay_cable("plain")
    daemon = Daemon("--fast-path", "require")
    try:
        with Api(daemon, cable.near) as api:
            api.tunnel_create(CONN_ID=1, PEER_CONN_ID=1, ENCAP_TYPE=UDP, IP_SADDR=Cable.NEAR4, IP_DADDR=Cable.FAR4, UDP_SPORT=PORT,
                              UDP_DPORT=PORT)
            for number in range(1, count + 1):
                api.session_create(1, number, IFNAME=f"pw{number}")

            def reasons():
                shown = Cli(daemon, cable.near).json("-s show session")
                return collections.Counter(session["fast_path"]["reason"] for session in shown)
            assert reasons() == {"idle": count}
            make_busy(cable.near, [f"pw{number}" for number in range(1, count + 1)])
            eventually(lambda: reasons() == {"used": count})
            cable.near.run(*cases(4)["xfrm-out"][1][0])
            within(1, lambda: reasons() == {"xfrm": count}, [daemon])
            cable.near.run(*UNDO_XFRM[0])
            within(1, lambda: reasons() == {"used": count}, [daemon])
    finally:
        status = daemon.stop()
        cable.close()
    assert status == 0

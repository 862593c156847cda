# SPDX-License-Identifier: BSD-2-Clause
"""Debian's xl2tpd and pppd, unmodified, under `ul2tp run`: LAC and LNS in two namespaces, PPP between them."""
import pytest

from support.api import Api
from support.end import End
from support.launcher import Launcher
from support.wait import eventually
from support.xl2tpd import Lac, Lns, Private, kill_one

DAEMON_OPTIONS = ("--workers", "2")
OCTETS = 500_000
GLOBAL = "2001:db8:9::1", "2001:db8:9::2"


@pytest.fixture
def pair(shared_daemon, cable):
    for host in (cable.near, cable.far):
        host.sysctl("net/ipv6/conf/default/disable_ipv6", 0)
    with Lns(cable.near, Launcher(shared_daemon, cable.near)) as lns, \
            Lac(cable.far, Launcher(shared_daemon, cable.far), "192.0.2.1") as lac:
        yield lns, lac


# An xl2tpd that missed the other's last word asks after it by Hello, a minute later, five times.
MISSED = 120


def nothing_left(daemon, cable):
    for host in (cable.near, cable.far):
        with Api(daemon, host) as api:
            eventually(lambda a=api: not a.tunnels() and not a.sessions(), "tunnels and sessions have gone", timeout=MISSED)
        eventually(lambda h=host: not [d for d in h.devices() if d.startswith("ppp")], "interfaces have gone", timeout=40)


def session_of_unit(daemon, host):
    """The log says which session ppp0 has."""
    with Api(daemon, host) as api:
        ids, = ((s["CONN_ID"], s["SESSION_ID"]) for s in api.sessions() if s["SESSION_ID"])
    return "event=ppp-connected unit=0 tunnel=%d session=%d netns=" % ids in daemon.log


def brought_up(pair):
    lns, lac = pair
    lac.call()
    lac.up()
    lns.up()


def link_local(host):
    words = host.run("ip", "-6", "-o", "addr", "show", "dev", "ppp0", "scope", "link").stdout.split()
    return words[words.index("inet6") + 1].partition("/")[0]


def carries_global_ipv6(cable):
    for host, address in zip((cable.near, cable.far), GLOBAL):
        host.ip(f"address add {address}/64 dev ppp0 nodad")
    ends = End(cable.near.path), End(cable.far.path)
    for end in ends:
        end.serve()
    try:
        for end, there in zip(ends, GLOBAL[::-1]):
            end.command("ping", "-6", "-c", "2", "-i", "0.05", "-s", "1352", "-M", "do", there)
            end.exchange(there, OCTETS)
    finally:
        for end in ends:
            end.close()


def test_a_call_carries_ip(shared_daemon, cable, pair):
    """
    Requirements: PPP-90, PPP-91, PX-1, PX-13, PX-40, PPP-84
    """
    lns, lac = pair
    brought_up(pair)
    assert session_of_unit(shared_daemon, cable.near)
    far = cable.far
    far.run("ping", "-c", "3", "-i", "0.05", "10.9.0.1")
    far.run("ping", "-c", "1", "-s", "1372", "-M", "do", "10.9.0.1")
    far.run("ping", "-c", "1", "-s", "3000", "10.9.0.1")
    there = eventually(lambda: link_local(cable.near), "the LNS has an IPv6 address")
    eventually(lambda: far.run("ping", "-6", "-c", "1", "-W", "1", f"{there}%ppp0", check=False).returncode == 0,
               "IPv6 goes through")
    carries_global_ipv6(cable)
    lac.hang_up()
    lac.nothing_left()
    lns.nothing_left()
    nothing_left(shared_daemon, cable)


@pytest.fixture
def chap_pair(shared_daemon, cable, tmp_path):
    """The LNS asks for CHAP. With the word, the LAC calls so."""
    lns_options = ["auth", "require-chap", "name server"]
    with Lns(cable.near, Private(shared_daemon, cable.near, tmp_path, 'user * "word" *\n'), lns_options) as lns:
        def lac(word):
            return Lac(cable.far, Launcher(shared_daemon, cable.far), "192.0.2.1", ["user user", f"password {word}"])
        yield lns, lac


def test_a_call_with_chap(shared_daemon, cable, chap_pair):
    lns, calling = chap_pair
    with calling("word") as lac:
        brought_up((lns, lac))
        assert "CHAP authentication succeeded" in lac.said()
        assert "rcvd [CHAP Response" in lns.said()
        cable.far.run("ping", "-c", "2", "-i", "0.05", "10.9.0.1")
        lac.hang_up()
        lac.nothing_left()
        lns.nothing_left()
    nothing_left(shared_daemon, cable)


def test_a_call_with_a_wrong_word(shared_daemon, cable, chap_pair):
    lns, calling = chap_pair
    with calling("another") as lac:
        lac.call()
        eventually(lambda: "CHAP authentication failed" in lac.said(), "the LNS refuses the LAC", timeout=40)
        lac.nothing_left()
        lns.nothing_left()
    nothing_left(shared_daemon, cable)


@pytest.mark.plain
def test_ten_calls_one_after_the_other(shared_daemon, cable, pair):
    lns, lac = pair
    for _ in range(10):
        brought_up(pair)
        cable.far.run("ping", "-c", "1", "10.9.0.1")
        lac.hang_up()
        lac.nothing_left()
        lns.nothing_left()
        nothing_left(shared_daemon, cable)


def test_a_killed_pppd(shared_daemon, cable, pair):
    lns, lac = pair
    brought_up(pair)
    kill_one(lac.pppds())
    lac.nothing_left()
    lns.nothing_left()
    for host in (cable.near, cable.far):
        with Api(shared_daemon, host) as api:
            eventually(lambda a=api: not a.sessions(), "its session has gone", timeout=40)
    lac.hang_up()  # the tunnel is xl2tpd's, which keeps it
    nothing_left(shared_daemon, cable)
    brought_up(pair)
    cable.far.run("ping", "-c", "1", "10.9.0.1")


def test_a_killed_xl2tpd(shared_daemon, cable, pair):
    lns, lac = pair
    brought_up(pair)
    pppds = lac.pppds()
    lac.kill()
    for pid in pppds:
        kill_one([pid])
    lac.nothing_left()
    with Api(shared_daemon, cable.far) as api:
        eventually(lambda: not api.tunnels(), "its tunnel has gone", timeout=40)
    assert lns.devices()

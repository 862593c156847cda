# SPDX-License-Identifier: BSD-2-Clause
"""Debian's xl2tpd and pppd at both ends: near under `ul2tp run`, far in a machine whose kernel has L2TP and PPP"""
from typing import NamedTuple

import pytest

from support.api import Api
from support.end import PATIENCE, End
from support.loss import data_lost
from support.ppp_machine import FAR, NEAR, TAP
from support.wait import eventually
from support.xl2tpd import Far, Lac, Lns, Private

SECRET = 'user * "word" *\n'
SIZE = 200_000


class Kind(NamedTuple):
    """Options of the end that calls, and of that which is called; what the near pppd says; how many calls."""
    caller: list
    called: list
    words: list
    calls: int = 1


def mppe(bits):
    """Two pppds never agree on the stateful mode, even where both allow it: each asks for the stateless one."""
    needed = f"require-mppe-{bits}"
    return Kind(["user user", "password word", needed], ["require-mschap-v2", "auth", "name server", needed],
                [f"MPPE {bits}-bit stateless compression enabled"])


KINDS = {"plain": Kind([], [], ["local  IP address", "local  LL address"]), "mppe-128": mppe(128), "mppe-40": mppe(40),
         "multilink": Kind(["multilink", "endpoint local:01"], ["multilink", "endpoint local:02"],
                           ["New bundle ppp0 created", "Link attached to ppp0"], 2)}


@pytest.fixture(params=KINDS)
def kind(request):
    return KINDS[request.param]


@pytest.fixture(params=["near-calls", "near-is-called"])
def ends(request, ppp_machine, shared_daemon, tmp_path, kind):
    machine, namespace = ppp_machine.machine, ppp_machine.namespace
    launcher = Private(shared_daemon, namespace, tmp_path, SECRET)
    if request.param == "near-calls":
        with Far(machine, "lns", options=kind.called, secret=SECRET) as far, \
                Lac(namespace, launcher, FAR, kind.caller) as near:
            yield near, far, near
    else:
        with Lns(namespace, launcher, kind.called) as near, \
                Far(machine, "lac", lns=NEAR, options=kind.caller, secret=SECRET) as far:
            yield near, far, far


def peer_address(namespace):
    words = namespace.run("ip", "-4", "-o", "addr", "show", "dev", "ppp0").stdout.split()
    return words[words.index("peer") + 1].partition("/")[0]


def brought_up(ends, kind):
    near, far, caller = ends
    for number in range(kind.calls):
        caller.call(number)
        near.up()
        far.up()
    eventually(lambda: all(word in near.said() for word in kind.words), f"pppd says {kind.words}", timeout=PATIENCE)
    if kind.calls > 1:
        eventually(lambda: kind.words[-1] in far.said(), "the far pppd says so too", timeout=PATIENCE)


def packets(daemon, namespace):
    """Sent and received by each session."""
    with Api(daemon, namespace) as api:
        return [session["STATS"][f"{way}_PACKETS"] for session in api.sessions() for way in ("TX", "RX")]


def test_a_call(ends, kind, shared_daemon, ppp_machine):
    """
    Requirements: PPP-90, PPP-91, PPP-61, PPP-62, PPP-63, PPP-65, PPP-70, PPP-71
    """
    near, far, caller = ends
    namespace = ppp_machine.namespace
    brought_up(ends, kind)
    address = peer_address(namespace)
    namespace.run("ping", "-c", "2", "-i", "0.1", address)
    mtu = int(namespace.run("cat", "/sys/class/net/ppp0/mtu").stdout)
    namespace.run("ping", "-c", "1", "-s", str(mtu - 28), "-M", "do", address)
    end = End(namespace.path)
    end.exchange(address, SIZE)
    assert len(carried := packets(shared_daemon, namespace)) == 2 * kind.calls and min(carried) > 50, carried
    with data_lost(namespace, TAP) as lost:
        end.exchange(address, SIZE)
        assert min(lost()) > 0
    for number in range(kind.calls):
        caller.hang_up(number)
    near.nothing_left()
    far.nothing_left()

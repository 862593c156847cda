# SPDX-License-Identifier: BSD-2-Clause
"""Debian's xl2tpd and pppd at both ends: near under `ul2tp run`, far in a machine whose kernel has L2TP and PPP"""
import pytest

from support.daemon import Daemon
from support.end import PORT, End, RemoteEnd
from support.launcher import Launcher
from support.netns import Namespace
from support.vm import Machine
from support.wait import eventually
from support.xl2tpd import Far, Lac, Lns

KERNEL = "linux-image-6.12-amd64"
MODULES = ["l2tp_ppp", "ppp_mppe", "ppp_deflate", "bsd_comp"]
TAP, NEAR, FAR = "wire", "192.0.2.1", "192.0.2.2"
SECRET = 'user * "word" *\n'
SIZE = 200_000

# Options of the end that calls, and of that which is called; what the log of the near pppd must say.
PLAIN = ([], [], ["local  IP address", "local  LL address"])
MPPE = ["require-mschap-v2", "auth", "name server"]
USER = ["user user", "password word"]


def mppe(bits):
    """Two pppds never agree on the stateful mode, even where both allow it: each asks for the stateless one."""
    return (USER + [f"require-mppe-{bits}"], MPPE + [f"require-mppe-{bits}"], [f"MPPE {bits}-bit stateless compression enabled"])


KINDS = {"plain": PLAIN, "mppe-128": mppe(128), "mppe-40": mppe(40)}


@pytest.fixture(scope="module")
def namespace():
    made = Namespace("near")
    yield made
    made.close()


@pytest.fixture(scope="module")
def machine(namespace):
    with Machine(KERNEL, modules=MODULES, tap=(TAP, namespace.path)) as made:
        namespace.sysctl("net/ipv6/conf/default/disable_ipv6", 0)
        namespace.ip(f"address add {NEAR}/24 dev {TAP}", f"link set {TAP} up")
        made.run("sh", "-c", f"echo 1 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6; ip address add {FAR}/24 dev eth0; "
                             "ip link set eth0 up; ip link set lo up")
        yield made


@pytest.fixture(scope="module")
def daemon(build):
    with Daemon("--workers", "2") as made:
        yield made


class Secretive(Launcher):
    """Programs see our secrets of CHAP, in the mounts that `ip netns exec` made for them."""

    def __init__(self, daemon, namespace, directory):
        super().__init__(daemon, namespace)
        path = directory / "secrets"
        path.write_text(SECRET)
        path.chmod(0o600)
        self.prefix += ["sh", "-c", f'mount --bind {path} /etc/ppp/chap-secrets && exec "$@"', "sh"]


@pytest.fixture(params=["near-calls", "near-is-called"])
def ends(request, machine, daemon, namespace, tmp_path, kind):
    caller, called, words = kind
    launcher = Secretive(daemon, namespace, tmp_path)
    if request.param == "near-calls":
        with Far(machine, "lns", options=called, secret=SECRET) as far, Lac(namespace, launcher, FAR, caller) as near:
            yield near, far, near, words
    else:
        with Lns(namespace, launcher, called) as near, Far(machine, "lac", lns=NEAR, options=caller, secret=SECRET) as far:
            yield near, far, far, words


@pytest.fixture(params=KINDS)
def kind(request):
    return KINDS[request.param]


def peer_address(namespace):
    words = namespace.run("ip", "-4", "-o", "addr", "show", "dev", "ppp0").stdout.split()
    return words[words.index("peer") + 1].partition("/")[0]


@pytest.fixture(scope="module")
def serving(machine):
    machine.call("support.end:make", "far")
    far = RemoteEnd(machine, "far")
    far.serve()
    return PORT


def lose(namespace, percent):
    """Of the data packets that come, so many."""
    namespace.run("nft", f"add table netdev lossy; add chain netdev lossy in {{ type filter hook ingress device {TAP} "
                         f"priority 0; }}; add rule netdev lossy in udp dport 1701 @th,64,1 0 numgen random mod 100 < "
                         f"{percent} drop")


def test_a_call(ends, namespace, serving):
    """
    Requirements: PPP-90, PPP-91, PPP-61, PPP-62, PPP-63, PPP-65
    """
    near, far, caller, words = ends
    caller.call()
    near.up()
    far.up()
    for word in words:
        assert word in near.said(), near.said()
    address = peer_address(namespace)
    namespace.run("ping", "-c", "2", "-i", "0.1", address)
    mtu = int(namespace.run("cat", "/sys/class/net/ppp0/mtu").stdout)
    namespace.run("ping", "-c", "1", "-s", str(mtu - 28), "-M", "do", address)
    end = End(namespace.path)
    end.exchange(address, SIZE)
    lose(namespace, 1)
    try:
        end.exchange(address, SIZE)
    finally:
        namespace.run("nft", "delete table netdev lossy")
    caller.hang_up()
    near.nothing_left()
    far.nothing_left()

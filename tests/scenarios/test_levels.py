# SPDX-License-Identifier: BSD-2-Clause
"""What `ul2tp run --check` says works, works: with the rights of containers, and in a user namespace

Each level is a daemon, a launcher and programs that all have no more rights than it: under the default seccomp
profile of a container tool of Debian's with the capabilities that tool leaves and some more, or as root of a user
namespace. What is said to work is done; what is said not to work is refused in words, and nothing hangs.
"""
import errno
import json
import os
import subprocess
import sys

import pytest

from support import container, managed
from support.daemon import BUILD, TOP, Daemon
from support.launcher import Launcher
from support.netns import Cable, NamelessNamespace, Namespace, run
from support.pppd_calls import PppdEnd
from support.program import Program
from support.wait import SLOW, eventually

pytestmark = pytest.mark.plain

PYTHON = "/usr/bin/python3"
FEW = [*container.DEFAULT, "NET_ADMIN", "NET_RAW"]
LEVELS = {
    "root": None,
    "docker": ("docker", FEW),
    "docker-ptrace": ("docker", [*FEW, "SYS_PTRACE"]),
    "docker-admin": ("docker", [*FEW, "SYS_PTRACE", "SYS_ADMIN"]),
    "podman": ("podman", FEW),
    "podman-admin": ("podman", [*FEW, "SYS_ADMIN"]),
    "rootless": None,
}
# What each level is expected to have; a machine may lack more (then --check says so, and this fails here).
WAYS = {
    "root": ("uevent", "ebpf", "yes"),
    "docker": ("fib", None, None),
    "docker-ptrace": ("fib", "raw", None),
    "docker-admin": ("uevent", "ebpf", "yes"),
    "podman": ("fib", "raw", None),
    "podman-admin": ("uevent", "ebpf", "yes"),
    "rootless": ("uevent", "raw", "yes"),
}
PPP = ("ppp_socket", "ppp_channel", "ppp_unit", "ppp_shared", "pppd")


class RootlessNamespace(NamelessNamespace):
    """Of a process that is root in a user namespace of its own."""

    def __init__(self):
        super().__init__("--user", "--map-root-user")
        self.name = str(self.process.pid)  # `ip link ... netns` takes it, too

    @property
    def prefix(self):
        return ["nsenter", "--preserve-credentials", "--user", "--net", "--target", str(self.process.pid)]


class LevelCable(Cable):
    """near is a namespace as the level has it; far is root's."""

    def __init__(self, near):  # pylint: disable=super-init-not-called
        self.offloads, self.mtu, self.near = False, 1500, near
        self.far = Namespace("far")
        try:
            self.lay()
        except BaseException:
            self.close()
            raise


class Level:
    def __init__(self, name):
        self.name = name
        rootless = name == "rootless"
        self.cable = LevelCable(RootlessNamespace() if rootless else Namespace("near"))
        self.near = self.cable.near
        self.before = []
        if LEVELS[name]:
            engine, capabilities = LEVELS[name]
            self.before = [PYTHON, container.__file__, str(container.profile(engine)), ",".join(capabilities)]
        # What looks for leaks needs ptrace(), which is not for everyone.
        os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
        try:
            self.daemon = Daemon(prefix=[*self.near.prefix, *self.before])
        except BaseException:
            self.cable.close()
            raise
        self.launcher = Launcher(self.daemon, self.near)
        self.launcher.prefix += self.before
        self.environment = {"UL2TP_SOCKET": self.daemon.socket}

    def program(self, name):
        return Program(name, self.near, [*self.before, BUILD / "ul2tp", "run", "--"], self.environment)

    def check(self):
        """What --check says of the level as it is."""
        done = self.launcher.run(options=["--check", "--json"])
        assert done.returncode == 0, done.stdout + done.stderr
        said = json.loads(done.stdout)
        assert said["usable"] and said["daemon"]
        here = next(level for level in said["levels"] if level["level"] == "here")
        return {f["feature"]: f["way"] for f in here["variants"][0]["features"]}

    def close(self):
        try:
            assert self.daemon.stop() == 0, self.daemon.log
        finally:
            self.cable.close()


@pytest.fixture(params=LEVELS)
def level(request, build, monkeypatch):
    monkeypatch.setenv("ASAN_OPTIONS", os.environ.get("ASAN_OPTIONS", ""))
    made = Level(request.param)
    yield made
    made.close()


def ip_l2tp(level):
    """A tunnel and a session by `ip l2tp`, unmodified, and what it then shows."""
    near, far = level.cable.addresses(4)
    level.launcher(*f"ip l2tp add tunnel tunnel_id 1 peer_tunnel_id 2 encap udp local {near} remote {far} "
                   "udp_sport 7001 udp_dport 7002".split())
    level.launcher(*"ip l2tp add session tunnel_id 1 session_id 3 peer_session_id 4 name l2tp-test".split())
    assert "interface name: l2tp-test" in level.launcher("ip", "l2tp", "show", "session")
    assert json.loads(level.launcher("ip", "-j", "l2tp", "show", "tunnel"))[0]["peer_port"] == 7002
    assert "l2tp-test" in level.near.devices()
    level.launcher("ip", "l2tp", "del", "tunnel", "tunnel_id", "1")
    done = level.launcher.run("ip", "l2tp", "del", "tunnel", "tunnel_id", "1")
    assert done.returncode == 2 and "there is no tunnel 1 here" in done.stderr


IP_SOCKET = """
import socket
try:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 115).close()
    print("made")
except OSError as why:
    print(why.errno)
"""


def test_what_the_check_says_is_so(level):
    ways = level.check()
    assert (ways["netlink"], ways["managed"], ways["ip_socket"]) == WAYS[level.name], ways
    ip_l2tp(level)
    with level.program("static-epoll") as program:
        if ways["managed"]:
            managed.whole_story(program, level.cable)
        else:
            near, far = level.cable.addresses(4)
            assert program.refused("tunnel", 5, 6, 3, "udp", near, 7003, far, 7004) in (errno.EPERM, errno.EBADF)
    made = level.launcher(sys.executable, "-c", IP_SOCKET).strip()
    assert made == ("made" if ways["ip_socket"] else str(errno.EPROTONOSUPPORT))


def test_rtnetlink_is_there(level):
    """With --files, whatever the launcher can have of the program, and without a word about it."""
    # Of all interfaces ip(8) asks in which namespaces their other ends are, among those that tests beside this one take down.
    done = level.launcher.run("ip", "-s", "link", "show", "lo", options=["--files"])
    assert (done.returncode, done.stderr) == (0, "") and "RX:" in done.stdout


def call(end, ids, here, there, addresses):
    """pppd on a session of version 3, which the program that becomes pppd makes"""
    end.start({"CONN_ID": ids[0], "PEER_CONN_ID": ids[1], "PROTO_VERSION": 3, "ENCAP_TYPE": 0, "IP_SADDR": here,
               "IP_DADDR": there, "UDP_SPORT": 1701, "UDP_DPORT": 1701}, 21, 21, [addresses, "noccp", "noipv6"])


def test_pppd(level, shared_daemon):
    """As it is, at each level: its sockets, channels and units, and what it then carries.

    Requirements: PPP-1, PPP-92
    """
    exact = "yes" if level.name != "docker" else "partly"  # without pidfd_getfd()
    ways = level.check()
    assert [ways[feature] for feature in PPP] == ["yes", exact, exact, "yes", "yes"]
    served = [str(BUILD / "ul2tp"), "run", "--"]
    near = PppdEnd(level.near, level.daemon.socket, [*level.before, *served])
    far = PppdEnd(level.cable.far, shared_daemon.socket, served)
    here, there = level.cable.addresses(4)
    try:
        call(near, (11, 12), here, there, "10.7.0.1:10.7.0.2")
        call(far, (12, 11), there, here, "10.7.0.2:10.7.0.1")
        for end in (near, far):
            eventually(lambda e=end: e.ended() or e.has_address(), "pppd has an address", timeout=40)
            assert not end.ended(), end.said()
        assert near.ping("10.7.0.2") == 3
    finally:
        left = [end.stop() for end in (near, far)]
    assert left == [[], []]


def test_units_that_share(level):
    """A program of libul2tp's, and a command that gives its unit an address"""
    prefix = [*level.near.prefix, *level.before]
    sharing = Daemon("--ppp-device", "shared", prefix=prefix)
    environment = dict(os.environ, UL2TP_SOCKET=sharing.socket)

    def ul2tp(*words):
        return run(*prefix, BUILD / "ul2tp", *words, env=environment).stdout

    try:
        ul2tp(*"add tunnel tunnel_id 1 peer_tunnel_id 2 version 2 local 127.0.0.1 remote 127.0.0.1 udp_sport 7001 udp_dport 7002".split())
        with subprocess.Popen([*prefix, BUILD / "examples/ppp-echo", "1", "3", "4"], env=environment, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True) as program:
            assert program.stdout.readline()
            ul2tp("unit", "address", "add", "ppp0", "10.0.0.2/32")
            unit, = json.loads(ul2tp("-j", "show", "unit"))
            assert unit["shared"] and unit["addresses"] == ["10.0.0.2/32"] and unit["interface"] in level.near.devices()
            assert f"10.0.0.2 dev {unit['interface']}" in run(*prefix, "ip", "route").stdout
            program.stdin.close()
    finally:
        assert sharing.stop() == 0


# A container that was not given /dev/net/tun has sessions of PPP, their channels and bridges, but no interfaces.
FRAMES = """
import errno, fcntl, os, struct, sys
from support.ppp_file import PPPIOCATTCHAN, PPPIOCGCHAN, PPPIOCNEWUNIT
from support import netlink, pppd_call
from support.api import PPP, encode
tunnel = {"CONN_ID": 1, "PEER_CONN_ID": 2, "PROTO_VERSION": 3, "ENCAP_TYPE": 0, "IP_SADDR": "127.0.0.1",
          "IP_DADDR": "127.0.0.2", "UDP_SPORT": 1701, "UDP_DPORT": 1702}
with netlink.connect_kernel() as nl:
    nl.l2tp("TUNNEL_CREATE", encode(tunnel)).check()
    nl.l2tp("SESSION_CREATE", encode({"CONN_ID": 1, "SESSION_ID": 3, "PEER_SESSION_ID": 4, "PW_TYPE": PPP})).check()
made = pppd_call.pppox_socket(tunnel, 3, 4)
number = fcntl.ioctl(made, PPPIOCGCHAN, struct.pack("=i", 0))
channel, unit = os.open("/dev/ppp", os.O_RDWR), os.open("/dev/ppp", os.O_RDWR)
fcntl.ioctl(channel, PPPIOCATTCHAN, number)
print(os.write(channel, bytes.fromhex("c0210101000861626364")))
try:
    fcntl.ioctl(unit, PPPIOCNEWUNIT, struct.pack("=i", -1))
except OSError as why:
    print(errno.errorcode[why.errno])
"""


def test_ppp_without_tun(build, new_namespace):
    namespace = new_namespace("host")
    hidden = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs tmpfs /dev/net && exec "$@"', "sh"]
    daemon = Daemon(prefix=[*namespace.prefix, *hidden])
    launcher = Launcher(daemon, namespace)
    launcher.prefix += hidden
    try:
        done = launcher.run(options=["--check", "--json"])
        here = next(level for level in json.loads(done.stdout)["levels"] if level["level"] == "here")
        said = {f["feature"]: (f["way"], f.get("adds")) for f in here["variants"][0]["features"]}
        assert [said[feature] for feature in PPP] == [("yes", None), ("yes", None), *[(None, "tun")] * 3]
        launcher.environment["PYTHONPATH"] = str(TOP / "tests")
        assert launcher(sys.executable, "-c", FRAMES).split() == ["10", "ENODEV"]
    finally:
        assert daemon.stop() == 0


@pytest.mark.parametrize("engine", container.PROFILES)
def test_the_demo_with_containers_as_hosts(build, engine):
    words = [PYTHON, container.__file__, str(container.profile(engine)), ",".join(FEW)]
    done = subprocess.run([PYTHON, str(TOP / "demo/demo")], capture_output=True, text=True, check=False,
                          timeout=120 * SLOW, stdin=subprocess.DEVNULL, env=dict(
                              os.environ, UL2TP_BUILD=str(BUILD), UL2TP_DEMO_MEBIBYTES="4", UL2TP_DEMO_AS=" ".join(words),
                              ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert "the same at both ends" in done.stdout


def test_the_demo_without_root(build):
    inside = f"mount -t tmpfs tmpfs /run && exec {PYTHON} {TOP}/demo/demo"
    done = subprocess.run(["unshare", "-Urnm", "sh", "-c", inside], capture_output=True, text=True, check=False,
                          timeout=120 * SLOW, stdin=subprocess.DEVNULL, env=dict(
                              os.environ, UL2TP_BUILD=str(BUILD), UL2TP_DEMO_MEBIBYTES="4",
                              ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr

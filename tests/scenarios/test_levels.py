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
from support.netns import Cable, NamelessNamespace, Namespace
from support.program import Program
from support.wait import SLOW

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

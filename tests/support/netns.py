# SPDX-License-Identifier: BSD-2-Clause
"""netns.py - network namespaces that stand for hosts, and the cables between them

A Namespace is made under a name nobody else uses and is deleted by close(). Sockets that a test opens
in one (socket(), or inside a `with namespace.entered():`) belong to that namespace for good; they also
keep it alive, so tests about the end of a namespace close theirs first.
"""
import contextlib
import ctypes
import itertools
import json
import os
import pathlib
import socket
import subprocess
import threading

CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)
_numbers = itertools.count()


def setns(descriptor, kind=CLONE_NEWNET):
    if _libc.setns(descriptor, kind) < 0:
        raise OSError(ctypes.get_errno(), "setns: " + os.strerror(ctypes.get_errno()))


def unshare(kind):
    if _libc.unshare(kind) < 0:
        raise OSError(ctypes.get_errno(), "unshare: " + os.strerror(ctypes.get_errno()))


@contextlib.contextmanager
def entered(path):
    """The calling thread is in the namespace of this file meanwhile."""
    home = os.open(f"/proc/self/task/{threading.get_native_id()}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    there = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        setns(there)
        try:
            yield
        finally:
            setns(home)
    finally:
        os.close(home)
        os.close(there)


def run(*command, check=True, timeout=300, input=None, **options):
    """The finished process; AssertionError with what it said if it failed."""
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=timeout,
                          check=False, input=input, **options)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}\nexit status {done.returncode}\n"
                             f"{done.stdout}{done.stderr}")
    return done


class Namespace:
    """A named network namespace (as `ip netns` has them), with lo up and no IPv6 chatter on new devices."""

    def __init__(self, word="ns"):
        self.name = f"ul2tp-{os.getpid()}-{next(_numbers)}-{word}"
        self.path = f"/run/netns/{self.name}"
        run("ip", "netns", "add", self.name)
        self.prepare()

    def prepare(self):
        self.ip("link set lo up")
        self.sysctl("net/ipv6/conf/default/disable_ipv6", 1)

    def close(self):
        if os.path.exists(self.path):
            run("ip", "netns", "del", self.name)

    def entered(self):
        return entered(self.path)

    def socket(self, *arguments):
        with self.entered():
            return socket.socket(*arguments)

    @property
    def prefix(self):
        """Words before a command that is to run in it."""
        return ["ip", "netns", "exec", self.name]

    @property
    def ip_program(self):
        """ip(8) that acts on it: faster than in it, for which it would make a mount namespace with a /sys."""
        return ["ip", "-n", self.name]

    def run(self, *command, **options):
        return run(*self.prefix, *command, **options)

    def popen(self, *command, **options):
        return subprocess.Popen([*self.prefix, *map(str, command)], **options)

    def ip(self, *lines, check=True):
        """Each line is a command of ip(8), without the word ip."""
        return run(*self.ip_program, "-batch", "-", input="\n".join(lines) + "\n", check=check)

    def sysctl(self, name, value=None):
        with self.entered():
            path = pathlib.Path("/proc/sys") / name
            if value is not None:
                path.write_text(str(value))
            return path.read_text().strip()

    def read(self, path):
        """A file below /proc/thread-self/net of this namespace."""
        with self.entered():
            return pathlib.Path("/proc/thread-self/net", path).read_text()

    def devices(self):
        """Names of all interfaces but lo."""
        with self.entered():
            return {name for _, name in socket.if_nameindex()} - {"lo"}

    def snmp(self, protocol):
        """{counter: value} of /proc/net/snmp or, for "Udp6" and "Ip6", of /proc/net/snmp6."""
        if protocol.endswith("6"):
            rows = (line.split() for line in self.read("snmp6").splitlines())
            return {n.removeprefix(protocol): int(v) for n, v in rows if n.startswith(protocol)}
        rows = [line.split()[1:] for line in self.read("snmp").splitlines() if line.startswith(protocol + ":")]
        return dict(zip(rows[0], map(int, rows[1])))

    def link(self, device):
        """What the interface has in `ip -s -d -j link`."""
        return json.loads(run(*self.ip_program, "-s", "-d", "-j", "link", "show", "dev", device).stdout)[0]

    def link_statistics(self, device):
        """{"rx_packets": ...}: the interface's own counters."""
        stats = self.link(device)["stats64"]
        return {f"{way}_{name}": value for way in ("rx", "tx") for name, value in stats[way].items()}


class NamelessNamespace(Namespace):
    """One that lives by a process alone, as a container's; close() ends the process."""

    def __init__(self, *unshare_options):  # pylint: disable=super-init-not-called
        self.process = subprocess.Popen(["unshare", "--net", *unshare_options, "sh", "-c", "echo; exec sleep 3600"],
                                        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        self.process.stdout.readline()
        self.name = f"of process {self.process.pid}"
        self.path = f"/proc/{self.process.pid}/ns/net"
        self.prepare()

    @property
    def prefix(self):
        return ["nsenter", "--net=" + self.path]

    @property
    def ip_program(self):
        return [*self.prefix, "ip"]

    def close(self):
        self.process.kill()
        self.process.wait(60)
        self.process.stdout.close()


class Cable:
    """Two namespaces, near and far, with a veth between them. Without offloads everything on the wire is as on a
    real one: no packet is larger than the MTU, and checksums are complete."""

    NEAR4, FAR4, NEAR6, FAR6 = "192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"
    family = 4  # of the tunnels that FastPair lays over it

    def __init__(self, mtu=1500, offloads=False):
        self.offloads = offloads
        self.near = Namespace("near")
        try:
            self.far = Namespace("far")
        except BaseException:
            self.near.close()
            raise
        self.mtu = mtu
        try:
            self.lay()
        except BaseException:
            self.close()
            raise

    def lay(self):
        run("ip", "link", "add", "wire", "mtu", self.mtu, "netns", self.near.name, "type", "veth", "peer", "name",
            "wire", "mtu", self.mtu, "netns", self.far.name)
        for host, address4, address6 in ((self.near, self.NEAR4, self.NEAR6), (self.far, self.FAR4, self.FAR6)):
            host.sysctl("net/ipv6/conf/wire/disable_ipv6", 0)
            host.sysctl("net/ipv6/conf/wire/accept_dad", 0)
            host.sysctl("net/ipv6/conf/wire/router_solicitations", 0)
            host.ip(f"address add {address4}/24 dev wire", f"address add {address6}/64 dev wire nodad",
                    "link set wire up")
            if not self.offloads:
                host.run("ethtool", "-K", "wire", "tx", "off", "tso", "off", "gso", "off", "gro", "off")
        # Resolve the neighbours now, so that the first packet of a test meets no queue.
        mac = {host: host.link("wire")["address"] for host in (self.near, self.far)}
        self.near.ip(f"neighbour replace {self.FAR4} lladdr {mac[self.far]} dev wire nud permanent",
                     f"neighbour replace {self.FAR6} lladdr {mac[self.far]} dev wire nud permanent")
        self.far.ip(f"neighbour replace {self.NEAR4} lladdr {mac[self.near]} dev wire nud permanent",
                    f"neighbour replace {self.NEAR6} lladdr {mac[self.near]} dev wire nud permanent")

    def addresses(self, family):
        """(near, far) for 4 or 6."""
        return (self.NEAR4, self.FAR4) if family == 4 else (self.NEAR6, self.FAR6)

    def close(self):
        self.near.close()
        self.far.close()

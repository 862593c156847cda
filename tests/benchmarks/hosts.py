# SPDX-License-Identifier: BSD-2-Clause
"""hosts.py - two hosts, the cables between them, and the tunnels that are compared: the rows of the benchmark

Two network namespaces stand for two hosts. Two cables (veth, MTU 1500) join them, which are the underlays:

  seg   no segmentation in the "hardware": no packet on the wire is larger than 1500 octets, as with an
        ordinary network card; the kernel's software GSO and GRO are on
  gso   as veth comes: packets of up to 64 KiB pass whole, as with a card that segments tunnels

The rows over them are in ROWS, and exist all the time. All but plain have the same MTU. Each host is one processor: its
load generators and its daemons are pinned to it, in every row. A way through ul2tpd has a daemon of its own at
each end; what the fast path attaches to its cable must not be in the way of others, so it has one of its own.
"""
import contextlib
import dataclasses
import json
import os
import pathlib
import subprocess
import tempfile
import threading

from benchmarks import kernel_ppp, l2tpns
from benchmarks.progress import Failed, say
from support.daemon import BUILD, Cli, Daemon, in_session
from support.netns import Namespace, run

NEAR, FAR = 0, 1
UNDERLAYS = ("seg", "gso")
INNER_MTU = 1446
CONGESTION = "net/ipv4/tcp_congestion_control"
TOOLS = BUILD / "tests/benchmarks"


@dataclasses.dataclass(frozen=True)
class Row:
    """One way from host to host.

    way: which ul2tpd carries it, a key of WAYS; "kernel" for the kernel's L2TP; None: no L2TP
    """
    name: str
    words: str
    way: str = None
    ppp: bool = False

    @property
    def ours(self):
        return self.way in WAYS


# Options of ul2tpd; those of one group are there if the daemon has the option at all.
WAYS = {"naive": ["--naive"], "user": ["--fast-path", "off"], "fast": ["--fast-path", "require"],
        "fast-tcp": ["--fast-path-streams", "on", "--fast-path", "require"],
        "fast-xdp": ["--fast-path-xdp", "--fast-path", "require"]}
FAST = ("fast", "fast-xdp", "fast-tcp")

ROWS = {row.name: row for row in (
    Row("plain", "the cable itself"),
    Row("vxlan", "Ethernet over UDP by the kernel"),
    Row("naive", "Ethernet by ul2tpd, one packet a system call", "naive"),
    Row("user", "Ethernet by ul2tpd in user space", "user"),
    Row("fast", "Ethernet by ul2tpd's fast path", "fast"),
    Row("fast-tcp", "Ethernet by ul2tpd's fast path, streams of TCP, too, where user space were faster", "fast-tcp"),
    Row("fast-xdp", "Ethernet by ul2tpd's fast path, with XDP", "fast-xdp"),
    Row("ppp-naive", "PPP by ul2tpd, one packet a system call", "naive", True),
    Row("ppp-user", "PPP by ul2tpd in user space", "user", True),
    Row("ppp-fast", "PPP by ul2tpd's fast path", "fast", True),
    Row("l2tpns", "PPP by l2tpns at the far end, ul2tpd in user space at the near one", "l2tpns", True),
    Row("kernel", "Ethernet by the kernel's l2tp_eth", "kernel"),
    Row("ppp-kernel", "PPP by the kernel's l2tp_ppp", "kernel", True),
)}
HERE = ("plain", "vxlan", "naive", "user", "fast", "fast-tcp", "fast-xdp", "ppp-naive", "ppp-user", "ppp-fast", "l2tpns")
EMULATED = ("plain", "vxlan", "kernel", "naive", "user", "fast", "fast-tcp", "fast-xdp", "ppp-kernel", "ppp-user", "ppp-fast")


def cable(underlay, row):
    """The device over which the row goes."""
    way = ROWS[row].way
    return underlay + (f"-{FAST.index(way)}" if way in FAST else "")


def inner_device(underlay, row):
    """What has the row's addresses: the tunnel's device, or the cable itself."""
    return cable(underlay, row) if row == "plain" else f"{row}-{underlay}"


def no_segmentation(space, of):
    """As an ordinary network card is, seen from the system."""
    space.run("ethtool", "-K", of, "tso", "off", "tx-udp-segmentation", "off", "tx-udp_tnl-segmentation", "off",
              "tx-udp_tnl-csum-segmentation", "off", "gso", "on", "gro", "on")


def address(underlay, row, end):
    return f"10.{20 + UNDERLAYS.index(underlay)}.{list(ROWS).index(row)}.{end + 1}"


def outer(underlay, row, end):
    return wire(underlay, cable(underlay, row), end)


def wire(underlay, device, end):
    """The address of a cable's end."""
    number = int(device.removeprefix(underlay + "-")) + 1 if device != underlay else 0
    return f"10.{30 + UNDERLAYS.index(underlay)}.{number}.{end + 1}"


def has_option(option):
    return option in subprocess.run([BUILD / "ul2tpd", "--help"], capture_output=True, text=True, check=True).stdout


class Hosts:
    """The namespaces, the cables, the tunnels and the daemons.

    rows:    those that exist
    missing: {row: why it does not}

    workers:    of each daemon
    pins:       each host is one processor; else both have all of two
    congestion: how TCP's connections control it; None: as the system has it
    """

    def __init__(self, cleanup, rows, underlays, workers=1, pins=True, congestion=None):
        self.cleanup, self.underlays, self.workers, self.pins, self.congestion = cleanup, underlays, workers, pins, congestion
        self.directory = pathlib.Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="ul2tp-bench-")))
        allowed = sorted(os.sched_getaffinity(0))
        self.cpus = (allowed[0], allowed[1 % len(allowed)])
        self.spaces, self.daemons, self.missing = [], {}, {}
        for word in ("near", "far"):
            space = Namespace(word)
            cleanup.callback(space.close)
            self.spaces.append(space)
            self._say_congestion(space)
        for underlay in underlays:
            for device in dict.fromkeys(cable(underlay, row) for row in rows):
                self._lay(underlay, device)
        for row in rows:
            why = self._lacks(ROWS[row])
            if why:
                self.missing[row] = why
                say(f"{row} is missing: {why}")
        for row in rows:
            for underlay in underlays:
                if row not in self.missing:
                    self._connect(row, underlay)
        self.rows = [row for row in rows if row not in self.missing]
        if congestion:
            for row in self.rows:
                for underlay in underlays:
                    self._choose_congestion(row, underlay)

    # --- what a row needs -------------------------------------------------------------------------------

    def _lacks(self, row):
        """Why it can not be had; nothing: it can, and its daemons run."""
        if row.way == "l2tpns":
            return self._lacks_l2tpns()
        if not row.ours or row.way in self.daemons:
            return ""
        options = WAYS[row.way]
        if not has_option(options[0]):
            if row.way in FAST:
                return f"this ul2tpd has no {options[0]}"
            options = []
        try:
            self.daemons[row.way] = [self._start_daemon(end, options) for end in (NEAR, FAR)]
        except AssertionError as why:
            return " ".join(str(why).split())[-300:]
        return ""

    def _lacks_l2tpns(self):
        """All its calls are made at once; what of it does not work here is no reason to measure nothing."""
        absent = l2tpns.lacking()
        if absent:
            return f"{', '.join(absent)} {'is' if len(absent) == 1 else 'are'} not installed"
        why = self._lacks(ROWS["ppp-user"])
        if why:
            return why
        try:
            l2tpns.Calls(self.cleanup, *self.spaces, self.daemons["user"][NEAR], self._pin(FAR),
                         {u: outer(u, "l2tpns", FAR) for u in self.underlays},
                         {u: [address(u, "l2tpns", end) for end in (NEAR, FAR)] for u in self.underlays}, INNER_MTU)
            for underlay in self.underlays:
                self._reach("l2tpns", underlay)
        except (AssertionError, Failed) as why:
            return " ".join(str(why).split())[-300:]
        return ""

    def _start_daemon(self, end, options):
        daemon = Daemon("--workers", self.workers, *options, prefix=self._pin(end))
        self.cleanup.callback(daemon.kill)
        self.cleanup.callback(daemon.stop)
        return daemon

    def _lay(self, underlay, device):
        near, far = (space.name for space in self.spaces)
        run("ip", "link", "add", device, "netns", near, "type", "veth", "peer", "name", device, "netns", far)
        for end, space in enumerate(self.spaces):
            if underlay == "seg":
                no_segmentation(space, device)
            at = wire(underlay, device, end)
            space.ip(f"address add {at}/24 dev {device}", f"link set {device} up")
        for end in (NEAR, FAR):
            self.command(end, "ping", "-q", "-c", "2", "-i", "0.1", "-W", "5",
                         wire(underlay, device, 1 - end))

    # --- tunnels ----------------------------------------------------------------------------------------

    def _connect(self, row, underlay):
        kind = ROWS[row]
        if kind.way == "l2tpns":
            return
        for end in (NEAR, FAR):
            device = inner_device(underlay, row)
            if row == "vxlan":
                self._add_vxlan(end, underlay, device)
            elif kind.way == "kernel":
                self._add_kernel(end, underlay, kind, device)
            elif kind.ours:
                self._add_ours(end, underlay, kind, device)
            here, there = (address(underlay, row, e) for e in (end, 1 - end))
            self.spaces[end].ip(f"address add {here} peer {there} dev {device}", f"link set {device} up")
            mtu = self.spaces[end].link(device)["mtu"]
            if row != "plain" and mtu != INNER_MTU:
                raise Failed(f"the MTU of {device} is {mtu}, not {INNER_MTU}")
        self._reach(row, underlay)
        if kind.way in FAST:
            self._expect_fast_path(row, underlay)

    def _expect_fast_path(self, row, underlay):
        """A session that does not take it is one of user space, and measured as such already."""
        # It is idle until it has had some traffic.
        self.command(NEAR, "ping", "-q", "-c", "200", "-i", "0.005", "-W", "5", address(underlay, row, FAR))
        for end in (NEAR, FAR):
            here, _ = self._ids(row, underlay, end)
            shown = Cli(self.daemons[ROWS[row].way][end], self.spaces[end]).json(f"-s show session tunnel_id {here}")
            path = next(session for session in shown if session["tunnel_id"] == here).get("fast_path", {})
            if path.get("reason") != "used":
                self.missing[row] = f"the fast path is not taken: {path.get('words', 'it says nothing')}"
                say(f"{row} is missing: {self.missing[row]}")
                return

    def _reach(self, row, underlay):
        self.command(NEAR, "ping", "-q", "-c", "2", "-i", "0.1", "-W", "5", address(underlay, row, FAR))

    def _add_vxlan(self, end, underlay, device):
        self.spaces[end].ip(
            f"link add {device} mtu {INNER_MTU} type vxlan id {7 + UNDERLAYS.index(underlay)} dev {cable(underlay, 'vxlan')} "
            f"local {outer(underlay, 'vxlan', end)} remote {outer(underlay, 'vxlan', 1 - end)} dstport 4789")

    def _ids(self, row, underlay, end):
        """(tunnel and session here, and there); also their ports, of which l2tpns has 1701"""
        base = 2000 + 100 * list(ROWS).index(row) + 10 * UNDERLAYS.index(underlay)
        return base + end, base + 1 - end

    def _tunnel(self, row, underlay, end):
        here, there = self._ids(row, underlay, end)
        return (f"tunnel_id {here} peer_tunnel_id {there} encap udp udp_sport {here} udp_dport {there} "
                f"local {outer(underlay, row, end)} remote {outer(underlay, row, 1 - end)}")

    def _add_ours(self, end, underlay, kind, device):
        space, daemon = self.spaces[end], self.daemons[kind.way][end]
        here, there = self._ids(kind.name, underlay, end)
        cli = Cli(daemon, space)
        cli(f"add tunnel {'version 2 ' if kind.ppp else ''}{self._tunnel(kind.name, underlay, end)}")
        if not kind.ppp:
            cli(f"add session name {device} tunnel_id {here} session_id {here} peer_session_id {there}")
            return
        made = Sessions(daemon, space, here, 1)
        self.cleanup.callback(made.close)
        space.ip(f"link set {made.ifname} name {device} mtu {INNER_MTU}")

    def _add_kernel(self, end, underlay, kind, device):
        space = self.spaces[end]
        here, there = self._ids(kind.name, underlay, end)
        if not kind.ppp:
            space.ip(f"l2tp add tunnel {self._tunnel(kind.name, underlay, end)}",
                     f"l2tp add session name {device} tunnel_id {here} session_id {here} peer_session_id {there}")
            return
        made = kernel_ppp.Session(space, (outer(underlay, kind.name, end), here),
                                  (outer(underlay, kind.name, 1 - end), there))
        self.cleanup.callback(made.close)
        space.ip(f"link set {made.ifname} name {device} mtu {INNER_MTU}")

    def _say_congestion(self, space):
        """What ul2tpd goes by, whose --fast-path-streams auto asks whether TCP sends by a timer."""
        if not self.congestion:
            return
        try:
            space.sysctl(CONGESTION, self.congestion)
        except PermissionError:
            if self.congestion.startswith("bbr"):
                raise
            space.sysctl(CONGESTION, "reno")  # which may be chosen anywhere, and has no timer either

    def _choose_congestion(self, row, underlay):
        """By the routes: a namespace may not choose for all of itself what the first has not allowed to everybody, and what a
        program chooses once it is connected (iperf3 -C) leaves BBR's timers on."""
        for end, space in enumerate(self.spaces):
            there = address(underlay, row, 1 - end)
            route = json.loads(space.run("ip", "-j", "route", "get", there).stdout)[0]
            space.ip(f"route replace {there} dev {route['dev']} src {route['prefsrc']} congctl {self.congestion}")

    # --- programs on the hosts --------------------------------------------------------------------------

    def _pin(self, end):
        return ["taskset", "-c", str(self.cpus[end % 2])] if self.pins else []

    def _inside(self, end, words, pins):
        return ["ip", "netns", "exec", self.spaces[end].name, *(self._pin(end) if pins else []), *map(str, words)]

    def command(self, end, *words, timeout=120, pins=True):
        done = subprocess.run(self._inside(end, words, pins), capture_output=True, text=True, timeout=timeout,
                              check=False, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise Failed(f"{' '.join(map(str, words))}: {(done.stderr or done.stdout).strip()[-500:]}")
        return done.stdout

    @contextlib.contextmanager
    def partner(self, ready, *words, end=FAR, pins=True):
        """A process at the far end, once it has said that it is ready."""
        process = subprocess.Popen(self._inside(end, words, pins), stdout=subprocess.PIPE, text=True,
                                   stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True)
        watchdog = threading.Timer(120, process.kill)
        watchdog.start()
        try:
            said = ""
            while ready not in said:
                line = process.stdout.readline()
                if not line:
                    raise Failed(f"{' '.join(map(str, words))}: {said.strip() or 'ended at once'}")
                said += line
            yield process
        finally:
            watchdog.cancel()
            process.kill()
            process.communicate()

    def daemons_ns(self, row):
        """What both ul2tpd of the row together have used of the processors, whatever else the machine did."""
        return sum(int(pathlib.Path(f"/proc/{pid}/task/{task}/schedstat").read_text().split()[0])
                   for daemon in self.daemons.get(ROWS[row].way, ()) for pid in in_session(daemon.process.pid)
                   for task in os.listdir(f"/proc/{pid}/task"))


class Sessions:
    """PPP sessions, 1 to count, in a tunnel that exists, of a program that makes them by libul2tp and holds them.

    more: so many are made and closed one after the other, further on
    """

    def __init__(self, daemon, space, tunnel, count, more=0):
        self.process = space.popen(TOOLS / "ppp_sessions", tunnel, 1, count, more, text=True, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=dict(os.environ, UL2TP_SOCKET=daemon.socket))
        try:
            words = self._hear("made")
            self.made_s, self.ifname = float(words[0]), words[-1]
        except BaseException:
            self.close()
            raise

    def _hear(self, word):
        words = self.process.stdout.readline().split()
        if not words or words[0] != word:
            raise Failed(f"ppp_sessions: {self.process.stderr.read().strip() or words}")
        return words[1:]

    def churned(self):
        """Seconds that making and closing the further ones took."""
        return float(self._hear("churned")[0])

    def close(self):
        if not self.process.stdin.closed:
            self.process.communicate(timeout=300)

# SPDX-License-Identifier: BSD-2-Clause
"""programs.py - what `ul2tp run` and tunnels on programs' sockets cost; a part of bench

  calls     recvmsg, sendmsg, epoll_wait, read of an ordinary file and a generic netlink round trip, bare, behind the
            launcher, with a seccomp filter that allows everything, and with one that looks at each call's descriptor and
            allows it: less the launcher can not add to calls that it never traps, and to those that it traps for some
            descriptors; by turns, a batch each. Then read and write of frames on a PPP channel
  requests  of eight threads, each answer checked
  close     from a program's close() of its tunnel's socket until ul2tpd knows the tunnel no more
  receive   data packets of a managed tunnel, by ul2tpd, and of a bare socket, by recvmmsg

In each round every row is measured once, and differences and ratios are taken within a round.
"""
import contextlib
import os
import socket
import statistics
import subprocess
import time

from support.api import Api
from support.daemon import BUILD, Daemon
from support.launcher import Launcher
from support.netlink import Refused
from support.netns import Cable

TOOLS = BUILD / "tests/benchmarks"
ORDINARY, ROUND_TRIPS, PPP = ("recvmsg", "sendmsg", "epoll_wait", "read"), ("nlctrl", "l2tp"), ("ppp_read", "ppp_write")
TURNS = 200
THREADS, REQUESTS = 8, 5000
PORT, SESSION, SMALL, LARGE = 7101, 77, 100, 1400


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def costs_read(text):
    """{call: nanoseconds}"""
    return {name: float(value) for name, value in (line.split() for line in text.splitlines())}


class Turns:
    """Programs that make calls when asked: bare, with any filter at all, with one that looks at descriptors, and
    behind the launcher; all on one processor."""

    def __init__(self, cleanup, namespace, launcher):
        words = [TOOLS / "call_cost", "turns", max(os.sched_getaffinity(0))]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.programs = {"bare": namespace.popen(*words, **pipes), "any": namespace.popen(*words, "any-filter", **pipes),
                         "row": namespace.popen(*words, "one-row", **pipes),
                         "launcher": launcher.popen(*words, **pipes, stderr=None)}
        cleanup.callback(self.close)

    def close(self):
        for program in self.programs.values():
            program.stdin.close()
            program.wait(timeout=20)
            program.stdout.close()

    def ask(self, who, call):
        """Nanoseconds; None: it does not have such a call."""
        program = self.programs[who]
        program.stdin.write(call + "\n")
        program.stdin.flush()
        said = program.stdout.readline().strip()
        return None if said == "none" else float(said)

    def measure(self, call):
        """{what: nanoseconds}: the calls themselves, and what is more than bare within a turn, of which medians."""
        order, taken = list(self.programs), {who: [] for who in self.programs}
        for _ in range(TURNS):
            for who in order:
                taken[who].append(self.ask(who, call))
            order.append(order.pop(0))
        result = {who: statistics.median(values) for who, values in taken.items() if None not in values}
        for who, words in (("any", "any_added"), ("row", "row_added"), ("launcher", "added")):
            if "bare" in result and who in result:
                result[words] = statistics.median(b - a for a, b in zip(taken["bare"], taken[who]))
        return result


def ppp_costs(namespace, launcher):
    bare = costs_read(namespace.run(TOOLS / "ppp_call_cost", timeout=300).stdout)
    behind = costs_read(launcher(TOOLS / "ppp_call_cost", timeout=300))
    return {name: {"launcher": behind[name], **({"bare": bare[name], "added": behind[name] - bare[name]} if name in bare else {})}
            for name in PPP}


def costs(namespace, launcher):
    with contextlib.ExitStack() as cleanup:
        turns = Turns(cleanup, namespace, launcher)
        return {**{name: turns.measure(name) for name in ORDINARY + ROUND_TRIPS}, **ppp_costs(namespace, launcher)}


def traps(launcher):
    """How often a call of each kind was trapped while it was made some ten thousand times."""
    asked = "".join(f"{name}\n" * 20 for name in ORDINARY)
    done = launcher.run(TOOLS / "call_cost", "turns", options=["-v", "-v"], timeout=300, input=asked)
    assert len(done.stdout.splitlines()) == 20 * len(ORDINARY), done.stderr
    return {name: sum(f" {name} " in f" {line} ".replace("(", " ").replace(":", " ")
                      for line in done.stderr.splitlines()) for name in ORDINARY}


def requests(launcher):
    done = launcher.run(TOOLS / "call_cost", "requests", THREADS, REQUESTS // THREADS, timeout=120)
    made, wrong, seconds = done.stdout.split()
    return {"requests": int(made), "wrong": int(wrong), "per_second": int(made) / float(seconds)}


class Near:
    """A program's side: sockets in the near namespace, and a connection to ul2tpd to put tunnels on them."""

    def __init__(self, cleanup, divert=None):
        self.cable = Cable(offloads=True)
        cleanup.callback(self.cable.close)
        self.daemon = Daemon("--workers", "1", *(["--divert", divert] if divert else []))
        cleanup.callback(self.daemon.kill)
        cleanup.callback(self.daemon.stop)
        self.api = Api(self.daemon, self.cable.near)
        cleanup.callback(self.api.close)
        self.launcher = Launcher(self.daemon, self.cable.near)

    def socket(self):
        made = self.cable.near.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind((self.cable.NEAR4, PORT))
        return made

    def known(self, conn_id):
        try:
            return self.api.tunnel_get(conn_id)
        except Refused:
            return None

    def close_times(self, count):
        """Seconds from close() to the tunnel's end, each."""
        taken = []
        for number in range(count):
            made = self.socket()
            self.api.tunnel_on(made, CONN_ID=1000 + number, PEER_CONN_ID=1)
            self.api.session_create(1000 + number, 1000 + number, PEER_SESSION_ID=1)
            began = time.perf_counter()
            made.close()
            while self.known(1000 + number):
                pass
            taken.append(time.perf_counter() - began)
        return taken

    def flood(self, octets, seconds, segments):
        return int(self.cable.far.run(TOOLS / "data_flood", "send", self.cable.NEAR4, PORT, SESSION, octets, seconds,
                                      segments).stdout)

    def by_ul2tpd(self, octets, seconds, segments):
        """(packets a second received, packets a second sent)"""
        with contextlib.closing(self.socket()) as made:
            self.api.tunnel_on(made, CONN_ID=1, PEER_CONN_ID=1)
            self.api.session_create(1, SESSION, PEER_SESSION_ID=1)
            device = self.api.session_get(1, SESSION)["IFNAME"]
            self.cable.near.ip(f"link set {device} up")
            sent = self.flood(octets, seconds, segments)
            received = dict(self.api.session_get(1, SESSION)["STATS"])["RX_PACKETS"]
        while self.known(1):
            pass
        return received / seconds, sent / seconds

    def by_recvmmsg(self, octets, seconds, segments):
        receiver = self.cable.near.popen(TOOLS / "data_flood", "receive", self.cable.NEAR4, PORT, seconds + 1,
                                         stdout=subprocess.PIPE, text=True)
        assert receiver.stdout.readline() == "ready\n"
        sent = self.flood(octets, seconds, segments)
        packets, took = receiver.communicate(timeout=60)[0].split()
        return int(packets) / float(took), sent / seconds


def measure(rounds, seconds, closes, say):
    result = {"calls": [], "requests": [], "receive": []}
    with contextlib.ExitStack() as cleanup:
        near = Near(cleanup)
        raw = Near(cleanup, "raw")
        for number in range(rounds):
            def step(what, when=f"programs, round {number + 1} of {rounds}"):
                say(f"{when}: {what}")
            step("calls, by turns")
            result["calls"].append(costs(near.cable.near, near.launcher))
            step("requests")
            result["requests"].append(requests(near.launcher))
            row = {}
            for name, octets, segments in (("small", SMALL, 1), ("large", LARGE, 1), ("segments", LARGE, 40)):
                step(f"data, {octets} octets" + (", UDP_SEGMENT" if segments > 1 else ""))
                row[name] = {"recvmmsg": near.by_recvmmsg(octets, seconds, segments),
                             "ebpf": near.by_ul2tpd(octets, seconds, segments),
                             "raw": raw.by_ul2tpd(octets, seconds, segments)}
            result["receive"].append(row)
        say("programs: traps")
        result["traps"] = traps(near.launcher)
        say("programs: closes")
        result["close_s"] = {"ebpf": near.close_times(closes), "raw": raw.close_times(closes)}
    return result


def summary(values, scale=1, decimals=0):
    values = [v * scale for v in values]
    return f"{statistics.median(values):.{decimals}f} ({min(values):.{decimals}f} to {max(values):.{decimals}f})"


def cell(values):
    return "not there" if None in values else summary(values)


def show(result):
    print(f"\n{'behind ul2tp run':20}{'bare, ns':>24}{'behind it, ns':>24}{'added, ns':>24}{'of that any filter':>24}"
          f"{'or one with a row':>24}{'traps':>8}")
    for name in ORDINARY + ROUND_TRIPS + PPP:
        cells = [cell([taken[name].get(what) for taken in result["calls"]])
                 for what in ("bare", "launcher", "added", "any_added", "row_added")]
        print(f"{name:20}" + "".join(f"{words:>24}" for words in cells) + f"{result['traps'].get(name, ''):>8}")
    asked = result["requests"]
    print(f"{THREADS} threads: {sum(r['requests'] for r in asked)} requests, {sum(r['wrong'] for r in asked)} wrong answers, "
          f"{summary([r['per_second'] for r in asked])} a second")
    for way, taken in result["close_s"].items():
        print(f"close to tunnel gone, {way:5}: p50 {percentile(taken, .5) * 1e3:.2f} ms, "
              f"p99 {percentile(taken, .99) * 1e3:.2f} ms ({len(taken)} times)")
    print(f"\n{'received, kpackets/s':26}{'recvmmsg':>24}{'ul2tpd, ebpf':>24}{'ul2tpd, raw':>24}{'ebpf to recvmmsg':>24}")
    for name, words in (("small", f"{SMALL} octets"), ("large", f"{LARGE} octets"),
                        ("segments", f"{LARGE} octets, UDP_SEGMENT")):
        rows = [r[name] for r in result["receive"]]
        print(f"{words:26}" + "".join(f"{summary([r[way][0] for r in rows], 1e-3):>24}" for way in ("recvmmsg", "ebpf", "raw"))
              + f"{summary([r['ebpf'][0] / r['recvmmsg'][0] for r in rows], 1, 2):>24}")

# SPDX-License-Identifier: BSD-2-Clause
"""ppp_many.py - thousands of PPP sessions of one program behind `ul2tp run`: what they cost, and that nothing of them stays

The program (tests/programs/storm) and ul2tpd need up to four descriptors for a session in a process; where that is
more than a process may have, the story is told in a machine of uml.py. At the far end is an echo_peer, so what is seen
is one end.
"""
import collections
import contextlib
import json
import os
import pathlib
import resource
import time

from support import ppp_storm, proc
from support.daemon import BUILD, Cli, Daemon, in_session
from support.launcher import processes_of
from support.netns import Cable
from support.program import Program
from support.wait import SLOW, eventually

TUNNELS = 50
IN_PROGRAM = 3          # descriptors of a session: socket, channel and unit
IN_DAEMON = 4           # in either of ul2tpd's processes: their other ends, and the interface
OF_THEIR_OWN = 200      # what a process has without sessions, tunnels among it, at most
SOME, SOME_KIB = 100, 2048   # connections that wait; what is more of memory when calls came more closely together
STEP = 1000             # sessions that are made between two looks at what they cost

progress = {}   # of the story that is being told, for those who ask from outside a machine


def how_far():
    return dict(progress)


def allow_descriptors(count):
    """As many for this process and those it starts, if that is possible; how many it has."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with contextlib.suppress(ValueError, PermissionError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(hard, count),) * 2)
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def sessions_max():
    """As many as ul2tpd may have descriptors for here."""
    return (allow_descriptors(0) - OF_THEIR_OWN) // IN_DAEMON


def memory_kib(pids):
    """Of all together; what they share is counted once (Pss)."""
    lines = [line for pid in pids for line in proc.text(pid, "smaps_rollup").splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def idle_s():
    """For how long this machine's processors have had nothing to do"""
    words = pathlib.Path("/proc/stat").read_text().split()
    return round((int(words[4]) + int(words[5])) / os.sysconf("SC_CLK_TCK"))


class Gateway:
    """An ul2tpd, a storm with many sessions, and who answers it.

    before:  words before those of ul2tpd and of the launcher, as of nice
    """

    def __init__(self, tunnels=TUNNELS, threads=8, interval_ms=10000, before=()):
        with contextlib.ExitStack() as cleanup:
            cable = Cable()
            cleanup.callback(cable.close)
            self.cable, self.near = cable, cable.near
            self.daemon = cleanup.enter_context(Daemon(prefix=before))
            peer = cleanup.enter_context(Program(
                f"echo_peer {cable.FAR4} {cable.NEAR4} {ppp_storm.PORT} {tunnels}", cable.far))
            assert peer.port == 0
            self.program = cleanup.enter_context(Program(
                f"storm {cable.NEAR4} {cable.FAR4} {ppp_storm.PORT} {tunnels} {threads} {interval_ms}", cable.near,
                [*before, BUILD / "ul2tp", "run", "--"], {"UL2TP_SOCKET": self.daemon.socket}))
            self.cleanup = cleanup.pop_all()

    def does(self, *words, timeout=60):
        self.program.tell(*words)
        return json.loads(self.program.heard(words[0], timeout))

    def makes(self, first, last, word="up", timeout=60):
        made = self.does(word, first, last, timeout=timeout)
        assert (made["made"], made["failed"]) == (last - first + 1, 0), made
        return made

    def is_established(self, sessions, timeout=60):
        said = self.does("established", sessions, timeout * SLOW, timeout=timeout + 10)
        assert said["established"] == sessions, said
        return said

    def is_settled(self, sessions, timeout=60):
        """So many interfaces are there, beside those of the namespace; the others' descriptors are closed after them."""
        most = IN_DAEMON * sessions + OF_THEIR_OWN
        eventually(lambda: len(self.near.devices()) == sessions + 1, f"{sessions} interfaces are there", timeout)
        eventually(lambda: len(proc.entries(self.daemon.keeper_pid, "fd")) <= most, "the keeper has closed the others", timeout)

    def holds(self):
        """Descriptors and KiB of memory, once all that was closed has been seen."""
        launcher = processes_of(self.program.pid)
        return {"descriptors": {name: max(len(proc.entries(pid, "fd")) for pid in pids) for name, pids in (
                    ("program", [self.program.pid]), ("launcher", launcher),
                    ("keeper", [self.daemon.keeper_pid]), ("engine", [self.daemon.engine_pid]))},
                "memory_kib": {"ul2tpd": memory_kib(in_session(self.daemon.process.pid)),
                               "launcher": memory_kib(launcher)}}

    def spent_ms(self):
        """Processors' time of each process so far"""
        return {name: sum(proc.spent_ms(pid) for pid in pids) for name, pids in (
            ("program", [self.program.pid]), ("launcher", processes_of(self.program.pid)),
            ("keeper", [self.daemon.keeper_pid]), ("engine", [self.daemon.engine_pid]))}

    def dropped(self):
        """Where an echo could have been lost: what ul2tpd and the hosts at both ends have dropped, by reason"""
        cli, counts = Cli(self.daemon, self.near), collections.Counter()
        for what in ("tunnel", "session"):
            for one in cli.json("-s", "show", what):
                for drop in one.get("rx_drops", []) + one.get("tx_drops", []):
                    counts[f"{what}: {drop['words']}"] += drop["packets"]
        for name, host in (("near", self.near), ("far", self.cable.far)):
            counts[f"{name}: buffer full"] = host.snmp("Udp")["RcvbufErrors"] + host.snmp("Udp")["SndbufErrors"]
        return dict(counts)

    def close(self):
        self.program.close()
        self.cleanup.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.cleanup.close()


def made_in_steps(gateway, sessions, patience):
    """(how many there are now, how fast the last were made and for how much of the processors' time each), step by step"""
    for first in range(1, sessions + 1, STEP):
        last, before = min(first + STEP - 1, sessions), gateway.spent_ms()
        made = gateway.makes(first, last, timeout=patience)
        gateway.is_established(last, patience)
        yield last, {"per_second": made["per_second"],
                     "ms_each": {name: round((spent - before[name]) / (last - first + 1), 2)
                                 for name, spent in gateway.spent_ms().items()}}


def story(sessions, churned=0, tunnels=TUNNELS, interval_ms=10000, patience=60, echoes=0):
    """{what was found}: sessions come and are lost all together, twice; while they are there, others come and go, and
    so many echoes at least are answered each time."""
    found = progress
    found.clear()
    began, idle = time.monotonic(), idle_s()

    def note(what, value):
        found[what] = dict(value, at_s=round(time.monotonic() - began), idle_s=idle_s() - idle)

    with Gateway(tunnels, interval_ms=interval_ms) as gateway:
        note("empty", gateway.holds())
        for name in ("first", "again"):
            wanted = gateway.does("status", timeout=patience)["answered"] + echoes
            for last, made in made_in_steps(gateway, sessions, patience):
                note(f"{name}_made_{last}", made)
            if churned:
                note(f"{name}_churned", gateway.makes(sessions + 1, sessions + churned, "churn", patience))
            gateway.is_settled(sessions, patience)
            note(f"{name}_full", gateway.holds())
            eventually(lambda: gateway.does("status", timeout=patience)["answered"] >= wanted, "echoes are answered", patience)
            status = gateway.does("status", timeout=patience)
            note(f"{name}_status", status)
            if status["lost"]:
                note(f"{name}_dropped", gateway.dropped())
            gateway.does("lose", timeout=patience)
            gateway.is_settled(0, patience)
            note(f"{name}_lost", gateway.holds())
        gateway.does("down", timeout=patience)
        gateway.close()
    check(found, sessions)
    return dict(found)


def check(found, sessions):
    """Nothing is lost, each costs what is promised, and the second time costs nothing more than the first."""
    for name in ("first", "again"):
        status, held = found[f"{name}_status"], found[f"{name}_full"]["descriptors"]
        assert (status["established"], status["lost"], status["hung_up"]) == (sessions, 0, 0), status
        for process, each in (("program", IN_PROGRAM), ("engine", IN_DAEMON), ("keeper", IN_DAEMON), ("launcher", 0)):
            assert held[process] <= each * sessions + OF_THEIR_OWN, (process, held)
    for state in ("full", "lost"):
        before, after = found[f"first_{state}"], found[f"again_{state}"]
        for process, count in after["descriptors"].items():
            assert count <= before["descriptors"][process] + SOME, (state, process, before, after)
        for process, kib in after["memory_kib"].items():
            # A sanitizer keeps for a while what was freed.
            most = before["memory_kib"][process] * 1.05 + SOME_KIB
            assert os.environ.get("UL2TP_SANITIZED") or kib <= most, (state, process, before, after)

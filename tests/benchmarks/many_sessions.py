# SPDX-License-Identifier: BSD-2-Clause
"""many_sessions.py - what making, holding and removing thousands of sessions costs, of Ethernet and of PPP"""
import contextlib
import pathlib
import resource
import tempfile
import time

from benchmarks.hosts import Sessions
from benchmarks.progress import Failed, say
from support import ppp_many
from support.daemon import Cli, Daemon, descriptors, in_session
from support.netns import Namespace
from support.wait import eventually


GIVEN_BACK_S = 5    # ul2tpd gives memory back when many have gone, but not at once (src/path/tidy.h)


def memory_kib(daemon):
    """Of all processes of the daemon; what they share is counted once (Pss)."""
    total = 0
    for pid in in_session(daemon.process.pid):
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total


def available_kib():
    """Of the system: what a process could have."""
    for line in pathlib.Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1])
    raise Failed("/proc/meminfo has no MemAvailable")


def descriptor_count(daemon):
    return sum(len(descriptors(pid)) for pid in in_session(daemon.process.pid))


def descriptors_at_rest(daemon):
    """So many as there are when no more are closed, which is done some time after the interfaces have gone."""
    before, now = None, descriptor_count(daemon)
    while before is None or now < before:
        time.sleep(0.5)
        before, now = now, descriptor_count(daemon)
    return now


def ppp_sessions_max(shared=False):
    """As many as ul2tpd has descriptors for: three and an interface each, unless it is shared, and some of its own."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return (limit - limit // 16) // 3 - 100 if shared else limit // 4 - 100


@contextlib.contextmanager
def alone(word, *options):
    """A namespace and an ul2tpd for nothing else."""
    with contextlib.ExitStack() as cleanup:
        space = Namespace(word)
        cleanup.callback(space.close)
        daemon = Daemon(*options)
        cleanup.callback(daemon.kill)
        yield cleanup, space, daemon
        daemon.stop()


TUNNEL = "tunnel_id 1 peer_tunnel_id 1 encap udp local 127.0.0.1 remote 127.0.0.1 udp_sport 5001 udp_dport 5001"


class Account:
    """Memory and time, from before the sessions to after them."""

    def __init__(self, kind, count, space, daemon):
        self.space, self.daemon, self.shared = space, daemon, kind == "ppp-shared"
        self.found = {"kind": kind, "sessions": count, "memory_empty_kib": memory_kib(daemon)}
        self.available = available_kib()

    def _there(self):
        """Interfaces, or routes by those that are shared"""
        if not self.shared:
            return len(self.space.devices())
        return len(self.space.run("ip", "route", "show", "proto", "115").stdout.splitlines())

    def made(self, seconds):
        if self._there() != self.found["sessions"]:
            raise Failed(f"{self._there()} {'routes' if self.shared else 'interfaces'} exist of {self.found['sessions']}")
        self.found |= {"create_s": seconds, "memory_full_kib": memory_kib(self.daemon),
                       "system_kib": self.available - available_kib()}
        say(f"made in {seconds:.1f} s; removing")
        self.began = time.monotonic()

    def removed(self):
        # The answer comes when the ids are free; the interfaces take a little longer.
        eventually(lambda: not self.space.devices(), "all interfaces are gone", timeout=300)
        self.found["delete_s"] = time.monotonic() - self.began
        time.sleep(GIVEN_BACK_S)
        self.found |= {"memory_after_kib": memory_kib(self.daemon)}
        return self.found


def ppp(count, shared=False):
    """Create so many by libul2tp, three descriptors and an interface or a route each, and close them."""
    with alone("many", "--max-sessions", str(count + 1000), "--ppp-device", "shared" if shared else "own") as (
            cleanup, space, daemon):
        Cli(daemon, space)(f"add tunnel version 2 {TUNNEL}")
        account = Account("ppp-shared" if shared else "ppp", count, space, daemon)
        made = Sessions(daemon, space, 1, count)
        cleanup.callback(made.close)
        account.made(made.made_s)
        made.close()
        return account.removed()


def ethernet(count):
    """Create so many sessions by `ul2tp -batch`, delete them by deleting their tunnel."""
    with alone("many", "--max-sessions", str(count + 1000)) as (cleanup, space, daemon):
        cli = Cli(daemon, space)
        script = pathlib.Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="ul2tp-bench-"))) / "batch"
        script.write_text(f"add tunnel {TUNNEL}\n" + "".join(
            f"add session tunnel_id 1 session_id {i} peer_session_id {i}\n" for i in range(1, count + 1)))
        account = Account("ethernet", count, space, daemon)
        began = time.monotonic()
        cli("-batch", str(script), timeout=600)
        account.made(time.monotonic() - began)
        cli("del tunnel tunnel_id 1", timeout=600)
        return account.removed()


def churn(times):
    """Make and close PPP sessions, a hundred at a time: what of descriptors and memory is not given back."""
    rows = []
    if not times:
        return rows
    with alone("churn") as (cleanup, space, daemon):
        Cli(daemon, space)(f"add tunnel version 2 {TUNNEL}")
        for part in (min(1000, times), times):   # the first are what it grows to; the others must add nothing
            made = Sessions(daemon, space, 1, 0, part)
            cleanup.callback(made.close)
            seconds = made.churned()
            made.close()
            eventually(lambda: not space.devices(), "all interfaces are gone", timeout=300)
            rows.append({"times": part, "seconds": seconds, "descriptors": descriptors_at_rest(daemon),
                         "memory_kib": memory_kib(daemon)})
    return rows


def storm(count):
    """Of a program behind `ul2tp run`: a tenth is there and asks for echoes, the others are made, lost, and made again."""
    stay = count // 10
    with ppp_many.Gateway(interval_ms=1000) as gateway:
        gateway.makes(1, stay, timeout=600)
        gateway.is_established(stay, 600)
        found = {"sessions": count, "stay": stay, "before": gateway.holds()}
        for name in ("first", "again"):
            before = gateway.spent_ms()
            made = gateway.makes(stay + 1, count, timeout=600)
            found[f"{name}_a_second"] = made["made"] / max(made["seconds"], 1e-3)
            gateway.is_established(count, 600)
            found[f"{name}_ms"] = {who: (spent - before[who]) / made["made"] for who, spent in gateway.spent_ms().items()}
            gateway.is_settled(count, 600)
            found[f"{name}_full"] = gateway.holds()
            if name == "first":
                gateway.does("lose", timeout=600)
                gateway.is_settled(0, 600)
                gateway.makes(1, stay, timeout=600)
                gateway.is_established(stay, 600)
        status = gateway.does("status")
        found |= {"echoes": status["asked"], "lost": status["lost"]}
        gateway.does("down", timeout=600)
        gateway.close()
    return found

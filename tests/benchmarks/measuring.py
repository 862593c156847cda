# SPDX-License-Identifier: BSD-2-Clause
"""measuring.py - one row of one underlay, once; and all of them, round by round

In each round every row of every underlay is measured once, so what disturbs the machine disturbs all. A sample is
{measure: value} in seconds, bits, packets and their like; MEASURES says what is in it. What the processors cost is the
time in which those of both hosts were not idle, load generators included.
"""
import contextlib
import dataclasses
import json
import os
import pathlib
import time

from benchmarks.hosts import FAR, NEAR, ROWS, TOOLS, address
from benchmarks.progress import Failed, say

IPERF_PORT, LOAD_PORT, RATE_PORT, ECHO_PORT = 5201, 5202, 9000, 9001
SIZES = {"64": "p64", "imix": "pimix", "1400": "p1400"}


@dataclasses.dataclass(frozen=True)
class Measure:
    key: str
    heading: str
    unit: str
    scale: float
    decimals: int
    more_is_better: bool = True


GROUPS = (
    ("TCP", (Measure("tcp1", "one connection", "Gbit/s", 1e-9, 2),
             Measure("tcp4", "four", "Gbit/s", 1e-9, 2),
             Measure("gbit_s", "processors for each Gbit", "ms", 1e3, 0, False))),
    ("Packets without loss", (Measure("p64", "64 octets", "thousands/s", 1e-3, 0),
                              Measure("pimix", "IMIX", "thousands/s", 1e-3, 0),
                              Measure("p1400", "1400 octets", "thousands/s", 1e-3, 0))),
    ("A flood of 64 octets", (Measure("flood", "arrived", "thousands/s", 1e-3, 0),
                              Measure("packet_s", "processors for each", "us", 1e6, 2, False),
                              Measure("engine_s", "of that ul2tpd's threads", "us", 1e6, 2, False))),
    ("Round trip", (Measure("p50", "idle, p50", "us", 1e6, 1, False),
                    Measure("p99", "idle, p99", "us", 1e6, 1, False),
                    Measure("load_p50", "under load, p50", "us", 1e6, 1, False),
                    Measure("load_p99", "under load, p99", "us", 1e6, 1, False))),
)
MEASURES = {m.key: m for _, measures in GROUPS for m in measures}


@dataclasses.dataclass
class Effort:
    """How long is measured, in seconds; None: what of the measures is left out."""
    tcp: float = 2
    trial: float = 0.15
    flood: float = 0.5
    sizes: tuple = ("64", "imix", "1400")
    warm: float = 0         # of TCP, before it counts
    four: bool = True
    echoes: int = 1000
    load: bool = True


def idle_s(cpus):
    """Seconds that these processors were idle, or not ours."""
    wanted = {f"cpu{cpu}" for cpu in cpus}
    ticks = 0
    for line in pathlib.Path("/proc/stat").read_text().splitlines():
        words = line.split()
        if words and words[0] in wanted:
            ticks += int(words[4]) + int(words[5]) + int(words[8])
    return ticks / os.sysconf("SC_CLK_TCK")


def tcp(hosts, target, streams, seconds, both_ways=False, warm=0):
    """(bit/s that arrived, seconds of the processors for each bit)"""
    ways = ["sum_received"] + ["sum_received_bidir_reverse"] * both_ways
    with hosts.partner("Server listening", "iperf3", "-s", "-1", "-p", IPERF_PORT, "--forceflush"):
        idle, began = idle_s(hosts.cpus), time.monotonic()
        out = hosts.command(NEAR, "iperf3", "-c", target, "-p", IPERF_PORT, "-t", seconds, "-P", streams, "-J",
                            "-O", warm, *["--bidir"] * both_ways, timeout=seconds + warm + 60)
        took = time.monotonic() - began
        busy = (took * len(set(hosts.cpus)) - (idle_s(hosts.cpus) - idle)) * seconds / (seconds + warm)
    received = [json.loads(out)["end"][way] for way in ways]
    octets = sum(way["bytes"] for way in received)
    if not octets:
        raise Failed(f"nothing arrived at {target} by TCP")
    return sum(way["bits_per_second"] for way in received), busy / (octets * 8)


def packets(hosts, row, target, size, effort):
    """(packets/s without loss, packets/s that arrive of a flood, seconds of the processors for each of these, of ul2tpd)"""
    with hosts.partner("ready", TOOLS / "packet_rate", "answer", target, RATE_PORT):
        ours = hosts.daemons_ns(row)
        out = hosts.command(NEAR, TOOLS / "packet_rate", "search", target, RATE_PORT, size, effort.trial,
                            effort.flood if size == "64" else effort.trial, ",".join(map(str, hosts.cpus)))
        ours = hosts.daemons_ns(row) - ours
    rate, arrived, ns, seen = map(float, out.split())
    return rate, arrived, ns * 1e-9, ours * 1e-9 / max(seen, 1)


def round_trip(hosts, target, count):
    """(p50, p99) in seconds."""
    with hosts.partner("ready", TOOLS / "round_trip", "answer", target, ECHO_PORT):
        p50, p99, _, lost = hosts.command(NEAR, TOOLS / "round_trip", "ask", target, ECHO_PORT, count, 200).split()
    if int(lost) > count / 50:
        raise Failed(f"of {count} packets to {target} {lost} were not answered")
    return float(p50) * 1e-6, float(p99) * 1e-6


@contextlib.contextmanager
def load(hosts, target, bits):
    """A TCP connection held to so many bit/s meanwhile."""
    with hosts.partner("Server listening", "iperf3", "-s", "-1", "-p", LOAD_PORT, "--forceflush"):
        with hosts.partner("connected to", "iperf3", "-c", target, "-p", LOAD_PORT, "-t", 60, "-b", int(bits), "--forceflush",
                           end=NEAR):
            yield


def sample(hosts, underlay, row, effort):
    """What there is to know of a row."""
    target = address(underlay, row, FAR)
    out = {}
    out["tcp1"], out["gbit_s"] = tcp(hosts, target, 1, effort.tcp, warm=effort.warm)
    out["gbit_s"] *= 1e9
    if effort.four:
        out["tcp4"], _ = tcp(hosts, target, 4, effort.tcp)
    for size in effort.sizes:
        rate, arrived, packet_s, engine_s = packets(hosts, row, target, size, effort)
        out[SIZES[size]] = rate
        if size == "64":
            out["flood"], out["packet_s"] = arrived, packet_s
            if ROWS[row].ours:
                out["engine_s"] = engine_s
    if effort.echoes:
        out["p50"], out["p99"] = round_trip(hosts, target, effort.echoes)
        if effort.load:
            with load(hosts, target, out["tcp1"] / 2):
                out["load_p50"], out["load_p99"] = round_trip(hosts, target, effort.echoes)
    return out


def sample_line(taken):
    return ", ".join(f"{heading} {taken[key] * MEASURES[key].scale:.{MEASURES[key].decimals}f}" for key, heading in
                     (("tcp1", "TCP"), ("p64", "64 octets"), ("packet_s", "us each"), ("p50", "round trip")) if key in taken)


def rounds(hosts, count, effort, tell=say):
    """{underlay: {row: [sample of each round]}}"""
    samples = {u: {r: [] for r in hosts.rows} for u in hosts.underlays}
    for number in range(count):
        for underlay in hosts.underlays:
            for row in hosts.rows:
                began = time.monotonic()
                taken = sample(hosts, underlay, row, effort)
                samples[underlay][row].append(taken)
                tell(f"round {number + 1} of {count}, {underlay} {row:9} {sample_line(taken)} "
                     f"({time.monotonic() - began:.0f} s)")
    return samples

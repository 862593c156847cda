# SPDX-License-Identifier: BSD-2-Clause
"""measuring.py - one row of one underlay, once; and all of them, round by round

In each round every row of every underlay is measured once, measure by measure, so what disturbs the machine disturbs all. A
sample is {measure: value} in seconds, bits, packets and their like; MEASURES says what is in it. What the processors cost is the
time in which those of both hosts were not idle, load generators included.
"""
import contextlib
import dataclasses
import json
import os
import pathlib
import statistics
import time

from benchmarks import gateways
from benchmarks.hosts import FAR, NEAR, ROWS, TOOLS, address
from benchmarks.progress import Failed, say

FLOOD_TURNS = 8
PAUSE_US = 200
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
             Measure("forwarded", "one, forwarded", "Gbit/s", 1e-9, 2),
             Measure("gbit_s", "processors for each Gbit", "ms", 1e3, 0, False))),
    ("Packets without loss", (Measure("p64", "64 octets", "thousands/s", 1e-3, 0),
                              Measure("pimix", "IMIX", "thousands/s", 1e-3, 0),
                              Measure("p1400", "1400 octets", "thousands/s", 1e-3, 0))),
    ("A flood of 64 octets", (Measure("flood", "arrived", "thousands/s", 1e-3, 0),
                              Measure("packet_s", "processors for each", "us", 1e6, 2, False),
                              Measure("engine_s", "of that ul2tpd's threads", "us", 1e6, 2, False))),
    ("Round trip", (Measure("p50", "idle, p50", "us", 1e6, 1, False),
                    Measure("p99", "idle, p99", "us", 1e6, 1, False),
                    Measure("p50_more", "more than plain", "us", 1e6, 1, False),
                    Measure("pause_p50", "after pauses, p50", "us", 1e6, 1, False),
                    Measure("pause_p99", "after pauses, p99", "us", 1e6, 1, False),
                    Measure("load_p50", "under load, p50", "us", 1e6, 1, False),
                    Measure("load_p99", "under load, p99", "us", 1e6, 1, False))),
)
MEASURES = {m.key: m for _, measures in GROUPS for m in measures}


@dataclasses.dataclass
class Effort:
    """How long is measured, in seconds; None: what of the measures is left out."""
    tcp: float = 2
    trial: float = 0.15
    flood: float = 0.8      # in FLOOD_TURNS turns
    sizes: tuple = ("64", "imix", "1400")
    warm: float = 0         # of TCP, before it counts
    four: bool = True
    forwarded: bool = False  # needs gateways.add()
    echoes: int = 2000
    loaded_echoes: int = 400
    turns: dict = dataclasses.field(default_factory=lambda: {"one TCP connection": 3})


def idle_s(cpus):
    """Seconds that these processors were idle, or not ours."""
    wanted = {f"cpu{cpu}" for cpu in cpus}
    ticks = 0
    for line in pathlib.Path("/proc/stat").read_text().splitlines():
        words = line.split()
        if words and words[0] in wanted:
            ticks += int(words[4]) + int(words[5]) + int(words[8])
    return ticks / os.sysconf("SC_CLK_TCK")


def tcp(hosts, target, streams, seconds, both_ways=False, warm=0, ends=(NEAR, FAR)):
    """(bit/s that arrived, seconds of the processors for each bit)"""
    ways = ["sum_received"] + ["sum_received_bidir_reverse"] * both_ways
    with hosts.partner("Server listening", "iperf3", "-s", "-1", "-p", IPERF_PORT, "--forceflush", end=ends[1]):
        idle, began = idle_s(hosts.cpus), time.monotonic()
        out = hosts.command(ends[0], "iperf3", "-c", target, "-p", IPERF_PORT, "-t", seconds, "-P", streams, "-J",
                            "-O", warm, *["--bidir"] * both_ways, timeout=seconds + warm + 60)
        took = time.monotonic() - began
        busy = (took * len(set(hosts.cpus)) - (idle_s(hosts.cpus) - idle)) * seconds / (seconds + warm)
    received = [json.loads(out)["end"][way] for way in ways]
    octets = sum(way["bytes"] for way in received)
    if not octets:
        raise Failed(f"nothing arrived at {target} by TCP")
    return sum(way["bits_per_second"] for way in received), busy / (octets * 8)


def packets(hosts, row, target, size, effort):
    """(packets/s without loss, seconds of ul2tpd for each packet)"""
    with hosts.partner("ready", TOOLS / "packet_rate", "answer", target, RATE_PORT):
        ours = hosts.daemons_ns(row)
        out = hosts.command(NEAR, TOOLS / "packet_rate", "search", target, RATE_PORT, size, effort.trial)
        ours = hosts.daemons_ns(row) - ours
    rate, arrived = map(float, out.split())
    return rate, ours * 1e-9 / max(arrived, 1)


def floods(hosts, targets, effort):
    """[(packets/s that arrive, seconds of the processors for each of these)] of each; one has its turn, then the next."""
    with hosts.partner("ready", TOOLS / "packet_rate", "answer", "0.0.0.0", RATE_PORT):
        out = hosts.command(NEAR, TOOLS / "packet_rate", "flood", ",".join(targets), RATE_PORT, 64, effort.flood / FLOOD_TURNS,
                            FLOOD_TURNS, ",".join(map(str, hosts.cpus)))
    return [(float(arrived), float(ns) * 1e-9) for arrived, ns in map(str.split, out.splitlines())]


def round_trips(hosts, targets, count, pause_us, pins=True):
    """[(p50, p99, median of how much more it takes than the first in the same turn)] of each, in seconds; one has its turn of
    a few packets, then the next.

    pins: each end has the processor of its host; else both have what the scheduler gives them
    """
    with hosts.partner("ready", TOOLS / "round_trip", "answer", "0.0.0.0", ECHO_PORT, pins=pins):
        out = hosts.command(NEAR, TOOLS / "round_trip", "ask", ",".join(targets), ECHO_PORT, count, pause_us, pins=pins)
    found = [line.split() for line in out.splitlines()]
    for target, (*_, lost) in zip(targets, found, strict=True):
        if int(lost) > count / 50:
            raise Failed(f"of {count} packets to {target} {lost} were not answered")
    return [(float(p50) * 1e-6, float(p99) * 1e-6, float(more) * 1e-6) for p50, p99, _, more, _ in found]


@contextlib.contextmanager
def load(hosts, target, bits):
    """A TCP connection held to so many bit/s meanwhile."""
    with hosts.partner("Server listening", "iperf3", "-s", "-1", "-p", LOAD_PORT, "--forceflush"):
        with hosts.partner("connected to", "iperf3", "-c", target, "-p", LOAD_PORT, "-t", 60, "-b", int(bits), "--forceflush",
                           end=NEAR):
            yield


# What is measured of a row, in steps. Each adds to out, which has what the steps before it have found.

def take_tcp1(hosts, underlay, row, effort, out):
    out["tcp1"], bit_s = tcp(hosts, address(underlay, row, FAR), 1, effort.tcp, warm=effort.warm)
    out["gbit_s"] = bit_s * 1e9


def take_tcp4(hosts, underlay, row, effort, out):
    out["tcp4"], _ = tcp(hosts, address(underlay, row, FAR), 4, effort.tcp)


def take_forwarded(hosts, underlay, row, effort, out):
    if row in gateways.rows(hosts):
        out["forwarded"], _ = tcp(hosts, gateways.behind(underlay, row, FAR), 1, effort.tcp,
                                  ends=(gateways.BEHIND_NEAR, gateways.BEHIND_FAR))


def take_packets(hosts, underlay, row, effort, out):
    for size in effort.sizes:
        out[SIZES[size]], engine_s = packets(hosts, row, address(underlay, row, FAR), size, effort)
        if size == "64" and ROWS[row].ours:
            out["engine_s"] = engine_s


# Of several rows in one step, by short turns: what a packet takes and what it takes to wake two processors changes by more
# than rows differ, within seconds.

def take_floods(hosts, underlay, rows, effort, taken):
    for row, (arrived, packet_s) in zip(rows, floods(hosts, [address(underlay, row, FAR) for row in rows], effort)):
        taken[row]["flood"], taken[row]["packet_s"] = arrived, packet_s


def take_round_trips(hosts, underlay, effort, taken):
    targets = [address(underlay, row, FAR) for row in hosts.rows]
    more = ("p50_more",) if hosts.rows[0] == "plain" else ()
    for keys, trips in ((("p50", "p99", *more), round_trips(hosts, targets, effort.echoes, 0, pins=False)),
                        (("pause_p50", "pause_p99"), round_trips(hosts, targets, effort.echoes, PAUSE_US))):
        for row, trip in zip(hosts.rows, trips):
            taken[row].update(zip(keys, trip))


def take_round_trip_under_load(hosts, underlay, row, effort, out):
    target = address(underlay, row, FAR)
    with load(hosts, target, out["tcp1"] / 2):
        out["load_p50"], out["load_p99"] = round_trips(hosts, [target], effort.loaded_echoes, PAUSE_US)[0][:2]


def steps(effort):
    """{what: function}, in their order."""
    out = {"one TCP connection": take_tcp1}
    if effort.four:
        out["four"] = take_tcp4
    if effort.forwarded:
        out["one, forwarded"] = take_forwarded
    out["packets"] = take_packets
    if effort.loaded_echoes:
        out["round trip under load"] = take_round_trip_under_load
    return out


def sample(hosts, underlay, row, effort):
    """What there is to know of a row."""
    out = {}
    for take in steps(effort).values():
        take(hosts, underlay, row, effort, out)
    take_floods(hosts, underlay, [row], effort, {row: out})
    return out


def sample_line(taken):
    return ", ".join(f"{heading} {taken[key] * MEASURES[key].scale:.{MEASURES[key].decimals}f}" for key, heading in
                     (("tcp1", "TCP"), ("p64", "64 octets"), ("packet_s", "us each"), ("p50", "round trip")) if key in taken)


def one_round(hosts, underlay, effort, tell):
    """{row: sample}. All rows take a step before one takes the next, in several turns where much depends on it: what is
    compared was measured seconds apart. Of the turns the medians count."""
    taken = {row: {} for row in hosts.rows}
    for what, take in steps(effort).items():
        tell(what)
        turns = [{row: dict(known) for row, known in taken.items()} for _ in range(effort.turns.get(what, 1))]
        for turn in turns:
            for row in hosts.rows:
                take(hosts, underlay, row, effort, turn[row])
        taken = {row: {key: statistics.median(turn[row][key] for turn in turns) for key in turns[0][row]}
                 for row in hosts.rows}
    tell("flood")
    take_floods(hosts, underlay, hosts.rows, effort, taken)
    if effort.echoes:
        tell("round trip")
        take_round_trips(hosts, underlay, effort, taken)
    for row in hosts.rows:
        tell(f"{row:9} {sample_line(taken[row])}")
    return taken


def rounds(hosts, count, effort, before=lambda: None):
    """{underlay: {row: [sample of each round]}}; before: called before each underlay of each round"""
    samples = {u: {r: [] for r in hosts.rows} for u in hosts.underlays}
    for number in range(count):
        for underlay in hosts.underlays:
            before()
            when = f"round {number + 1} of {count}, {underlay}"
            for row, taken in one_round(hosts, underlay, effort, lambda text, w=when: say(f"{w}: {text}")).items():
                samples[underlay][row].append(taken)
    return samples

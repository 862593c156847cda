# SPDX-License-Identifier: BSD-2-Clause
"""targets.py - what ul2tp is to reach, and whether a result has reached it

Each value is a median over rounds of what was taken within one round, so that both sides of a ratio saw the same machine (a
round trip's, of what was taken within some milliseconds: round_trip.c); on a processor that never sleeps it is the least of many,
taken by turns.
"""
import dataclasses
import operator
import statistics
from typing import Callable


@dataclasses.dataclass(frozen=True)
class Target:
    words: str
    to_reach: float
    beyond: float
    value: Callable         # of a result: a number; None: something it needs is missing
    less_is_better: bool = False


def pairs(samples, underlay, of, to, key):
    rows = samples.get(underlay, {})
    return [(a[key], b[key]) for a, b in zip(rows.get(of, ()), rows.get(to, ())) if key in a and b.get(key)]


def ratio(underlay, of, to, key="tcp1", part=None):
    def value(result):
        samples = (result.get(part, {}) if part else result).get("samples", {})
        found = pairs(samples, underlay, of, to, key)
        return statistics.median(a / b for a, b in found) if found else None
    return value


FAST = ("fast", "fast-tcp", "fast-xdp")
OURS = ("user", *FAST)


def best(underlay, to, rows=OURS, part=None):
    """Of these ways, which the product has, the best."""
    def value(result):
        found = [v for v in (ratio(underlay, row, to, part=part)(result) for row in rows) if v is not None]
        return max(found) if found else None
    return value


def more_us(underlay, of, key):
    def value(result):
        found = [taken[key] for taken in result.get("samples", {}).get(underlay, {}).get(of, ()) if key in taken]
        return statistics.median(found) * 1e6 if found else None
    return value


def awake(underlay, of, to, key, compare):
    """Of what was measured without anybody who sleeps (awake.py)."""
    def value(result):
        rows = result.get("awake", {}).get(underlay, {})
        return compare(rows[of][key], rows[to][key]) if of in rows and to in rows else None
    return value


def of_sessions(kind, part):
    """Of the run with the most sessions."""
    def value(result):
        runs = [r for r in result.get("sessions", ()) if r["kind"] == kind]
        return part(max(runs, key=lambda r: r["sessions"])) if runs else None
    return value


TARGETS = (
    Target("user-space path, TCP to plain, seg", 0.50, 0.60, ratio("seg", "user", "plain")),
    Target("user-space path, TCP to naive, seg", 6, 8, ratio("seg", "user", "naive")),
    Target("user-space path, TCP to plain, gso", 0.45, 0.55, ratio("gso", "user", "plain")),
    Target("best path, TCP to vxlan, seg", 0.80, 1.0, best("seg", "vxlan")),
    Target("best path, TCP to vxlan, gso", 0.90, 1.1, best("gso", "vxlan")),
    Target("fast path, processors for a packet of 64 octets to plain, seg", 1.5, 1.35, ratio("seg", "fast", "plain", "packet_s"),
           True),
    Target("fast path, a packet of 64 octets to plain, nobody sleeps, seg", 1.5, 1.35,
           awake("seg", "fast", "plain", "packet_s", operator.truediv), True),
    Target("fast path, round trip p50 over plain, us, seg", 3, 2, more_us("seg", "fast", "p50_more"), True),
    Target("fast path, round trip over plain, nobody sleeps, us, seg", 3, 2,
           awake("seg", "fast", "plain", "trip_s", lambda a, b: (a - b) * 1e6), True),
    Target("emulated: user-space path to the kernel's l2tp_eth, seg", 1.0, 1.3, ratio("seg", "user", "kernel", part="emulated")),
    Target("emulated: user-space path to the kernel's l2tp_eth, gso", 1.4, 2, ratio("gso", "user", "kernel", part="emulated")),
    Target("emulated: fast path to the kernel's l2tp_eth, seg", 1.5, 2.5, best("seg", "kernel", FAST, "emulated")),
    Target("emulated: fast path to the kernel's l2tp_eth, gso", 3, 5, best("gso", "kernel", FAST, "emulated")),
    Target("most sessions of Ethernet: create each, ms", 0.5, 0.3,
           of_sessions("ethernet", lambda r: r["create_s"] / r["sessions"] * 1e3), True),
    Target("most sessions of Ethernet: delete all, s", 5, 2.5, of_sessions("ethernet", lambda r: r["delete_s"]), True),
)


def judge(result):
    """[(target, value or None, "beyond", "reached", "not reached" or "missing")]"""
    out = []
    for target in TARGETS:
        value = target.value(result)
        verdict = "missing"
        if value is not None:
            sign = -1 if target.less_is_better else 1
            verdict = ("beyond" if sign * value >= sign * target.beyond else
                       "reached" if sign * value >= sign * target.to_reach else "not reached")
        out.append((target, value, verdict))
    return out

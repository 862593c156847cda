# SPDX-License-Identifier: BSD-2-Clause
"""scaling.py - one worker and two: what more threads in a daemon cost, and what they give

Two hosts on two processors, which nobody is pinned to: what one worker leaves idle another can use, but both processors are
as busy with load generators and the kernel. So what is to be read is first of all the processors' time for each Gbit:
as long as two workers need no more of it than one, nothing is lost by sharing work among them.
"""
import contextlib
import time

from benchmarks.hosts import FAR, Hosts, address
from benchmarks.measuring import tcp
from benchmarks.progress import say

WORKERS = (1, 2)
UNDERLAY = "seg"


def sample(hosts, row, seconds):
    target = address(UNDERLAY, row, FAR)
    out = {}
    for key, streams, both_ways in (("tcp1", 1, False), ("tcp4", 4, False), ("both4", 4, True)):
        ours, began = hosts.daemons_ns(row), time.monotonic()
        out[key], bit_s = tcp(hosts, target, streams, seconds, both_ways)
        took = time.monotonic() - began
        out[key + "_gbit_s"] = bit_s * 1e9
        out[key + "_ours_s"] = (hosts.daemons_ns(row) - ours) / (out[key] * min(took, seconds))
    return out


def measure(rounds, seconds, congestion=None):
    """{"plain" or number of workers: [sample of each round]}"""
    samples = {name: [] for name in ("plain", *map(str, WORKERS))}
    with contextlib.ExitStack() as cleanup:
        hosts = {str(workers): Hosts(cleanup, ["plain", "user"], [UNDERLAY], workers, pins=False, congestion=congestion)
                 for workers in WORKERS}
        for number in range(rounds):
            for name, taken in samples.items():
                taken.append(sample(hosts.get(name, hosts["1"]), "user" if name in hosts else "plain", seconds))
                say(f"scaling, round {number + 1} of {rounds}, {name if name == 'plain' else name + ' workers'}: both ways "
                    f"{taken[-1]['both4'] * 1e-9:.2f} Gbit/s")
    return samples

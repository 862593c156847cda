# SPDX-License-Identifier: BSD-2-Clause
"""awake.py - what a small packet costs on the ways that are the kernel's, when no processor sleeps and nobody is woken

Beside measuring.py, whose round trips are mostly the waking of two processors, and whose floods share the machine with all
others: this tells apart ways that differ by a tenth of a microsecond, on a busy machine too (awake.c).
"""
import subprocess

from benchmarks.hosts import FAR, NEAR, ROWS, TOOLS, address
from benchmarks.progress import Failed

ROUNDS = 12
WAYS = (None, "fast", "fast-xdp", "kernel")   # of a row: a process of its own carries nothing


def measure(hosts, rounds=ROUNDS):
    """{underlay: {row: {"packet_s": from one end to the other, "trip_s": there and back}}}"""
    rows = [row for row in hosts.rows if ROWS[row].way in WAYS]
    near, far = (hosts.spaces[end].name for end in (NEAR, FAR))
    out = {}
    for underlay in hosts.underlays:
        ways = "".join(f"{row} {near} {far} {address(underlay, row, NEAR)} {address(underlay, row, FAR)}\n" for row in rows)
        done = subprocess.run([TOOLS / "awake", str(hosts.cpus[NEAR]), str(rounds)], input=ways, capture_output=True, text=True,
                              timeout=60 + 10 * rounds, check=False)
        if done.returncode != 0:
            raise Failed(f"awake: {done.stderr.strip()[-500:]}")
        out[underlay] = {row: {"packet_s": float(packet) * 1e-6, "trip_s": float(trip) * 1e-6}
                         for row, packet, trip in map(str.split, done.stdout.splitlines())}
    return out

# SPDX-License-Identifier: BSD-2-Clause
"""peers.py - many peers send to one host, with one worker and with two: what arrives, what each packet costs, and whether
the work is shared

The peers are plain senders of L2TPv3 data packets, each from a port of its own.
"""
import subprocess
import time

from benchmarks.hosts import TOOLS
from benchmarks.progress import say
from support import wire
from support.api import Api
from support.daemon import Daemon
from support.many_peers import workers_ns
from support.netns import Cable

WORKERS = (1, 2)
PEERS, FIRST_PORT, PORT = 8, 5000, 1701
OCTETS, SEGMENTS = 1400, 8


def connect(api, cable):
    for number in range(PEERS):
        api.tunnel_create(CONN_ID=number + 1, PEER_CONN_ID=1, UDP_SPORT=PORT, UDP_DPORT=FIRST_PORT + number,
                          IP_SADDR=cable.NEAR4, IP_DADDR=cable.FAR4)
        api.session_create(number + 1, number + 1, IFNAME=f"s{number}", L2SPEC_TYPE=wire.NONE)
        cable.near.ip(f"link set s{number} up")


def arrived(api):
    return sum(dict(session["STATS"]).get("RX_PACKETS", 0) for session in api.sessions())


def sample(workers, seconds):
    cable = Cable(offloads=True)
    try:
        with Daemon("--workers", workers, "--fast-path", "off") as daemon, Api(daemon, cable.near) as api:
            connect(api, cable)
            before, began = workers_ns(daemon), time.monotonic()
            senders = [cable.far.popen(TOOLS / "data_flood", "send", cable.NEAR4, PORT, number + 1, OCTETS, seconds, SEGMENTS,
                                       FIRST_PORT + number, stdout=subprocess.PIPE) for number in range(PEERS)]
            for sender in senders:
                sender.communicate(timeout=60 + seconds)
            took = time.monotonic() - began
            packets, spent = arrived(api), [ns - before[name] for name, ns in workers_ns(daemon).items()]
            return {"arrived": packets / took, "ours_s": sum(spent) * 1e-9 / packets, "busiest": max(spent) / sum(spent)}
    finally:
        cable.close()


def measure(rounds, seconds):
    """{number of workers: [sample of each round]}"""
    samples = {str(workers): [] for workers in WORKERS}
    for number in range(rounds):
        for workers, taken in samples.items():
            taken.append(sample(int(workers), seconds))
            say(f"many peers, round {number + 1} of {rounds}, {workers} workers: {taken[-1]['arrived'] / 1e3:.0f} thousand/s")
    return samples

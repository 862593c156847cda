# SPDX-License-Identifier: BSD-2-Clause
"""loss.py - a network that loses data packets of L2TP, and no control messages"""
import contextlib
import json

ONE_IN = 100
DATA = "udp dport 1701 @th,64,1 0"  # the first bit of L2TP's header
LOSE = f"{DATA} numgen inc mod {ONE_IN} == {ONE_IN // 2} counter drop"


@contextlib.contextmanager
def data_lost(namespace, device):
    """One in a hundred of those that come by the device, and of those that go, where several that leave at once
    count as one. Yields a function: how many were lost, [coming, going]."""
    namespace.run("nft", "-f", "-", input=f"""
        table netdev lossy {{ chain in {{ type filter hook ingress device {device} priority 0; {LOSE}; }}; }}
        table inet lossy {{ chain out {{ type filter hook output priority 0; {LOSE}; }}; }}""")

    def lost():
        return [counter_of(namespace, table) for table in ("netdev lossy", "inet lossy")]
    try:
        yield lost
    finally:
        namespace.run("nft", "delete table netdev lossy; delete table inet lossy")


def counter_of(namespace, table):
    listed = json.loads(namespace.run("nft", "-j", "list", "table", *table.split()).stdout)["nftables"]
    return sum(e["counter"]["packets"] for item in listed if "rule" in item for e in item["rule"]["expr"] if "counter" in e)

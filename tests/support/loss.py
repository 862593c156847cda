# SPDX-License-Identifier: BSD-2-Clause
"""loss.py - a network that loses data packets of L2TP, and no control messages"""
import contextlib
import json

ONE_IN = 100
DATA = "udp dport 1701 @th,64,1 0"  # the first bit of L2TP's header
LOSE = f"{DATA} numgen inc mod {ONE_IN} == {ONE_IN // 2} counter drop"
# Linux changes the key of MPPE with each frame whose bit A is set, and reads none before it has seen the Reset-Ack. So
# where the Reset-Ack is lost, or the first frame behind it, the ends have different keys for good. These come through,
# whole; and of multilink, with 24 bits, the first fragments that are known for them, and all that are not the first.
# Behind the 6 octets of L2TP's header.
KEEPS_KEYS = [f"{DATA} {match} accept" for match in (
    "@th,112,32 0xff0380fd", "@th,112,32 0xff0300fd @th,144,1 1", "@th,112,32 0xff03003d @th,144,1 0",
    "@th,112,32 0xff03003d @th,176,16 0x80fd", "@th,112,32 0xff03003d @th,176,8 0xfd @th,184,1 1")]


@contextlib.contextmanager
def data_lost(namespace, device, spared=()):
    """One in a hundred of those that come by the device, and of those that go, where several that leave at once
    count as one, but none that is spared. Yields a function: how many were lost, [coming, going]."""
    rules = "; ".join([*spared, LOSE])
    namespace.run("nft", "-f", "-", input=f"""
        table netdev lossy {{ chain in {{ type filter hook ingress device {device} priority 0; {rules}; }}; }}
        table inet lossy {{ chain out {{ type filter hook output priority 0; {rules}; }}; }}""")

    def lost():
        return [counter_of(namespace, table) for table in ("netdev lossy", "inet lossy")]
    try:
        yield lost
    finally:
        namespace.run("nft", "delete table netdev lossy; delete table inet lossy")


def counter_of(namespace, table):
    listed = json.loads(namespace.run("nft", "-j", "list", "table", *table.split()).stdout)["nftables"]
    return sum(e["counter"]["packets"] for item in listed if "rule" in item for e in item["rule"]["expr"] if "counter" in e)

# SPDX-License-Identifier: BSD-2-Clause
"""gateways.py - the two hosts forward: behind each stands another, and a connection of these goes through the tunnel

That is what gateways are there for, and something else than a connection of their own: what comes from behind has been cut for an
ordinary network card and put together again by GRO, and what arrives from the tunnel does not end in a socket here, where a small
packet more costs little, but goes through the system once more. Who is behind shares the processor of its gateway, in every row.
"""
from benchmarks.hosts import FAR, INNER_MTU, NEAR, ROWS, address, inner_device, no_segmentation
from support.netns import Namespace, run

BEHIND_NEAR, BEHIND_FAR = 2, 3  # of Hosts.spaces
DEVICE = "lan"


def behind(underlay, row, end):
    """The address of who is behind the host at this end: one for each row, and so a way for each."""
    return address(underlay, row, end + 2)


def rows(hosts):
    """l2tpns, which is no host, forwards for nobody but those who call it."""
    return [row for row in hosts.rows if ROWS[row].way != "l2tpns"]


def add(cleanup, hosts):
    """Behind either host one more."""
    for end in (NEAR, FAR):
        host, space = hosts.spaces[end], Namespace(("behind-near", "behind-far")[end])
        cleanup.callback(space.close)
        hosts.spaces.append(space)
        run("ip", "link", "add", DEVICE, "netns", host.name, "type", "veth", "peer", "name", DEVICE, "netns", space.name)
        for one, here in ((host, 1), (space, 2)):
            no_segmentation(one, DEVICE)
            one.ip(f"address add 10.40.{end}.{here}/24 dev {DEVICE}", f"link set {DEVICE} up")
        host.sysctl("net/ipv4/ip_forward", 1)
        for underlay in hosts.underlays:
            for row in rows(hosts):
                lay_way(hosts, underlay, row, end)


def lay_way(hosts, underlay, row, end):
    mine, other = (behind(underlay, row, e) for e in (end, 1 - end))
    congestion = f" congctl {hosts.congestion}" if hosts.congestion else ""
    mtu = "" if row == "plain" else f" mtu {INNER_MTU}"
    hosts.spaces[end].ip(f"route add {mine} via 10.40.{end}.2 dev {DEVICE}",
                         f"route add {other} via {address(underlay, row, 1 - end)} dev {inner_device(underlay, row)}")
    hosts.spaces[2 + end].ip(f"address add {mine}/32 dev {DEVICE}",
                             f"route add {other} via 10.40.{end}.1 dev {DEVICE} src {mine}{mtu}{congestion}")

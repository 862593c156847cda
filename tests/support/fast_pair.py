# SPDX-License-Identifier: BSD-2-Clause
"""fast_pair.py - two hosts joined by a pseudowire, each with a ul2tpd of its own, for tests of the fast path"""
import os
import re
import signal
import sys

from support.api import UDP, Api, agree, errors
from support.daemon import Daemon, children
from support.netns import Cable
from support.wait import AT_MOST, eventually

PORT = 7000
CHECKSUMS = {"UDP_ZERO_CSUM6_TX": False, "UDP_ZERO_CSUM6_RX": False}  # of a tunnel over IPv6
SEGMENTS_MAX = 64  # of a super-packet
INNER = {4: ("10.9.0.1", "10.9.0.2"), 6: ("fd09::1", "fd09::2")}

# What a cable may do with packets: nothing; what a network card's driver does in software; all.
UNDERLAYS = ("plain", "seg", "gso")


def lay_cable(underlay, family=4):
    """family: of the tunnel's packets."""
    cable = Cable(offloads=underlay != "plain")
    cable.underlay, cable.family = underlay, family
    for host in (cable.near, cable.far):
        if underlay == "seg":
            host.run("ethtool", "-K", "wire", "tso", "off", "tx-udp-segmentation", "off", "gro", "on")
        # A card's queue interrupts one processor. A veth's packets are received by whichever sent them, and what two
        # processors have in their backlogs may change places (doc/deviations.md, The fast path).
        host.run("sh", "-c", "echo 1 >/sys/class/net/wire/queues/rx-0/rps_cpus")
    return cable


def outer(family, own, peer):
    """A tunnel's addresses, and that its packets have no checksum."""
    if family == 4:
        return {"IP_SADDR": own, "IP_DADDR": peer}
    return {"IP6_SADDR": own, "IP6_DADDR": peer, "UDP_ZERO_CSUM6_TX": True, "UDP_ZERO_CSUM6_RX": True}


# As a program: NUMBER INTERFACE...: so many frames of IPv4, to nobody, out of each.
FRAMES = """
import socket, sys
for name in sys.argv[2:]:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
        out.bind((name, 0))
        for _ in range(int(sys.argv[1])):
            out.send(b"\\2" + bytes(10) + b"\\2" + b"\\x08\\0" + bytes(46))
"""


def make_busy(host, interfaces):
    """Traffic enough for each session to be worth the fast path."""
    for interface in interfaces:
        host.ip(f"link set {interface} up")
    host.run(sys.executable, "-c", FRAMES, 40, *interfaces)


class FastPair:
    """modes: --fast-path of the near and the far daemon, and what other options each has. ends: their addresses, if not the cable's.
    near: attributes of the near tunnel that only ul2tpd has. prefix: words before the near daemon."""

    def __init__(self, cable, modes=("require", "require"), tunnel=None, session=None, ends=None, near=None, prefix=()):
        self.hosts = (cable.near, cable.far)
        self.family, self.addresses = cable.family, ends or cable.addresses(cable.family)
        self.modes, self.tunnel, self.session, self.more = modes, tunnel or {}, session or {}, (near or {}, {})
        self.prefixes = (prefix, ())
        self.daemons, self.apis = [None, None], [None, None]
        try:
            for end in (0, 1):
                self.start(end)
            for end in (0, 1):
                self.bring_up(end)
            self.warm_up()
        except BaseException:
            self.kill()
            raise

    def start(self, end):
        """A ul2tpd with a tunnel and a session."""
        self.daemons[end] = Daemon("--fast-path", *self.modes[end].split(), prefix=self.prefixes[end])
        self.apis[end] = Api(self.daemons[end], self.hosts[end])
        self.make_tunnel(end)
        self.apis[end].session_create(1, 1, IFNAME="pw", **self.session)

    def make_tunnel(self, end):
        self.apis[end].more("TUNNEL_CREATE", {
            "CONN_ID": 1, "PEER_CONN_ID": 1, "PROTO_VERSION": 3, "ENCAP_TYPE": UDP, "UDP_SPORT": PORT, "UDP_DPORT": PORT,
            **outer(self.family, self.addresses[end], self.addresses[1 - end]), **self.tunnel}, **self.more[end])

    def bring_up(self, end):
        host = self.hosts[end]
        host.sysctl("net/ipv6/conf/pw/disable_ipv6", 0)
        host.sysctl("net/ipv6/conf/pw/accept_dad", 0)
        host.sysctl("net/ipv6/conf/pw/router_solicitations", 0)
        # What a host sends unasked would be counted among the packets of tests: it tells of its groups at once, and does
        # not ask after a neighbour that it knows, which it does five seconds after it has answered one.
        host.sysctl("net/ipv6/conf/pw/mldv2_unsolicited_report_interval", 1)
        for version in ("ipv4", "ipv6"):
            host.sysctl(f"net/{version}/neigh/pw/delay_first_probe_time", 3600)
            host.sysctl(f"net/{version}/neigh/pw/base_reachable_time_ms", 3600_000)
        host.ip(f"address add {INNER[4][end]}/24 dev pw", f"address add {INNER[6][end]}/64 dev pw nodad",
                "link set pw up")

    def warm_up(self):
        """All that is odd at the start has passed: neighbours are known, sessions are worth the fast path, gates open."""
        def decided():
            for family in ("-4", "-6"):
                self.hosts[0].run("ping", family, "-c", 20, "-i", "0.002", INNER[int(family[1])][1])
            return all(self.reason(end) not in ("idle", "in-doubt") for end in (0, 1))
        eventually(decided)
        for family in ("-4", "-6"):
            self.hosts[0].run("ping", family, "-c", 3, "-i", "0.1", INNER[int(family[1])][1])

    def reason(self, end):
        """Why the session at this end does not take the fast path; "used" if it does. Asked without a program, since tests
        ask in loops, under traffic."""
        return self.apis[end].fast_path(1, 1)

    def counts(self):
        return [api.session_get(1, 1)["STATS"] for api in self.apis]

    def lost(self):
        """What has not come to the near and to the far end, since the cable had no place for it. A veth counts that at the sender
        or at the receiver."""
        wires = [host.link_statistics("wire") for host in self.hosts]
        return [here["rx_dropped"] + there["tx_dropped"] for here, there in zip(wires, wires[::-1])]

    def agree(self):
        """A veth's queue has 256 places; where the machine is busy some packets find none, which it counts: a super-packet
        as one."""
        counts, lost = self.counts(), self.lost()
        if not any(lost):
            return agree(*counts)
        return not errors(*counts) and all(
            came["RX_PACKETS"] > 0 and 0 <= sent["TX_PACKETS"] - came["RX_PACKETS"] <= dropped * SEGMENTS_MAX
            for sent, came, dropped in zip(counts, counts[::-1], lost[::-1]))

    def slow_packets(self, end):
        """(sent, received) by way of the engine: what the interface's own counters have seen."""
        stats = self.hosts[end].link_statistics("pw")
        return stats["tx_packets"], stats["rx_packets"]

    def again(self, end):
        """Connections to an engine that is another."""
        self.apis[end].close()
        self.apis[end] = Api(self.daemons[end], self.hosts[end])

    def ping_while(self, what):
        """The near one's engine is replaced by what is done; of 200 packets meanwhile none is lost. The next engine has been
        asked nothing yet."""
        engine = self.daemons[0].engine_pid
        ping = self.hosts[0].popen("ping", "-c", 200, "-i", "0.005", "-q", INNER[4][1], stdout=-1, text=True)
        what()
        assert "200 received" in ping.communicate(timeout=AT_MOST)[0]
        self.daemons[0].next_engine(engine)
        self.again(0)

    def ping_while_the_engine_dies(self):
        """By the fast path."""
        self.ping_while(lambda: os.kill(self.daemons[0].engine_pid, signal.SIGKILL))

    def close(self):
        for api in self.apis:
            api.close()
        statuses = [daemon.stop() for daemon in self.daemons]
        eventually(lambda: not any("pw" in host.devices() for host in self.hosts), timeout=30)
        assert statuses == [0, 0]

    def kill(self):
        """After a failure: some may not be there."""
        for one in filter(None, self.apis):
            one.close()
        for one in filter(None, self.daemons):
            one.kill()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.close()
        else:
            self.kill()


def why_not():
    """Why this machine, or this build, has no fast path; None: it has."""
    daemon = Daemon("--fast-path", "require", wait=False)
    try:
        # Its engine comes after that was looked at; its socket came before.
        eventually(lambda: daemon.process.poll() is not None or children(daemon.pid))
        words = re.search("--fast-path require: ([^\"]*)", daemon.log)
    finally:
        daemon.kill()
    return words and words[1]

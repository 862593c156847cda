# SPDX-License-Identifier: BSD-2-Clause
"""debug_steps.py - do to ul2tpd what tests/goldens/debug/record.py did to a kernel"""
import json
import socket

from support import netlink
from support.daemon import TOP
from support.process import on_one_processor
from support.wait import SLOW, eventually

GOLDENS = TOP / "tests/goldens/debug"
ADDRESSES = ("192.0.2.1/24", "2001:db8::1/64 nodad")
NEEDS_PPP = {"v2-ppp"}


def cases(without=()):
    return sorted(p.parent.name for p in GOLDENS.glob("*/steps.json") if p.parent.name not in without)


def golden(case, name):
    return (GOLDENS / case / name).read_text()


def lan(namespace):
    """The addresses that the cases have."""
    namespace.ip("link add lan0 type veth peer name lan1")
    namespace.ip("link set lan0 up", "link set lan1 up", "neighbour replace 192.0.2.2 lladdr 02:00:00:00:00:01 dev lan0")
    namespace.sysctl("net/ipv6/conf/lan0/disable_ipv6", 0)
    for address in ADDRESSES:
        namespace.ip("address add " + address + " dev lan0")


class Steps:
    """Where a kernel was given time, it is what happens in it that is waited for; and as long as that has not come packets
    wait longer than the case says, because a busy machine may keep us from sending the next."""

    def __init__(self, api, namespace, case):
        self.api, self.namespace = api, namespace
        self.received, self.hurried = 0, {}
        self.steps = json.loads((GOLDENS / case / "steps.json").read_text())
        self.peer = namespace.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.peer.bind(("192.0.2.1", 5002))

    def run(self):
        with on_one_processor():
            for step in self.steps:
                self.take(step)

    def take(self, step):
        if "do" in step:
            self.api.do(step["do"], **self.patient(step["values"]))
        elif "receive" in step:
            self.peer.sendto(bytes.fromhex(step["receive"]), ("192.0.2.1", 5001))
            self.received += 1
        elif "transmit" in step:
            device, octets = step["transmit"]
            with self.namespace.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
                s.bind((device, 0))
                s.send(bytes.fromhex(octets))
        elif "wait" in step:
            eventually(self.nothing_waits, "what came is delivered or has waited too long")
            for ids, values in self.hurried.items():
                self.api.session_modify(*ids, **values)
        else:
            self.namespace.run(*step["run"].split())

    def patient(self, values):
        if "RECV_TIMEOUT" not in values or not any("wait" in step for step in self.steps):
            return values
        self.hurried[values["CONN_ID"], values["SESSION_ID"]] = {"RECV_TIMEOUT": values["RECV_TIMEOUT"]}
        return dict(values, RECV_TIMEOUT=1000 * SLOW)

    def nothing_waits(self):
        stats = [self.api.session_get(*ids)["STATS"] for ids in self.hurried]
        return sum(s["RX_PACKETS"] + s["RX_ERRORS"] for s in stats) == self.received

    def tunnels(self):
        """Those that the steps leave behind, in the order in which they were made."""
        def ids(command):
            return [s["values"]["CONN_ID"] for s in self.steps if s.get("do") == command]
        return [t for t in ids("TUNNEL_CREATE") if t not in ids("TUNNEL_DELETE")]

    def close(self):
        self.peer.close()


def trace_events(bits):
    """The attribute of the command TRACE."""
    return netlink.u64(netlink.UL2TP_ATTR_TRACE_EVENTS, bits)

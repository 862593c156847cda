# SPDX-License-Identifier: BSD-2-Clause
"""hosts.py - where the cases of calls.py run: two network namespaces with a veth between them

The process itself moves into the near one; a child is in the far one and hands out sockets of it. Everything here
goes through the interfaces of a kernel (AF_NETLINK, sockets), so that the same program runs on a kernel with L2TP
and, without knowing, on ul2tpd.
"""
import contextlib
import ctypes
import errno
import os
import select
import socket
import struct
import subprocess
import time

from support import netlink
from support.api import encode
from support.ppp_calls import outcome

import matrix

NEAR, FAR = {4: "192.0.2.1", 6: "2001:db8::1"}, {4: "192.0.2.2", 6: "2001:db8::2"}
NEAR_MAC, FAR_MAC = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
FAR_PORT = 5002
UDP, IP = 0, 1
ETH, PPP = 5, 7
L2TP = 115
PATIENCE = 30    # seconds that something may take to happen
QUIET = 0.3      # seconds after which nothing more is expected
CLONE_NEWNET = 0x40000000

libc = ctypes.CDLL(None, use_errno=True)


def checked(value):
    if value < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return value


def unshare_network():
    checked(libc.unshare(CLONE_NEWNET))


def ip(lines, check=True):
    subprocess.run(["ip", "-force", "-batch", "-"], input="\n".join(lines) + "\n", text=True, check=check,
                   capture_output=True)


def sysctl(name, value):
    with contextlib.suppress(OSError), open(f"/proc/sys/{name}", "w", encoding="ascii") as f:
        f.write(str(value))


def operational(device):
    words = subprocess.run(["ip", "-o", "link", "show", device], text=True, check=True, capture_output=True).stdout.split()
    return words[words.index("state") + 1] == "UP"


def becomes(condition, patience=PATIENCE):
    """Whether it becomes true in time."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return bool(condition())


# --- two namespaces -------------------------------------------------------------------------------------

class Hosts:
    """Made in a process of its own, which it moves."""

    def __init__(self):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.child = os.fork()
        if self.child == 0:
            ours.close()
            self._serve(theirs)
        theirs.close()
        self.far_end = ours
        assert ours.recv(10) == b"up"
        unshare_network()
        self.keep = []
        for kind in ("all", "default"):
            sysctl(f"net/ipv6/conf/{kind}/accept_dad", 0)
        ip(["link set lo up", f"link add near address {NEAR_MAC} type veth peer name far "
            f"address {FAR_MAC} netns {self.child}", "link set near up",
            "address add 192.0.2.1/24 dev near", "address add 2001:db8::1/64 dev near nodad"])
        ours.send(b"join")
        assert ours.recv(10) == b"joined"
        # Until the kernel has taken notice of the other end, what is sent is dropped; the second command waits for its lock.
        assert becomes(lambda: operational("near")), "near has no carrier"
        ip(["link set near up"])
        # Not to be asked for again in the middle of a case.
        ip([f"neigh replace {FAR[4]} lladdr {FAR_MAC} dev near nud permanent",
            f"neigh replace {FAR[6]} lladdr {FAR_MAC} dev near nud permanent"])

    def _serve(self, control):
        """The far end: "FAMILY TYPE PROTOCOL" is answered by such a socket, "ip ..." is done."""
        try:
            unshare_network()
            control.send(b"up")
            while request := control.recv(500):
                words = request.decode().split()
                if words[0] == "join":
                    for kind in ("all", "default"):
                        sysctl(f"net/ipv6/conf/{kind}/accept_dad", 0)
                    ip(["link set lo up", "link set far up", "address add 192.0.2.2/24 dev far",
                        "address add 2001:db8::2/64 dev far nodad"])
                    sysctl("net/ipv4/ip_forward", 1)
                    sysctl("net/ipv6/conf/all/forwarding", 1)
                    sysctl("net/ipv4/icmp_ratelimit", 0)
                    sysctl("net/ipv6/icmp/ratelimit", 0)
                    control.send(b"joined")
                elif words[0] == "ip":
                    ip([" ".join(words[1:])])
                    control.send(b"done")
                else:
                    with socket.socket(*map(int, words)) as made:
                        socket.send_fds(control, [b"made"], [made.fileno()])
        finally:
            os._exit(0)

    def far_ip(self, words):
        self.far_end.send(f"ip {words}".encode())
        assert self.far_end.recv(10) == b"done"

    def far_socket(self, kind, family=4, protocol=0):
        """A socket that is in the far namespace."""
        domain = socket.AF_INET6 if family == 6 else family if family > 10 else socket.AF_INET
        self.far_end.send(f"{int(domain)} {int(kind)} {protocol}".encode())
        _, descriptors, _, _ = socket.recv_fds(self.far_end, 10, 1)
        return socket.socket(domain, kind, protocol, fileno=descriptors[0])

    def far_peer(self, family=4, port=FAR_PORT):
        """A UDP socket there, at the port tunnels are sent to."""
        made = self.far_socket(socket.SOCK_DGRAM, family)
        made.bind((FAR[family], port))
        self.keep.append(made)
        return made

    def near_udp(self, family=4, port=5001, connected=True):
        """A program's own socket for a tunnel."""
        made = socket.socket(socket.AF_INET6 if family == 6 else socket.AF_INET, socket.SOCK_DGRAM)
        made.bind((NEAR[family], port))
        if connected:
            made.connect((FAR[family], FAR_PORT))
        return made


# --- the language of L2TP -------------------------------------------------------------------------------

class L2tp:
    """A generic netlink socket of the kernel's, or what stands in for it."""

    def __init__(self):
        self.netlink = netlink.connect_kernel()
        self.netlink.family("l2tp")

    def ask(self, command, **values):
        """"OK" or the name of the errno."""
        answer = self.netlink.l2tp(command, encode(values))
        return netlink.errno_name(answer.code) if answer.code else "OK"

    def tunnel(self, conn_id=1, fd=None, version=3, encap=UDP, family=4, sport=5001, dport=FAR_PORT, **more):
        values = {"CONN_ID": conn_id, "PEER_CONN_ID": conn_id + 100, "PROTO_VERSION": version, "ENCAP_TYPE": encap}
        if fd is not None:
            values["FD"] = fd
        else:
            prefix = "IP6" if family == 6 else "IP"
            values |= {f"{prefix}_SADDR": NEAR[family], f"{prefix}_DADDR": FAR[family]}
            if encap == UDP:
                values |= {"UDP_SPORT": sport, "UDP_DPORT": dport}
        return self.ask("TUNNEL_CREATE", **(values | more))

    def session(self, session_id=11, conn_id=1, pw_type=ETH, **more):
        return self.ask("SESSION_CREATE", CONN_ID=conn_id, SESSION_ID=session_id, PEER_SESSION_ID=session_id + 100,
                        PW_TYPE=pw_type, **more)

    def get(self, command, **values):
        """The attributes of an answer as text, or the name of the errno."""
        answer = self.netlink.l2tp(command, encode(values))
        if answer.code:
            return netlink.errno_name(answer.code)
        return [[name, matrix.value_show(name, value)] for name, value in answer.messages[0].attributes]

    def tunnel_get(self, conn_id=1):
        shown = self.get("TUNNEL_GET", CONN_ID=conn_id)
        return shown if isinstance(shown, str) else [pair for pair in shown if pair[0] != "STATS"]

    def tunnel_delete(self, conn_id=1):
        """Deleted, and gone."""
        done = self.ask("TUNNEL_DELETE", CONN_ID=conn_id)
        return [done, self.tunnel_goes(conn_id)]

    def tunnel_goes(self, conn_id=1):
        return becomes(lambda: self.ask("TUNNEL_GET", CONN_ID=conn_id) == "ENODEV")

    def tunnel_stays(self, conn_id=1):
        """For as long as anybody looks."""
        time.sleep(QUIET)
        return self.ask("TUNNEL_GET", CONN_ID=conn_id)

    def counts(self, conn_id=1, session_id=None):
        """Counters that are not zero."""
        values = {"CONN_ID": conn_id} | ({} if session_id is None else {"SESSION_ID": session_id})
        answer = self.netlink.l2tp("TUNNEL_GET" if session_id is None else "SESSION_GET", encode(values))
        if answer.code:
            return netlink.errno_name(answer.code)
        return {name: value for name, value in answer.messages[0].decoded["STATS"].items() if value}


# --- packets --------------------------------------------------------------------------------------------

def control3(conn_id, ns=0):
    """A control message of version 3: a Hello."""
    return struct.pack("!HHIHH", 0xc803, 20, conn_id, ns, 0) + bytes.fromhex("8008000000000006")


def control2(conn_id, ns=0):
    return struct.pack("!HHHHHH", 0xc802, 20, conn_id, 0, ns, 0) + bytes.fromhex("8008000000000006")


def data3(session_id, payload=b"\2" * 60):
    """A data packet of version 3 over UDP, with the default sublayer."""
    return struct.pack("!HHII", 3, 0, session_id, 0) + payload


def data2(conn_id, session_id, payload=bytes.fromhex("ff030021") + b"p" * 30):
    return struct.pack("!HHH", 2, conn_id, session_id) + payload


def received(sock, wanted=1, quiet=QUIET):
    """What comes, in hex: up to wanted with patience, and then nothing more."""
    packets = []
    while True:
        patience = PATIENCE if len(packets) < wanted else quiet
        if not select.select([sock], [], [], patience)[0]:
            return packets
        try:
            packets.append(sock.recv(4096).hex())
        except OSError as why:
            packets.append(errno.errorcode.get(why.errno))


def nothing(sock):
    return received(sock, wanted=0)


def has_device(name):
    return isinstance(outcome(socket.if_nametoindex, name), int)


class Device:
    """An interface of a session's, up, with a packet socket on it."""

    def __init__(self, name):
        assert becomes(lambda: has_device(name)), f"there is no {name}"
        sysctl(f"net/ipv6/conf/{name}/disable_ipv6", 1)
        ip([f"link set {name} up arp off"])
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.bind((name, 3))

    def send(self, number):
        self.socket.send(bytes.fromhex("020000000001" "020000000002" "88b5") + bytes([number]) * 46)

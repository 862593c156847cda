# SPDX-License-Identifier: BSD-2-Clause
"""random_world.py - does the operations of random_sequences.py, and tells what came of each

What an operation works on has a name: u0 is a UDP socket, i0 an L2TP/IP socket, s0 a PPPoL2TP socket, f0 a file of
/dev/ppp. Operations on what is not there give "none", so that any of them can be left out of a sequence. Channels and
units are meant by the socket or file that had the number last, alive or not.

It is written for a kernel and knows nothing of ul2tp. Where a row of doc/deviations.md would be seen again and again,
the operation is not done, and says so in a comment.
"""
import fcntl
import os
import socket
import struct
import subprocess
import threading
import time

from support import netlink
from support.ppp_calls import IPCP, LCP, connect, hung_up, int_ioctl, open_ppp, peer_name, pppox, read, set_ioctl, state, write
from support.ppp_file import name

import hosts as language
from calls_ip import ip_socket
from hosts import ETH, FAR, IP, NEAR, PPP, UDP, L2tp, data2, data3, ip, outcome, unshare_network

SO_NO_CHECK, SIOCGIFINDEX = 11, 0x8933
FRAMES = {"lcp": LCP, "ipcp": IPCP, "ip": bytes.fromhex("0021") + b"E" * 30}
OURS = {"u": 5001, "t": 5010}    # the first port of a program's sockets, and of unmanaged tunnels
OF_INTERFACES = ("up", "down", "rename", "link_delete", "move", "is_far", "ethernet")
SETTLING = 100                   # pauses at most
ENDINGS = ("tunnel_delete", "session_delete", "session_delete_named", "close", "link_delete", "move", "connect", "both", "leave")


def drained(sock):
    """What waits there, in hex, and the last word if it is not that nothing does"""
    found = []
    while len(found) < 100:
        got = read(sock, 4000)
        if got == "EAGAIN":
            break
        found.append(got)
        if got == "" or got.startswith("E"):
            break
    return found


class RandomWorld:
    """pause: seconds; what has not changed for so long has settled. hurry: an operation may follow another at once."""

    def __init__(self, hosts, pause, hurry, swapped):
        self.hosts, self.pause, self.hurry, self.swapped = hosts, pause, hurry, swapped
        self.made, self.numbers, self.on_channel = {}, {}, set()
        self.attached = {}  # {file: ("channel" or "unit", number)}
        self.ended = False  # whether something was since all had settled
        self.peer = hosts.far_peer()
        self.peer.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)  # see ppp.World
        self.peer.setblocking(False)
        self.raw = hosts.far_socket(socket.SOCK_RAW, 4, language.L2TP)
        self.raw.bind((FAR[4], 0))
        self.raw.setblocking(False)
        self._ask_here()

    def _ask_here(self):
        language.sysctl("net/ipv6/conf/default/disable_ipv6", 1)  # no interface says anything by itself
        self.ask, self.listener = [L2tp(), L2tp()], L2tp()
        self.listener.netlink.subscribe()

    # --- what there is ----------------------------------------------------------------------------------

    def _dump(self, command, names):
        answer = self.listener.netlink.l2tp(command, dump=True)
        rows = []
        for message in answer.messages:
            values = message.decoded
            rows.append([values.get(word) for word in names] + [{k: v for k, v in values["STATS"].items() if v}])
        return rows

    def _shape(self):
        return [self._dump("TUNNEL_GET", ("CONN_ID", "PEER_CONN_ID", "PROTO_VERSION", "ENCAP_TYPE")),
                self._dump("SESSION_GET", ("CONN_ID", "SESSION_ID", "PEER_SESSION_ID", "PW_TYPE", "IFNAME")),
                sorted(device for _, device in socket.if_nameindex() if device not in ("lo", "near")),
                self._polled()]

    def shared(self, slot):
        mine = self.attached.get(slot)
        return mine is not None and list(self.attached.values()).count(mine) > 1

    def _polled(self):
        """PPP-22 is in state(); PPP-21: a frame waits for the first of several files alone."""
        return {slot: state(thing).replace("IN ", "") if self.shared(slot) else state(thing)
                for slot, thing in sorted(self.made.items()) if slot[0] in "sf"}

    def settle(self, words=("leave",)):
        """What the operation began has been done; most have done it when they return."""
        before = None
        for _ in range(SETTLING):
            time.sleep(self.pause)
            shape = self._shape()
            if shape == before or words[0] not in ENDINGS:
                break
            before = shape
        return shape

    def look(self, words=("leave",)):
        """Everything that can be seen; what waits to be read is read. Who of several files gets a frame is PPP-21."""
        shape = self.settle(words)
        heard = [[m.command_name, m.decoded.get("CONN_ID"), m.decoded.get("SESSION_ID")]
                 for m in self.listener.netlink.notifications()]
        frames, last = [], {}
        for slot, thing in sorted(self.made.items()):
            got = drained(thing)
            if slot[0] == "f":
                frames += [one for one in got if len(one) > 6]
                last[slot] = [one for one in got if len(one) <= 6]
            elif got:
                last[slot] = got
        return {"tunnels": shape[0], "sessions": shape[1], "devices": shape[2], "poll": shape[3], "heard": heard,
                "frames": sorted(frames), "read": last, "far": drained(self.peer), "far ip": [p[40:] for p in drained(self.raw)]}

    # --- operations: each is asked by its name, and gives what JSON can say -----------------------------

    def do(self, words):
        operations = {each[0] for each in (words[1:] if words[0] == "both" else [words])}
        if self.hurry and self.ended and operations & {*OF_INTERFACES, "arrives"}:
            self.settle()  # what was ended has an interface, and is given what comes, for a moment (TUN-42, PX-45, PPP-44)
            self.ended = False
        self.ended |= bool(operations & set(ENDINGS))
        return self._do(words)

    def _do(self, words):
        if words[0] == "both":
            return self._both(*words[1:])
        return getattr(self, "do_" + words[0])(*words[1:])

    def _both(self, first, second):
        """By two threads in the same moment; or one after the other"""
        told = [None, None]

        def one(at):
            done = self._do((first, second)[at])
            # "ip" says 2 of an interface that has gone since it looked, and 1 of one that had gone before.
            told[at] = 1 if (done, (first, second)[at][0] in OF_INTERFACES) == (2, True) else done
        if self.hurry:
            threads = [threading.Thread(target=one, args=(at,)) for at in (0, 1)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        else:
            for at in ((1, 0) if self.swapped else (0, 1)):
                one(at)
                self.settle((first, second)[at])
        return told

    def do_udp(self, slot):
        if slot in self.made:
            return "there"
        made = outcome(self.hosts.near_udp, 4, OURS["u"] + int(slot[1]))
        if isinstance(made, str):
            return made
        made.setblocking(False)
        self.made[slot] = made
        return "OK"

    def do_ip(self, slot):
        if slot in self.made:
            return "there"
        made = outcome(ip_socket, 4, 60 + int(slot[1]), 160)
        if isinstance(made, str):
            return made
        made.setblocking(False)
        self.made[slot] = made
        return "OK"

    def do_close(self, slot):
        thing = self.made.pop(slot, None)
        self.on_channel.discard(slot)
        self.attached.pop(slot, None)
        if thing is None:
            return "none"
        return outcome(os.close, thing) if isinstance(thing, int) else outcome(thing.close)

    def do_tunnel(self, who, conn_id, version, on):
        """on: "udp", "ip", or a socket"""
        if on in ("udp", "ip"):
            return self.ask[who].tunnel(conn_id, version=version, encap=IP if on == "ip" else UDP, sport=OURS["t"] + conn_id)
        if on not in self.made:
            return "none"
        return self.ask[who].tunnel(conn_id, fd=self.made[on].fileno(), version=version, encap=IP if on[0] == "i" else UDP)

    def do_tunnel_delete(self, who, conn_id):
        return self.ask[who].ask("TUNNEL_DELETE", CONN_ID=conn_id)

    def do_session(self, who, conn_id, session_id, kind):
        more = {} if kind == PPP else {"IFNAME": f"x{session_id}"}
        got = self.ask[who].get("TUNNEL_GET", CONN_ID=conn_id)
        if not isinstance(got, str) and ["PROTO_VERSION", 3] in got and kind == ETH and \
                self.ask[who].ask("SESSION_GET", CONN_ID=conn_id, SESSION_ID=session_id) == "OK":
            return "LIM-5"
        return self.ask[who].session(session_id, conn_id, kind, **more)

    def do_session_delete(self, who, conn_id, session_id):
        return self.ask[who].ask("SESSION_DELETE", CONN_ID=conn_id, SESSION_ID=session_id)

    def do_session_delete_named(self, who, device):
        return self.ask[who].ask("SESSION_DELETE", IFNAME=device)

    def do_modify(self, who, conn_id, session_id, value):
        return self.ask[who].ask("SESSION_MODIFY", CONN_ID=conn_id, SESSION_ID=session_id, SEND_SEQ=value)

    def do_get(self, who, conn_id, session_id):
        return [self.ask[who].ask("TUNNEL_GET", CONN_ID=conn_id),
                self.ask[who].ask("SESSION_GET", CONN_ID=conn_id, SESSION_ID=session_id)]

    def do_dump(self, who):
        """How it ended; ids are in what is seen when all has settled."""
        answers = [self.ask[who].netlink.l2tp(command, dump=True) for command in ("TUNNEL_GET", "SESSION_GET")]
        return [netlink.errno_name(answer.code) if answer.code else "OK" for answer in answers]

    # --- PPPoL2TP sockets

    def do_pppox(self, slot):
        if slot in self.made:
            return "there"
        self.made[slot] = pppox()
        return "OK"

    def do_connect(self, slot, conn_id, session_id, version, on):
        if slot not in self.made or (on and on not in self.made):
            return "none"
        return connect(self.made[slot], name(conn_id, session_id, conn_id + 100, session_id and session_id + 100,
                                             version=version, fd=self.made[on].fileno() if on else -1))

    def do_gchan(self, slot):
        if slot not in self.made:
            return "none"
        number = int_ioctl(self.made[slot].fileno(), "GCHAN")
        if isinstance(number, int):
            self.numbers[slot] = number
        return number

    def do_socket_state(self, slot):
        if slot not in self.made:
            return "none"
        sock = self.made[slot]
        options = [outcome(sock.getsockopt, 273, option) for option in (2, 3, 4)]
        return [peer_name(sock), *options, *(int_ioctl(sock.fileno(), word) for word in ("GMRU", "GFLAGS"))]

    def do_send(self, slot, frame):
        return outcome(self.made[slot].send, FRAMES[frame]) if slot in self.made else "none"

    # --- files of /dev/ppp

    def do_open(self, slot):
        if slot in self.made:
            return "there"
        self.made[slot] = open_ppp()
        return "OK"

    def do_newunit(self, slot, number):
        if slot not in self.made:
            return "none"
        got = int_ioctl(self.made[slot], "NEWUNIT", number)
        if isinstance(got, int):
            self.numbers[slot] = got
            self.attached[slot] = ("unit", got)
        return got

    def do_file(self, slot, ioctl, of=None):
        if slot not in self.made:
            return "none"
        if ioctl == "BRIDGECHAN" and hung_up(self.made[slot]):
            return "PPP-30"
        return self.file_ioctl(slot, ioctl, self.numbers.get(of, 99))

    def file_ioctl(self, slot, ioctl, number):
        done = set_ioctl(self.made[slot], ioctl, number)
        if done == "OK" and ioctl in ("ATTCHAN", "ATTACH"):
            self.attached[slot] = ("channel" if ioctl == "ATTCHAN" else "unit", number)
            self.on_channel |= {slot} if ioctl == "ATTCHAN" else set()
        if done == "OK" and ioctl == "DETACH":
            self.attached.pop(slot, None)
        return done

    def do_file_state(self, slot):
        return [int_ioctl(self.made[slot], word) for word in ("GUNIT", "GMRU")] if slot in self.made else "none"

    def do_write(self, slot, frame):
        return write(self.made[slot], FRAMES[frame]) if slot in self.made else "none"

    # --- interfaces

    def _link(self, words):
        return subprocess.run(["ip", *words.split()], check=False, capture_output=True).returncode

    def do_up(self, device):
        return self._link(f"link set {device} up arp off")

    def do_rename(self, device, to):
        return self._link(f"link set {device} name {to}")

    def do_link_delete(self, device):
        return self._link(f"link del {device}")

    def do_move(self, device):
        return self._link(f"link set {device} netns {self.hosts.child}")

    def do_is_far(self, device):
        return isinstance(outcome(fcntl.ioctl, self.peer, SIOCGIFINDEX, struct.pack("=16s24x", device.encode())), bytes)

    def do_ethernet(self, device, number):
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as made:
            frame = bytes.fromhex("020000000001" "020000000002" "88b5") + bytes([number]) * 46
            sent = outcome(made.sendto, frame, (device, 0x88b5))
        return sent

    # --- packets

    def do_arrives(self, version, port, conn_id, session_id, frame):
        octets = b"\xff\x03" + FRAMES[frame]
        self.peer.sendto(data3(session_id, octets) if version == 3 else data2(conn_id, session_id, octets), (NEAR[4], port))
        return "sent"

    # --- the namespace

    def do_leave(self):
        """Into a new one; nothing is kept but files of units, which keep no namespace (of other things see TUN-12)."""
        for slot in [slot for slot in self.made if slot[0] != "f" or slot in self.on_channel]:
            self.do_close(slot)
        for each in (*self.ask, self.listener):
            each.netlink.close()
        unshare_network()
        ip(["link set lo up"])
        self._ask_here()
        time.sleep(2)
        return "OK"


def perform(hosts, see, operations, pause, hurry, swapped, world=RandomWorld):
    """A sequence, as a case of calls.py"""
    world = world(hosts, pause, hurry, swapped)
    for at, (at_once, *words) in enumerate(operations):
        told = world.do(words)
        if not at_once:
            told = [told, world.look(words)]
        elif not hurry and words[0] in ENDINGS:
            world.settle(words)
        see(f"{at} {' '.join(map(str, words))}", told)
    see("end", world.look())

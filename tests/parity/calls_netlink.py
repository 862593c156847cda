# SPDX-License-Identifier: BSD-2-Clause
"""calls_netlink.py - dumps, notifications and several requests on a program's netlink sockets

Cases of calls.py.
"""
import os
import select
import socket
import struct
import threading

from support import netlink
from support.api import encode

from hosts import ETH, IP, NEAR, PATIENCE, QUIET, UDP, L2tp as Language, outcome, unshare_network

NOBODY = 65534


def events(l2tp, wanted=1):
    """[command, flags, whose request, tunnel id, session id] of each notification."""
    shown = []
    while select.select([l2tp.netlink.socket], [], [], PATIENCE if len(shown) < wanted else QUIET)[0]:
        for m in l2tp.netlink.receive():
            values = m.decoded
            shown.append([m.command_name, m.flags, values.get("CONN_ID"), values.get("SESSION_ID")])
    return shown


def subscribed():
    l2tp = Language()
    l2tp.netlink.subscribe()
    return l2tp


def who_hears_what(hosts, see):
    """
    Requirements: NL-80, NL-81, NL-83
    """
    listener, actor = subscribed(), Language()
    see("a tunnel comes", [actor.tunnel(), events(listener)])
    see("a session comes", [actor.session(IFNAME="x0"), events(listener)])
    see("a failure", [actor.session(IFNAME="x0"), events(listener, 0)])
    see("asked", [actor.tunnel_get() != "ENODEV", events(listener, 0)])
    see("a session is modified", [actor.ask("SESSION_MODIFY", CONN_ID=1, SESSION_ID=11, SEND_SEQ=1), events(listener)])
    see("a tunnel is modified", [actor.ask("TUNNEL_MODIFY", CONN_ID=1), events(listener)])
    see("a tunnel goes with its session", [actor.ask("TUNNEL_DELETE", CONN_ID=1), events(listener)])
    own = hosts.near_udp()
    see("a managed one comes", [actor.tunnel(2, fd=own.fileno()), events(listener)])
    own.close()
    see("it goes by itself without a word", [actor.tunnel_goes(2), events(listener, 0)])
    listener.netlink.unsubscribe()
    see("not any more", [actor.tunnel(3, sport=5003), events(listener, 0)])


def numbers_of_notifications(hosts, see):
    """The sequence number and the port of whoever asked.

    Requirements: NL-80, NL-93
    """
    listener, actor = subscribed(), Language()
    port = actor.netlink.socket.getsockname()[0]
    sequence = actor.netlink.sequence + 1
    actor.tunnel()
    if select.select([listener.netlink.socket], [], [], 5)[0]:
        octets, _, flags, address = listener.netlink.socket.recvmsg(1 << 16)
        fields = struct.unpack_from("=IHHII", octets)
        see("header", [fields[0] == len(octets), fields[2], fields[3] == sequence, fields[4] == port, flags])
        see("sender's port", address[0])
    both = subscribed()
    answer = both.netlink.l2tp("TUNNEL_MODIFY", encode({"CONN_ID": 1}))
    see("its own, before the acknowledgement", [len(answer.everything), [m.type == 2 for m in answer.everything],
                                               answer.code])
    see("to it", events(both, 0))


def who_else_hears(hosts, see):
    """
    Requirements: NL-82, NL-13, Q-20
    """
    results, go = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        unshare_network()
        there = subscribed()
        os.write(results[1], b"1")
        os.read(go[0], 1)
        os.write(results[1], repr(events(there)).encode())
        os._exit(0)
    os.read(results[0], 1)
    nobody = os.fork()
    if nobody == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        here = Language()
        joined = outcome(here.netlink.subscribe)
        os.write(results[1], repr(joined).encode().ljust(100))
        os.write(results[1], repr(events(here)).encode().ljust(1000))
        os._exit(0)
    see("nobody subscribes", os.read(results[0], 100).decode().strip())
    actor = Language()
    see("made", actor.tunnel())
    see("nobody hears", os.read(results[0], 1000).decode().strip())
    os.waitpid(nobody, 0)
    os.write(go[1], b"1")
    see("in another namespace", os.read(results[0], 1000).decode().strip())
    os.waitpid(child, 0)


def dumps(hosts, see):
    """In the order of ids, whole messages, the end in a datagram of its own.

    Requirements: NL-56, NL-78, NL-92
    """
    l2tp = Language()
    see("of nothing", dump_of(l2tp, "TUNNEL_GET"))
    ids = [(at * 37) % 200 + 1 for at in range(200)]
    see("tunnels made", sorted({l2tp.tunnel(conn_id, sport=10000 + conn_id) for conn_id in ids}))
    see("tunnels", dump_of(l2tp, "TUNNEL_GET"))
    see("sessions made", sorted({l2tp.session(1000 - conn_id, conn_id, 7) for conn_id in ids}))
    see("sessions", dump_of(l2tp, "SESSION_GET"))
    own = [hosts.near_udp(port=6000 + at) for at in range(20)]
    see("managed ones made", sorted({l2tp.tunnel(300 + at, fd=s.fileno()) for at, s in enumerate(own)}))
    see("tunnels of both kinds", dump_of(l2tp, "TUNNEL_GET"))


def dump_of(l2tp, command):
    """[is each id there once and in order, how many, is the end alone, its flags]"""
    sock = l2tp.netlink.socket
    sequence = l2tp.netlink.next_sequence()
    family = l2tp.netlink.family("l2tp")
    sock.send(netlink.message_encode(family.id, 0x301, sequence, netlink.genl_payload(family.tables[0][command])))
    found, alone, end = [], None, None
    while end is None:
        if not select.select([sock], [], [], 5)[0]:
            return "silence"
        messages = l2tp.netlink.receive()
        for m in messages:
            if m.type == 3:
                alone, end = len(messages) == 1, m.flags
            else:
                values = m.decoded
                found.append((values["CONN_ID"], values.get("SESSION_ID", 0)))
    return [found == sorted(set(found)), len(found), alone, end]


def a_second_dump(hosts, see):
    """
    Requirements: NL-92
    """
    l2tp = Language()
    for conn_id in range(1, 400):
        l2tp.tunnel(conn_id, sport=10000 + conn_id)
    family = l2tp.netlink.family("l2tp")
    payload = netlink.genl_payload(family.tables[0]["TUNNEL_GET"])
    one, two = l2tp.netlink.next_sequence(), l2tp.netlink.next_sequence()
    sock = l2tp.netlink.socket
    sock.send(netlink.message_encode(family.id, 0x301, one, payload))
    see("sent", outcome(sock.send, netlink.message_encode(family.id, 0x301, two, payload)) > 0)
    counts, end = {}, {}
    while len(end) < 2 and select.select([sock], [], [], 5)[0]:
        for m in l2tp.netlink.receive():
            which = {one: "first", two: "second"}[m.sequence]
            if m.type in (2, 3):
                end[which] = netlink.errno_name(netlink.error_decode(m).code) if m.type == 2 else "done"
            else:
                counts[which] = counts.get(which, 0) + 1
    see("ends", [counts, end])


def several_at_once(hosts, see):
    """
    Requirements: NL-91
    """
    l2tp = Language()
    family = l2tp.netlink.family("l2tp")

    def message(command, flags=5, **values):
        number = family.tables[0][command]
        return netlink.message_encode(family.id, flags, l2tp.netlink.next_sequence(),
                                      netlink.genl_payload(number, encode(values)))
    tunnel = {"CONN_ID": 1, "PEER_CONN_ID": 2, "PROTO_VERSION": 3, "ENCAP_TYPE": 0}
    own = hosts.near_udp()
    answer = l2tp.netlink.exchange(b"".join((
        message("TUNNEL_GET", CONN_ID=1), message("TUNNEL_CREATE", **tunnel, FD=own.fileno()),
        message("SESSION_CREATE", CONN_ID=1, SESSION_ID=11, PEER_SESSION_ID=12, PW_TYPE=ETH),
        message("TUNNEL_GET", 1, CONN_ID=1), message("SESSION_DELETE", CONN_ID=1, SESSION_ID=99))))
    see("answers", [netlink.errno_name(netlink.error_decode(m).code) if m.type == 2 else m.command_name
                    for m in answer.everything])


def from_many_threads(hosts, see):
    """Each has its own socket and tunnel.

    Requirements: NL-91, TUN-45
    """
    results = []

    def work(at):
        l2tp, own = Language(), hosts.near_udp(port=7000 + at)
        for turn in range(10):
            conn_id = 100 * at + turn
            made = [l2tp.tunnel(conn_id, fd=own.fileno()), l2tp.session(conn_id, conn_id, 7), l2tp.tunnel_delete(conn_id)]
            results.append(repr(made))
            own.close()
            own = hosts.near_udp(port=7000 + at)
    threads = [threading.Thread(target=work, args=(at,)) for at in range(1, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    see("fifty times", [len(results), sorted(set(results))])


def peers_without_an_address(hosts, see):
    """
    Requirements: NL-43
    """
    l2tp = Language()
    for word, encap in (("UDP", UDP), ("IP", IP)):
        for what, local in (("an address", NEAR[4]), ("loopback", "127.0.0.5"), ("none", "0.0.0.0")):
            see(f"{word} from {what}", [l2tp.tunnel(encap=encap, IP_SADDR=local, IP_DADDR="0.0.0.0"), l2tp.tunnel_get()])
            l2tp.tunnel_delete()
        for what, local in (("an address", NEAR[6]), ("none", "::")):
            see(f"{word} over IPv6 from {what}", [l2tp.tunnel(encap=encap, family=6, IP6_SADDR=local, IP6_DADDR="::"),
                                                  l2tp.tunnel_get()])
            l2tp.tunnel_delete()


def namespaces_of_sockets(hosts, see):
    """A netlink socket acts where it was made, whoever uses it.

    Requirements: NL-12, TUN-20
    """
    here = Language()
    own = hosts.near_udp()
    unshare_network()
    there = Language()
    see("made there from here", here.tunnel(1, fd=own.fileno()))
    see("not here", there.ask("TUNNEL_GET", CONN_ID=1))
    see("a socket of there", there.tunnel(2, fd=own.fileno()))
    fresh = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    see("a socket of here", [here.tunnel(2, fd=fresh.fileno()), there.tunnel(2, fd=fresh.fileno())])
    own.close()
    see("it goes", here.tunnel_goes(1))


def without_rights(hosts, see):
    """
    Requirements: NL-12
    """
    root = Language()
    own = hosts.near_udp(port=5011)
    root.tunnel()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        given_up = Language()
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        ours = Language()
        seen = []
        for name, l2tp in (("its own", ours), ("root's", root), ("one of before", given_up)):
            seen.append([name, l2tp.tunnel(2, fd=own.fileno()), l2tp.ask("TUNNEL_GET", CONN_ID=1),
                         l2tp.ask("TUNNEL_DELETE", CONN_ID=1), l2tp.ask("SESSION_GET", CONN_ID=1, SESSION_ID=1)])
        os.write(writing, repr(seen).encode())
        os._exit(0)
    see("nobody", os.read(reading, 4000).decode())
    os.waitpid(child, 0)
    see("it is there", root.ask("TUNNEL_GET", CONN_ID=1))

# SPDX-License-Identifier: BSD-2-Clause
"""calls_lifetime.py - how long a tunnel on a program's own socket lives

Cases of calls.py.
"""
import os
import signal
import socket
import subprocess
import sys
import time

from hosts import (FAR, FAR_PORT, IP, NEAR, L2tp as Language, becomes, control3, data3, has_device, nothing,
                   outcome, received)

from calls_ip import ip_socket


def gone(l2tp, conn_id=1, device="x0"):
    """[the tunnel, its session, the interface]"""
    return [l2tp.tunnel_goes(conn_id), becomes(lambda: l2tp.counts(conn_id, 11) == "ENODEV"),
            becomes(lambda: not has_device(device))]


def a_tunnel(hosts, l2tp, port=5001):
    own = hosts.near_udp(port=port)
    return own, [l2tp.tunnel(fd=own.fileno()), l2tp.session(IFNAME="x0")]


def a_socket_is_closed(hosts, see):
    """
    Requirements: TUN-40, TUN-45
    """
    l2tp = Language()
    own, made = a_tunnel(hosts, l2tp)
    see("made", made)
    own.close()
    see("gone", gone(l2tp))
    own, made = a_tunnel(hosts, l2tp)
    see("made again", made)
    own.close()
    see("gone again", gone(l2tp))
    own = ip_socket(4, 1, 2)
    see("by IP", [l2tp.tunnel(fd=own.fileno(), encap=IP), l2tp.session(IFNAME="x0")])
    own.close()
    see("by IP gone", gone(l2tp))
    own = ip_socket(6, 1, 2)
    see("by IPv6", [l2tp.tunnel(fd=own.fileno(), encap=IP), l2tp.session(IFNAME="x0")])
    own.close()
    see("by IPv6 gone", gone(l2tp))


def a_duplicate_is_left(hosts, see):
    """
    Requirements: TUN-25, TUN-45
    """
    l2tp = Language()
    own, made = a_tunnel(hosts, l2tp)
    copy = socket.socket(fileno=os.dup(own.fileno()))
    own.close()
    see("made, and one closed", [made, l2tp.tunnel_stays()])
    peer = hosts.far_peer()
    peer.sendto(data3(11), (NEAR[4], 5001))
    peer.sendto(control3(1), (NEAR[4], 5001))
    see("it goes on", [received(copy), l2tp.counts(1, 11).get("RX_PACKETS")])
    copy.close()
    see("gone", gone(l2tp))


def a_child_has_it(hosts, see):
    """
    Requirements: TUN-45
    """
    l2tp = Language()
    own, made = a_tunnel(hosts, l2tp)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writing)
        os.read(reading, 1)
        os._exit(0)
    own.close()
    see("made, closed, and a child has it", [made, l2tp.tunnel_stays()])
    os.write(writing, b"1")
    os.waitpid(child, 0)
    see("the child has ended", gone(l2tp))


def its_owner_dies(hosts, see):
    """
    Requirements: TUN-40, TUN-45
    """
    l2tp = Language()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        own, made = a_tunnel(hosts, Language())
        os.write(writing, repr(made).encode())
        time.sleep(60)
        os._exit(own.fileno())
    see("made", os.read(reading, 100).decode())
    see("it is there", l2tp.tunnel_stays())
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    see("killed", gone(l2tp))


def another_program_is_executed(hosts, see):
    """A socket goes with exec unless it is inherited.

    Requirements: TUN-40
    """
    l2tp = Language()
    for inheritable in (False, True):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            own, made = a_tunnel(hosts, Language())
            own.set_inheritable(inheritable)
            os.write(writing, repr(made).encode())
            os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(60)"])
        see(f"made, inheritable {inheritable}", os.read(reading, 100).decode())
        if inheritable:
            see("it stays", l2tp.tunnel_stays())
        else:
            see("it goes", gone(l2tp))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        see(f"killed, inheritable {inheritable}", gone(l2tp))


def it_is_passed_to_another_process(hosts, see):
    """
    Requirements: TUN-26, TUN-45
    """
    l2tp = Language()
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        _, descriptors, _, _ = socket.recv_fds(theirs, 10, 1)
        other = Language()
        made = [other.tunnel(fd=descriptors[0]), other.session(IFNAME="x0")]
        theirs.send(repr(made).encode())
        theirs.recv(1)
        os._exit(0)
    own = hosts.near_udp()
    socket.send_fds(ours, [b"1"], [own.fileno()])
    see("made by the other", ours.recv(100).decode())
    own.close()
    see("closed here", l2tp.tunnel_stays())
    ours.send(b"1")
    os.waitpid(child, 0)
    see("the other has ended", gone(l2tp))


def it_waits_in_a_message(hosts, see):
    """A descriptor that is under way keeps the socket.

    Requirements: TUN-45
    """
    l2tp = Language()
    own, made = a_tunnel(hosts, l2tp)
    ours, theirs = socket.socketpair()
    socket.send_fds(ours, [b"1"], [own.fileno()])
    own.close()
    see("made, sent and closed", [made, l2tp.tunnel_stays()])
    _, descriptors, _, _ = socket.recv_fds(theirs, 10, 1)
    see("received", l2tp.tunnel_stays())
    os.close(descriptors[0])
    see("closed", gone(l2tp))


def a_tunnel_is_deleted(hosts, see):
    """The program has its socket back as it was before.

    Requirements: TUN-40, TUN-44
    """
    l2tp = Language()
    own, made = a_tunnel(hosts, l2tp)
    peer = hosts.far_peer()
    see("made", made)
    peer.sendto(data3(11), (NEAR[4], 5001))
    see("diverted", [nothing(own), l2tp.counts(1, 11).get("RX_PACKETS")])
    see("deleted", [l2tp.ask("TUNNEL_DELETE", CONN_ID=1), gone(l2tp)])
    peer.sendto(data3(11), (NEAR[4], 5001))
    see("data arrives", received(own))
    see("sending", [outcome(own.send, b"plain"), received(peer)])
    see("names", [list(own.getsockname()), list(own.getpeername())])
    own.close()
    see("an unmanaged one at its port", l2tp.tunnel(1))
    see("stays", l2tp.tunnel_stays())
    see("and its session", l2tp.session(IFNAME="x0"))


def a_session_is_deleted(hosts, see):
    """
    Requirements: NL-75, TUN-22
    """
    l2tp = Language()
    own, made = a_tunnel(hosts, l2tp)
    peer = hosts.far_peer()
    see("made", [made, l2tp.session(12, IFNAME="x1")])
    see("deleted", [l2tp.ask("SESSION_DELETE", CONN_ID=1, SESSION_ID=11),
                    becomes(lambda: l2tp.counts(1, 11) == "ENODEV")])
    for session_id in (11, 12):
        peer.sendto(data3(session_id), (NEAR[4], 5001))
    see("only what is of no session arrives", received(own))
    see("counted", l2tp.counts(1, 12).get("RX_PACKETS"))


def several_sockets_on_one_port(hosts, see):
    """
    Requirements: TUN-22, RX-10, TUN-45
    """
    l2tp = Language()
    owned = []
    peers = [hosts.far_peer(port=FAR_PORT + at) for at in range(3)]
    for at in range(3):
        own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        own.bind((NEAR[4], 5001))
        own.connect((FAR[4], FAR_PORT + at))
        owned.append(own)
        see(f"made {at}", [l2tp.tunnel(at + 1, fd=own.fileno()), l2tp.session(20 + at, at + 1)])
    for at, peer in enumerate(peers):
        peer.sendto(data3(20 + at), (NEAR[4], 5001))
        peer.sendto(control3(at), (NEAR[4], 5001))
        see(f"control {at}", received(owned[at]))
        see(f"data {at}", l2tp.counts(at + 1, 20 + at).get("RX_PACKETS"))
    owned[1].close()
    see("one gone", [l2tp.tunnel_goes(2), l2tp.tunnel_stays(1), l2tp.tunnel_stays(3)])
    peers[2].sendto(data3(22), (NEAR[4], 5001))
    see("another goes on", becomes(lambda: l2tp.counts(3, 22).get("RX_PACKETS") == 2))


def many_come_and_go(hosts, see):
    """
    Requirements: TUN-45, TUN-4
    """
    l2tp = Language()
    results = set()
    for _ in range(20):
        own = hosts.near_udp()
        results.add(l2tp.tunnel(fd=own.fileno()))
        results.add(l2tp.session(IFNAME="x0"))
        own.close()
        results.add(repr(gone(l2tp)))
    see("twenty times", sorted(results))


def the_command_ip_is_used(hosts, see):
    """ip l2tp, a process of its own for each command, beside tunnels on sockets.

    Requirements: TUN-45
    """
    own = hosts.near_udp(port=5011)
    l2tp = Language()
    see("ours", l2tp.tunnel(7, fd=own.fileno()))

    def run(words):
        done = subprocess.run(["ip", "l2tp", *words.split()], text=True, capture_output=True, check=False)
        return [done.returncode, done.stdout, done.stderr]
    see("add tunnel", run(f"add tunnel tunnel_id 1 peer_tunnel_id 2 encap udp local {NEAR[4]} remote {FAR[4]} "
                          "udp_sport 5001 udp_dport 5002"))
    see("add session", run("add session name x0 tunnel_id 1 session_id 11 peer_session_id 12"))
    see("again", run("add session name x0 tunnel_id 1 session_id 11 peer_session_id 12"))
    see("show", [run("show tunnel"), run("show session")])
    see("del session", run("del session tunnel_id 1 session_id 11"))
    see("del tunnel", [run("del tunnel tunnel_id 1"), l2tp.tunnel_goes(1)])
    see("del ours", [run("del tunnel tunnel_id 7"), l2tp.tunnel_goes(7)])
    see("none", run("del tunnel tunnel_id 1"))

# SPDX-License-Identifier: BSD-2-Clause
"""calls_ppp_bridge.py - channels that are bridged: who may be, what passes, how it ends

Cases of calls.py.
"""
import os
import socket

from support.ppp_calls import (BAD, IP, IPCP, LCP, connect, events, frame, frames, hung_up, int_ioctl, name,
                               open_ppp, pppox, raw_ioctl, read, set_ioctl, state, write)

from hosts import FAR, NEAR, PPP, L2tp, becomes, checked, data2, ip, libc, unshare_network

from ppp import Call, World, device


def two(world, **more):
    """[(a call, a file of its channel)] of the same tunnel"""
    calls = [world.call(**more) for _ in range(2)]
    return [(call, call.channel_file()) for call in calls]


def who_may_be_bridged(hosts, see):
    """
    Requirements: PPP-30, PPP-31
    """
    world = World(hosts)
    (a, file_a), (b, file_b) = two(world)
    c, file_c = two(world)[0]
    second = open_ppp()
    set_ioctl(second, "ATTCHAN", a.number)
    unit, number = world.unit()
    see("not bridged", [set_ioctl(file_a, "UNBRIDGECHAN"), set_ioctl(open_ppp(), "UNBRIDGECHAN"), set_ioctl(unit, "UNBRIDGECHAN")])
    see("no such channel", [set_ioctl(file_a, "BRIDGECHAN", n) for n in (0, 99, -1)] + [raw_ioctl(file_a, "BRIDGECHAN", BAD)])
    see("itself", [set_ioctl(file_a, "BRIDGECHAN", a.number), set_ioctl(second, "BRIDGECHAN", a.number),
                   set_ioctl(file_a, "UNBRIDGECHAN")])
    see("bridged", set_ioctl(file_a, "BRIDGECHAN", b.number))
    see("twice", [set_ioctl(file_a, "BRIDGECHAN", b.number), set_ioctl(file_b, "BRIDGECHAN", a.number),
                  set_ioctl(second, "BRIDGECHAN", b.number), set_ioctl(file_a, "BRIDGECHAN", c.number),
                  set_ioctl(file_c, "BRIDGECHAN", a.number), set_ioctl(file_a, "BRIDGECHAN", 99),
                  set_ioctl(file_a, "BRIDGECHAN", a.number)])
    see("connected", [set_ioctl(file_a, "CONNECT", number), set_ioctl(file_b, "CONNECT", number), set_ioctl(file_b, "DISCONN")])
    see("from the other end", [set_ioctl(file_b, "UNBRIDGECHAN"), set_ioctl(file_b, "UNBRIDGECHAN"), set_ioctl(file_a, "UNBRIDGECHAN")])
    see("by another file", [set_ioctl(second, "BRIDGECHAN", c.number), set_ioctl(file_a, "UNBRIDGECHAN"),
                            set_ioctl(second, "UNBRIDGECHAN")])
    see("with a unit", [set_ioctl(file_a, "CONNECT", number), set_ioctl(file_a, "BRIDGECHAN", b.number),
                        set_ioctl(file_b, "BRIDGECHAN", a.number), set_ioctl(file_b, "BRIDGECHAN", c.number)])
    a.close()
    assert becomes(lambda: hung_up(file_a))
    see("to a dead one", [set_ioctl(file_b, "UNBRIDGECHAN"), set_ioctl(file_b, "BRIDGECHAN", a.number)])


def what_passes_a_bridge(hosts, see):
    """Each frame as it came, and nothing to a file

    Requirements: PPP-30, PPP-26
    """
    world = World(hosts)
    (a, file_a), (b, file_b) = two(world)
    see("bridged", set_ioctl(file_a, "BRIDGECHAN", b.number))
    for words, octets in (("LCP", LCP), ("IPCP", IPCP), ("IP", IP), ("a compressed protocol", b"\x21" + b"E" * 30),
                          ("an octet", b"\xc1" + bytes(5)), ("long", b"\0\x21" + bytes(1400))):
        world.arrives(a, octets)
        see(f"{words} from one", world.left())
        world.arrives(b, octets)
        see(f"{words} from the other", world.left())
    see("written", [write(file_a, LCP), world.left(), write(file_b, LCP), world.left(), a.socket.send(LCP), world.left()])
    see("no file has any", [read(file_a), read(file_b), events(file_a), events(file_b)])
    see("counted", [world.l2tp.counts(1, a.session), world.l2tp.counts(1, b.session)])
    see("unbridged", set_ioctl(file_b, "UNBRIDGECHAN"))
    world.arrives(a, LCP)
    world.arrives(b, IPCP)
    see("to their files", [frame(file_a), frame(file_b), world.left(0)])


def bridges_between_tunnels(hosts, see):
    """Version 2 and version 3, and the files may go.

    Requirements: PPP-31, PPP-32, PPP-25
    """
    world = World(hosts)
    see("another tunnel", [world.l2tp.tunnel(3, sport=5003), world.l2tp.session(70, 3, PPP)])
    a = world.call()
    b = Call(world, 70, version=3, conn_id=3)
    file_a, file_b = a.channel_file(), b.channel_file()
    see("bridged", [b.connected, set_ioctl(file_b, "BRIDGECHAN", a.number)])
    os.close(file_a)
    os.close(file_b)
    world.arrives(a, LCP)
    see("without files", world.left())
    world.arrives(b, IP, port=5003)
    see("and back", [world.left(), world.l2tp.counts(3, 70), world.l2tp.counts(1, a.session)])
    again = open_ppp()
    see("a new file", [set_ioctl(again, "ATTCHAN", a.number), set_ioctl(again, "BRIDGECHAN", b.number)])
    see("one's session is deleted", [world.l2tp.ask("SESSION_DELETE", CONN_ID=3, SESSION_ID=70), b.gone()])
    world.arrives(a, LCP)
    world.passed()
    see("nothing passes", [world.left(0), read(again), set_ioctl(again, "UNBRIDGECHAN")])
    world.arrives(a, LCP)
    see("unbridged", frames(again, 1))


def a_bridged_end_is_closed(hosts, see):
    """
    Requirements: PPP-32, PPP-24
    """
    world = World(hosts)
    (a, file_a), (b, file_b) = two(world)
    c, file_c = two(world)[0]
    see("bridged", set_ioctl(file_a, "BRIDGECHAN", b.number))
    a.close()
    assert becomes(lambda: hung_up(file_a)) and a.gone()
    see("one is closed", ["HUP" in events(file_a), read(file_a), set_ioctl(file_a, "UNBRIDGECHAN"), events(file_b),
                          set_ioctl(file_b, "UNBRIDGECHAN")])
    world.arrives(b, LCP)
    see("the other is as before", [frames(file_b, 1), write(file_b, LCP), world.left()])
    see("and can be bridged", set_ioctl(file_b, "BRIDGECHAN", c.number))
    world.arrives(b, LCP)
    see("again", world.left())
    world.l2tp.ask("TUNNEL_DELETE", CONN_ID=1)
    see("their tunnel is deleted", [world.l2tp.tunnel_goes(1), state(file_b), state(file_c), read(file_b),
                                    write(file_b, LCP), set_ioctl(file_c, "UNBRIDGECHAN"), set_ioctl(file_b, "UNBRIDGECHAN")])


def numbers_are_those_of_the_caller(hosts, see):
    """A process that moves to another network namespace: which numbers mean what, and a bridge between the two

    Requirements: PPP-3, PPP-33, PX-29
    """
    world = World(hosts)
    a, unit, unconnected = world.call(), world.unit()[0], pppox()
    file_a, file_b = a.channel_file(), world.call().channel_file()
    closed = world.call()
    dead = closed.channel_file()
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    unattached = open_ppp()
    unshare_network()
    see("there", [set_ioctl(unattached, "ATTCHAN", a.number), set_ioctl(unattached, "ATTACH", 0), device(0),
                  int_ioctl(unit, "GUNIT"), int_ioctl(unattached, "NEWUNIT", -1), device(0)])
    see("a channel's unit is where the channel is", [set_ioctl(file_a, "CONNECT", 0), set_ioctl(file_a, "DISCONN"),
                                                     set_ioctl(file_a, "CONNECT", 1)])
    closed.socket.close()
    beside = open_ppp()
    see("and that of one whose socket was closed", [int_ioctl(beside, "NEWUNIT", 5), set_ioctl(dead, "CONNECT", 5),
                                                    set_ioctl(dead, "CONNECT", 0)])
    see("a channel to bridge with is the caller's", set_ioctl(file_a, "BRIDGECHAN", 2))
    see("a socket's tunnel is where the socket was made", connect(unconnected, name(1, 90, 101, 190)))
    ip(["link set lo up"])
    world.l2tp, here = L2tp(), {"IP_SADDR": "127.0.0.1", "IP_DADDR": "127.0.0.1", "UDP_SPORT": 5001, "UDP_DPORT": 5002}
    other_peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    other_peer.bind(("127.0.0.1", 5002))
    see("a tunnel", world.l2tp.tunnel(1, version=2, **here))
    c = world.call()
    file_c = c.channel_file()
    see("its channel", [c.number, set_ioctl(file_a, "BRIDGECHAN", c.number), set_ioctl(file_c, "CONNECT", 0)])
    world.arrives(a, LCP)
    see("from there to here", [frame(other_peer)])
    other_peer.sendto(bytes.fromhex("00020001") + c.session.to_bytes(2, "big") + b"\xff\x03" + IPCP, ("127.0.0.1", 5001))
    see("and back", world.left())
    checked(libc.setns(home, 0))
    see("at home", [set_ioctl(file_a, "UNBRIDGECHAN"), set_ioctl(file_c, "UNBRIDGECHAN"), set_ioctl(file_c, "CONNECT", 0),
                    set_ioctl(file_b, "CONNECT", 0), device(0)])


def a_tunnel_where_the_caller_is_not(hosts, see):
    """connect() that makes a tunnel, by a thread that is in another network namespace than the PPPoL2TP socket

    Requirements: PX-13, PX-29
    """
    home, far = (os.open(f"/proc/{process}/ns/net", os.O_RDONLY) for process in ("self", hosts.child))
    checked(libc.setns(far, 0))
    made, call, there, over_ip = pppox(), pppox(), L2tp(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 115)
    stream, local = socket.socket(), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    own = hosts.far_peer(port=5030)
    own.connect((NEAR[4], 5002))
    checked(libc.setns(home, 0))
    peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    peer.bind((NEAR[4], 5002))

    def tunnel(fd):
        return connect(made, name(1, 0, 101, 0, fd=fd))
    see("by no descriptor, and none that is open", [tunnel(-1), tunnel(500)])
    see("by a file", tunnel(home))
    near = hosts.near_udp(), socket.socket()
    see("by a socket from where the caller is", [tunnel(each.fileno()) for each in near])
    see("by others from there", [tunnel(each.fileno()) for each in (made, over_ip, stream, local)])
    see("a session before it", connect(call, name(1, 11, 101, 111)))
    see("by its own", tunnel(own.fileno()))
    see("it is there", [there.tunnel_get(1), L2tp().tunnel_get(1)])
    see("again", tunnel(own.fileno()))
    see("a session", connect(call, name(1, 11, 101, 111)))
    call.send(LCP)
    see("what it sends", peer.recv(1000).hex())
    peer.sendto(data2(1, 11, b"\xff\x03" + IPCP), (FAR[4], 5030))
    see("what it receives", frame(call))
    made.close()
    own.close()
    see("it goes with its socket", becomes(lambda: there.ask("TUNNEL_GET", CONN_ID=1) == "ENODEV"))

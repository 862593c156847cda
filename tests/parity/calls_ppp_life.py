# SPDX-License-Identifier: BSD-2-Clause
"""calls_ppp_life.py - who outlives whom: a PPPoL2TP socket, files of its channel and of a unit, session and tunnel

Cases of calls.py.
"""
import itertools
import os
import socket

from support.ppp_calls import (IP, IPCP, LCP, events, frame, frames, hung_up, int_ioctl, open_ppp, read, set_ioctl,
                               state, write)

from hosts import becomes, has_device, ip, outcome

from ppp import Call, World, device, device_goes


class Life:
    """A tunnel, a session, its socket, a file of its channel and one of a unit that it is connected to"""

    def __init__(self, world, at):
        self.l2tp, self.conn_id = world.l2tp, 100 + at
        assert self.l2tp.tunnel(self.conn_id, version=2, sport=6000 + at) == "OK"
        self.call = Call(world, 5, conn_id=self.conn_id)
        assert self.call.connected == "OK"
        self.open = {"socket": self.call.socket.fileno(), "channel": self.call.channel_file()}
        self.open["unit"], self.number = world.unit()
        assert set_ioctl(self.open["channel"], "CONNECT", self.number) == "OK"
        assert becomes(lambda: "IN" not in events(self.open["unit"]))
        self.had_session = True

    def end(self, what):
        if what == "session":
            assert self.l2tp.ask("SESSION_DELETE", CONN_ID=self.conn_id, SESSION_ID=5) == "OK"
            assert self.call.gone()
        elif what == "tunnel":
            assert self.l2tp.ask("TUNNEL_DELETE", CONN_ID=self.conn_id) == "OK"
            assert self.l2tp.tunnel_goes(self.conn_id)
        elif what == "socket":
            del self.open["socket"]
            self.call.close()
            assert self.call.gone()
            if "channel" in self.open:
                assert becomes(lambda: hung_up(self.open["channel"]))
            if "unit" in self.open:
                assert becomes(lambda: "IN" in events(self.open["unit"]))
        else:
            os.close(self.open.pop(what))
            if what == "unit":
                assert device_goes(self.number)

    def look(self):
        told = {}
        for what, descriptor in self.open.items():
            told[what] = [state(descriptor), read(descriptor), write(descriptor, IPCP if what == "unit" else LCP)]
        told["there"] = [word for word, is_there in (
            ("interface", device(self.number)),
            ("session", self.l2tp.ask("SESSION_GET", CONN_ID=self.conn_id, SESSION_ID=5) == "OK"),
            ("tunnel", self.l2tp.ask("TUNNEL_GET", CONN_ID=self.conn_id) == "OK")) if is_there]
        return told

    def finish(self):
        """Nothing of it is there for the next."""
        for what in list(self.open):
            self.end(what)
        self.l2tp.ask("TUNNEL_DELETE", CONN_ID=self.conn_id)


def every_order_of_ends(hosts, see):
    """Socket, channel file and unit file are closed in every order, and before, between or after them the session or
    the tunnel is deleted, or neither.

    Requirements: PPP-24, PPP-25, PPP-43, PPP-44, PX-45, PX-60, PX-43
    """
    world = World(hosts)
    orders = list(itertools.permutations(("socket", "channel", "unit")))
    for more in ("session", "tunnel"):
        orders += [order for order in itertools.permutations(("socket", "channel", "unit", more)) if
                   more == "tunnel" or order.index("socket") > order.index(more)]
    for at, order in enumerate(orders):
        life, told = Life(world, at), []
        for what in order:
            life.end(what)
            told.append(life.look())
        life.finish()
        see(", ".join(order), told)


def copies(hosts, see):
    """Only the last copy of a descriptor counts, whoever has it.

    Requirements: PPP-44, PX-45
    """
    world = World(hosts)
    life = Life(world, 0)
    for what in ("socket", "unit"):
        copy = os.dup(life.open[what])
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(writing)
            os.read(reading, 1)
            os._exit(0)
        os.close(life.open[what])
        if what == "socket":
            life.call.socket.detach()
        os.close(copy)
        life.open[what] = open_ppp()
        see(f"a child has the {what}", [state(life.open["channel"]), life.look()["there"]])
        os.write(writing, b"1")
        os.waitpid(child, 0)
        if what == "unit":
            assert device_goes(life.number)
        else:
            assert becomes(lambda: hung_up(life.open["channel"])) and life.call.gone()
        see(f"the {what} has gone", ["HUP" in events(life.open["channel"]), life.look()["there"]])


def an_interface_is_deleted(hosts, see):
    """By its name, under its files and its channel

    Requirements: PPP-83, PPP-44, PPP-45
    """
    world = World(hosts)
    life = Life(world, 0)
    unit, channel = life.open["unit"], life.open["channel"]
    another = open_ppp()
    set_ioctl(another, "ATTACH", life.number)
    ip([f"link set ppp{life.number} name other", "link set other up"])
    see("renamed", [int_ioctl(unit, "GUNIT"), has_device("other"), device(life.number), world.unit(life.number)[1]])
    ip(["link del other"])
    assert becomes(lambda: hung_up(unit)) and becomes(lambda: hung_up(another))
    see("deleted", [has_device("other"), int_ioctl(unit, "GUNIT"), int_ioctl(another, "GUNIT"), read(unit), read(another),
                    write(unit, IPCP), "HUP" in events(unit), "HUP" in events(channel)])
    world.arrives(life.call, IPCP, port=6000)
    world.arrives(life.call, IP, port=6000)
    world.arrives(life.call, LCP, port=6000)
    see("its channel", [frames(channel, 1), set_ioctl(channel, "CONNECT", life.number)])
    fresh, number = world.unit()
    see("another", [number, set_ioctl(channel, "CONNECT", number), set_ioctl(channel, "DISCONN"),
                    set_ioctl(channel, "CONNECT", number)])
    world.arrives(life.call, IPCP, port=6000)
    see("has its frames", [frame(fresh), read(unit)])


def an_owner_leaves_others(hosts, see):
    """Files that are attached to a unit do not keep it.

    Requirements: PPP-44, PPP-45
    """
    world = World(hosts)
    life = Life(world, 0)
    others = [open_ppp() for _ in range(2)]
    see("attached", [set_ioctl(other, "ATTACH", life.number) for other in others])
    os.close(others[0])
    see("one goes", [device(life.number), events(life.open["unit"])])
    world.arrives(life.call, IPCP, port=6000)
    see("a frame for the owner", frame(life.open["unit"]))
    life.end("unit")
    other = others[1]
    assert becomes(lambda: hung_up(other))
    see("the owner goes", ["HUP" in events(other), read(other), write(other, IPCP), int_ioctl(other, "GUNIT"),
                           set_ioctl(open_ppp(), "ATTACH", life.number), set_ioctl(life.open["channel"], "CONNECT", life.number)])
    see("its number is free", world.unit()[1])
    see("its channel is connected to what was", [set_ioctl(life.open["channel"], "CONNECT", life.number),
                                                set_ioctl(life.open["channel"], "DISCONN"),
                                                set_ioctl(life.open["channel"], "CONNECT", life.number)])


def a_program_dies(hosts, see):
    """All at once, by SIGKILL

    Requirements: PPP-44, PX-45
    """
    world = World(hosts)
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        life = Life(World.of_parent(world), 0)
        theirs.send(f"{life.call.number} {life.number}".encode())
        theirs.recv(1)
        os._exit(0)
    channel_number, unit_number = map(int, ours.recv(100).split())
    channel, unit = open_ppp(), open_ppp()
    see("attached to what is a child's", [set_ioctl(channel, "ATTCHAN", channel_number), set_ioctl(unit, "ATTACH", unit_number)])
    os.kill(child, 9)
    os.waitpid(child, 0)
    see("killed", [becomes(lambda: hung_up(channel)), becomes(lambda: hung_up(unit)), device_goes(unit_number),
                   becomes(lambda: world.l2tp.ask("SESSION_GET", CONN_ID=100, SESSION_ID=5) == "ENODEV"),
                   world.l2tp.ask("TUNNEL_GET", CONN_ID=100), read(channel), read(unit)])
    see("everything is free again", outcome(lambda: Life(World.of_parent(world), 1).number))

# SPDX-License-Identifier: BSD-2-Clause
"""calls_ppp_race.py - two threads of a program ask for what excludes each other, in the same moment

Cases of calls.py. What may come of two calls is what comes of them one after the other, in either order. An observation
is what came besides; that something may come at all is seen by the rounds, which are many.
"""
import os
import threading

from support.ppp_calls import LCP, hung_up, int_ioctl, open_ppp, outcome, set_ioctl, write

from hosts import becomes

from ppp import World, device, device_goes

ROUNDS = 12


def at_once(*calls):
    """What each gives: (function, argument...)"""
    gate, came = threading.Barrier(len(calls)), [None] * len(calls)

    def make(at, function, *arguments):
        gate.wait()
        came[at] = function(*arguments)
    threads = [threading.Thread(target=make, args=(at, *call)) for at, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return tuple(came)


def either(first, second):
    """Two calls of which whoever comes second gets this."""
    return {("OK", second), (first, "OK")}


def others(allowed, do):
    """What came in many rounds that may not"""
    return sorted({repr(came) for came in (do() for _ in range(ROUNDS)) if came not in allowed})


def channels_at_once(hosts, see):
    """Connected, disconnected, bridged by two threads, by one file of the channel and by another

    Requirements: PPP-4, PPP-30, PPP-31
    """
    world = World(hosts)
    a, b = world.call(), world.call()
    file_a, file_b, again = a.channel_file(), b.channel_file(), a.channel_file()
    units = [world.unit()[1] for _ in range(2)]

    def connected_twice():
        came = at_once((set_ioctl, file_a, "CONNECT", units[0]), (set_ioctl, again, "CONNECT", units[1]))
        return (*came, set_ioctl(file_a, "DISCONN"))

    def disconnected_twice():
        set_ioctl(file_a, "CONNECT", units[0])
        return at_once((set_ioctl, file_a, "DISCONN"), (set_ioctl, file_a, "DISCONN"))

    def connected_or_bridged():
        came = at_once((set_ioctl, file_a, "CONNECT", units[0]), (set_ioctl, file_b, "BRIDGECHAN", a.number))
        return (*came, set_ioctl(again, "DISCONN" if came[0] == "OK" else "UNBRIDGECHAN"))

    def bridged_from_both_ends():
        came = at_once((set_ioctl, file_a, "BRIDGECHAN", b.number), (set_ioctl, file_b, "BRIDGECHAN", a.number))
        return (*came, *at_once((set_ioctl, file_a, "UNBRIDGECHAN"), (set_ioctl, file_b, "UNBRIDGECHAN")))

    def disconnected_and_connected():
        set_ioctl(file_a, "CONNECT", units[0])
        came = at_once((set_ioctl, file_a, "DISCONN"), (set_ioctl, again, "CONNECT", units[1]))
        return (*came, set_ioctl(file_a, "DISCONN"))

    see("two units", others({(*both, "OK") for both in either("EINVAL", "EINVAL")}, connected_twice))
    see("disconnected twice", others(either("EINVAL", "EINVAL"), disconnected_twice))
    see("a unit or a bridge", others({(*both, "OK") for both in either("EINVAL", "EALREADY")}, connected_or_bridged))
    see("bridged from both ends", others({x + y for x in either("EALREADY", "EALREADY") for y in either("EINVAL", "EINVAL")},
                                         bridged_from_both_ends))
    see("one unit, then another", others({("OK", "OK", "OK"), ("OK", "EINVAL", "EINVAL")}, disconnected_and_connected))


def files_at_once(hosts, see):
    """A file is attached once, a number is one unit's, and a unit's interface goes with it.

    Requirements: PPP-4, PPP-2, PPP-10, PPP-44
    """
    world = World(hosts)
    call = world.call()
    call.channel()
    _, number = world.unit()

    def same_file():
        made = open_ppp()
        came = at_once((set_ioctl, made, "ATTCHAN", call.number), (set_ioctl, made, "ATTACH", number))
        os.close(made)
        return came

    def same_number():
        files = [open_ppp() for _ in range(2)]
        came = at_once(*((set_ioctl, made, "NEWUNIT", 7) for made in files))
        there = device(7)
        for made in files:
            os.close(made)
        return (*came, there, device_goes(7))

    def a_file_with_two_units():
        made = open_ppp()
        came = at_once(*((set_ioctl, made, "NEWUNIT", n) for n in (8, 9)))
        there = device(8) + device(9)
        os.close(made)
        return (*came, there, device_goes(8) and device_goes(9))

    see("a channel or a unit", others(either("ENOTTY", "ENOTTY"), same_file))
    see("one number, two files", others({(*both, True, True) for both in either("EEXIST", "EEXIST")}, same_number))
    see("one file, two numbers", others({(*both, 1, True) for both in either("ENOTTY", "ENOTTY")}, a_file_with_two_units))


def ends_at_once(hosts, see):
    """What a channel is connected to, or it itself, goes in the moment that it is connected or bridged.

    Requirements: PPP-4, PPP-25, PPP-32, PPP-44, PPP-45
    """
    world = World(hosts)
    other = world.call()
    file_b = other.channel_file()
    _, number = world.unit()

    def closed(descriptor):
        return outcome(os.close, descriptor)

    def the_socket():
        call = world.call()
        file_a = call.channel_file()
        came = at_once((set_ioctl, file_a, "CONNECT", number), (closed, call.socket.detach()))
        assert becomes(lambda: hung_up(file_a))
        came += set_ioctl(file_a, "DISCONN"), write(file_a, LCP)
        os.close(file_a)
        return came

    def the_unit():
        unit, its_number = world.unit(5)
        came = at_once((set_ioctl, file_b, "CONNECT", its_number), (closed, unit))
        return (*came, set_ioctl(file_b, "DISCONN"), device_goes(its_number))

    def a_bridge():
        call = world.call()
        file_a = call.channel_file()
        came = at_once((set_ioctl, file_b, "BRIDGECHAN", call.number), (closed, call.socket.detach()))
        assert becomes(lambda: hung_up(file_a))
        os.close(file_a)
        return came[1], int_ioctl(file_b, "UNBRIDGECHAN") in (0, "EINVAL"), set_ioctl(file_b, "UNBRIDGECHAN")

    see("its socket", others({(first, "OK", "EINVAL", 10) for first in ("OK", "ENOTCONN")}, the_socket))
    see("its unit", others({("OK", "OK", "OK", True), ("ENXIO", "OK", "EINVAL", True)}, the_unit))
    see("the bridge's other end", others({("OK", True, "EINVAL")}, a_bridge))

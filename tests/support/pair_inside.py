# SPDX-License-Identifier: BSD-2-Clause
"""pair_inside.py - both ends inside one machine of vm.py: two namespaces and an ul2tpd, or that kernel's L2TP

Called inside, by Machine.call(); outside, RemoteEnd(machine, "near") and RemoteEnd(machine, "far") are the ends.
"""
from support import end, esp_mtu, fast_esp, fast_pair, managed, ppp_storm
from support.daemon import BUILD, Cli, Daemon
from support.netns import Cable
from support.program import Program

_open = {}


def said_at_start(pattern):
    """By an ul2tpd of its own."""
    with Daemon() as daemon:
        return daemon.wait_for_log(pattern)[0]


def server():
    return _open["daemon"].socket


def open_pair(by_ul2tpd=True):
    cable = _open["cable"] = Cable()
    if by_ul2tpd:
        _open["daemon"] = Daemon()
    daemon = _open.get("daemon")
    for name, namespace in (("near", cable.near), ("far", cable.far)):
        end.keep(name, end.End(namespace.path, *((daemon.socket, str(BUILD / "ul2tp")) if daemon else ())))


def start(name, launcher=(), daemon=None):
    """A program of tests/programs in the near namespace; with an ul2tpd, behind `ul2tp run` with these options."""
    near, daemon = _open["cable"].near, daemon or _open.get("daemon")
    if not daemon:
        return Program(name, near)
    return Program(name, near, [BUILD / "ul2tp", "run", *launcher, "--"], {"UL2TP_SOCKET": daemon.socket})


def tell_story(name, over="udp", family=4, tries=0, launcher=()):
    """Of a program with tunnels on sockets of its own."""
    managed.every_story(lambda: start(name, launcher), name, _open["cable"], over, family, tries)


def tell_story_under_esp(name, divert=None):
    """On this kernel's own L2TP, or, with divert, on an ul2tpd of its own that is told to divert data so."""
    cable = _open["cable"]
    if not divert:
        with start(name) as program:
            managed.under_esp(program, cable, end.End(cable.near.path).counters)
        return
    with Daemon("--divert", divert) as daemon, start(name, daemon=daemon) as program:
        near = end.End(cable.near.path, daemon.socket, str(BUILD / "ul2tp"))
        managed.under_esp(program, cable, near.counters)


def fast_path_lacking():
    """What is said where there is no fast path: by an ul2tpd that requires it, by one that does not; its sessions work."""
    words = fast_pair.why_not()
    cable = fast_pair.lay_cable("plain")
    try:
        with fast_pair.FastPair(cable, ("auto", "auto")) as pair:
            return {"required": words, "log": pair.daemons[0].log, "reason": pair.reason(0),
                    "features": Cli(pair.daemons[0], cable.near).json("status")["features"]}
    finally:
        cable.close()


def tell_fast_path_under_esp():
    fast_esp.story(_open["cable"])


def mtu_under_esp():
    return esp_mtu.story(_open["daemon"], _open["cable"])


def tell_storm(sessions):
    """Of a program with many PPP sessions at each end."""
    cable = _open["cable"]
    with ppp_storm.Pair(cable) as pair:
        ppp_storm.story(pair, sessions)


def close_pair():
    daemon, cable = _open.pop("daemon", None), _open.pop("cable", None)
    if daemon:
        log = daemon.log
        assert daemon.stop() == 0, log
    if cable:
        cable.close()

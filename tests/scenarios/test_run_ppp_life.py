# SPDX-License-Identifier: BSD-2-Clause
"""Descriptors of PPP under `ul2tp run`: passed on, inherited, copied, served by another supervisor; who may have them

The programs here know nothing of it (support/ppp_calls.py). Each is in a namespace of its own and has both ends of its
tunnel there; what it prints is a list a line.
"""
import json
import os
import shutil
import signal
import subprocess
import sys

import pytest

from support.daemon import TOP, Daemon
from support.launcher import Launcher, supervisor_of
from support.wait import AT_MOST, SLOW, eventually

START = """
import json, os, signal, socket, subprocess, sys
from support.ppp_calls import *
def say(*values):
    print(json.dumps(values), flush=True)
def a_call(unit=True):
    loop = Loop()
    sock = loop.call(11)
    channel, made = on_channel(sock), open_ppp()
    number = int_ioctl(made, "NEWUNIT", -1)
    set_ioctl(channel, "CONNECT", number)
    return loop, sock, channel, made, number
def works(loop, sock, channel, unit):
    "Frames in both directions, on whatever there is"
    said = []
    for descriptor, octets in ((sock.fileno(), LCP), (channel, LCP), (unit, IPCP)):
        said += [write(descriptor, octets), loop.left()[-20:] == octets.hex()]
    for descriptor, octets in ((channel, LCP), (unit, IPCP)):
        loop.arrives(11, octets)
        said.append(frame(descriptor) == octets.hex())
    return said + [read(sock), peer_name(sock), int_ioctl(unit, "GUNIT"), set_ioctl(channel, "CONNECT", 99)]
"""
OWN_REQUESTS_WAIT_S = 10   # OWN_PATIENCE of src/launcher/daemon_link.c
# What works() says of what works
WELL = [10, True, 10, True, 10, True, True, True, "EIO", [1, 11, 101, 111], 0, "ENXIO"]


@pytest.fixture(scope="module")
def quirky(build):
    """A daemon under which anybody may connect, as on a kernel"""
    with Daemon("--kernel-quirks") as made:
        yield made


@pytest.fixture
def place(new_namespace):
    made = new_namespace("host")
    made.ip("link set lo up")
    return made


def launcher_of(daemon, place, before=()):
    made = Launcher(daemon, place)
    made.environment["PYTHONPATH"] = str(TOP / "tests")
    made.prefix += before
    return made


def lines_of(launcher, text, *arguments):
    """What it said, line by line; it has ended well"""
    done = launcher.run(sys.executable, "-u", "-c", START + text, *arguments)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_by_scm_rights_to_another_program(quirky, place):
    """A program that was executed later gets them in a message; who had them closes them.

    Requirements: PPP-44, PX-45, PPP-1
    """
    said = lines_of(launcher_of(quirky, place), """
ours, theirs = socket.socketpair()
other = subprocess.Popen([sys.executable, "-u", "-c", sys.argv[1], str(theirs.fileno())], pass_fds=[theirs.fileno()])
theirs.close()
loop, sock, channel, unit, number = a_call()
loop.arrives(11, LCP)
ready(channel)
socket.send_fds(ours, [b"1"], [sock.fileno(), channel, unit])
sock.close(); os.close(channel); os.close(unit)
say(json.loads(ours.recv(1000)))
say(sorted(loop.left()[-20:] for _ in range(3)) == [IPCP.hex(), LCP.hex(), LCP.hex()])
loop.arrives(11, IPCP)
ours.send(b"1")
say(json.loads(ours.recv(1000)))
ours.send(b"1")
other.wait()
while os.path.exists("/sys/class/net/ppp0"):
    select.select([], [], [], 0.01)
say(type(loop.call(11)).__name__)
""", START + """
control = socket.socket(fileno=int(sys.argv[1]))
_, (sock, channel, unit), _, _ = socket.recv_fds(control, 10, 3)
sock = socket.socket(fileno=sock)
control.send(json.dumps([frame(channel), write(sock.fileno(), LCP), write(channel, LCP), write(unit, IPCP), peer_name(sock),
                         int_ioctl(unit, "GUNIT"), set_ioctl(channel, "CONNECT", 0), int_ioctl(sock.fileno(), "GCHAN")]).encode())
control.recv(1)
control.send(json.dumps([frame(unit), events(channel), events(unit)]).encode())
control.recv(1)
""")
    assert said == [[["c0210101000861626364", 10, 10, 10, [1, 11, 101, 111], 0, "EINVAL", 1]], [True],
                    [["80210101000861626364", "OUT", "OUT"]], ["socket"]]


def test_over_fork_and_exec(quirky, place):
    """A child has them under the same numbers, and after another exec, too.

    Requirements: PPP-44, PX-45
    """
    said = lines_of(launcher_of(quirky, place), """
loop, sock, channel, unit, number = a_call()
numbers = [loop.own.fileno(), loop.peer.fileno(), sock.fileno(), channel, unit]
for n in numbers:
    os.set_inheritable(n, True)
child = os.fork()
if child == 0:
    say("forked", works(loop, sock, channel, unit))
    os.execv(sys.executable, [sys.executable, "-u", "-c", sys.argv[1], *map(str, numbers)])
for n in numbers[2:]:
    os.close(n)
sock.detach()
os.waitpid(child, 0)
while os.path.exists("/sys/class/net/ppp0"):
    select.select([], [], [], 0.01)
say("gone")
""", START + """
loop = Loop.__new__(Loop)
loop.conn_id, loop.port = 1, 5001
loop.own, loop.peer, sock = (socket.socket(fileno=int(n)) for n in sys.argv[1:4])
say("executed", works(loop, sock, int(sys.argv[4]), int(sys.argv[5])), os.path.exists("/sys/class/net/ppp0"))
""")
    assert said == [["forked", WELL], ["executed", WELL, True], ["gone"]]


def test_copies_wherever_they_are(quirky, place):
    """dup(), dup2() to a low number and fcntl(): a copy is served like the first, and only the last close counts.

    Requirements: PPP-44, PX-45
    """
    said = lines_of(launcher_of(quirky, place), """
loop, sock, channel, unit, number = a_call()
import fcntl
for copy in (os.dup, lambda n: os.dup2(n, 500 + n), lambda n: fcntl.fcntl(n, fcntl.F_DUPFD, 20)):
    sock, old = socket.socket(fileno=copy(sock.fileno())), sock
    channel, unit, closing = copy(channel), copy(unit), [channel, unit]
    old.close()
    for n in closing:
        os.close(n)
    said = works(loop, sock, channel, unit)
    said[8] = "EIO or EAGAIN" if said[8] in ("EIO", "EAGAIN") else said[8]
    say(said, os.path.exists("/sys/class/net/ppp0"))
""")
    assert said == [[[*WELL[:8], "EIO or EAGAIN", *WELL[9:]], True]] * 3


def test_another_supervisor_takes_over(quirky, place):
    """It is killed three times: what is connected, attached and named stays so, and a hang-up is seen.

    Requirements: PPP-24, PX-45, PX-40, PPP-22
    """
    process = launcher_of(quirky, place).popen(sys.executable, "-u", "-c", START + """
loop, sock, channel, unit, number = a_call()
fresh = pppox()
while input() != "end":
    say(works(loop, sock, channel, unit), [connect(fresh, b""), int_ioctl(open_ppp(), "NEWUNIT", 0)])
gone = loop.call(12)
set_ioctl(gone.fileno(), "GCHAN")
sock.close()
while not hung_up(channel):
    select.select([], [], [], 0.01)
say(read(channel), write(channel, LCP), set_ioctl(channel, "DISCONN"), read(unit), int_ioctl(on_channel(gone), "DISCONN"))
""", stdin=subprocess.PIPE)
    try:
        for _ in range(4):
            process.stdin.write("go\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline()) == [WELL, ["EINVAL", "EEXIST"]]
            killed = supervisor_of(process.pid)
            os.kill(killed, signal.SIGKILL)
            eventually(lambda k=killed: supervisor_of(process.pid) != k, "another supervisor is there")
        out, err = process.communicate("end\n", timeout=60 * SLOW)
        assert json.loads(out) == ["", 10, "EINVAL", "", "EINVAL"], err
    finally:
        process.kill()
        process.communicate(timeout=AT_MOST)


def test_a_call_waits_as_long_as_it_takes(new_namespace):
    """ul2tpd stands still for longer than requests of the launcher's own wait: the call is carried out, and once.

    Requirements: PPP-2
    """
    host = new_namespace("host")
    with Daemon() as daemon:
        process = launcher_of(daemon, host).popen(sys.executable, "-u", "-c", START + """
unit = open_ppp()
say("ready")
input()
number = int_ioctl(unit, "NEWUNIT", -1)
say(number, int_ioctl(unit, "GUNIT"))
""", stdin=subprocess.PIPE)
        try:
            assert json.loads(process.stdout.readline()) == ["ready"]
            os.kill(daemon.engine_pid, signal.SIGSTOP)
            process.stdin.write("go\n")
            process.stdin.flush()
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(OWN_REQUESTS_WAIT_S + 1)
            os.kill(daemon.engine_pid, signal.SIGCONT)
            out, err = process.communicate(timeout=60 * SLOW)
            assert json.loads(out) == [0, 0], err
        finally:
            os.kill(daemon.engine_pid, signal.SIGCONT)
            process.kill()
            process.communicate(timeout=AT_MOST)


def test_a_socket_filter_after_ul2tpd_was_killed(new_namespace):
    """As long as ul2tpd has one of its own on a tunnel's socket the program gets EPERM; without ul2tpd it is an ordinary socket.

    Requirements: RX-9
    """
    host = new_namespace("host")
    host.ip("link set lo up")
    with Daemon() as daemon:
        process = launcher_of(daemon, host).popen(sys.executable, "-u", "-c", START + """
import ctypes, struct
loop, ours = Loop(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
nothing = ctypes.create_string_buffer(struct.pack("=HBBI", 6, 0, 0, 0))
def attach(sock):
    return outcome(sock.setsockopt, socket.SOL_SOCKET, 26, struct.pack("HL", 1, ctypes.addressof(nothing)))
say(loop.made, attach(loop.own), attach(ours))
input()
said = [attach(loop.own)]
loop.peer.sendto(b"x", ("127.0.0.1", loop.port))
said.append(ready(loop.own, 0))
loop.own.setsockopt(socket.SOL_SOCKET, 27, 0)
loop.peer.sendto(b"y", ("127.0.0.1", loop.port))
say(*said, loop.own.recv(10).decode())
""", stdin=subprocess.PIPE)
        try:
            assert json.loads(process.stdout.readline()) == ["OK", "EPERM", "OK"]
            keeper = daemon.keeper_pid
            os.kill(keeper, signal.SIGKILL)
            daemon.process.wait(AT_MOST)
            eventually(lambda: not daemon.processes(), "nothing of ul2tpd is left")
            assert os.path.exists(daemon.socket)  # where nobody listens
            out, err = process.communicate("go\n", timeout=60 * SLOW)
            assert json.loads(out) == ["OK", False, "y"], err
        finally:
            process.kill()
            process.communicate(timeout=AT_MOST)
            daemon.kill()


@pytest.mark.parametrize("limit", [40, 70, 130, 300])
def test_a_low_limit_of_descriptors(quirky, place, limit):
    """What works needs no number of its own; errors of reading may be those of a socket (doc/deviations.md).

    Requirements: PPP-1, PX-1
    """
    launcher = launcher_of(quirky, place, ["sh", "-c", f'ulimit -n {limit}; exec "$@"', "sh"])
    said = lines_of(launcher, """
loop, sock, channel, unit, number = a_call()
said = works(loop, sock, channel, unit)
say(said[:8], said[9:])
more = [outcome(open_ppp)]
while isinstance(more[-1], int):
    more.append(outcome(open_ppp))
say(more.pop(), len(more) > 5)
for n in more:
    os.close(n)
say(works(loop, sock, channel, unit)[:8])
""")
    assert said == [[WELL[:8], WELL[9:]], ["EMFILE", True], [WELL[:8]]]


NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
ATTEMPT = """
opened = outcome(open_ppp)
loop = Loop()
say(opened if isinstance(opened, str) else [set_ioctl(opened, "ATTACH", 9), set_ioctl(opened, "ATTCHAN", 9),
    int_ioctl(opened, "NEWUNIT", -1)], loop.made, [loop.call(11)] if isinstance(loop.call(11), str) else "connected")
"""
IN_OWN_NETWORK = ["unshare", "-rn", "sh", "-c", 'ip link set lo up; exec "$@"', "sh"]

# Words before the program: (what opening /dev/ppp gives or what can be done with it, of tunnels with and without quirks)
WHO = {
    "root": ([], ["ENXIO", "ENXIO", 0], "OK", "OK"),
    "nobody": (NOBODY, "EACCES", "OK", "EPERM"),
    "root that may not": (["setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin"], "EPERM", "OK", "EPERM"),
    "root of other users": (["unshare", "-r"], ["EPERM", "EPERM", "EPERM"], "OK", "EPERM"),
    "root of other users, in its own network": (IN_OWN_NETWORK, ["ENXIO", "ENXIO", 0], "OK", "OK"),
    "nobody as root of other users": ([*NOBODY, "unshare", "-r"], "EACCES", "OK", "EPERM"),
    "nobody as that, in its own network": ([*NOBODY, *IN_OWN_NETWORK], "EACCES", "OK", "OK"),
}


@pytest.mark.parametrize("who", WHO)
def test_who_may_what(quirky, shared_daemon, place, open_directory, who):
    """What a kernel lets each do; without its quirks the socket of one who may not can not be connected.

    Requirements: PPP-1, PX-1, Q-19
    """
    words, files, as_kernel, safe = WHO[who]
    shutil.copytree(TOP / "tests/support", open_directory / "support")
    for daemon, tunnels in ((quirky, as_kernel), (shared_daemon, safe)):
        launcher = launcher_of(daemon, place)
        launcher.environment["PYTHONPATH"] = str(open_directory)
        done = launcher.run(*words, sys.executable, "-u", "-c", START + ATTEMPT, cwd="/")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)[:2] == [files, tunnels]


def test_protocols_of_the_family(shared_daemon, place):
    """Those that are not L2TP's: what there is, the host's kernel has (PPPoE 0, PPTP 2).

    Requirements: PX-1
    """
    said = lines_of(launcher_of(shared_daemon, place), """
for protocol in (3, 4, 77, 2147483647, -5):
    say(protocol, [outcome(lambda: bool(socket.socket(24, kind, protocol))) for kind in (1, 2, 3, 5)])
say([outcome(lambda: bool(socket.socket(24, 2, protocol))) for protocol in (0, 2)])
say([outcome(lambda: bool(socket.socket(24, kind, 1))) for kind in (1, 2, 3, 5)])
""")
    alone = subprocess.run([sys.executable, "-c", "import socket, errno\nfor p in 0, 2:\n try: socket.socket(24, 2, p); "
                            "print(True)\n except OSError as why: print(errno.errorcode[why.errno])"],
                           capture_output=True, text=True, check=True).stdout.split()
    hosts = [True if word == "True" else "EPROTONOSUPPORT" if word == "EAFNOSUPPORT" else word for word in alone]
    assert said == [[3, ["EPROTONOSUPPORT"] * 4], *([number, ["EPROTOTYPE"] * 4] for number in (4, 77, 2147483647, -5)),
                    [hosts], [[True] * 4]]

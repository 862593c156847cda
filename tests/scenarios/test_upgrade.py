# SPDX-License-Identifier: BSD-2-Clause
"""ul2tpd becomes another release of itself while sessions carry data, or says why it does not"""
import contextlib
import ctypes
import errno
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

from support import netlink, proc, wire
from support.api import Api
from support.daemon import BUILD, Cli, Daemon, children, descriptors, in_session, programs_for_everyone
from support.netns import entered
from support.ppp_file import PppClient
from support.ppp_link import brought_up, statistics, udp_link
from support.program_socket import ProgramSocket
from support.rig import rig_of
from support.wait import AT_MOST, eventually

quick = pytest.mark.quick
SO_RCVBUFFORCE = 33
FRAME = wire.frame(b"data", 60)
LAYOUT = subprocess.run([BUILD / "ul2tpd", "--upgrade-layout"], capture_output=True, text=True, check=True).stdout


@pytest.fixture
def programs(tmp_path):
    """A ul2tpd of the test's own, to be replaced."""
    tmp_path.chmod(0o755)
    return programs_for_everyone(tmp_path)


def install(programs, text=None):
    """Another file in place of ul2tpd's: a script, or the same program again."""
    new = programs / "ul2tpd.new"
    if text is None:
        shutil.copy(BUILD / "ul2tpd", new)
    else:
        new.write_text("#!/bin/sh\n" + text, encoding="ascii")
        new.chmod(0o755)
    os.replace(new, programs / "ul2tpd")


def upgrade(rig, *users):
    rig.daemon.upgrade()
    rig.api.close()
    rig.api = Api(rig.daemon, rig.near)
    for user in users:
        user.api = rig.api
        if hasattr(user, "tunnel") and not callable(user.tunnel):
            user.tunnel.api = rig.api


@contextlib.contextmanager
def again_and_again(*steps):
    """Meanwhile: each step every millisecond; how often each has been done."""
    done, stop = [0] * len(steps), threading.Event()

    def run():
        while not stop.is_set():
            for index, step in enumerate(steps):
                step()
                done[index] += 1
            time.sleep(0.001)
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        eventually(lambda: min(done) > 20)
        yield done
        reached = list(done)
        eventually(lambda: all(now > then + 20 for now, then in zip(done, reached)))
    finally:
        stop.set()
        thread.join(AT_MOST)


def numbers_at(tunnel, count):
    """Sequence numbers of so many packets that have come to the peer."""
    return [int.from_bytes(tunnel.received()[17:20], "big") for _ in range(count)]


@quick
def test_no_packet_of_an_ethernet_session_is_lost(own_cable, build, programs):
    """Interfaces, counters and sequence numbers go on, it is the same process with another file, and a second time nothing
    has grown."""
    with Daemon("--workers", 2, programs=programs) as daemon, rig_of(daemon, own_cable) as rig:
        numbered = rig.session(SEND_SEQ=1, COOKIE="0123456789abcdef").up()
        other = rig.session("ip", 6, L2SPEC_TYPE=wire.NONE).up()
        numbered.tunnel.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 4 << 20)
        devices = {s.device: own_cable.near.link(s.device)["ifindex"] for s in (numbered, other)}
        tunnels = {i: {k: v for k, v in t.items() if k != "STATS"} for i, t in rig.api.tunnels().items()}
        pid, seen = daemon.keeper_pid, []
        with again_and_again(lambda: numbered.transmit(FRAME), lambda: other.receive(FRAME)) as done:
            for _ in range(2):
                install(programs)
                upgrade(rig, numbered, other)
                assert os.path.samefile(f"/proc/{pid}/exe", programs / "ul2tpd")
                seen.append({p: len(descriptors(p)) for p in (pid, daemon.engine_pid)})
        assert daemon.keeper_pid == pid
        assert list(seen[0].values()) == list(seen[1].values())
        eventually(lambda: numbered.stats()["TX_PACKETS"] == done[0])
        eventually(lambda: other.stats()["RX_PACKETS"] == done[1])
        assert numbers_at(numbered.tunnel, done[0]) == list(range(done[0]))
        assert {s.device: own_cable.near.link(s.device)["ifindex"] for s in (numbered, other)} == devices
        assert {i: {k: v for k, v in t.items() if k != "STATS"} for i, t in rig.api.tunnels().items()} == tunnels
        rig.session().up()
        numbered.delete()
        eventually(lambda: numbered.device not in own_cable.near.devices())


@quick
def test_no_packet_of_a_ppp_link_is_lost(own_cable, build):
    """Programs' files, channels and units are there, and what waits in an interface leaves by the channel.

    Requirements: PPP-44
    """
    with Daemon("--workers", 2) as daemon, udp_link(daemon, own_cable) as link:
        brought_up(link)
        near, far = link
        index = near.namespace.link(near.device)["ifindex"]
        ping = near.namespace.popen("ping", "-c", 150, "-i", "0.002", "-q", "10.8.0.2", stdout=subprocess.PIPE, text=True)
        eventually(lambda: statistics(far)["ipackets"] > 5)
        daemon.upgrade()
        assert " 150 received" in ping.communicate(timeout=AT_MOST)[0]
        assert near.namespace.link(near.device)["ifindex"] == index
        for end in link:
            end.api.close()
            end.api = Api(daemon, end.namespace)
            end.ppp.netlink.close()
            end.ppp.netlink = PppClient(daemon, end.namespace).netlink
        assert statistics(near)["ipackets"] == 150
        far.unit.send(b"\x80\x21ipcp")
        assert near.unit.receive() == b"\x80\x21ipcp"


@quick
@pytest.mark.parametrize("way", ["ebpf", "raw"])
def test_programs_sockets(own_cable, build, way):
    """Data is taken out of them as before, none of it reaches the program, and the last close is seen; so is one while nobody
    looked. The guard is another, and knows all sockets.

    Requirements: TUN-45
    """
    with Daemon("--workers", 2, "--divert", way) as daemon, rig_of(daemon, own_cable) as rig:
        users = [ProgramSocket(rig, family).tunnel().session().up() for family in (4, 6)]
        loose = ProgramSocket(rig, connected=False).tunnel().session()
        guard = daemon.guard_pid
        with again_and_again(*(lambda u=u: u.send(u.data()) for u in users)) as done:
            upgrade(rig, *users, loose)
            upgrade(rig, *users, loose)
        for user, sent in zip(users, done):
            eventually(lambda u=user, s=sent: u.stats()["RX_PACKETS"] == s, "none is lost")
            user.nothing_for_the_program()
            assert user.transmit()[0].endswith(wire.frame(b"to the peer", 60))
        loose.send(loose.data())
        loose.delivered(1)
        assert (daemon.guard_pid == guard) == (way == "ebpf")
        os.kill(daemon.keeper_pid, signal.SIGSTOP)
        os.kill(daemon.keeper_pid, signal.SIGUSR2)
        users[0].socket.close()
        os.kill(daemon.keeper_pid, signal.SIGCONT)
        rig.api.close()
        eventually(lambda: daemon.log.count("event=upgraded") == 3)
        rig.api = Api(daemon, rig.near)
        eventually(lambda: len(rig.api.tunnels()) == 2, "its tunnel is gone")
        guard = daemon.guard_pid
        os.kill(daemon.keeper_pid, signal.SIGKILL)
        if guard:
            eventually(lambda: not proc.stat(guard), "the guard has done its work")
            users[1].send(users[1].data())
            assert users[1].received() == users[1].data()
        daemon.kill()


REFUSALS = {
    "missing": (None, "it can not be executed: No such file"),
    "other layout": ("echo 0-00000000\n", "its layout is 0-00000000, that of this ul2tpd "),
    "older": ("exit 2\n", "it knows no upgrades, or refuses the options of this ul2tpd (status 2)"),
    "endless": ("exec yes\n", "it knows no upgrades, or refuses the options"),
    "goes away": (f'rm "$0"\necho {LAYOUT}', "it can not be executed: No such file"),
}


@quick
def test_it_says_why_it_does_not(own_cable, build, programs):
    """And goes on with all that there is, which it has when it is asked again."""
    with Daemon(programs=programs) as daemon, rig_of(daemon, own_cable) as rig:
        session = rig.session().up()
        program = ProgramSocket(rig).tunnel().session()
        engine, before = daemon.engine_pid, len(descriptors(daemon.keeper_pid))
        for count, (text, words) in enumerate(REFUSALS.values(), 1):
            if text is None:
                (programs / "ul2tpd").unlink()
            else:
                install(programs, text)
            os.kill(daemon.process.pid, signal.SIGUSR2)
            eventually(lambda c=count: daemon.log.count("event=upgrade-refused") == c)
            assert words in daemon.log.splitlines()[-1]
            assert engine in children(daemon.process.pid)
            session.receive(FRAME)
            assert session.capture.take(1) == [FRAME]
        install(programs)
        assert len(descriptors(daemon.keeper_pid)) == before
        upgrade(rig, session, program)
        program.send(program.data())
        program.delivered(1)
        assert session.stats()["RX_PACKETS"] == len(REFUSALS)


@quick
def test_who_asks_for_it_is_told(build, programs):
    """Which release it is when it is done, or why it is not; and that it is not for everybody to ask."""
    with Daemon(programs=programs) as daemon:
        ul2tp, pid = Cli(daemon), daemon.keeper_pid
        release = ul2tp.json("status")["release"]
        assert ul2tp("upgrade") == f"release {release}\n"
        assert daemon.log.count("event=upgraded") == 1, "it is when that is said"
        assert ul2tp.json("upgrade") == {"release": release}
        install(programs, "exit 2\n")
        refused = ul2tp.run("upgrade")
        assert (refused.returncode, refused.stdout) == (2, "")
        assert "it takes a restart, which ends all sessions" in refused.stderr
        with Api(daemon) as api:
            api.more("SOCKET_SET", DROP_RIGHTS=1)
            with pytest.raises(netlink.Refused) as stranger:
                api.more("UPGRADE")
            assert stranger.value.errno == errno.EPERM
        assert daemon.log.count("event=upgraded") == 2
        assert daemon.keeper_pid == pid


@quick
def test_a_thread_that_has_gone_to_another_network_namespace(build, namespace):
    """libul2tp would connect from there, and so to what is there: it does not, and says so. Back where it was it goes on."""
    if os.environ.get("UL2TP_SANITIZED"):
        pytest.skip("a library with sanitizers can not be loaded into Python")
    library = ctypes.CDLL(str(BUILD / "src/client/libul2tp.so.0"))
    u, status = ctypes.c_void_p(), ctypes.c_void_p()

    def asked():
        return library.ul2tp_status_get(u, ctypes.byref(status))
    with Daemon() as daemon:
        assert library.ul2tp_connect(1, daemon.socket.encode(), ctypes.byref(u), None) == 0
        with entered(namespace.path):
            assert asked() == 0
            daemon.upgrade()
            assert asked() == -errno.EPIPE
            assert asked() == -errno.EPIPE
        assert asked() == 0
        with entered(namespace.path):
            assert library.ul2tp_upgrade(u) == -errno.ENOTCONN
        assert daemon.log.count("event=upgraded") == 2
        assert asked() == 0
        library.ul2tp_disconnect(u)


@quick
def test_everyone_is_answered(own_cable, build, programs, tmp_path):
    """Whoever asks while one takes over from the other: a command for each session, a batch, an unmodified program."""
    with Daemon(programs=programs) as daemon, rig_of(daemon, own_cable) as rig:
        add = f"add session tunnel_id {rig.tunnel().id} session_id {{0}} peer_session_id {{0}} name s{{0}}"
        for name, prefix, ids in (("ours", "", range(1000, 1300)), ("theirs", "l2tp ", range(2000, 2100))):
            (tmp_path / name).write_text("".join(prefix + add.format(i) + "\n" for i in ids), encoding="ascii")
        ul2tp = Cli(daemon, own_cable.near, programs=BUILD)
        clients = [subprocess.Popen([*ul2tp.prefix, "sh", "-c", script, ul2tp.program], env=ul2tp.environment,
                                    cwd=tmp_path, stderr=subprocess.PIPE, text=True)
                   for script in (f'for i in $(seq 40); do "$0" {add.format("$i")} || exit 1; done',
                                  '"$0" -batch ours', '"$0" run ip -batch theirs')]
        for made in (50, 150, 250):
            eventually(lambda m=made: len(own_cable.near.devices()) > m, "they get on")
            daemon.upgrade()
        assert [(client.communicate()[1], client.returncode) for client in clients] == [("", 0)] * len(clients)
        rig.api.close()
        rig.api = Api(daemon, rig.near)
        assert len(rig.api.sessions()) == 440


def test_it_keeps_its_rights_without_being_root(own_cable, build, programs):
    """By ambient capabilities, as a service manager gives them."""
    rights = "+net_admin,+net_raw,+net_bind_service,+sys_admin,+sys_ptrace,+dac_read_search,+kill"
    socket_path = pathlib.Path("/tmp") / f"ul2tp-upgrade-{os.getpid()}"
    everybodys = 'mount -t tmpfs none /dev/net && mknod -m 666 /dev/net/tun c 10 200 && exec "$@"'  # as udev makes it
    prefix = ["unshare", "-m", "sh", "-c", everybodys, "sh", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
              f"--inh-caps={rights}", f"--ambient-caps={rights}"]

    def status(pid):
        return re.findall(r"^(?:Cap|NoNewPrivs|Uid).*", proc.text(pid, "status"), re.MULTILINE)
    with Daemon(programs=programs, prefix=prefix, socket_path=socket_path) as daemon, rig_of(daemon, own_cable) as rig:
        session = rig.session().up()
        before = status(daemon.keeper_pid)
        upgrade(rig, session)
        assert status(daemon.keeper_pid) == before
        session.receive(FRAME)
        assert session.capture.take(1) == [FRAME]
        rig.session().up()


@pytest.mark.parametrize("left", ["40", "-4"])
def test_one_that_can_not_take_over_ends_all_in_good_order(own_cable, build, programs, left):
    """Of its layout, but what was left to it is cut off. The program that was there before has gone, so nobody can resume what
    there was: that ends, which is said, and programs get what comes to their sockets. The next ul2tpd begins anew."""
    shutil.copy(BUILD / "ul2tpd", programs / "other")
    with Daemon("--divert", "raw", programs=programs) as daemon, rig_of(daemon, own_cable) as rig:
        before = own_cable.near.devices()
        rig.session().up()
        program = ProgramSocket(rig).tunnel().session()
        install(programs, f'[ -z "$UL2TP_BEQUEST" ] || truncate -s {left} "/proc/$$/fd/$UL2TP_BEQUEST"\n'
                          f'exec {programs}/other "$@"\n')
        os.kill(daemon.keeper_pid, signal.SIGUSR2)
        assert daemon.process.wait(AT_MOST) == 1
        assert 'event=upgrade-failed error="Bad message" effect="all sessions end"' in daemon.log
        eventually(lambda: not in_session(daemon.process.pid) and own_cable.near.devices() == before)
        program.send(program.data())
        assert program.received() == program.data()
        with Daemon("--divert", "raw", socket_path=daemon.socket) as after, rig_of(after, own_cable) as rig:
            rig.session().up()

# SPDX-License-Identifier: BSD-2-Clause
"""The daemon itself: it starts, survives the loss of its engine, and leaves nothing behind."""
import os
import re
import signal
import socket
import stat
import subprocess
import time

import pytest

from support import netlink, wire
from support.api import Api
from support.daemon import BUILD, TOP, Daemon, children, descriptors, in_session
from support.netns import Cable
from support.rig import Rig
from support.wait import SLOW, eventually

quick = pytest.mark.quick
FRAME = wire.frame(b"a frame", length=60)
HEX = "0123456789abcdef"


@pytest.fixture
def cable_of_my_own():
    made = Cable()
    yield made
    made.close()


def capabilities(pid):
    """The effective set, as a number."""
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(r"^CapEff:\s*([0-9a-f]+)", f.read(), re.MULTILINE)[1], 16)


@quick
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda n: n.name)
def test_it_removes_everything_when_it_ends(cable_of_my_own, build, number):
    """Interfaces, sockets, processes, the socket it listens on; status 0.

    Requirements: TUN-48
    """
    near = cable_of_my_own.near
    daemon = Daemon()
    rig = Rig(daemon, cable_of_my_own)
    try:
        for over in ("udp", "ip"):
            tunnel = rig.tunnel(over)
            for _ in range(3):
                tunnel.session().up()
        assert len(near.devices()) == 7
        ports = near.read("udp")
        assert f":{rig.tunnels[0].near_port:04X} " in ports
        os.kill(daemon.pid, number)
        eventually(lambda: daemon.process.poll() is not None)
        assert near.devices() == {"wire"}
        assert f":{rig.tunnels[0].near_port:04X} " not in near.read("udp")
        assert len(near.read("raw").splitlines()) == 1
        with pytest.raises(ConnectionError):
            rig.api.tunnels()
    finally:
        for closable in [*rig.closing, rig.api]:
            closable.close()
        status = daemon.stop()
    assert status == 0


@quick
def test_the_engine_is_killed(cable_of_my_own, build):
    """Another takes up what was there: tunnels, sessions with their parameters, counters and devices, and the
    numbers sent; data flows on.

    Requirements: SEQ-1, STAT-1
    """
    with Daemon() as daemon:
        rig = Rig(daemon, cable_of_my_own)
        try:
            sessions = [
                rig.session(COOKIE=HEX, PEER_COOKIE="c00c1e55", SEND_SEQ=1, LNS_MODE=1).up(),
                rig.session("ip", 6, L2SPEC_TYPE=wire.NONE).up(),
                rig.tunnel("udp", 6, UDP_ZERO_CSUM6_TX=True).session(RECV_TIMEOUT=500, IFNAME="named").up()]
            gone = rig.session()
            gone.delete()
            rig.api.more("SESSION_SET", {"CONN_ID": sessions[0].tunnel.id, "SESSION_ID": sessions[0].id},
                         LABEL="an important one")
            for session in sessions:
                for number in range(3):
                    session.receive(FRAME, number=number)
                    session.transmit(FRAME)
                    assert session.tunnel.received()
                session.capture.take(3)
            sessions[0].receive(FRAME, cookie=b"wron")
            eventually(lambda: sessions[0].counts().get("RX_COOKIE_DISCARDS") == 1)
            eventually(lambda: all(s.counts().get("TX_PACKETS") == 3 for s in sessions))
            rig.api.set_limits(TUNNELS=100, MEMORY_KIB=100000)
            tunnels, before = rig.api.tunnels(), rig.api.sessions()
            quotas = {kind: dict(rig.api.status()[f"NESTED|{kind}"]) for kind in ("LIMITS", "USAGE")}
            labels = sessions[0].more().values
            devices = {s.device: cable_of_my_own.near.link(s.device)["ifindex"] for s in sessions}

            engine = daemon.engine_pid
            os.kill(engine, signal.SIGKILL)
            rig.api.close()
            daemon.next_engine(engine)
            rig.api = Api(daemon, cable_of_my_own.near)
            assert rig.api.tunnels() == tunnels
            assert rig.api.sessions() == before
            for kind in ("TUNNELS", "SESSIONS", "MEMORY_KIB"):
                assert dict(rig.api.status()["NESTED|LIMITS"])[kind] == quotas["LIMITS"][kind]
                assert dict(rig.api.status()["NESTED|USAGE"])[kind] == quotas["USAGE"][kind]
            for session in sessions:
                session.api = session.tunnel.api = rig.api
            now = sessions[0].more().values
            assert (now["LABEL"], now["CREATED"], now["MTU"]) == (
                labels["LABEL"], labels["CREATED"], labels["MTU"])
            assert {s.device: cable_of_my_own.near.link(s.device)["ifindex"] for s in sessions} == devices

            for session in sessions:
                session.receive(FRAME, number=3)
                assert session.capture.take(1) == [FRAME]
                session.transmit(FRAME)
                octets = session.tunnel.received()
                assert octets.endswith(FRAME)
                if session is sessions[0]:
                    assert octets[16:20].hex() == "40000003"
                eventually(lambda: (session.stats()["TX_PACKETS"], session.stats()["RX_PACKETS"]) == (4, 4))
            # And new ones can be made beside, others removed.
            more = rig.session().up()
            more.receive(FRAME)
            assert more.capture.take(1) == [FRAME]
            sessions[0].delete()
            eventually(lambda: sessions[0].device not in cable_of_my_own.near.devices())
        finally:
            for closable in rig.closing:
                closable.close()
            rig.api.close()


@quick
def test_the_engine_is_killed_many_times(cable_of_my_own, build):
    """In the middle of work; what is acknowledged is there, what is not leaves nothing half-made."""
    with Daemon() as daemon:
        near = cable_of_my_own.near
        acknowledged = set()
        with Api(daemon, near) as api:
            api.tunnel_create(CONN_ID=1, PEER_CONN_ID=2, IP_SADDR="192.0.2.1", IP_DADDR="192.0.2.2", UDP_SPORT=5001,
                              UDP_DPORT=5002)
        session_id = 0
        for kills in range(3):
            engine = daemon.engine_pid
            with Api(daemon, near) as api:
                for _ in range(20):
                    session_id += 1
                    api.session_create(1, session_id)
                    acknowledged.add(session_id)
                os.kill(engine, signal.SIGKILL)
                try:
                    while True:
                        session_id += 1
                        api.session_create(1, session_id)
                        acknowledged.add(session_id)
                except (OSError, netlink.Refused):
                    pass
            eventually(lambda: children(daemon.pid) not in ([], [engine]))
            with Api(daemon, near) as api:
                listed = {s["SESSION_ID"] for s in api.sessions()}
            assert acknowledged <= listed <= acknowledged | {session_id}
            devices = {d for d in near.devices() if d.startswith("l2tpeth")}
            eventually(lambda: len({d for d in near.devices() if d.startswith("l2tpeth")}) == len(listed))
            acknowledged = listed
        assert devices
    assert near.devices() == {"wire"}


@quick
def test_the_keeper_is_killed(cable_of_my_own, build):
    """The engine ends with it, and the kernel removes what it held."""
    daemon = Daemon()
    try:
        rig = Rig(daemon, cable_of_my_own)
        rig.session().up()
        for closable in [*rig.closing, rig.api]:
            closable.close()
        os.kill(daemon.pid, signal.SIGKILL)
        eventually(lambda: in_session(daemon.pid) == [], "the engine ends")
        eventually(lambda: cable_of_my_own.near.devices() == {"wire"})
    finally:
        daemon.kill()


@quick
def test_the_engine_has_no_rights(daemon):
    """What reads packets and requests has no capability, can not get any, and is not root."""
    def read():
        with open(f"/proc/{daemon.engine_pid}/status") as f:
            return dict(line.split(":\t") for line in f.read().splitlines() if ":\t" in line)
    eventually(lambda: read()["Seccomp"] == "2", "the engine has confined itself")
    status = read()
    assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb", "CapBnd")} == {0}
    assert status["NoNewPrivs"] == "1"
    assert set(status["Uid"].split()) & {"0"} == set()
    assert capabilities(daemon.pid) != 0


@quick
def test_the_socket_is_for_everybody(daemon):
    """As a netlink socket is; rights are checked for each request."""
    mode = os.stat(daemon.socket)
    assert stat.S_ISSOCK(mode.st_mode) and stat.S_IMODE(mode.st_mode) == 0o666
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
        with pytest.raises(OSError):
            s.connect(daemon.socket)


@quick
def test_a_listening_socket_can_be_passed(build, tmp_path, namespace):
    """As systemd does it (LISTEN_FDS): the socket stays when the daemon ends."""
    path = tmp_path / "passed.sock"
    tmp_path.chmod(0o755)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(path))
        listener.listen()
        with (tmp_path / "log").open("wb") as log:
            process = subprocess.Popen(
                ["bash", "-c", f'exec 3<&{listener.fileno()}; export LISTEN_FDS=1 LISTEN_PID=$$; exec "$0"',
                 str(build / "ul2tpd")], pass_fds=[listener.fileno()], stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, start_new_session=True, cwd="/")
        try:
            passed = type("Passed", (), {"socket": str(path)})
            with Api(passed, namespace) as api:
                assert api.tunnels() == {}
        finally:
            process.terminate()
            assert process.wait(30 * SLOW) == 0
        assert path.exists()


@quick
def test_a_service_manager_is_told(build, tmp_path):
    """That it serves, and that it ends (sd_notify)."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(20 * SLOW)
        with Daemon(environment={"NOTIFY_SOCKET": str(tmp_path / "notify")}, wait=False) as daemon:
            assert manager.recv(100).startswith(b"READY=1")
            assert daemon.answers()
            os.kill(daemon.pid, signal.SIGTERM)
            assert manager.recv(100).startswith(b"STOPPING=1")


@quick
def test_the_environment_says_where_to_listen(build, tmp_path):
    """UL2TP_SOCKET, unless --socket says so."""
    tmp_path.chmod(0o755)
    path = tmp_path / "here.sock"
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([str(build / "ul2tpd")], env=dict(os.environ, UL2TP_SOCKET=str(path)), stdout=log,
                                   stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        eventually(path.exists)
    finally:
        process.terminate()
        assert process.wait(30 * SLOW) == 0
    assert not path.exists()


@quick
def test_a_socket_left_behind_is_taken_over(build, tmp_path):
    """Nobody listens on it any more."""
    tmp_path.chmod(0o755)
    path = tmp_path / "old.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as old:
        old.bind(str(path))
    assert path.exists()
    with Daemon(socket_path=path) as daemon:
        with Api(daemon) as api:
            assert api.status()["VERSION"]


@quick
def test_standard_streams_that_are_closed(build):
    """Nothing of ours has their numbers, or the log would go into it."""
    with Daemon(prefix=["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"]) as daemon:
        for pid in (daemon.keeper_pid, daemon.engine_pid):
            held = descriptors(pid)
            assert {held.get(number, "/") for number in range(3)} == {"/"}, held
        with Api(daemon) as api:
            with pytest.raises(netlink.Refused):
                api.tunnel_delete(1)
            assert api.tunnels() == {}


@quick
def test_it_says_what_it_is(daemon, build):
    """Its version by netlink is that of --version, and there is a list of features."""
    version = re.search(r"version: '([^']+)'", (TOP / "meson.build").read_text())[1]
    for program in ("ul2tpd", "ul2tp"):
        assert version in subprocess.run([str(BUILD / program), "--version"], capture_output=True, text=True,
                                         check=True, timeout=20 * SLOW).stdout
    with Api(daemon) as api:
        status = api.status()
    assert status["VERSION"] == version
    assert status["NESTED|FEATURES"]


@quick
@pytest.mark.parametrize("words", [["--nonsense"], ["extra"], ["--workers", "none"], ["--socket"],
                                   ["--log-level", "loud"], ["--max-sessions", "-1"]], ids=lambda w: " ".join(w))
def test_wrong_words_on_the_command_line(build, words):
    """Status 2, one line that names what is wrong, no daemon."""
    done = subprocess.run([str(build / "ul2tpd"), *words], capture_output=True, text=True, timeout=20 * SLOW,
                          check=False)
    assert done.returncode == 2 and not done.stdout
    assert words[-1].lstrip("-") in done.stderr and len(done.stderr.splitlines()) <= 2


@quick
def test_one_log_line_for_each_event(cable_of_my_own, build):
    """key=value, with a name that does not change; packets are never logged. What other daemons take for the wish to read
    their configuration again ends no session."""
    with Daemon() as daemon:
        rig = Rig(daemon, cable_of_my_own)
        session = rig.session().up()
        os.kill(daemon.pid, signal.SIGHUP)
        daemon.wait_for_log("event=nothing-to-reload ")
        for _ in range(200):
            session.tunnel.send(b"no packet at all")
            session.receive(FRAME, flags=0x8003)
        session.tunnel.fence()
        session.delete()
        rig.close()
        daemon.wait_for_log(rf"event=tunnel-removed tunnel={session.tunnel.id} ")
        log = daemon.log
        events = re.findall(rf"(?m)event=([\w-]+) tunnel={session.tunnel.id} session={session.id} .*$", log)
        assert events == ["session-created", "session-removed"], log
        events = re.findall(rf"(?m)event=([\w-]+) tunnel={session.tunnel.id} peer_tunnel={session.tunnel.peer_id} ", log)
        assert events == ["tunnel-created", "tunnel-removed"], log
        assert all(re.fullmatch(r"(<\d>)?(\w+=(\"[^\"]*\"|\S*) ?)+", line) for line in log.splitlines()), log
        assert len(log.splitlines()) < 20, log


@quick
def test_idle_it_does_nothing(cable_of_my_own, build):
    """No busy loop: with a tunnel and no traffic it takes no processor time worth speaking of."""
    def ticks():
        total = 0
        for pid in in_session(daemon.pid):
            with open(f"/proc/{pid}/stat") as f:
                fields = f.read().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total
    with Daemon() as daemon:
        rig = Rig(daemon, cable_of_my_own)
        rig.session().up()
        before = ticks()
        time.sleep(2)
        assert ticks() - before <= 10 * SLOW, "hundredths of a second in 2 s"
        rig.close()


@quick
def test_clients_that_come_and_go_cost_nothing(daemon, namespace):
    """Each connection is gone with its client, also one that says nothing or breaks off."""
    with Api(daemon, namespace) as keeps_it_alive:
        keeps_it_alive.tunnels()
        before = {pid: len(descriptors(pid)) for pid in (daemon.pid, daemon.engine_pid)}
        for _ in range(100):
            with Api(daemon, namespace, words=False) as api:
                api.netlink.send(b"x")
        for _ in range(20):
            with Api(daemon, namespace) as api:
                api.subscribe()
        eventually(lambda: {pid: len(descriptors(pid)) for pid in before} == before,
                   "the descriptors of before")

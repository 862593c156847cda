# SPDX-License-Identifier: BSD-2-Clause
"""What can go wrong: one clear line that says what is missing and what to do; what runs already keeps running."""
import errno
import os
import pathlib
import random
import re
import resource
import shutil
import socket
import tempfile
import time

import pytest

from support import netlink, wire
from support.api import Api, encode, refused
from support.daemon import Cli, Daemon, children, descriptors, programs_for_everyone
from support.netns import Namespace
from support.rig import Rig
from support.wait import SLOW, eventually

quick = pytest.mark.quick
FRAME = wire.frame(b"a frame", length=60)
TUNNEL = {"CONN_ID": 1, "PEER_CONN_ID": 2, "IP_SADDR": "127.0.0.1", "IP_DADDR": "127.0.0.1", "UDP_SPORT": 5001,
          "UDP_DPORT": 5002}


def failed_to_start(daemon):
    """Its exit status, and the lines it left."""
    try:
        status = daemon.process.wait(20 * SLOW)
        return status, daemon.log.splitlines()
    finally:
        daemon.kill()


# --- requests -------------------------------------------------------------------------------------------

def genl(family, command=0, octets=b""):
    return netlink.message_encode(family, 5, 4711, netlink.genl_payload(command, octets))


MALFORMED = {
    "one octet": lambda f: b"\0",
    "less than a header": lambda f: b"\x10\0\0\0" + b"\0" * 11,
    "zeros": lambda f: b"\0" * 16,
    "length 0": lambda f: netlink.message_encode(f, 5, 1, b"", length=0),
    "length 15": lambda f: netlink.message_encode(f, 5, 1, b"", length=15),
    "length beyond the datagram": lambda f: netlink.message_encode(f, 5, 1, b"\0\0\0\0", length=4000),
    "length of 4 GiB": lambda f: netlink.message_encode(f, 5, 1, b"\0\0\0\0", length=0xffffffff),
    "no generic header": lambda f: netlink.message_encode(f, 5, 1, b""),
    "half a generic header": lambda f: netlink.message_encode(f, 5, 1, b"\1\1"),
    "attribute of length 0": lambda f: genl(f, 1, netlink.attribute(9, b"\0\0\0\0", length=0)),
    "attribute of length 3": lambda f: genl(f, 1, netlink.attribute(9, b"\0\0\0\0", length=3)),
    "attribute beyond the message": lambda f: genl(f, 1, netlink.attribute(9, b"\0\0\0\0", length=400)),
    "random octets": lambda f: random.Random(1).randbytes(3000),
    "a good one, then rubbish": lambda f: genl(f) + b"\xff" * 30,
}


@quick
@pytest.mark.parametrize("octets", MALFORMED.values(), ids=MALFORMED)
def test_malformed_messages_cost_nothing(shared_daemon, namespace, octets):
    """The connection is kept, and so is everything else.

    Requirements: NL-10, NL-14
    """
    with Api(shared_daemon, namespace) as api:
        api.netlink.send(octets(api.netlink.family("l2tp").id))
        api.netlink.send(octets(api.netlink.family("ul2tp").id))
        assert api.netlink.l2tp("NOOP").code == 0
        api.netlink.notifications()
        assert api.tunnels() == {}


@quick
def test_a_thousand_random_messages(shared_daemon, namespace):
    """With the families' ids and plausible lengths, so that they get further than the first check."""
    chance = random.Random(115)
    with Api(shared_daemon, namespace) as api:
        families = [api.netlink.family(name).id for name in ("l2tp", "ul2tp", "nlctrl")]
        for _ in range(1000):
            octets = b"".join(netlink.attribute(chance.randrange(40), chance.randbytes(chance.choice((0, 1, 2, 4, 8, 16))))
                              for _ in range(chance.randrange(8)))
            flags = chance.choice((1, 5, 0x301))
            api.netlink.exchange(netlink.message_encode(
                chance.choice(families), flags, api.netlink.next_sequence(),
                netlink.genl_payload(chance.randrange(14), octets)))
        assert api.netlink.l2tp("NOOP").code == 0
        for conn_id in api.tunnels():
            api.tunnel_delete(conn_id)


@quick
def test_names_can_not_forge_log_lines(daemon, namespace):
    """What a client writes ends no line and no quotation of the log."""
    with Api(daemon, namespace) as api:
        api.tunnel_create(**TUNNEL)
        for name in ("x\nevent=forged", 'x" forged="', "\x1b[31m"):
            with refused(errno.ENODEV):
                api.do("SESSION_DELETE", IFNAME=name)
            with refused(errno.EINVAL):
                api.session_create(1, 10, IFNAME=name + "/")
    assert not re.search(r'(?m)^(<\d>)?event=forged|" forged="|\x1b', daemon.log), daemon.log
    assert all(re.match(r"(<\d>)?event=", line) for line in daemon.log.splitlines()), daemon.log


@quick
def test_a_datagram_that_is_too_long(shared_daemon, namespace):
    """Refused by the system or by the daemon; the connection is kept."""
    with Api(shared_daemon, namespace) as api:
        family = api.netlink.family("l2tp").id
        message = genl(family) * 5000
        try:
            api.netlink.send(message)
        except OSError as why:
            assert why.errno == errno.EMSGSIZE
        deadline = time.monotonic() + 20 * SLOW
        while True:
            try:
                assert api.netlink.l2tp("NOOP").code == 0
                break
            except TimeoutError:
                assert time.monotonic() < deadline


@quick
def test_a_client_that_does_not_read(shared_daemon, namespace):
    """It stops nobody else, and is not fed without end."""
    with Api(shared_daemon, namespace) as lazy, Api(shared_daemon, namespace) as other:
        lazy.subscribe()
        family = lazy.netlink.family("l2tp").id
        lazy.netlink.socket.setblocking(False)
        try:
            for _ in range(20_000):
                lazy.netlink.send(genl(family))
        except (BlockingIOError, ConnectionError):
            pass
        began = time.monotonic()
        other.tunnel_create(**TUNNEL)
        for _ in range(50):
            other.do("TUNNEL_MODIFY", CONN_ID=1)
        other.tunnel_delete(1)
        assert time.monotonic() - began < 10 * SLOW


@quick
def test_clients_without_end(build, namespace):
    """So many connections as there can be: then no more; when they go, others can come."""
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
    with Daemon(preexec=limit) as daemon:
        with Api(daemon, namespace) as api:
            api.tunnel_create(**TUNNEL)
            crowd = []
            try:
                for _ in range(300):
                    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                    s.settimeout(0.2)
                    crowd.append(s)
                    s.connect(daemon.socket)
            except OSError:
                pass
            assert len(crowd) > 20
            assert list(api.tunnels()) == [1], "who was there is served on"
            for s in crowd:
                s.close()

        def served():
            try:
                with Api(daemon, namespace) as api:
                    return list(api.tunnels()) == [1]
            except (OSError, TimeoutError):
                return False
        eventually(served)
        assert daemon.log.count("\n") < len(crowd) + 100, daemon.log


# --- packets --------------------------------------------------------------------------------------------

@quick
@pytest.mark.parametrize("over", ["udp", "ip"])
def test_random_packets(shared_daemon, cable, over):
    """Each is dropped for a reason, none is logged, and what is good passes between them."""
    chance = random.Random(3931)
    rig = Rig(shared_daemon, cable)
    try:
        session = rig.session(over, PEER_COOKIE="c00c1e55", RECV_TIMEOUT=50).up()
        lines = shared_daemon.log.count("\n")
        good = session.packet(FRAME)
        sent = 2000
        for number in range(sent):
            octets = bytearray(good[:chance.randrange(len(good))] if chance.random() < 0.3 else good)
            for _ in range(chance.randrange(1, 4)):
                if octets:
                    octets[chance.randrange(min(len(octets), 20))] = chance.randrange(256)
            session.tunnel.send(bytes(octets))
            if number % 100 == 99:
                session.tunnel.fence()
        session.receive(FRAME)
        session.tunnel.fence()

        def accounted():
            # In one answer, since what is held expires meanwhile.
            more = session.more()
            counts, drops = more.counters, dict(more.rx_drops)
            for reason, packets in session.tunnel.drops().items():
                drops[reason] = drops.get(reason, 0) + packets
            after_delivery = sum(drops.get(r, 0) for r in ("frame-short", "device-down", "device-busy"))
            return counts["RX_PACKETS"] + counts["RX_HELD"] + sum(drops.values()) - after_delivery + session.tunnel.astray()
        # A packet sent on one processor can be overtaken by those sent on another, the fence among them.
        eventually(lambda: accounted() == sent + 1, "every packet is accounted for")
        assert shared_daemon.log.count("\n") - lines <= 1  # the fence's session
    finally:
        rig.close()


# --- what the daemon needs ------------------------------------------------------------------------------

@quick
def test_no_tun(build, namespace):
    """Tunnels can be made; a session is refused in words that say what is missing.

    Requirements: NL-65
    """
    hide = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /dev/net && exec "$0" "$@"']
    with Daemon(prefix=hide) as daemon:
        with Api(daemon, namespace) as api:
            api.tunnel_create(**TUNNEL)
            with refused(errno.ENODEV) as words:
                api.session_create(1, 10)
            assert "/dev/net/tun" in words[0]
            assert api.sessions() == [] and list(api.tunnels()) == [1]


@quick
def test_the_socket_is_in_use(daemon, namespace):
    """A second daemon says so and ends; the first serves on."""
    second = Daemon(socket_path=daemon.socket, wait=False)
    status, lines = failed_to_start(second)
    assert status == 1
    assert len(lines) <= 2 and daemon.socket in lines[-1], lines
    assert "another ul2tpd listens there: stop it, or name another path by --socket" in lines[-1], lines
    with Api(daemon, namespace) as api:
        assert api.tunnels() == {}


@quick
def test_a_socket_that_can_not_be_made(build, tmp_path):
    """There is something else, no such directory, or its name is too long."""
    tmp_path.chmod(0o755)
    plain = tmp_path / "file"
    plain.write_text("precious")
    for path in (plain, tmp_path / "nowhere" / "deeper" / "socket", "/" + "x" * 200):
        status, lines = failed_to_start(Daemon(socket_path=path, wait=False))
        assert status == 1 and len(lines) <= 2 and str(path)[:60] in lines[-1], lines
        assert path != plain or "no socket is there: remove it" in lines[-1], lines
    assert plain.read_text() == "precious"


@quick
def test_options_of_the_fast_path_without_it_are_refused(build):
    """They would do nothing, and nobody would be told."""
    for words in (("--fast-path-xdp",), ("--fast-path-xdp", "--fast-path", "off"), ("--fast-path-streams", "on")):
        status, lines = failed_to_start(Daemon(*words, wait=False))
        assert status == 2 and words[0] in lines[-1] and "give --fast-path auto or require" in lines[-1], lines
    status, lines = failed_to_start(Daemon("--fast-path-streams", "yes", "--fast-path", "auto", wait=False))
    assert status == 2 and 'is "yes", give auto, card, on or off' in lines[0], lines


@quick
def test_started_without_rights(build):
    """By a user: a line for each right that is missing says what can not be done without."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="ul2tp-test-"))
    directory.chmod(0o777)

    def become_user():
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)
    try:
        programs = programs_for_everyone(directory)
        with Daemon(socket_path=directory / "socket", preexec=become_user, programs=programs) as daemon:
            # The socket is there, and answers, before these lines are.
            eventually(lambda: {"net_admin", "net_raw", "sys_admin"} <= set(
                re.findall(r"event=capability-lacking capability=(\w+) effect=\"[^\"]+\"", daemon.log)),
                "the log names what is lacking")
            user = Cli(daemon, programs=programs)
            user.prefix = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
            assert user("status")
            done = user.run("add tunnel tunnel_id 1 peer_tunnel_id 2 local 127.0.0.1 remote 127.0.0.1 udp_sport 5001 "
                            "udp_dport 5002")
            assert done.returncode == 2 and "CAP_NET_ADMIN" in done.stderr
    finally:
        shutil.rmtree(directory)


@quick
@pytest.mark.parametrize("descriptors_max", (60, 150))  # so few that each is looked for, and not from the start
def test_out_of_descriptors(build, namespace, descriptors_max):
    """Words that say what to raise; what is there goes on, and when some go others can come."""
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors_max, descriptors_max))
    with Daemon(preexec=limit) as daemon:
        with Api(daemon, namespace) as api:
            api.tunnel_create(**TUNNEL)
            made = 0
            with pytest.raises(netlink.Refused) as why:
                for made in range(descriptors_max):
                    api.session_create(1, made)
            assert why.value.errno == errno.ENFILE, why.value
            assert "descriptors" in why.value.error.text and made > 5
            assert len(api.sessions()) == made and len(namespace.devices()) == made
            # The keeper has kept some back, without which it could not even tell who asks.
            assert len(descriptors(daemon.keeper_pid)) < descriptors_max - 10
            for session_id in range(5):
                api.session_delete(1, session_id)
            eventually(lambda: len(namespace.devices()) == made - 5)

            def again():
                try:
                    api.session_create(1, 1000)
                    return True
                except netlink.Refused:
                    return False
            eventually(again)


@quick
def test_a_tunnel_out_of_descriptors_leaves_nothing(build, namespace):
    """Each tunnel has a socket."""
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (60, 60))
    with Daemon(preexec=limit) as daemon:
        with Api(daemon, namespace) as api:
            made = 0
            with pytest.raises(netlink.Refused) as why:
                for made in range(100):
                    api.tunnel_create(**dict(TUNNEL, CONN_ID=made, UDP_SPORT=7000 + made))
            assert why.value.errno == errno.ENFILE and why.value.error.text
            assert len(api.tunnels()) == made > 5
            assert len(namespace.read("udp").splitlines()) - 1 >= made
            for conn_id in range(made):
                api.tunnel_delete(conn_id)
            assert len(namespace.read("udp").splitlines()) == 1


@quick
def test_the_records_are_full(build, namespace):
    """--max-tunnels and --max-sessions hold over all namespaces."""
    with Daemon("--max-tunnels", 2, "--max-sessions", 3) as daemon:
        with Api(daemon, namespace) as api:
            for number in (1, 2):
                api.tunnel_create(**dict(TUNNEL, CONN_ID=number, UDP_SPORT=7000 + number))
            with pytest.raises(netlink.Refused) as why:
                api.tunnel_create(**dict(TUNNEL, CONN_ID=3, UDP_SPORT=7003))
            assert why.value.error.text and "2" in why.value.error.text
            for number in (1, 2, 3):
                api.session_create(1, number)
            with pytest.raises(netlink.Refused) as why:
                api.session_create(2, 4)
            assert why.value.error.text and "3" in why.value.error.text
            api.session_delete(1, 2)
            api.session_create(2, 4)
            eventually(lambda: len(namespace.devices()) == 3)


# --- quotas ---------------------------------------------------------------------------------------------

@quick
def test_quotas_are_checked_where_things_are_made(daemon, namespace):
    """Of one namespace; what there is stays, also if the quota is lowered below it."""
    with Api(daemon, namespace) as api:
        api.set_limits(TUNNELS=2, SESSIONS=3)
        for number in (1, 2):
            api.tunnel_create(**dict(TUNNEL, CONN_ID=number, UDP_SPORT=7000 + number))
        with refused(errno.EDQUOT) as words:
            api.tunnel_create(**dict(TUNNEL, CONN_ID=3, UDP_SPORT=7003))
        assert "2" in words[0] and "tunnels" in words[0]
        for number in (1, 2, 3):
            api.session_create(1, number)
        with refused(errno.EDQUOT) as words:
            api.session_create(2, 4)
        assert "3" in words[0] and "sessions" in words[0]
        status = api.status()
        limits = dict(status["NESTED|LIMITS"])
        usage = dict(status["NESTED|USAGE"])
        assert (limits["TUNNELS"], limits["SESSIONS"]) == (2, 3)
        assert (usage["TUNNELS"], usage["SESSIONS"]) == (2, 3)
        api.set_limits(TUNNELS=1)
        assert len(api.tunnels()) == 2
        api.set_limits(TUNNELS=0, SESSIONS=0)
        api.session_create(2, 4)
        api.tunnel_delete(1)
        assert dict(api.status()["NESTED|USAGE"])["SESSIONS"] == 1
        api.session_delete(2, 4)
        api.tunnel_delete(2)
        usage = dict(api.status()["NESTED|USAGE"])
        assert (usage["TUNNELS"], usage["SESSIONS"]) == (0, 0)


@quick
def test_a_quota_of_memory(daemon, namespace):
    """Each tunnel and session costs some of it."""
    with Api(daemon, namespace) as api:
        api.set_limits(MEMORY_KIB=64)
        made = 0
        with refused(errno.EDQUOT) as words:
            for made in range(1000):
                api.tunnel_create(**dict(TUNNEL, CONN_ID=made, UDP_SPORT=7000 + made))
        assert made > 1 and "memory" in words[0]
        assert dict(api.status()["NESTED|USAGE"])["MEMORY_KIB"] > 0


def answers_at_once(connection, count):
    """To so many requests in one datagram, which takes no second: after a tunnel that is not there."""
    family = connection.family("l2tp")
    asking = netlink.genl_payload(family.tables[0]["TUNNEL_GET"], encode({"CONN_ID": 1}), family.version)
    return [error.code for error in connection.exchange(b"".join(netlink.message_encode(
        family.id, netlink.NLM_F_REQUEST | netlink.NLM_F_ACK, connection.next_sequence(), asking)
        for _ in range(count))).errors]


@quick
def test_a_quota_of_requests(daemon, namespace):
    """Per second; a second later there are new ones."""
    other = Namespace("other")
    try:
        with Api(daemon, namespace) as api, Api(daemon, other) as elsewhere:
            api.set_limits(REQUESTS=20)
            answers = answers_at_once(api.netlink, 100)
            assert answers.count(errno.ENODEV) >= 15 and set(answers) == {errno.ENODEV, errno.EAGAIN}
            assert elsewhere.netlink.l2tp("NOOP").code == 0
            eventually(lambda: api.netlink.l2tp("TUNNEL_GET", dump=True).code == 0)
    finally:
        other.close()


@quick
def test_a_quota_of_subscribers(daemon, namespace):
    """Each connection counts once, and no more when it has gone."""
    with Api(daemon, namespace) as api, Api(daemon, namespace) as one:
        api.set_limits(SUBSCRIBERS=2)
        one.subscribe()
        one.subscribe()
        with Api(daemon, namespace) as two:
            two.subscribe()
            with Api(daemon, namespace) as three:
                with refused(errno.EDQUOT) as words:
                    three.subscribe()
                assert "subscribers" in words[0]

        def room():
            with Api(daemon, namespace) as another:
                try:
                    another.subscribe()
                    return True
                except netlink.Refused:
                    return False
        eventually(room)


@quick
def test_quotas_are_each_namespaces_own(daemon, namespace):
    """And those of one are set in it."""
    other = Namespace("other")
    try:
        with Api(daemon, namespace) as api, Api(daemon, other) as elsewhere:
            api.set_limits(TUNNELS=1)
            for number in (1, 2):
                elsewhere.tunnel_create(**dict(TUNNEL, CONN_ID=number, UDP_SPORT=7000 + number))
            api.tunnel_create(**TUNNEL)
            with refused(errno.EDQUOT):
                api.tunnel_create(**dict(TUNNEL, CONN_ID=2, UDP_SPORT=7002))
    finally:
        other.close()


@quick
def test_nothing_above_cost_the_engine_its_life(shared_daemon):
    """The shared daemon of this module has the engine it started with."""
    engine = shared_daemon.engine_pid  # which, where this test is run alone, has only just been started
    assert children(shared_daemon.pid) == [engine]
    assert "engine" not in "".join(line for line in shared_daemon.log.splitlines() if "signal" in line)
    assert len(descriptors(engine)) < 60

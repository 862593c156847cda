# SPDX-License-Identifier: BSD-2-Clause
"""Who may do what: as with the kernel, by CAP_NET_ADMIN over the namespace that is acted on."""
import array
import errno
import os
import re
import select
import socket

import pytest

from support import netlink, netns
from support.api import Api
from support.daemon import Cli, Daemon, descriptors
from support.process import NOBODY, become_owner_of_new_namespaces, in_child
from support.wait import eventually

pytestmark = pytest.mark.quick

TUNNEL = {"CONN_ID": 1, "PEER_CONN_ID": 2, "PROTO_VERSION": 3, "ENCAP_TYPE": 0, "IP_SADDR": "127.0.0.1",
          "IP_DADDR": "127.0.0.1", "UDP_SPORT": 5001, "UDP_DPORT": 5002}
SESSION = {"CONN_ID": 1, "SESSION_ID": 10, "PEER_SESSION_ID": 11, "PW_TYPE": 5}


def attempt(action):
    """Name of the errno of what the daemon said; "OK"."""
    try:
        action()
    except netlink.Refused as refusal:
        return errno.errorcode[refusal.errno]
    return "OK"


def everything(api):
    """{request: what became of it}, for each command of both families."""
    nl = api.netlink
    answers = {f"{name}": attempt(lambda n=name: api.do(n, **values)) for name, values in (
        ("NOOP", {}), ("TUNNEL_CREATE", TUNNEL), ("TUNNEL_MODIFY", TUNNEL), ("TUNNEL_GET", TUNNEL),
        ("SESSION_CREATE", SESSION), ("SESSION_MODIFY", SESSION), ("SESSION_GET", SESSION),
        ("SESSION_DELETE", SESSION), ("TUNNEL_DELETE", TUNNEL))}
    for name in ("TUNNEL_GET", "SESSION_GET"):
        answers["dump " + name] = attempt(lambda n=name: nl.l2tp(n, dump=True).check())
        answers["dump ul2tp " + name] = attempt(lambda n=name: nl.ul2tp(n, dump=True).check())
    for name, values, more in (
            ("STATUS_GET", None, {}), ("SOCKET_SET", None, {"EXT_ACK": 1}), ("TUNNEL_CREATE", TUNNEL, {}),
            ("TUNNEL_SET", {"CONN_ID": 1}, {}), ("TUNNEL_GET", {"CONN_ID": 1}, {}), ("SESSION_CREATE", SESSION, {}),
            ("SESSION_SET", {"CONN_ID": 1, "SESSION_ID": 10}, {}),
            ("SESSION_GET", {"CONN_ID": 1, "SESSION_ID": 10}, {})):
        answers["ul2tp " + name] = attempt(lambda n=name, v=values, m=more: api.more(n, v, **m))
    answers["LIMITS_SET"] = attempt(lambda: api.set_limits(TUNNELS=1000))
    answers["subscribe"] = attempt(api.subscribe)
    return answers


FREE = {"NOOP", "ul2tp STATUS_GET", "ul2tp SOCKET_SET", "subscribe"}
OF_THE_DAEMON = {"LIMITS_SET"}


def expected_of_a_stranger(answers):
    return {name: "OK" if name in FREE else "EPERM" for name in answers}


def ask(daemon, namespace=None):
    with Api(daemon, namespace) as api:
        return everything(api)


class PassedApi(Api):
    """On a connection that somebody else made."""

    def __init__(self, sock):  # pylint: disable=super-init-not-called
        self.netlink = netlink.DaemonConnection(sock)


def test_root_may_do_everything(daemon, namespace):
    """
    Requirements: NL-10, NL-30
    """
    answers = ask(daemon, namespace)
    assert set(answers.values()) == {"OK"}, answers


def test_a_user_may_do_nothing(daemon, namespace):
    """But NOOP, subscribing and asking what this is; also if nothing of what is asked for exists.

    Requirements: NL-10, NL-12, NL-13, NL-30
    """
    def with_namespace():
        netns.setns(handle)
    handle = os.open(namespace.path, os.O_RDONLY)
    try:
        answers = in_child(lambda: ask(daemon), uid=NOBODY, before=with_namespace)
    finally:
        os.close(handle)
    assert answers == expected_of_a_stranger(answers)
    assert namespace.devices() == set()


def test_rights_are_checked_before_attributes(daemon):
    """
    Requirements: NL-10
    """
    def malformed():
        with Api(daemon) as api:
            return api.netlink.l2tp("TUNNEL_CREATE", netlink.attribute(netlink.CONN_ID, b"\1")).error.code
    assert in_child(malformed, uid=NOBODY) == errno.EPERM
    assert in_child(malformed) == errno.ERANGE


def test_rights_can_be_given_up_for_good(daemon, namespace):
    """By a connection, whoever sends on it afterwards; others of the same client keep theirs."""
    with Api(daemon, namespace) as api, Api(daemon, namespace) as other:
        api.more("SOCKET_SET", DROP_RIGHTS=1)
        answers = everything(api)
        assert answers == expected_of_a_stranger(answers)
        assert attempt(lambda: api.more("SOCKET_SET", DROP_RIGHTS=0)) == "EINVAL"
        other.tunnels()


def test_rights_can_be_kept(daemon, namespace):
    """By a connection: they are looked at once, and whoever sends on it afterwards has them."""
    def tunnels_of_nobody():
        return in_child(lambda: attempt(api.tunnels), uid=NOBODY)

    with Api(daemon, namespace) as api:
        assert tunnels_of_nobody() == "EPERM"
        assert in_child(lambda: attempt(lambda: api.more("SOCKET_SET", KEEP_RIGHTS=1)), uid=NOBODY) == "EPERM"
        assert tunnels_of_nobody() == "EPERM"
        api.more("SOCKET_SET", KEEP_RIGHTS=1)
        assert tunnels_of_nobody() == "OK"
        api.more("SOCKET_SET", DROP_RIGHTS=1)
        assert attempt(api.tunnels) == "EPERM"


def test_root_without_the_capability_is_a_user(daemon):
    """
    Requirements: NL-12
    """
    namespace = netns.Namespace()
    try:
        words = "add tunnel tunnel_id 1 peer_tunnel_id 2 encap udp local 127.0.0.1 remote 127.0.0.1 " \
                "udp_sport 5001 udp_dport 5002"
        plain = Cli(daemon, namespace)
        limited = Cli(daemon, namespace)
        limited.prefix = [*limited.prefix, "setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin"]
        done = limited.run(words)
        assert done.returncode == 2 and "CAP_NET_ADMIN" in done.stderr + done.stdout
        plain(words)
    finally:
        namespace.close()


def test_the_owner_of_a_user_namespace(daemon, namespace):
    """May do everything in its own network namespace, but set limits; and nothing elsewhere.

    Requirements: NL-12, NL-4
    """
    def at_home_and_elsewhere():
        netns.run("ip", "link", "set", "lo", "up")
        home = ask(daemon)
        return home, everything(PassedApi(elsewhere))

    # Made by root in another namespace; but who sends must have the right too.
    with namespace.entered():
        elsewhere = netlink.connect_ul2tpd(daemon.socket).socket
    with elsewhere:
        home, abroad = in_child(at_home_and_elsewhere, before=become_owner_of_new_namespaces)
    assert home == {name: "EPERM" if name in OF_THE_DAEMON else "OK" for name in home}
    assert abroad == expected_of_a_stranger(abroad)


def test_a_user_namespace_gives_no_rights_over_the_network_namespace_it_was_made_in(daemon):
    """
    Requirements: NL-12
    """
    answers = in_child(lambda: ask(daemon), before=lambda: become_owner_of_new_namespaces(network=False))
    assert answers == expected_of_a_stranger(answers)


def test_a_connection_passed_to_a_user(daemon, namespace):
    """Opened by root: the sender has no right.

    Requirements: NL-12
    """
    with Api(daemon, namespace) as api:
        answers = in_child(lambda: everything(PassedApi(api.netlink.socket)), uid=NOBODY)
        assert answers == expected_of_a_stranger(answers)
        # Root itself goes on using it.
        assert api.tunnels() == {}


def test_a_connection_passed_by_a_user(daemon, namespace):
    """Opened by a user, sent on by root: the opener had no right.

    Requirements: NL-12
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    handle = os.open(namespace.path, os.O_RDONLY)

    def open_and_pass():
        connection = netlink.connect_ul2tpd(daemon.socket)
        socket.send_fds(theirs, [b"x"], [connection.fileno()])
        select.select([theirs], [], [], 30)  # stay, as the opener

    try:
        pid = os.fork()
        if pid == 0:
            try:
                netns.setns(handle)
                os.setgroups([])
                os.setresgid(NOBODY, NOBODY, NOBODY)
                os.setresuid(NOBODY, NOBODY, NOBODY)
                open_and_pass()
            finally:
                os._exit(0)
        try:
            ours.settimeout(30)
            _, fds, _, _ = socket.recv_fds(ours, 1, 1)
            with socket.socket(fileno=fds[0]) as passed:
                answers = everything(PassedApi(passed))
        finally:
            ours.send(b"done")
            os.waitpid(pid, 0)
        assert answers == expected_of_a_stranger(answers)
    finally:
        os.close(handle)
        ours.close()
        theirs.close()


def test_claimed_credentials_are_not_believed(daemon, namespace):
    """A user can not say it is somebody else; root that names a user's process gets that one's rights at most."""
    def as_somebody(pid, uid):
        with Api(daemon) as api:
            message = netlink.message_encode(api.netlink.family("l2tp").id, 0x305, 77, netlink.genl_payload(4))
            credentials = array.array("i", [pid, uid, uid]).tobytes()
            try:
                api.netlink.socket.sendmsg([message], [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, credentials)])
            except PermissionError:
                return "the system refused"
            answer = api.netlink.receive()
            return errno.errorcode.get(netlink.error_decode(answer[0]).code) if answer[0].type == 2 else "OK"
    me = os.getpid()
    assert in_child(lambda: as_somebody(me, 0), uid=NOBODY) == "the system refused"
    assert in_child(lambda: as_somebody(os.getpid(), 0)) == "OK"


# --- descriptors that are passed ------------------------------------------------------------------------

def send_with_descriptors(connection, message, fds):
    connection.socket.sendmsg([message], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))])


def was_closed(reader):
    """The other end of this pipe has no writer left."""
    return bool(select.select([reader], [], [], 0)[0]) and os.read(reader, 1) == b""


@pytest.mark.parametrize("what", ["a good request", "one that is refused", "a dump", "with FD", "not for root",
                                  "garbage", "nothing to read", "many"])
def test_descriptors_that_arrive_are_closed(daemon, namespace, what):
    """On every path, that of a managed tunnel included."""
    with Api(daemon, namespace) as api:
        nl = api.netlink
        family = nl.family("l2tp").id
        before = {pid: len(descriptors(pid)) for pid in (daemon.pid, daemon.engine_pid)}
        message = {
            "a dump": netlink.message_encode(family, 0x301, 9, netlink.genl_payload(4)),
            "garbage": b"\xff" * 40, "nothing to read": b"x",
            "one that is refused": netlink.message_encode(family, 5, 9, netlink.genl_payload(2)),
        }.get(what, netlink.message_encode(family, 5, 9, netlink.genl_payload(0)))
        if what == "with FD":
            message = netlink.message_encode(family, 5, 9, netlink.genl_payload(1, [
                netlink.u32(netlink.CONN_ID, 1), netlink.u32(netlink.PEER_CONN_ID, 2),
                netlink.u8(netlink.PROTO_VERSION, 3), netlink.u16(netlink.ENCAP_TYPE, 0), netlink.u32(netlink.FD, 3)]))
        for _ in range(20):
            reader, writer = os.pipe()
            fds = [writer] * (200 if what == "many" else 3)
            if what == "not for root":
                in_child(lambda f=fds, m=message: send_with_descriptors(nl, m, f), uid=NOBODY)
            else:
                send_with_descriptors(nl, message, fds)
            os.close(writer)
            eventually(lambda r=reader: was_closed(r), "what was passed is closed")
            os.close(reader)
        assert {pid: len(descriptors(pid)) for pid in before} == before
        # The connection is still good for requests.
        said = nl.receive() if what in ("with FD", "one that is refused") else None
        if what == "with FD":
            refusal = netlink.error_decode(said[0])
            assert refusal.name == "ENOTSOCK" and refusal.text
        assert nl.l2tp("NOOP").code == 0


def test_a_passed_namespace_confers_nothing(daemon, namespace):
    """Neither over it, nor is it acted in.

    Requirements: NL-4, NL-12
    """
    handle = os.open(namespace.path, os.O_RDONLY)

    def as_user():
        with Api(daemon) as api:
            message = netlink.message_encode(api.netlink.family("l2tp").id, 5, 9, netlink.genl_payload(
                1, [netlink.attribute(*pair) for pair in encoded]))
            send_with_descriptors(api.netlink, message, [handle])
            return netlink.error_decode(api.netlink.receive()[0]).name
    rows = {name: (number, kind) for number, (name, kind) in netlink.L2TP_ATTRIBUTES.items()}
    encoded = [(rows[n][0], netlink.value_encode(rows[n][1], v)) for n, v in TUNNEL.items()]
    try:
        assert in_child(as_user, uid=NOBODY) == "EPERM"
        # In a namespace of its own the user's request is granted: there, and only there.
        assert in_child(lambda: (netns.run("ip", "link", "set", "lo", "up"), as_user())[1],
                        before=become_owner_of_new_namespaces) == "OK"
        with Api(daemon, namespace) as api:
            assert api.tunnels() == {}
    finally:
        os.close(handle)


# --- a daemon without rights of its own -----------------------------------------------------------------

def test_in_a_container_of_its_own(build):
    """`unshare -Urn`: root in a user namespace that owns the network namespace, with two capabilities. It serves
    that namespace alone, and says what it lacks."""
    two = ["setpriv", "--bounding-set", "-all,+net_admin,+net_raw", "--inh-caps", "-all,+net_admin,+net_raw"]
    with Daemon(prefix=["unshare", "-Urn", *two]) as daemon:
        container = ["nsenter", "--user", "--net", "--preserve-credentials", "--target", str(daemon.keeper_pid), *two]
        inside = Cli(daemon)
        inside.prefix = container
        netns.run(*container, "ip", "link", "set", "lo", "up")
        tunnel = "add tunnel tunnel_id 1 peer_tunnel_id 2 encap udp local 127.0.0.1 remote 127.0.0.1 " \
                 "udp_sport 5001 udp_dport 5002"
        inside(tunnel)
        inside("add session name pw tunnel_id 1 session_id 10 peer_session_id 11")
        assert " pw:" in netns.run(*container, "ip", "-o", "link").stdout
        lacking = set(re.findall(r"event=capability-lacking capability=(\w+) effect=", daemon.log))
        assert "sys_admin" in lacking and not lacking & {"net_admin", "net_raw"}, daemon.log
        assert "event=own-namespace-only" in daemon.log
        # Nobody from elsewhere is served, and that changes nothing inside.
        assert Cli(daemon).run(tunnel).returncode != 0
        assert len(inside.json("show session")) == 1
        inside("del tunnel tunnel_id 1")
        eventually(lambda: " pw:" not in netns.run(*container, "ip", "-o", "link").stdout)

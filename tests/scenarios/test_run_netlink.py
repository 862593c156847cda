# SPDX-License-Identifier: BSD-2-Clause
"""ul2tp run: generic netlink as programs know it, by each of the ways in which answers reach them."""
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap

import pytest

from support.api import Api
from support.daemon import TOP, Daemon, programs_for_everyone
from support.launcher import REPLIES, Launcher
from support.process import NOBODY
from support.wait import eventually

ALL_WAYS = pytest.mark.parametrize("reply", REPLIES)

TUNNEL = ("ip l2tp add tunnel tunnel_id {0} peer_tunnel_id {0} encap udp local 127.0.0.1 remote 127.0.0.1 "
          "udp_sport {1} udp_dport 1701")


@pytest.fixture(name="place")
def fixture_place(namespace):
    """An empty namespace with a working loopback device."""
    namespace.ip("link set lo up")
    return namespace


@pytest.fixture(name="ways")
def fixture_ways(shared_daemon, place):
    """Launchers in that namespace, by way."""
    return {way: Launcher(shared_daemon, place, way) for way in REPLIES}


@pytest.fixture(name="api")
def fixture_api(shared_daemon, place):
    """A client of the daemon itself, in the same namespace."""
    with Api(shared_daemon, place) as made:
        yield made


PROLOGUE = """
import errno, json, os, select, socket, struct, sys, threading, time
from support import netlink
from support.api import encode
from support.netlink import connect_kernel
def say(*words):
    print(json.dumps(words), flush=True)
"""


def python(launcher, text, *arguments, run=None, **more):
    """What the program said, line by line."""
    environment = dict(launcher.environment, PYTHONPATH=str(TOP / "tests"))
    done = (run or launcher.run)(sys.executable, "-c", PROLOGUE + textwrap.dedent(text), *arguments, env=environment,
                                 timeout=120, **more)
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


# --- ip l2tp ---------------------------------------------------------------------------------------

TUNNEL_TEXT = """\
Tunnel 3000, encap UDP
  From 127.0.0.1 to 127.0.0.2
  Peer tunnel 4000
  UDP source / dest ports: 5000/6000
  UDP checksum: enabled
"""
IP_TUNNEL_TEXT = """\
Tunnel 3001, encap IP
  From 127.0.0.1 to 127.0.0.2
  Peer tunnel 4001
"""

@ALL_WAYS
def test_ip_l2tp_in_all_its_forms(ways, reply, api):
    launcher = ways[reply]
    launcher(*("ip l2tp add tunnel tunnel_id 3000 peer_tunnel_id 4000 encap udp local 127.0.0.1 remote 127.0.0.2 "
               "udp_sport 5000 udp_dport 6000 udp_csum on").split())
    launcher(*("ip l2tp add tunnel tunnel_id 3001 peer_tunnel_id 4001 encap ip local 127.0.0.1 "
               "remote 127.0.0.2").split())
    launcher(*("ip l2tp add session name first0 tunnel_id 3000 session_id 1000 peer_session_id 2000 "
               "cookie 0011223344556677 peer_cookie 8899aabbccddeeff l2spec_type none seq both").split())
    assert set(api.tunnels()) == {3000, 3001}
    assert launcher(*"ip l2tp show tunnel".split()) == TUNNEL_TEXT + IP_TUNNEL_TEXT
    shown = launcher(*"ip l2tp show session tid 3000 sid 1000".split())
    assert shown.startswith("Session 1000 in tunnel 3000\n  Peer session 2000, tunnel 4000\n  interface name: first0\n")
    assert re.search(r"cookie 0011223344556677\s+peer cookie 8899aabbccddeeff", shown)
    assert launcher(*"ip l2tp show session".split()) == shown
    [session] = json.loads(launcher(*"ip -j l2tp show session".split()))
    assert (session["session_id"], session["interface"], session["cookie"]) == (1000, "first0", "0011223344556677")
    tunnels = json.loads(launcher(*"ip -j l2tp show tunnel".split()))
    assert [t["tunnel_id"] for t in tunnels] == [3000, 3001]
    assert tunnels == json.loads(launcher(launcher.ul2tp, "-j", "show", "tunnel"))
    launcher(*"ip l2tp del session tunnel_id 3000 session_id 1000".split())
    assert launcher(*"ip l2tp show session".split()) in ("", "\n")
    for number in (3000, 3001):
        launcher(*f"ip l2tp del tunnel tunnel_id {number}".split())
    assert api.tunnels() == {}


@ALL_WAYS
@pytest.mark.parametrize("words, error", [
    ("ip l2tp del tunnel tunnel_id 77", "there is no tunnel 77"),
    ("ip l2tp del session tunnel_id 77 session_id 1", "there is no tunnel 77"),
    ("ip l2tp add session tunnel_id 77 session_id 1 peer_session_id 1", "there is no tunnel 77"),
])
def test_refusals_of_ip_l2tp(ways, reply, words, error):
    done = ways[reply].run(*words.split())
    assert done.returncode != 0
    assert error in done.stderr


@ALL_WAYS
def test_a_batch_of_two_thousand_sessions(ways, reply, api, tmp_path):
    launcher = ways[reply]
    batch = tmp_path / "batch"
    lines = ["tunnel add tunnel_id 1 peer_tunnel_id 1 encap udp local 127.0.0.1 remote 127.0.0.1 udp_sport 5000 "
             "udp_dport 1701".replace("tunnel add", "l2tp add tunnel")]
    lines += [f"l2tp add session tunnel_id 1 session_id {i} peer_session_id {i}" for i in range(1, 2001)]
    batch.write_text("\n".join(lines) + "\n")
    launcher("ip", "-batch", batch, timeout=300)
    shown = json.loads(launcher("ip", "-j", "l2tp", "show", "session", timeout=120))
    assert sorted(s["session_id"] for s in shown) == list(range(1, 2001))
    assert len(api.sessions()) == 2000
    api.tunnel_delete(1)


# --- families of the kernel --------------------------------------------------------------------------

def families(text):
    """{name: what is said of it}"""
    return {part.split("\n", 1)[0]: part.strip() for part in text.split("Name: ")[1:]}


@ALL_WAYS
def test_l2tp_is_listed_once_among_the_kernels_families(ways, reply, place):
    native = families(place.run("genl", "ctrl", "list").stdout)
    text = ways[reply]("genl", "ctrl", "list")
    shown = families(text)
    l2tp = shown.pop("l2tp")
    native.pop("l2tp", None)
    assert shown == native
    assert text.count("Name: l2tp") == 1
    assert "header size: 0  max attribs: " in l2tp and "name: l2tp" in l2tp
    number = re.search(r"ID: (0x[0-9a-f]+)", l2tp)[1]
    assert int(number, 16) >= 16
    assert all(f"ID: {number} " not in other for other in native.values())
    one = ways[reply]("genl", "ctrl", "get", "name", "l2tp")
    assert families(one)["l2tp"] == l2tp
    by_number = families(ways[reply]("genl", "ctrl", "get", "id", number))
    assert by_number["l2tp"] == l2tp


@ALL_WAYS
def test_other_families_are_the_kernels(ways, reply, place):
    place.ip("tuntap add there0 mode tap")
    for words in ("genl ctrl get name nlctrl", "genl ctrl get name no-such", "ethtool lo", "ethtool -k there0",
                  "ip mptcp limits show", "ip mptcp endpoint show", "devlink dev show", "ip tcp_metrics show",
                  "ip link show lo", "ip macsec show"):
        native = place.run(*words.split(), check=False)
        here = ways[reply].run(*words.split())
        assert (here.returncode, here.stdout) == (native.returncode, native.stdout), words
        assert here.stderr.split("\n")[-1:] == native.stderr.split("\n")[-1:], words


def has_mptcp(place):
    return place.run("ip", "mptcp", "limits", "show", check=False).returncode == 0


@ALL_WAYS
def test_what_is_set_through_another_family_is_set(ways, reply, place):
    if not has_mptcp(place):
        pytest.skip("this kernel has no MPTCP")
    ways[reply](*"ip mptcp limits set subflows 5 add_addr_accepted 3".split())
    shown = place.run("ip", "mptcp", "limits", "show").stdout
    assert "add_addr_accepted 3" in shown and "subflows 5" in shown


# --- rights ------------------------------------------------------------------------------------------

@ALL_WAYS
def test_a_program_without_rights_has_none(ways, reply, place, tmp_path_factory, shared_daemon):
    programs = programs_for_everyone(tmp_path_factory.mktemp("everyone"))
    tmp = programs.parent
    while tmp != tmp.parent and tmp.stat().st_uid == os.getuid() and str(tmp) not in ("/", "/tmp"):
        tmp.chmod(0o755)
        tmp = tmp.parent
    launcher = ways[reply]
    nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    for words in (TUNNEL.format(7, 5007), "ip l2tp show tunnel", "ip l2tp del tunnel tunnel_id 7"):
        done = launcher.run(*nobody, *words.split())
        assert done.returncode != 0, words
        assert "CAP_NET_ADMIN" in done.stderr or "Operation not permitted" in done.stderr, done.stderr
    assert "Name: l2tp" in launcher(*nobody, "genl", "ctrl", "list")
    if has_mptcp(place):
        native = place.run(*nobody, *"ip mptcp limits set subflows 5".split(), check=False)
        done = launcher.run(*nobody, *"ip mptcp limits set subflows 5".split())
        assert (done.returncode, done.stderr) == (native.returncode, native.stderr)
        assert "subflows 5" not in place.run("ip", "mptcp", "limits", "show").stdout
    with Api(shared_daemon, place) as api:
        assert api.tunnels() == {}


@ALL_WAYS
def test_in_a_user_namespace_of_its_own_a_program_has_rights(ways, reply, api):
    inside = f"ip link set lo up && {TUNNEL.format(8, 5008)} && ip l2tp show tunnel"
    text = ways[reply]("unshare", "-Urn", "sh", "-c", inside)
    assert text.startswith("Tunnel 8, encap UDP")
    assert api.tunnels() == {}


@ALL_WAYS
def test_a_program_that_gives_up_its_rights_loses_them(ways, reply):
    said = python(ways[reply], f"""
        with connect_kernel() as nl:
            say(nl.l2tp("TUNNEL_GET", dump=True).code)
            os.setresuid({NOBODY}, {NOBODY}, {NOBODY})
            say(errno.errorcode[nl.l2tp("TUNNEL_GET", encode({{"CONN_ID": 1}})).code])
            say(nl.l2tp("NOOP").code)
        """)
    assert said == [[0], ["EPERM"], [0]]


# --- what programs do with the socket ------------------------------------------------------------------

@ALL_WAYS
def test_the_socket_is_a_generic_netlink_socket(ways, reply):
    said = python(ways[reply], """
        s = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, 16)
        say(s.getsockopt(socket.SOL_SOCKET, 38), s.getsockopt(socket.SOL_SOCKET, 39))   # SO_PROTOCOL, SO_DOMAIN
        say(s.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE) == socket.SOCK_DGRAM)
        say(s.getsockname())
        s.bind((0, 0))
        say(s.getsockname() == (os.getpid(), 0), s.getpeername())
        try:
            s.bind((12345678, 0))
        except OSError as error:
            say(errno.errorcode[error.errno])
        other = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
        other.bind((0, 0))
        say(other.getsockname()[0] > 1 << 31, other.getsockname()[0] != s.getsockname()[0])
        third = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
        try:
            third.bind(s.getsockname())
        except OSError as error:
            say(errno.errorcode[error.errno])
        third.bind((4242, 0))
        say(third.getsockname())
        for kind in (socket.SOCK_STREAM, socket.SOCK_RAW | 0x100):
            try:
                socket.socket(socket.AF_NETLINK, kind, 16)
            except OSError as error:
                say(errno.errorcode[error.errno])
        """)
    assert said == [[16, 16], [True], [[0, 0]], [True, [0, 0]], ["EINVAL"], [True, True], ["EADDRINUSE"], [[4242, 0]],
                    ["ESOCKTNOSUPPORT"], ["EINVAL"]]


@ALL_WAYS
def test_mistakes_get_the_kernels_errno(ways, reply, place):
    text = """
        s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
        def attempt(function, *arguments):
            try:
                say("fine", function(*arguments))
            except OSError as error:
                say(errno.errorcode[error.errno])
        family = netlink.message_encode(0x10, 5, 1, netlink.genl_payload(3, [netlink.string(2, "nlctrl")], 1))
        attempt(s.send, b"")
        attempt(s.sendto, family, socket.MSG_OOB, (0, 0))
        attempt(s.recv, 100, socket.MSG_OOB)
        attempt(s.sendto, family, (99999999, 0))
        attempt(s.send, b"x" * 3000000)
        attempt(s.setsockopt, 270, 1, 0)
        attempt(s.setsockopt, 270, 1, 100000)
        attempt(s.setsockopt, 270, 1, b"")
        attempt(s.setsockopt, 270, 99, 1)
        attempt(s.send, b"short")
        for count in (1024, 1025):
            parts = [family, *[b""] * (count - 1)]
            attempt(s.sendmsg, parts)
            attempt(os.writev, s.fileno(), parts)
            s.setblocking(False)
            parts = [bytearray(1) for _ in range(count)]
            attempt(lambda: s.recvmsg_into(parts)[0] > 0)
            attempt(lambda: os.readv(s.fileno(), parts) > 0)
        attempt(s.send, family)
        """
    native = subprocess.run([*place.prefix, sys.executable, "-c", PROLOGUE + textwrap.dedent(text)], check=True,
                            capture_output=True, text=True, env=dict(os.environ, PYTHONPATH=str(TOP / "tests")))
    assert python(ways[reply], text) == [json.loads(line) for line in native.stdout.splitlines()]


@ALL_WAYS
def test_answers_are_there_when_the_send_returns(ways, reply):
    said = python(ways[reply], """
        with connect_kernel() as nl:
            number = nl.family("l2tp").id
            for i in range(200):
                nl.send(netlink.message_encode(number, 5, i, netlink.genl_payload(0)))
                nl.socket.recv(65536, socket.MSG_DONTWAIT)
                m = nl.socket.recv(65536, socket.MSG_DONTWAIT)
            say("all")
        """)
    assert said == [["all"]]


@ALL_WAYS
def test_several_messages_in_a_datagram(ways, reply):
    said = python(ways[reply], """
        with connect_kernel() as nl:
            number = nl.family("l2tp").id
            messages = [netlink.message_encode(number, 5, 1, netlink.genl_payload(0)),
                        netlink.message_encode(0x10, 1, 2, netlink.genl_payload(3, [netlink.string(2, "nlctrl")])),
                        netlink.message_encode(number, 1, 3, netlink.genl_payload(4, [netlink.u32(9, 77)])),
                        netlink.message_encode(1, 5, 4, b""), netlink.message_encode(number, 5, 5, b""),
                        netlink.message_encode(0x3000, 5, 6, netlink.genl_payload(1))]
            nl.send(b"".join(messages))
            seen = []
            while len(seen) < 7:
                seen += [(m.sequence, m.type == 2 and netlink.error_decode(m).name) for m in nl.receive()]
            say(seen)
        """)
    assert said == [[[[1, False], [1, "OK"], [2, False], [3, "ENODEV"], [4, "OK"], [5, "EINVAL"], [6, "ENOENT"]]]]


@ALL_WAYS
def test_the_group_of_messages_can_be_asked_for(ways, reply):
    """No answer is said to come from a group, by which systemd-networkd would not know it.

    Requirements: NL-90
    """
    said = python(ways[reply], """
        s = connect_kernel()
        option = lambda: s.socket.getsockopt(270, 3)
        say(option())
        s.socket.setsockopt(270, 3, 1)
        say(option())
        s.socket.send(netlink.message_encode(16, 1, 7, netlink.genl_payload(3, [netlink.string(2, "l2tp")])))
        octets, ancillary, flags, address = s.socket.recvmsg(1 << 16, 1 << 10)
        say(len(octets) >= 276, [struct.unpack("=I", value) for _, _, value in ancillary if value != bytes(4)], address[0])
        s.socket.setsockopt(270, 3, 0)
        say(option())
        try:
            s.socket.getsockopt(270, 3, 2)
        except OSError as error:
            say(errno.errorcode[error.errno])
        """)
    assert said == [[0], [1], [True, [], 0], [0], ["EINVAL"]]


@ALL_WAYS
def test_options_change_what_a_refusal_quotes(ways, reply):
    said = python(ways[reply], """
        with connect_kernel() as nl:
            request = encode({"CONN_ID": 77})
            for options in ({}, {"ext_ack": True}, {"cap_ack": True}, {"ext_ack": False}):
                nl.set_options(**options)
                e = nl.l2tp("TUNNEL_GET", request).error
                say(e.name, len(e.quoted), bool(e.text), struct.unpack_from("=H", e.quoted, 4)[0] == nl.family("l2tp").id,
                    struct.unpack_from("=I", e.quoted, 12)[0])
        """)
    port = 0 if reply != "fib" else 2 ** 32 - 2     # there the echo leaves its mark
    assert said == [["ENODEV", 28, False, True, port], ["ENODEV", 28, True, True, port],
                    ["ENODEV", 16, True, True, port], ["ENODEV", 16, False, True, port]]


@ALL_WAYS
def test_a_blocked_thread_epoll_dup_and_fork(ways, reply):
    said = python(ways[reply], """
        nl = connect_kernel()
        number = nl.family("l2tp").id
        noop = lambda i: netlink.message_encode(number, 1, i, netlink.genl_payload(0))
        got = []
        reader = threading.Thread(target=lambda: got.append(nl.socket.recv(65536)))
        reader.start()
        time.sleep(0.1)
        nl.send(noop(1))
        reader.join(20)
        say("thread", len(got) == 1)

        for trigger in (0, select.EPOLLET):
            ep = select.epoll()
            ep.register(nl.fileno(), select.EPOLLIN | trigger)
            say("quiet", ep.poll(0))
            for i in range(3):
                nl.send(noop(i))
                say("event", [e for _, e in ep.poll(20)] == [select.EPOLLIN])
            say("again", len(ep.poll(0)) == (1 if not trigger else 0))
            ep.close()
            for i in range(3):
                nl.socket.recv(65536)

        copy = socket.socket(fileno=os.dup(nl.fileno()))
        copy.send(noop(7))
        say("dup", len(nl.socket.recv(65536)) >= 20)
        nl.socket.close()
        if not os.fork():
            copy.send(noop(8))
            say("fork", len(copy.recv(65536)) >= 20)
            os._exit(0)
        os.wait()
        copy.send(noop(9))
        say("parent", len(copy.recv(65536)) >= 20)
        copy.setblocking(False)
        try:
            copy.recv(10)
        except BlockingIOError:
            say("empty")
        copy.settimeout(0.05)
        try:
            copy.recv(10)
        except TimeoutError:
            say("late")
        """)
    events = [["quiet", []], ["event", True], ["event", True], ["event", True], ["again", True]]
    assert said == [["thread", True], *events, *events, ["dup", True], ["fork", True], ["parent", True], ["empty"],
                    ["late"]]


@ALL_WAYS
def test_peeking_and_truncation(ways, reply):
    said = python(ways[reply], """
        nl = connect_kernel()
        nl.l2tp("NOOP")
        nl.send(netlink.message_encode(nl.family("l2tp").id, 1, 7, netlink.genl_payload(0)))
        whole = nl.socket.recv(65536, socket.MSG_PEEK)
        data, control, flags, name = nl.socket.recvmsg(10, 100, socket.MSG_PEEK | socket.MSG_TRUNC)
        say(len(data), flags & socket.MSG_TRUNC != 0, name[0])
        buffer = bytearray(10)
        say(nl.socket.recv_into(buffer, 10, socket.MSG_PEEK | socket.MSG_TRUNC) == len(whole))
        n, _, flags, name = nl.socket.recvmsg_into([bytearray(8), bytearray(8), bytearray(100)])
        say(n == len(whole), flags & socket.MSG_TRUNC, name[0])
        """)
    assert said == [[10, True, 0], [True], [True, 0, 0]]


@ALL_WAYS
def test_a_reader_can_be_interrupted(ways, reply):
    said = python(ways[reply], """
        import signal
        nl = connect_kernel()
        class Rang(Exception): pass
        def ring(*_): raise Rang
        signal.signal(signal.SIGALRM, ring)
        for timeout in (None, 30):
            nl.socket.settimeout(None)
            if timeout:
                nl.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", timeout, 0))
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            try:
                nl.socket.recv(100)
            except Rang:
                say("rang")
        """)
    assert said == [["rang"], ["rang"]]


@ALL_WAYS
def test_eight_threads_ask_six_hundred_times_each(ways, reply):
    said = python(ways[reply], """
        bad = []
        def work(which):
            with connect_kernel() as nl:
                nl.family("l2tp")
                for i in range(600):
                    number = which * 1000 + i
                    answer = nl.l2tp("TUNNEL_GET", encode({"CONN_ID": number}), flags=0)
                    quoted = struct.unpack_from("=I", answer.error.quoted, 24)[0]
                    if answer.error.name != "ENODEV" or quoted != number or len(answer.everything) != 1:
                        bad.append((which, i))
        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for t in threads: t.start()
        for t in threads: t.join()
        say(bad)
        """)
    assert said == [[[]]]


@ALL_WAYS
def test_a_slow_reader_gets_a_whole_dump(ways, reply, api):
    api.tunnel_create(CONN_ID=1, PEER_CONN_ID=1, IP_SADDR="127.0.0.1", IP_DADDR="127.0.0.1", UDP_SPORT=5001,
                      UDP_DPORT=1701)
    for i in range(1, 1501):
        api.session_create(1, i)
    said = python(ways[reply], """
        nl = connect_kernel()
        nl.family("l2tp")
        other = connect_kernel()
        other.family("l2tp")
        nl.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        nl.send(netlink.message_encode(nl.family("l2tp").id, 0x301, 5, netlink.genl_payload(8)))
        say(other.l2tp("NOOP").code)
        ids, done = [], False
        while not done:
            for m in nl.receive():
                if m.type == netlink.NLMSG_DONE:
                    done = True
                else:
                    ids.append(m.decoded["SESSION_ID"])
            time.sleep(0.001)
        say(sorted(ids) == list(range(1, 1501)), len(ids))
        say(nl.l2tp("NOOP").code)
        """)
    assert said == [[0], [True, 1500], [0]]
    api.tunnel_delete(1)


@ALL_WAYS
def test_a_request_that_no_daemon_reads_is_refused(ways, reply):
    said = python(ways[reply], """
        with connect_kernel() as nl:
            number = nl.family("l2tp").id
            nl.set_options(cap_ack=True)
            nl.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 200000)
            for length in (60000, 65472, 65476, 100000):
                nl.send(netlink.message_encode(number, 5, length, netlink.genl_payload(0, [bytes(length - 20)])))
                [m] = [m for m in nl.receive() + (nl.receive() if length <= 65472 else []) if m.type == 2]
                say(length, netlink.error_decode(m).name)
        """)
    assert said == [[60000, "OK"], [65472, "OK"], [65476, "EMSGSIZE"], [100000, "EMSGSIZE"]]


@ALL_WAYS
def test_the_port_is_the_process_as_it_knows_itself(ways, reply):
    said = python(ways[reply], """
        s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
        s.bind((0, 0))
        say(os.getpid(), s.getsockname()[0])
        """, run=lambda *words, **more: ways[reply].run("unshare", "-pf", *words, **more))
    assert said == [[1, 1]]


@ALL_WAYS
def test_a_port_that_was_refused_is_not_the_sockets(ways, reply):
    """It has another when it asks, and its answers are its own.

    Requirements: NL-12
    """
    said = python(ways[reply], """
        from support.asking import ask
        first, second = (socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16) for _ in range(2))
        first.bind((4711, 0))
        try:
            second.bind((4711, 0))
        except OSError as e:
            say(errno.errorcode[e.errno])
        second.settimeout(5)
        say(*ask(second))
        say(second.getsockname()[0] not in (0, 4711))
        """)
    assert said == [["EADDRINUSE"], [1, "l2tp"], [True]]


# --- notifications ---------------------------------------------------------------------------------

@ALL_WAYS
def test_members_of_the_group_are_told(ways, reply):
    said = python(ways[reply], """
        listener, actor = connect_kernel(), connect_kernel()
        listener.subscribe()
        say(listener.socket.getsockname()[1])
        made = encode({"CONN_ID": 5, "PEER_CONN_ID": 6, "PROTO_VERSION": 3, "ENCAP_TYPE": 0, "IP_SADDR": "127.0.0.1",
                       "IP_DADDR": "127.0.0.1", "UDP_SPORT": 5005, "UDP_DPORT": 1701})
        say(actor.l2tp("TUNNEL_CREATE", made).code)
        [m] = listener.notifications(1)
        say(m.command_name, m.decoded["CONN_ID"], m.port == actor.socket.getsockname()[0])
        listener.unsubscribe()
        say(actor.l2tp("TUNNEL_DELETE", encode({"CONN_ID": 5})).code)
        say(listener.l2tp("NOOP").code, len(listener.notifications()))
        """)
    assert said == [[0], [0], ["TUNNEL_CREATE", 5, True], [0], [0, 0]]


@ALL_WAYS
def test_groups_of_other_families_are_joined_too(ways, reply, place):
    said = python(ways[reply], """
        nl = connect_kernel()
        group = nl.family("ethtool").groups["monitor"]
        nl.subscribe_id(group)
        say(nl.socket.getsockname()[1] == (1 << group - 1 if group <= 32 else 0))
        words = struct.unpack("=32I", nl.socket.getsockopt(270, 9, 128).ljust(128, b"\\0"))
        say(words[(group - 1) // 32] == 1 << (group - 1) % 32)
        nl.unsubscribe_id(group)
        say(nl.socket.getsockname()[1])
        """)
    assert said == [[True], [True], [0]]


LISTENER = r"""
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <stdio.h>

static int seen(struct nl_msg *m, void *arg)
{
	printf("command %d\n", genlmsg_hdr(nlmsg_hdr(m))->cmd);
	fflush(stdout);
	return NL_OK;
}

int main(void)
{
	struct nl_sock *s = nl_socket_alloc();
	int group;

	if (genl_connect(s) < 0 || (group = genl_ctrl_resolve_grp(s, "l2tp", "l2tp")) < 0)
		return 1;
	nl_socket_disable_seq_check(s);
	nl_socket_modify_cb(s, NL_CB_VALID, NL_CB_CUSTOM, seen, NULL);
	if (nl_socket_add_membership(s, group) < 0)
		return 2;
	printf("ready %d\n", genl_ctrl_resolve(s, "l2tp") >= 16);
	fflush(stdout);
	return nl_recvmsgs_default(s) < 0;
}
"""


@ALL_WAYS
def test_a_program_with_libnl_listens(ways, reply, api, tmp_path):
    if not shutil.which("gcc") or not os.path.exists("/usr/include/libnl3/netlink/genl/ctrl.h"):
        pytest.skip("libnl-genl-3-dev is not installed")
    (tmp_path / "listener.c").write_text(LISTENER)
    subprocess.run(["gcc", "-I/usr/include/libnl3", "-o", tmp_path / "listener", tmp_path / "listener.c", "-lnl-genl-3",
                    "-lnl-3"], check=True)
    process = ways[reply].popen(tmp_path / "listener")
    assert process.stdout.readline() == "ready 1\n", process.stderr.read()
    api.tunnel_create(CONN_ID=9, PEER_CONN_ID=9, IP_SADDR="127.0.0.1", IP_DADDR="127.0.0.1", UDP_SPORT=5009,
                      UDP_DPORT=1701)
    assert process.communicate(timeout=60)[0] == "command 1\n"
    assert process.returncode == 0
    api.tunnel_delete(9)


# --- ul2tpd comes and goes -----------------------------------------------------------------------------

@ALL_WAYS
def test_a_daemon_that_ends_and_one_that_comes(place, reply, build):
    first = Daemon()
    launcher = Launcher(first, place, reply)
    environment = dict(launcher.environment, PYTHONPATH=str(TOP / "tests"))
    process = launcher.popen(sys.executable, "-c", PROLOGUE + textwrap.dedent("""
        nl, listener = connect_kernel(), connect_kernel()
        listener.subscribe()
        say(nl.l2tp("NOOP").code)
        sys.stdin.readline()
        say(errno.errorcode[nl.l2tp("NOOP").code])
        sys.stdin.readline()
        say(nl.l2tp("NOOP").code)
        made = encode({"CONN_ID": 5, "PEER_CONN_ID": 6, "PROTO_VERSION": 3, "ENCAP_TYPE": 0, "IP_SADDR": "127.0.0.1",
                       "IP_DADDR": "127.0.0.1", "UDP_SPORT": 5005, "UDP_DPORT": 1701})
        told, lost = [], False
        for i in range(200):      # the subscription is renewed when the launcher looks
            nl.l2tp("TUNNEL_CREATE", made)
            nl.l2tp("TUNNEL_DELETE", encode({"CONN_ID": 5}))
            try:
                told += listener.notifications(1, 0.1)
                break
            except (TimeoutError, OSError) as error:
                if error.errno not in (None, errno.ENOBUFS):
                    raise
                lost |= error.errno == errno.ENOBUFS
        say(lost, len(told) > 0)
        """), env=environment, stdin=subprocess.PIPE)
    assert json.loads(process.stdout.readline()) == [0], process.stderr.read()
    first.stop()
    process.stdin.write("\n")
    process.stdin.flush()
    assert json.loads(process.stdout.readline()) == ["ENOENT"]
    with Daemon(socket_path=first.socket):
        out, err = process.communicate("\n", timeout=120)
    first.directory.rmdir()  # made by the second one, for its socket
    answered, (_, told) = [json.loads(line) for line in out.splitlines()]
    # Whether ENOBUFS comes before the first new notification depends on when the program reads; reply_test.c has
    # that it comes.
    assert (answered, told) == ([0], True), err


@ALL_WAYS
def test_a_closed_socket_leaves_nothing_behind(place, reply, daemon):
    launcher = Launcher(daemon, place, reply)
    before = connections(place, daemon)
    process = launcher.popen(sys.executable, "-c", PROLOGUE + textwrap.dedent("""
        nl = connect_kernel()
        nl.subscribe()
        nl.l2tp("NOOP")
        say("open")
        sys.stdin.readline()
        nl.close()
        say("closed")
        sys.stdin.readline()
        """), env=dict(launcher.environment, PYTHONPATH=str(TOP / "tests")), stdin=subprocess.PIPE)
    assert json.loads(process.stdout.readline()) == ["open"], process.stderr.read()
    assert connections(place, daemon) > before
    process.stdin.write("\n")
    process.stdin.flush()
    assert json.loads(process.stdout.readline()) == ["closed"]
    eventually(lambda: connections(place, daemon) == before, "the connections of the closed socket have gone")
    process.communicate("\n", timeout=60)


def connections(place, daemon):
    """How many connections to its socket were made in that namespace."""
    lines = [line.split() for line in place.run("cat", "/proc/net/unix").stdout.splitlines()]
    return sum(words[-1] == daemon.socket and words[5] == "03" for words in lines)


# --- tunnels on a program's own socket -------------------------------------------------------------------

@ALL_WAYS
def test_descriptors_go_along_with_the_messages_that_name_them(ways, reply):
    """Each message takes the socket it names, also when several come in one datagram."""
    said = python(ways[reply], """
        nl = connect_kernel()
        number = nl.family("l2tp").id
        def made(conn_id, fd):
            values = encode({"CONN_ID": conn_id, "PEER_CONN_ID": conn_id, "PROTO_VERSION": 3, "ENCAP_TYPE": 0, "FD": fd})
            return netlink.message_encode(number, 5, conn_id, netlink.genl_payload(1, values))
        sockets = []
        for i in range(3):
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.bind(("127.0.0.1", 6000 + i))
            s.connect(("127.0.0.1", 1701))
            sockets.append(s)
        answer = nl.exchange(made(1, sockets[1].fileno()) + made(2, 900) + made(3, sockets[0].fileno())
                             + made(4, sys.stdin.fileno()))
        say([(m.sequence, netlink.error_decode(m).name) for m in answer.everything])
        tunnels = {m.decoded["CONN_ID"]: m.decoded for m in nl.l2tp("TUNNEL_GET", dump=True).messages}
        say({i: t["UDP_SPORT"] for i, t in tunnels.items()})
        for s in sockets:
            s.close()
        for _ in range(2000):
            if not nl.l2tp("TUNNEL_GET", dump=True).messages:
                break
            time.sleep(0.01)
        say(len(nl.l2tp("TUNNEL_GET", dump=True).messages))
        """)
    assert said == [[[[1, "OK"], [2, "EBADF"], [3, "OK"], [4, "ENOTSOCK"]]], [{"1": 6001, "3": 6000}], [0]]

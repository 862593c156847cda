# SPDX-License-Identifier: BSD-2-Clause
"""The program ul2tp, as people and scripts use it, with a running ul2tpd."""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

import pytest

from support.api import Api
from support.daemon import BUILD, Cli, Daemon, programs_for_everyone
from support.netns import Namespace
from support.wait import AT_MOST, SLOW, eventually

pytestmark = pytest.mark.quick

TOP = pathlib.Path(__file__).resolve().parents[2]
GOLDENS = sorted(p for p in (TOP / "tests/goldens/ip-l2tp").iterdir() if (p / "commands").is_file())
TUNNEL = "tunnel_id 3 peer_tunnel_id 4 encap udp local 192.0.2.1 remote 192.0.2.2 udp_sport 5003 udp_dport 5004"
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
SESSION = "tunnel_id 3 session_id 5 peer_session_id 6 name x0"


@pytest.fixture
def host():
    """A namespace with the addresses the tests use, and a way to the peers."""
    made = Namespace("cli")
    try:
        made.sysctl("net/ipv6/conf/default/disable_ipv6", 0)
        made.ip("link add d0 type veth peer name d1", "link set d0 up", "link set d1 up", "address add 192.0.2.1/24 dev d0",
                "address add 2001:db8::1/64 dev d0 nodad")
        yield made
    finally:
        made.close()


@pytest.fixture
def ul2tp(shared_daemon, host):
    return Cli(shared_daemon, host)


def documented(section):
    text = (TOP / "doc/interfaces.txt").read_text()
    lines = re.search(rf"^\[{section}\]\n(.*?)(?=^\[|\Z)", text, re.MULTILINE | re.DOTALL)[1].splitlines()
    return {line.split()[0] for line in lines if line and not line.startswith("#")}


def keys_of(value):
    if isinstance(value, dict):
        return set(value).union(*(keys_of(v) for v in value.values()))
    return set().union(*map(keys_of, value)) if isinstance(value, list) else set()


@pytest.mark.parametrize("case", GOLDENS, ids=lambda p: p.name)
def test_show_is_what_ip_showed_of_a_real_kernel(ul2tp, case):
    """The same commands, and then octet for octet the same text and JSON."""
    for command in (case / "commands").read_text().splitlines():
        ul2tp(command)
    for thing in ("tunnel", "session"):
        assert ul2tp("show", thing) == (case / f"{thing}.text").read_text()
        assert ul2tp("-j", "show", thing) == (case / f"{thing}.json").read_text()
        assert ul2tp("-p", "-j", "show", thing) == (case / f"{thing}.pretty").read_text()


def test_what_is_saved_makes_the_same_again(ul2tp, shared_daemon, host, tmp_path):
    """But for what is on a program's socket without a peer: that stands in comments."""
    ul2tp(f"add tunnel {TUNNEL} udp_csum on fwmark 0x10 tos 8 ttl 9 peer_check ids dev d0")
    ul2tp("set", "tunnel", "tunnel_id", "3", "label", 'to "B" \\ # C')
    ul2tp("add tunnel tunnel_id 8 peer_tunnel_id 9 encap udp local 2001:db8::1 remote 2001:db8::2 udp_sport 1 "
          "udp_dport 2 udp6_csum_tx off udp6_csum_rx off version 2")
    ul2tp("add tunnel tunnel_id 10 peer_tunnel_id 11 encap ip local 192.0.2.1 remote 192.0.2.2")
    ul2tp(f"add session {SESSION} cookie 01020304 peer_cookie 0102030405060708 seq both lns_mode on "
          "reorder_timeout 21 label L")
    ul2tp("add session tunnel_id 10 session_id 7 peer_session_id 8 l2spec_type none seq send")
    ul2tp(*"add session tunnel_id 10 session_id 8 peer_session_id 9 name".split(), "#\"x\\'")
    saved, shown = ul2tp("save"), ul2tp("-d -j show session")
    with host.socket(socket.AF_INET, socket.SOCK_DGRAM) as program, Api(shared_daemon, host) as api:
        program.bind(("192.0.2.1", 5012))
        api.tunnel_on(program, CONN_ID=12, PEER_CONN_ID=13)
        api.session_create(12, 70)
        lines = ul2tp("save").splitlines(keepends=True)
        assert "".join(line for line in lines if line[0] != "#") == saved and len(lines) == saved.count("\n") + 2
        (tmp_path / "saved").write_text("".join(lines))
        api.tunnel_delete(12)
    for conn_id in (3, 8, 10):
        ul2tp(f"del tunnel tunnel_id {conn_id}")
    assert ul2tp("save") == ""
    ul2tp("-batch", str(tmp_path / "saved"))
    assert ul2tp("save") == saved
    assert [s | {"created_s": 0} for s in ul2tp.json("-d show session")] == \
        [s | {"created_s": 0} for s in json.loads(shown)]


def test_statistics_have_documented_keys_and_what_was_asked_for(ul2tp):
    began = int(time.time())
    ul2tp(f"add tunnel {TUNNEL} ttl 7")
    ul2tp("add", "session", *SESSION.split(), "label", "two words")
    tunnel, session = ul2tp.json("-s show tunnel")[0], ul2tp.json("-s show session name x0")[0]
    assert keys_of([tunnel, session]) <= documented("json-keys")
    assert (tunnel["ttl"], tunnel["peer_check"], tunnel["version"]) == (7, "socket", 3)
    assert (session["label"], session["l2spec_type"], session["pw_type"]) == ("two words", "default", "eth")
    assert began <= session["created_s"] <= time.time()
    assert session["statistics"]["rx_packets"] == 0 and session["counters"]["tx_last_ms"] == 0
    assert (session["rx_drops"], session["tx_drops"]) == ([], [])
    text = ul2tp("-s show session")
    assert 'label "two words"' in text and "\n  nothing dropped\n" in text
    assert "\n  nothing dropped outside its sessions\n" in ul2tp("-s show tunnel")


def test_a_session_is_changed_and_found(ul2tp):
    ul2tp(f"add tunnel {TUNNEL}")
    ul2tp(f"add session {SESSION}")
    ul2tp("set session name x0 seq both reorder_timeout 30 lns_mode on")
    ul2tp("set session tid 3 sid 5 recv_seq off")
    session = ul2tp.json("-d show session tunnel_id 3 session_id 5")[0]
    assert "send_seq" in session and "recv_seq" not in session
    assert (session["reorder_timeout"], session["lns_mode"]) == (30, True)
    assert ul2tp.json("show session tunnel_id 4") == []
    ul2tp("del session name x0")
    assert ul2tp.json("show session") == []


def test_the_exit_status_says_whose_fault_it_is(ul2tp, tmp_path):
    for words, status, told in (
            (f"add tunnel {TUNNEL}", 0, ""),
            ("add tunel", 1, "is it tunnel?"),
            ("show tunnel tunnel_id", 1, "tunnel_id needs ID after it"),
            ("-n no-such-namespace show tunnel", 1, "no-such-namespace"),
            ("-n no-such-namespace run --check", 1, "no-such-namespace"),
            (f"add tunnel {TUNNEL}", 2, "tunnel_id"),
            ("show tunnel tunnel_id 77", 2, "tunnel"),
            ("del session tunnel_id 3 session_id 1", 2, "session"),
            (f"--socket {tmp_path}/none --backend ul2tpd show tunnel", 3, "no ul2tpd at"),
            (f"--socket {tmp_path}/none --backend ul2tpd -batch /dev/null", 3, "no ul2tpd at")):
        done = ul2tp.run(words)
        assert done.returncode == status, f"{words}: {done.returncode} {done.stderr}"
        assert not done.stdout and told in done.stderr
        assert done.stderr.count("\n") == (1 if status else 0), "one line says it"


def test_the_likeliest_mistakes_are_answered_with_what_to_do(ul2tp, host, open_directory):
    """A port that another program has, an interface that is there already, and who is not root"""
    with host.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("192.0.2.1", 5003))
        done = ul2tp.run(f"add tunnel {TUNNEL}")
        assert done.returncode == 2 and 'in use by another program: "ss -anup" shows which' in done.stderr
    ul2tp(f"add tunnel {TUNNEL}")
    done = ul2tp.run("add session tunnel_id 3 session_id 5 peer_session_id 6 name d0")
    assert done.returncode == 2 and "an interface named d0 exists: give another name" in done.stderr
    ul2tp.prefix += NOBODY
    ul2tp.program = str(programs_for_everyone(open_directory) / "ul2tp")
    done = ul2tp.run("del tunnel tunnel_id 3")
    assert done.returncode == 2 and "needs CAP_NET_ADMIN in the network namespace: run it as root there" in done.stderr


def test_a_batch_stops_at_a_failure_unless_forced(ul2tp, tmp_path):
    file = tmp_path / "batch"
    file.write_text(f"# a comment\nl2tp add tunnel {TUNNEL}\ndel tunnel tunnel_id 99\n\nadd session \\\n {SESSION}\n")
    done = ul2tp.run("-batch", str(file))
    assert done.returncode == 2 and f"Command failed {file}:3\n" in done.stderr
    assert ul2tp.json("show session") == []
    ul2tp("del tunnel tunnel_id 3")
    done = ul2tp.run("-force", "-batch", str(file))
    assert done.returncode == 2 and done.stderr.count("Command failed") == 1
    assert len(ul2tp.json("show session")) == 1
    assert ul2tp.run("-batch", "-", input="del tunnel tunnel_id 3\n").returncode == 0
    assert ul2tp.json("show tunnel") == []


def sessions_of(ul2tp):
    return sorted(session["session_id"] for session in ul2tp.json("show session"))


def test_sessions_that_a_batch_adds_together_are_as_if_added_one_by_one(ul2tp, tmp_path):
    def lines(*ids):
        return "".join(f"add session tunnel_id 3 session_id {i} peer_session_id {i}\n" for i in ids)

    def run(text):
        file.write_text(text)
        return ul2tp.run("-batch", str(file))
    file = tmp_path / "batch"
    ul2tp(f"add tunnel {TUNNEL}")
    assert run(lines(*range(1, 101))).returncode == 0, "more than go into one datagram"
    assert sessions_of(ul2tp) == list(range(1, 101))

    # Before and behind the limit of one datagram.
    for good in (1, 31, 32, 40):
        first = max(sessions_of(ul2tp)) + 1
        done = run(lines(*range(first, first + good), 7, *range(first + good, first + good + 50)) + "show session\n")
        assert done.returncode == 2 and done.stderr.count("\n") == 2 and not done.stdout
        assert "session id 7" in done.stderr and f"Command failed {file}:{good + 1}\n" in done.stderr, done.stderr
        assert sessions_of(ul2tp) == list(range(1, first + good)), "those before it are there, and none behind it"

    count = len(sessions_of(ul2tp))
    # What makes no sense is told when those before it are made,
    done = run(lines(1001) + "add session nonsense\n" + lines(1002))
    assert done.returncode == 1 and f"Command failed {file}:2\n" in done.stderr
    assert sessions_of(ul2tp)[count:] == [1001]
    # and not if one of them is refused.
    done = run("\n# two lines that do nothing\n" + lines(1003, 7) + "add session nonsense\n")
    assert done.returncode == 2 and f"Command failed {file}:4\n" in done.stderr and "nonsense" not in done.stderr
    # Names are each session's own, and what is shown is what was made before.
    done = run("add session name one tunnel_id 3 session_id 1004 peer_session_id 1\n"
               "add session name two tunnel_id 3 session_id 1005 peer_session_id 1\nshow session name two\n")
    assert done.returncode == 0 and "interface name: two" in done.stdout
    assert ul2tp.json("show session name one")[0]["session_id"] == 1004


def test_a_batch_of_2000_lines_costs_the_client_little(ul2tp, tmp_path):
    ul2tp(f"add tunnel {TUNNEL}")
    ul2tp(f"add session {SESSION}")
    file = tmp_path / "batch"
    file.write_text("".join(f"set session name x0 reorder_timeout {n}\n" for n in range(1, 2001)))
    process = ul2tp.popen("-batch", str(file))
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, process.stderr.read()
    process.communicate(timeout=AT_MOST)
    assert ul2tp.json("show session")[0]["reorder_timeout"] == 2000
    assert usage.ru_utime + usage.ru_stime < 1 * SLOW


def test_namespaces_by_name_are_those_of_ip(shared_daemon, host):
    outside = Cli(shared_daemon)
    outside(f"-n {host.name} add tunnel {TUNNEL}")
    assert [t["tunnel_id"] for t in outside.json(f"-n {host.name} show tunnel")] == [3]
    assert "Tunnel 3," in Cli(shared_daemon, host)("show tunnel")
    assert "Tunnel 3," not in outside("show tunnel")


@pytest.mark.parametrize("command", ["status", "monitor", "trace"])
def test_what_can_not_be_written_is_told(ul2tp, command):
    """Those that have no end by themselves end there."""
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([*ul2tp.prefix, ul2tp.program, command], env=ul2tp.environment, stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=AT_MOST, check=False)
    assert (done.returncode, done.stderr) == (1, "ul2tp: cannot write: No space left on device\n")


@pytest.mark.parametrize("options", [[], ["-j", "-t"]], ids=["text", "json"])
def test_monitor_says_what_happens(ul2tp, options):
    with ul2tp.popen(*options, "monitor") as monitor:
        try:
            lines = [monitor.stdout.readline()]
            for words in (f"add tunnel {TUNNEL}", f"add session {SESSION}", "set session name x0 seq send",
                          "del session name x0", "del tunnel tunnel_id 3"):
                ul2tp(words)
                lines.append(monitor.stdout.readline())
        finally:
            monitor.send_signal(signal.SIGTERM)
    if not options:
        assert lines == ["ready\n", f"add tunnel {TUNNEL}\n", f"add session {SESSION}\n",
                         f"set session {SESSION} seq send\n", "del session tunnel_id 3 session_id 5\n",
                         "del tunnel tunnel_id 3\n"]
        return
    events = [json.loads(line) for line in lines]
    assert keys_of(events) <= documented("json-keys")
    assert [e["event"] for e in events] == ["ready", "add", "add", "set", "del", "del"]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", e["timestamp"]) for e in events)
    assert events[1]["tunnel"]["local_port"] == 5003
    assert "send_seq" in events[3]["session"] and "send_seq" not in events[2]["session"]
    assert events[5]["tunnel"]["tunnel_id"] == 3


def test_limits_are_set_shown_and_kept_to(ul2tp):
    before = ul2tp.json("limits")["limits"]
    ul2tp("limits set tunnels 1")
    shown = ul2tp.json("limits show")
    assert shown["limits"] == before | {"tunnels": 1}
    ul2tp(f"add tunnel {TUNNEL}")
    refused = ul2tp.run("add tunnel tunnel_id 8 peer_tunnel_id 9 encap ip local 192.0.2.1 remote 192.0.2.2")
    assert refused.returncode == 2 and "tunnel" in refused.stderr
    assert ul2tp.json("status")["usage"]["tunnels"] == 1
    ul2tp("limits set tunnels none")
    assert ul2tp.json("limits")["limits"]["tunnels"] == 0


def test_status_says_who_answers(ul2tp):
    status = ul2tp.json("status")
    assert keys_of(status) <= documented("json-keys")
    assert status["backend"] == "ul2tpd"
    assert "ul2tp " + status["release"] + "\n" == ul2tp("--version")
    assert "backend ul2tpd\n" in ul2tp("status")


def test_status_says_what_is_not_to_be_had_and_why(build):
    """Nothing on the fast path that is switched off, and no interface where /dev/net/tun is missing."""
    without = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /dev/net && exec "$@"', "sh"]
    with Daemon("--fast-path", "off", prefix=without) as daemon:
        shown = Cli(daemon).json("status")
        assert "without ppp-unit: there is no /dev/net/tun: load the module tun, or pass it in\n" in Cli(daemon)("status")
    lacks = {lack["feature"]: lack["words"] for lack in shown["lacks"]}
    assert {"interface", "ppp-unit", "fast-path"} <= set(lacks) and "session-ppp" in shown["features"]
    assert not set(lacks) & set(shown["features"])
    assert lacks["fast-path"] == "ul2tpd was started with --fast-path off"


def test_status_names_what_is_there(ul2tp):
    shown = ul2tp.json("status")
    assert {"interface", "ppp-unit", "session-ppp"} <= set(shown["features"])
    assert "interface" not in {lack["feature"] for lack in shown["lacks"]}


def test_a_socket_that_may_not_be_entered_is_not_taken_for_none(build, open_directory):
    """Who has no right to the socket is not told to start a daemon."""
    programs = programs_for_everyone(open_directory)
    private = open_directory / "private"
    private.mkdir(mode=0o700)
    for options in ([], ["--backend", "ul2tpd"]):
        done = subprocess.run([*NOBODY, programs / "ul2tp", *options, "--socket", private / "socket", "status"],
                              capture_output=True, text=True, check=False, timeout=60 * SLOW)
        assert done.returncode == 3
        assert "Permission denied" in done.stderr and "you may not enter its folder" in done.stderr
        assert "systemctl" not in done.stderr


def test_completion_knows_words_and_what_is_there(ul2tp, shared_daemon, host):
    ul2tp(f"add tunnel {TUNNEL}")
    ul2tp(f"add session {SESSION}")
    script = f"source {TOP}/completions/ul2tp\n" \
        "complete_words() { COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _ul2tp; echo \"${COMPREPLY[*]}\"; }\n" \
        "complete_words ul2tp sh\ncomplete_words ul2tp add tunnel enc\ncomplete_words ul2tp add tunnel encap ''\n" \
        "complete_words ul2tp del tunnel tunnel_id ''\ncomplete_words ul2tp del session name ''\n" \
        "complete_words ul2tp -s show session session_id ''\ncomplete_words ul2tp --back\n" \
        f"complete_words ul2tp -n {host.name[:-3]}\n"
    environment = dict(os.environ, PATH=f"{BUILD}:{os.environ['PATH']}", UL2TP_SOCKET=shared_daemon.socket)
    done = host.run("bash", "-e", input=script, env=environment)
    assert done.stdout.splitlines() == ["show", "encap", "udp ip", "3", "x0", "5", "--backend", host.name]


def test_the_example_makes_two_ends(shared_daemon, cable):
    """examples/two-ends.c, on two hosts."""
    environment = dict(os.environ, UL2TP_SOCKET=shared_daemon.socket)
    ends = []
    addresses = {}
    for host in (cable.near, cable.far):
        found = json.loads(host.run("ip", "-j", "-4", "address", "show", "scope", "global").stdout)
        addresses[host] = found[0]["addr_info"][0]["local"]
    try:
        for host, peer, name in ((cable.near, cable.far, "a"), (cable.far, cable.near, "b")):
            ends.append(host.popen(BUILD / "examples/two-ends", addresses[host], addresses[peer], name, text=True,
                                   env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE))
            assert ends[-1].stdout.readline() == "l2tpeth0: sent 0, received 0 packets\n"
        cable.near.ip("address add 10.98.0.1/24 dev l2tpeth0", "link set l2tpeth0 up")
        cable.far.ip("address add 10.98.0.2/24 dev l2tpeth0", "link set l2tpeth0 up")
        cable.near.run("ping", "-q", "-c", "2", "-i", "0.2", "-W", "5", "10.98.0.2")
        for end in ends:
            end.stdin.write("\n")
            end.stdin.flush()
            counts = re.fullmatch(r"l2tpeth0: sent (\d+), received (\d+) packets\n", end.stdout.readline())
            assert int(counts[1]) >= 2 and int(counts[2]) >= 2
        for end in ends:
            out, err = end.communicate(timeout=20)
            assert (end.returncode, out, err) == (0, "", "")
        eventually(lambda: "l2tpeth0" not in cable.near.devices() | cable.far.devices(), "both interfaces are gone")
    finally:
        for end in ends:
            end.kill()
            end.wait(AT_MOST)


@pytest.mark.plain
def test_a_program_is_built_with_the_installed_library(tmp_path):
    """pkg-config finds it, and the example needs nothing else."""
    subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", tmp_path], check=True,
                   capture_output=True, timeout=60)
    found = next(tmp_path.rglob("libul2tp.pc"))
    prefix = tmp_path / re.search(r"^prefix=/(.*)$", found.read_text(), re.MULTILINE)[1]
    flags = subprocess.run(["pkg-config", f"--define-variable=prefix={prefix}", "--cflags", "--libs", "libul2tp"],
                           env=dict(os.environ, PKG_CONFIG_PATH=str(found.parent)), check=True, text=True,
                           capture_output=True, timeout=20).stdout.split()
    program = tmp_path / "two-ends"
    subprocess.run(["cc", TOP / "examples/two-ends.c", "-o", program, *flags], check=True, timeout=60)
    done = subprocess.run([program, "x", "y", "a"], capture_output=True, text=True, timeout=20, check=False,
                          env=dict(os.environ, LD_LIBRARY_PATH=str(next(tmp_path.rglob("libul2tp.so.0")).parent),
                                   UL2TP_SOCKET=str(tmp_path / "none")))
    assert done.returncode == 1 and "no ul2tpd at" in done.stderr

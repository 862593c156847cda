#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""record.py - what a real kernel's debug files and trace events say of tunnels and sessions

    record.py FOLDER

Run as root where the kernel has L2TP and nothing else uses it, as in a machine of tests/support/vm.py with the
modules l2tp_eth, l2tp_ip, l2tp_ip6, l2tp_ppp and l2tp_debugfs. Each case becomes a folder:

    steps.json  what was done; see steps()
    pppol2tp    /proc/net/pppol2tp behind it
    tunnels     l2tp/tunnels of debugfs behind it
    trace       the events, without what differs each time: process, processor, time

Beside them, files.json has what system calls say of the files, trace_lines whole lines of trace_pipe, and
formats.json the format files of the events.
"""
import errno
import json
import os
import pathlib
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from support import netlink, wire
from support.api import encode

PROC = pathlib.Path("/proc/net/pppol2tp")
TUNNELS = pathlib.Path("/sys/kernel/debug/l2tp/tunnels")
TRACING = pathlib.Path("/sys/kernel/tracing")

V4 = {"IP_SADDR": "192.0.2.1", "IP_DADDR": "192.0.2.2"}
V6 = {"IP6_SADDR": "2001:db8::1", "IP6_DADDR": "2001:db8::2"}
UDP = {"ENCAP_TYPE": 0, "UDP_SPORT": 5001, "UDP_DPORT": 5002}
HERE = {"IP_SADDR": "192.0.2.1", "IP_DADDR": "192.0.2.1", **UDP}
COOKIES = {"COOKIE": "0a1b2c3d", "PEER_COOKIE": "0123456789abcdef"}


def tunnel(conn_id, peer, *parts, version=3):
    values = {"CONN_ID": conn_id, "PEER_CONN_ID": peer, "PROTO_VERSION": version}
    for part in parts:
        values.update(part)
    return {"do": "TUNNEL_CREATE", "values": {**{"ENCAP_TYPE": 1}, **values}}


def session(conn_id, session_id, peer, pw_type=5, **values):
    return {"do": "SESSION_CREATE", "values": {"CONN_ID": conn_id, "SESSION_ID": session_id,
                                               "PEER_SESSION_ID": peer, "PW_TYPE": pw_type, **values}}


def delete(conn_id, session_id=None):
    if session_id is None:
        return {"do": "TUNNEL_DELETE", "values": {"CONN_ID": conn_id}}
    return {"do": "SESSION_DELETE", "values": {"CONN_ID": conn_id, "SESSION_ID": session_id}}


def modify(conn_id, session_id, **values):
    return {"do": "SESSION_MODIFY", "values": {"CONN_ID": conn_id, "SESSION_ID": session_id, **values}}


def receive(session_id, *numbers):
    """Packets of tunnel HERE; a number of None: without."""
    return [{"receive": wire.data(session_id, wire.frame(length=60), middle=wire.sublayer(n)).hex()} for n in numbers]


def ports(conn_id):
    return {"UDP_SPORT": 5000 + conn_id, "UDP_DPORT": 6000 + conn_id}


CASES = {
    "nothing": [],
    "v2": [tunnel(1, 2, V4, UDP, version=2), tunnel(0xffff, 0x1234, V4, UDP, ports(3), version=2),
           tunnel(3, 4, V6, UDP, version=2), tunnel(2, 5, V4, UDP, ports(4), version=2)],
    "v2-ip": [tunnel(7, 8, V4, version=2)],
    "v2-ppp": [tunnel(1, 2, V4, UDP, version=2), session(1, 11, 22, 7, SEND_SEQ=1, RECV_SEQ=1, LNS_MODE=1,
                                                         RECV_TIMEOUT=100),
               session(1, 0xffff, 1, 7), tunnel(3, 4, V6, UDP, version=2), session(3, 5, 6, 7)],
    "v3-tunnels": [tunnel(9, 10, V4), tunnel(5, 6, V4, UDP), tunnel(4294967295, 1, V6, UDP), tunnel(8, 7, V6),
                   tunnel(1, 1, {"IP6_SADDR": "::1", "IP6_DADDR": "::1"}, UDP, ports(1))],
    "unconnected": [tunnel(20, 21, {"ENCAP_TYPE": 0, "UDP_SPORT": 5001, "IP_SADDR": "192.0.2.1",
                                    "IP_DADDR": "0.0.0.0", "UDP_DPORT": 0}),
                    tunnel(21, 22, {"ENCAP_TYPE": 0, "UDP_SPORT": 5003, "IP_SADDR": "0.0.0.0",
                                    "IP_DADDR": "192.0.2.2", "UDP_DPORT": 5002})],
    "ethernet": [tunnel(5, 6, V4, UDP), session(5, 4294967295, 1, IFNAME="tx0"),
                 session(5, 3, 2, IFNAME="tx1", **COOKIES), session(5, 2, 3, IFNAME="tx2", L2SPEC_TYPE=0),
                 session(5, 1, 4, IFNAME="tx3", SEND_SEQ=1, RECV_TIMEOUT=12),
                 session(5, 9, 9, IFNAME="tx4", RECV_SEQ=1, LNS_MODE=1, PEER_COOKIE="0a1b2c3d"),
                 session(5, 8, 8, IFNAME="tx5", RECV_SEQ=1, SEND_SEQ=1, COOKIE="0123456789abcdef")],
    "cookies": [tunnel(5, 6, V4, UDP), session(5, 1, 1, IFNAME="tx0", COOKIE="11"),
                session(5, 2, 2, IFNAME="tx1", COOKIE="1122", PEER_COOKIE="112233"),
                session(5, 3, 3, IFNAME="tx2", COOKIE="1122334455", PEER_COOKIE="11223344556677")],
    "session-0": [tunnel(5, 6, V4, UDP), session(5, 0, 1, IFNAME="tx0"), session(5, 1, 2, IFNAME="tx1")],
    "several": [tunnel(9, 10, V6, UDP), tunnel(1, 2, V4, UDP), tunnel(5, 6, V4), tunnel(3, 4, V4, UDP, ports(3),
                                                                                       version=2),
                session(5, 51, 52, IFNAME="c0", SEND_SEQ=1, **COOKIES), session(1, 12, 22, IFNAME="b0"),
                session(1, 11, 21, IFNAME="a0"), session(9, 11, 5, IFNAME="d0"), session(9, 1, 5, IFNAME="e0")],
    "deleted": [tunnel(5, 6, V4, UDP), tunnel(6, 7, V4, UDP, ports(6)), session(5, 1, 11, IFNAME="a0"),
                session(5, 2, 12, IFNAME="b0"), session(6, 3, 13, IFNAME="c0"), delete(5, 1), delete(6)],
    "renamed": [tunnel(5, 6, V4, UDP), session(5, 1, 11, IFNAME="a0"), {"run": "ip link set a0 name b0"}],
    "received": [tunnel(5, 6, HERE), session(5, 1, 11, IFNAME="a0"), *receive(1, None, None)],
    "numbered": [tunnel(5, 6, HERE), session(5, 1, 11, IFNAME="a0", LNS_MODE=1),
                 *receive(1, 5, 6, 7, 5, 9, 10, 11, 12, 13, 14, 15)],
    "follow": [tunnel(5, 6, HERE), session(5, 1, 11, IFNAME="a0"), *receive(1, 0, 1, None, None, 2)],
    "reordered": [tunnel(5, 6, HERE), session(5, 1, 11, IFNAME="a0", LNS_MODE=1, RECV_TIMEOUT=60000),
                  *receive(1, 0, 2, 3, 1, 4)],
    "expired": [tunnel(5, 6, HERE), session(5, 1, 11, IFNAME="a0", LNS_MODE=1, RECV_TIMEOUT=40),
                *receive(1, 0, 2, 3), {"wait": 0.3}, *receive(1, 5)],
    "sent": [tunnel(5, 6, HERE), session(5, 1, 11, IFNAME="a0", SEND_SEQ=1), {"run": "ip link set a0 up"},
             {"transmit": ["a0", wire.frame(length=60).hex()]}, {"transmit": ["a0", wire.frame(length=60).hex()]}],
}


class Steps:
    """The socket behind receive is the peer of tunnel HERE."""

    def __init__(self, connection):
        self.netlink = connection
        self.peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.peer.bind(("192.0.2.1", 5002))

    def take(self, step):
        if "do" in step:
            self.netlink.l2tp(step["do"], encode(step["values"])).check()
        elif "receive" in step:
            self.peer.sendto(bytes.fromhex(step["receive"]), ("192.0.2.1", 5001))
        elif "transmit" in step:
            device, octets = step["transmit"]
            with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
                s.bind((device, 0))
                s.send(bytes.fromhex(octets))
        elif "wait" in step:
            time.sleep(step["wait"])
        else:
            subprocess.run(step["run"].split(), check=True)


def trace_read(pipe):
    octets = b""
    while True:
        try:
            part = os.read(pipe, 65536)
        except BlockingIOError:
            return octets.decode()
        octets += part


def texts(lines):
    return "".join(line.split(": ", 1)[1] + "\n" for line in lines.splitlines())


def record(folder, steps):
    folder.mkdir(parents=True, exist_ok=True)
    pipe = os.open(TRACING / "trace_pipe", os.O_RDONLY | os.O_NONBLOCK)
    with netlink.connect_kernel() as nl:
        taker = Steps(nl)
        for step in steps:
            taker.take(step)
        time.sleep(0.3)
        (folder / "steps.json").write_text("[\n" + ",\n".join(json.dumps(s) for s in steps) + "\n]\n")
        (folder / "pppol2tp").write_bytes(PROC.read_bytes())
        (folder / "tunnels").write_bytes(TUNNELS.read_bytes())
        made = {s["values"]["CONN_ID"]: None for s in steps if s.get("do") == "TUNNEL_CREATE"}
        gone = {s["values"]["CONN_ID"] for s in steps if s.get("do") == "TUNNEL_DELETE"}
        for conn_id in made:
            if conn_id not in gone:
                taker.take(delete(conn_id))
        taker.peer.close()
    time.sleep(0.3)  # the kernel removes tunnels after it has said so
    lines = trace_read(pipe)
    os.close(pipe)
    (folder / "trace").write_text(texts(lines))
    return lines


def outcome(function):
    try:
        value = function()
        return value if isinstance(value, (int, str)) else "OK"
    except OSError as why:
        return errno.errorcode[why.errno]


def nobody(function):
    """What it says to somebody without rights."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)
        os.write(write, json.dumps(outcome(function)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(write)
    with os.fdopen(read, "rb") as f:
        return json.loads(f.read())


def with_open(path, flags, function):
    fd = os.open(path, flags)
    try:
        return function(fd)
    finally:
        os.close(fd)


def file_facts(path):
    calls = {
        "stat mode": lambda: oct(os.stat(path).st_mode),
        "stat size": lambda: os.stat(path).st_size,
        "stat blocks": lambda: os.stat(path).st_blocks,
        "stat blksize": lambda: os.stat(path).st_blksize,
        "stat nlink": lambda: os.stat(path).st_nlink,
        "stat uid": lambda: os.stat(path).st_uid,
        "lstat mode": lambda: oct(os.lstat(path).st_mode),
        "readlink": lambda: os.readlink(path),
        "access read": lambda: int(os.access(path, os.R_OK)),
        "access write": lambda: int(os.access(path, os.W_OK)),
        "access execute": lambda: int(os.access(path, os.X_OK)),
        "open directory": lambda: with_open(path, os.O_RDONLY | os.O_DIRECTORY, lambda fd: 0),
        "open create exclusive": lambda: with_open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, lambda fd: 0),
        "open create": lambda: with_open(path, os.O_WRONLY | os.O_CREAT, lambda fd: 0),
        "open truncate": lambda: with_open(path, os.O_WRONLY | os.O_TRUNC, lambda fd: 0),
        "open read-write": lambda: with_open(path, os.O_RDWR, lambda fd: 0),
        "write": lambda: with_open(path, os.O_WRONLY, lambda fd: os.write(fd, b"1")),
        "read of write-only": lambda: with_open(path, os.O_WRONLY, lambda fd: os.read(fd, 1)),
        "write of read-only": lambda: with_open(path, os.O_RDONLY, lambda fd: os.write(fd, b"1")),
        "fstat mode": lambda: with_open(path, os.O_RDONLY, lambda fd: oct(os.fstat(fd).st_mode)),
        "fstat size": lambda: with_open(path, os.O_RDONLY, lambda fd: os.fstat(fd).st_size),
        "pread": lambda: with_open(path, os.O_RDONLY, lambda fd: os.pread(fd, 8, 9).decode()),
        "lseek end": lambda: with_open(path, os.O_RDONLY, lambda fd: os.lseek(fd, 0, os.SEEK_END)),
        "lseek set": lambda: with_open(path, os.O_RDONLY, lambda fd: os.lseek(fd, 9, os.SEEK_SET)),
        "ftruncate": lambda: with_open(path, os.O_WRONLY, lambda fd: os.ftruncate(fd, 0)),
        "path only": lambda: with_open(path, os.O_PATH, lambda fd: oct(os.fstat(fd).st_mode)),
        "no follow": lambda: with_open(path, os.O_RDONLY | os.O_NOFOLLOW, lambda fd: 0),
        "append": lambda: with_open(path, os.O_WRONLY | os.O_APPEND, lambda fd: 0),
        "behind it": lambda: os.stat(str(path) + "/x").st_mode,
        "slash": lambda: os.stat(str(path) + "/").st_mode,
    }
    return {name: {"root": outcome(call), "nobody": nobody(call)} for name, call in calls.items()}


def control_facts(path):
    """Of a file to which 0 and 1 are written."""
    def told(octets):
        return lambda: with_open(path, os.O_WRONLY, lambda fd: os.write(fd, octets))
    facts = {}
    for octets in (b"0", b"1\n", b"1", b"2", b"x", b"", b"0 1", b"0\n"):
        facts["write " + repr(octets)] = outcome(told(octets))
        facts["then read " + repr(octets)] = path.read_text()
    return facts


def main():
    folder = pathlib.Path(sys.argv[1])
    subprocess.run(["mount", "-t", "debugfs", "debugfs", "/sys/kernel/debug"], check=False)
    subprocess.run(["mount", "-t", "tracefs", "tracefs", str(TRACING)], check=False)
    pathlib.Path("/proc/sys/net/ipv6/conf/default/disable_ipv6").write_text("1")
    events = TRACING / "events/l2tp"
    (events / "enable").write_text("1")
    lines = ""
    for name, steps in CASES.items():
        for words in ("link add lan0 type dummy", "link set lan0 up", "address add 192.0.2.1/24 dev lan0",
                      "-6 address add 2001:db8::1/64 dev lan0 nodad"):
            if words.startswith("-6"):
                pathlib.Path("/proc/sys/net/ipv6/conf/lan0/disable_ipv6").write_text("0")
            subprocess.run(["ip", *words.split()], check=True)
        try:
            lines += record(folder / name, steps)
        except Exception as why:
            raise RuntimeError(name) from why
        finally:
            subprocess.run(["ip", "link", "del", "lan0"], check=True)
    (folder / "trace_lines").write_text(lines)
    one = events / "register_tunnel"
    facts = {name: file_facts(path) for name, path in {
        "pppol2tp": PROC, "tunnels": TUNNELS, "enable": one / "enable", "all enable": events / "enable",
        "format": one / "format", "trace_pipe": TRACING / "trace_pipe"}.items() if name != "trace_pipe"}
    facts["trace_pipe"] = {name: {"root": outcome(call), "nobody": nobody(call)} for name, call in {
        "stat mode": lambda: oct(os.stat(TRACING / "trace_pipe").st_mode),
        "write": lambda: with_open(TRACING / "trace_pipe", os.O_WRONLY, lambda fd: os.write(fd, b"1"))}.items()}
    facts["enable"]["control"] = control_facts(one / "enable")
    facts["all enable"]["control"] = control_facts(events / "enable")
    (one / "enable").write_text("1")
    facts["all enable"]["some"] = (events / "enable").read_text()
    facts["id"] = (one / "id").read_text()
    facts["directory"] = sorted(os.listdir(events))
    facts["event directory"] = sorted(os.listdir(one))
    (folder / "files.json").write_text(json.dumps(facts, indent=1, sort_keys=True) + "\n")
    (folder / "formats.json").write_text(json.dumps(
        {p.name: (p / "format").read_text() for p in sorted(events.iterdir()) if p.is_dir()}, indent=1) + "\n")


if __name__ == "__main__":
    main()

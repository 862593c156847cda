# SPDX-License-Identifier: BSD-2-Clause
"""/proc/net/pppol2tp and debugfs l2tp/tunnels."""
import os, re, socket, struct, time
from lib import *
from scenarios import registry
SCENARIOS, scenario = registry()


def proc():
    try:
        return open("/proc/net/pppol2tp").read().split("\n")
    except OSError as e:
        return ename(e.errno)


def dbg(mask=True):
    try:
        t = open("/sys/kernel/debug/l2tp/tunnels").read()
    except OSError as e:
        return ename(e.errno)
    if mask:
        t = re.sub(r"refcnt \d+(/\d+)?", "refcnt N", t)
    return t.split("\n")


@scenario()
def empty(n, o):
    o("proc", proc())
    o("debugfs", dbg())
    try:
        o("proc mode", oct(os.stat("/proc/net/pppol2tp").st_mode))
        o("debugfs mode", oct(os.stat("/sys/kernel/debug/l2tp/tunnels").st_mode))
        o("write proc", err(lambda: open("/proc/net/pppol2tp", "w").write("x")))
    except OSError as e:
        o("stat", ename(e.errno))


@scenario()
def populated(n, o):
    g = L2tp()
    s = udp_sock()
    g.tunnel(1, 2, ver=2, fd=s.fileno())
    o("one tunnel proc", proc())
    o("one tunnel debugfs", dbg())
    g.session(1, 11, 22, pw=7, send_seq=1, recv_seq=1, lns=1, rto=100)
    o("a session proc", proc())
    o("a session debugfs", dbg())
    p = pppox()
    raw_connect(p, sa_pppol2tp(-1, 1, 11, 2, 22))
    q = pppox()
    raw_connect(q, sa_pppol2tp(-1, 1, 0x1f2, 2, 0xabcd))
    o("sockets proc", proc())
    o("sockets debugfs", dbg())
    p.send(b"\xc0\x21\1\1\0\x08abcd")
    p.send(b"\xc0\x21\1\1\0\x08abcd")
    n.inj_udp(v2(1, 11, b"\xff\x03\xc0\x21\1\1\0\4", S=(7, 0)))
    n.inj_udp(v2(1, 11, b"\xff\x03\xc0\x21\1\1\0\4"))
    time.sleep(SETTLE)
    o("traffic proc", proc())
    o("traffic debugfs", dbg())
    ch = ioc(p, "PPPIOCGCHAN")
    c, u = ppp_open(), ppp_open()
    ioc(c, "PPPIOCATTCHAN", ch)
    ioc(u, "PPPIOCNEWUNIT", -1)
    o("bound proc", proc())
    ioc(c, "PPPIOCCONNECT", 0)
    o("unit proc", proc())
    o("unit debugfs", dbg())
    g.tunnel(5, 6, sport=5005)
    g.session(5, 50, 51, ifname="tx0", cookie=b"\1\2\3\4", pcookie=b"\x10\x20\x30\x40\x50\x60\x70\x80")
    g.session(5, 51, 52, ifname="tx1", cookie=b"\xa1\xa2\xa3\xa4\xa5\xa6\xa7\xa8", l2spec=0)
    g.tunnel(3, 4, encap=1)
    g.session(3, 60, 61, pw=7)
    g.tunnel(7, 8, v6=True, sport=5007)
    g.session(7, 70, 71, ifname="tx2", send_seq=1, lns=1)
    g.tunnel(9, 10, encap=1, v6=True)
    g.tunnel(0x1234, 0x5678, ver=2, sport=5011)
    un = udp_sock(port=5012, connect=False, any_addr=True)
    g.tunnel(20, 21, fd=un.fileno())
    t0 = pppox()
    raw_connect(t0, sa_pppol2tp(s.fileno(), 1, 0, 2, 0))
    o("everything proc", proc())
    o("everything debugfs", dbg())
    o("debugfs refcounts", [l for l in dbg(False) if "refcnt" in l][1:])
    d = n.dev("tx0")
    d.s.send(inner(1))
    o("after eth traffic", [l for l in dbg() if "tx" in l or "rx" in l])
    p.close()
    g.sgone(1, 11)
    o("closed session proc", proc())
    o("small reads", smallreads())


def smallreads():
    f = os.open("/proc/net/pppol2tp", os.O_RDONLY)
    out = b""
    while True:
        b = os.read(f, 17)
        if not b:
            break
        out += b
    os.close(f)
    return out.decode() == "\n".join(proc())


@scenario()
def v6_and_v3_proc(n, o):
    """Only v2 tunnels are listed in /proc; an IPv6 one too."""
    g = L2tp()
    g.tunnel(1, 2)
    g.tunnel(3, 4, ver=2, v6=True, sport=5003)
    g.session(3, 11, 22, pw=7)
    o("proc", proc())

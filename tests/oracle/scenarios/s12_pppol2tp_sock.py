# SPDX-License-Identifier: BSD-2-Clause
"""PPPoL2TP sockets: connect, names, options, ioctls."""
import os, socket, struct, time, ctypes
from lib import *
from scenarios import registry
SCENARIOS, scenario = registry()
OPTS = {"DEBUG": 1, "RECVSEQ": 2, "SENDSEQ": 3, "LNSMODE": 4, "REORDERTO": 5}


def mkt(g, ver=2, v6=False, tid=1, ptid=2, port=5001):
    s = udp_sock(v6, port)
    g.tunnel(tid, ptid, ver=ver, fd=s.fileno())
    return s


def gname(p, peer=False):
    try:
        return fmt_pppaddr(raw_getname(p, peer))
    except OSError as e:
        return ename(e.errno)


@scenario()
def create(n, o):
    for proto in (0, 1, 2, 3, 4, 255, -1):
        for typ, tn in ((socket.SOCK_STREAM, "stream"), (socket.SOCK_DGRAM, "dgram"), (socket.SOCK_RAW, "raw"), (socket.SOCK_SEQPACKET, "seqpacket")):
            if proto == 1 or tn == "dgram":
                o("proto %d %s" % (proto, tn), err(socket.socket, AF_PPPOX, typ, proto))
    p = pppox()
    p.setblocking(False)
    for opt, nm in ((3, "SO_TYPE"), (38, "SO_PROTOCOL"), (39, "SO_DOMAIN"), (4, "SO_ERROR")):
        o("fresh " + nm, attempt(p.getsockopt, 1, opt))
    o("fresh getsockname", gname(p))
    o("fresh getpeername", gname(p, True))
    o("fresh bind", err(raw_bind, p, sa_pppol2tp(-1, 1, 1, 1, 1)))
    o("fresh listen", err(p.listen, 1))
    o("fresh accept", err(lambda: chk(libc.accept(p.fileno(), None, None))))
    o("fresh shutdown", err(p.shutdown, 2))
    o("fresh send", err(p.send, b"\xc0\x21\1\1\0\4"))
    o("fresh recv", err(p.recv, 10))
    o("fresh poll", pollmask(p))
    o("socketpair", err(socket.socketpair, AF_PPPOX, socket.SOCK_DGRAM, 1))
    for k, v in OPTS.items():
        o("fresh set " + k, err(p.setsockopt, SOL_PPPOL2TP, v, 1))
        o("fresh get " + k, err(p.getsockopt, SOL_PPPOL2TP, v))
    for f in ("PPPIOCGCHAN", "PPPIOCGMRU", "PPPIOCSMRU", "PPPIOCGFLAGS", "PPPIOCSFLAGS", "PPPIOCGUNIT", "PPPIOCCONNECT", "PPPIOCATTCHAN"):
        o("fresh " + f, err(ioc, p, f))
    o("fresh PPPIOCGL2TPSTATS", err(l2tpstats, p))
    o("fresh FIONREAD", err(ioc2, p, 0x541b))
    o("fresh SIOCGIFINDEX-like", err(ioc2, p, 0x8912))


def chk(r):
    if r < 0:
        raise OSError(ctypes.get_errno(), "")
    return r


def ioc2(p, c):
    import fcntl
    fcntl.ioctl(p.fileno(), c, bytearray(64))


@scenario()
def connect_addr(n, o):
    """Address forms."""
    g = L2tp()
    s = mkt(g)
    s6 = mkt(g, v6=True, tid=3, ptid=4, port=5003)
    t3 = mkt(g, ver=3, tid=5, ptid=6, port=5005)
    ok = sa_pppol2tp(s.fileno(), 1, 11, 2, 22)
    for k in (0, 2, 8, 14, 16, 30, 36, 37, 39, 45, 47, 49, 51, 57, 59, 64):
        o("length %d" % k, err(raw_connect, pppox(), (ok + bytes(64))[:k]))
    for f in (0, 2, 10, 255):
        p = pppox()
        o("family %d" % f, err(raw_connect, p, sa_pppol2tp(s.fileno(), 1, 100 + f, 2, 22, family=f)))
    for pr in (0, 2, 77):
        o("protocol %d" % pr, err(raw_connect, pppox(), sa_pppol2tp(s.fileno(), 1, 120, 2, 22, proto=pr)))
    o("tunnel id 0", err(raw_connect, pppox(), sa_pppol2tp(s.fileno(), 0, 11, 2, 22)))
    o("unknown tunnel", err(raw_connect, pppox(), sa_pppol2tp(s.fileno(), 77, 11, 2, 22)))
    sid = 200
    keep = []
    for lab, tid, kw in (("v2 addr on v2 tunnel", 1, dict()), ("v3 addr on v2 tunnel", 1, dict(v=3)), ("v2in6 addr on v2 tunnel", 1, dict(v6=True)), ("v3in6 addr on v2 tunnel", 1, dict(v=3, v6=True)),
                         ("v2 addr on v2/6 tunnel", 3, dict()), ("v2in6 addr on v2/6 tunnel", 3, dict(v6=True)), ("v2 addr on v3 tunnel", 5, dict()), ("v3 addr on v3 tunnel", 5, dict(v=3))):
        sid += 1
        p = pppox()
        keep.append(p)
        o(lab, [err(raw_connect, p, sa_pppol2tp(-1, tid, sid, 9, sid + 1, **kw)), gname(p), gname(p, True), g.sget(tid, sid)])
    for fd, lab in ((-1, "fd -1"), (9999, "fd 9999"), (t3.fileno(), "fd of another tunnel"), (0, "fd 0")):
        sid += 1
        p = pppox()
        keep.append(p)
        o("session, " + lab, err(raw_connect, p, sa_pppol2tp(fd, 1, sid, 2, 22)))
    sid += 1
    p = pppox()
    keep.append(p)
    o("wrong peer tunnel id", [err(raw_connect, p, sa_pppol2tp(-1, 1, sid, 999, 22)), gname(p)])
    sid += 1
    p = pppox()
    keep.append(p)
    o("wrong peer address", [err(raw_connect, p, sa_pppol2tp(-1, 1, sid, 2, 22, addr="10.99.0.200", port=9)), gname(p)])
    sid += 1
    p = pppox()
    keep.append(p)
    o("pid set", [err(raw_connect, p, sa_pppol2tp(-1, 1, sid, 2, 22, pid=1)), gname(p)])
    p = pppox()
    keep.append(p)
    o("peer session 0", [err(raw_connect, p, sa_pppol2tp(-1, 1, 301, 2, 0)), gname(p)])
    p = pppox()
    keep.append(p)
    o("session 0, peer 5", [err(raw_connect, p, sa_pppol2tp(-1, 1, 0, 2, 5)), gname(p), g.sget(1, 0)])


@scenario()
def connect_tunnel(n, o):
    """The old v2 API: connecting with session ids 0 makes the tunnel."""
    g = L2tp()
    s = udp_sock()
    p = pppox()
    o("session before its tunnel", err(raw_connect, pppox(), sa_pppol2tp(s.fileno(), 1, 11, 2, 22)))
    for fd, lab in ((-1, "fd -1"), (-5, "fd -5"), (9999, "fd 9999"), (socket.socket(socket.AF_INET, socket.SOCK_STREAM), "tcp"), (os.pipe()[0], "pipe"), (pppox(), "pppox")):
        o("tunnel, " + lab, err(raw_connect, pppox(), sa_pppol2tp(fd if isinstance(fd, int) else fd.fileno(), 50, 0, 51, 0)))
    o("tunnel 50 left behind?", g.tget(50))
    o("tunnel", err(raw_connect, p, sa_pppol2tp(s.fileno(), 1, 0, 2, 0)))
    o("tunnel get", g.tget(1))
    o("getsockname", gname(p))
    o("connect again", err(raw_connect, p, sa_pppol2tp(s.fileno(), 1, 11, 2, 22)))
    q = pppox()
    o("second tunnel socket", err(raw_connect, q, sa_pppol2tp(s.fileno(), 1, 0, 2, 0)))
    o("session", err(raw_connect, q, sa_pppol2tp(s.fileno(), 1, 11, 2, 22)))
    o("session get", g.sget(1, 11))
    r = pppox()
    o("same session again", err(raw_connect, r, sa_pppol2tp(s.fileno(), 1, 11, 2, 22)))
    o("v3 tunnel by connect", [err(raw_connect, r, sa_pppol2tp(udp5(5050).fileno(), 60, 0, 61, 0, v=3)), g.tget(60)])
    r2 = pppox()
    o("v2 tunnel in6", [err(raw_connect, r2, sa_pppol2tp(udp5(5051, True).fileno(), 62, 0, 63, 0, v6=True)), g.tget(62)])
    r3 = pppox()
    o("v3 tunnel in6", [err(raw_connect, r3, sa_pppol2tp(udp5(5052, True).fileno(), 64, 0, 65, 0, v=3, v6=True)), g.tget(64)])
    i = ip_sock(conn=70)
    o("tunnel on an L2TPIP socket", err(raw_connect, pppox(), sa_pppol2tp(i.fileno(), 70, 0, 71, 0, v=3)))
    u = udp_sock(port=5060, connect=False)
    r4 = pppox()
    o("unconnected udp socket", [err(raw_connect, r4, sa_pppol2tp(u.fileno(), 72, 0, 73, 0)), g.tget(72)])
    u2 = udp_sock(port=5061)
    r5, r6 = pppox(), pppox()
    o("tunnel peer 0", [err(raw_connect, r5, sa_pppol2tp(u2.fileno(), 74, 0, 0, 0)), [a for a in g.tget(74) if a[0] == "PEER_CONN_ID"]])
    o("session gives the peer id", [err(raw_connect, r6, sa_pppol2tp(u2.fileno(), 74, 5, 75, 6)), [a for a in g.tget(74) if a[0] == "PEER_CONN_ID"]])
    o("tunnel socket closed", [p.close(), g.sgone(1, 0), g.tget(1) != "ENODEV"][1:])
    q.close()
    o("session closed", g.sgone(1, 11))
    s.close()
    o("udp closed", g.tgone(1))


_keep = []


def udp5(port, v6=False):
    s = udp_sock(v6, port)
    _keep.append(s)
    return s


@scenario()
def connect_session(n, o):
    """Attaching to sessions made through netlink."""
    g = L2tp()
    s = mkt(g)
    g.session(1, 11, 22, pw=7, send_seq=1, lns=1, rto=100)
    p = pppox()
    o("attach", [err(raw_connect, p, sa_pppol2tp(s.fileno(), 1, 11, 2, 22)), gname(p)])
    o("options kept", {k: attempt(p.getsockopt, SOL_PPPOL2TP, v) for k, v in OPTS.items()})
    o("attach second socket", err(raw_connect, pppox(), sa_pppol2tp(s.fileno(), 1, 11, 2, 22)))
    p.close()
    o("closing deletes the netlink session", g.sgone(1, 11))
    q = pppox()
    g.session(1, 12, 23, pw=7)
    o("other peer session id is ignored", [err(raw_connect, q, sa_pppol2tp(s.fileno(), 1, 12, 2, 99)), g.attr(1, 12, "PEER_SESSION_ID")])
    t3 = mkt(g, 3, tid=5, ptid=6, port=5005)
    g.session(5, 11, 22, pw=5)
    o("eth session", err(raw_connect, pppox(), sa_pppol2tp(t3.fileno(), 5, 11, 6, 22, v=3)))
    g.tunnel(7, 8, encap=1)
    r = pppox()
    o("ppp in unmanaged ip tunnel", [err(raw_connect, r, sa_pppol2tp(-1, 7, 31, 8, 32, v=3)), gname(r)])
    g.tunnel(9, 10, encap=1, v6=True)
    r2 = pppox()
    o("ppp in unmanaged ip6 tunnel", [err(raw_connect, r2, sa_pppol2tp(-1, 9, 33, 10, 34, v=3)), gname(r2)])
    o("delete, then getsockname", [g.sdel(7, 31), g.sgone(7, 31), gname(r)])
    o("reconnect a socket whose session went", err(raw_connect, r, sa_pppol2tp(-1, 7, 35, 8, 36, v=3)))


@scenario()
def sockopts(n, o):
    g = L2tp()
    s = mkt(g)
    t = pppox()
    raw_connect(t, sa_pppol2tp(s.fileno(), 1, 0, 2, 0))
    p = pppox()
    raw_connect(p, sa_pppol2tp(s.fileno(), 1, 11, 2, 22))
    for lab, k in (("session", p), ("tunnel", t)):
        for nm, v in list(OPTS.items()) + [("0", 0), ("6", 6), ("99", 99)]:
            o("%s get %s" % (lab, nm), attempt(k.getsockopt, SOL_PPPOL2TP, v))
            for val in (0, 1, 2, -1, 100):
                o("%s set %s=%d" % (lab, nm, val), [err(k.setsockopt, SOL_PPPOL2TP, v, val), attempt(k.getsockopt, SOL_PPPOL2TP, v)])
        for ln in (0, 1, 2, 3, 8):
            o("%s set SENDSEQ with %d bytes" % (lab, ln), err(k.setsockopt, SOL_PPPOL2TP, 3, b"\1\0\0\0\0\0\0\0"[:ln]))
        for ln in (0, 1, 2, 4, 8):
            o("%s get SENDSEQ into %d bytes" % (lab, ln), attempt(gso, k, SOL_PPPOL2TP, 3, ln))
        o("%s get negative length" % lab, attempt(gso, k, SOL_PPPOL2TP, 3, -1))
        for lv in (0, 1, 41, 17, 272, 274):
            o("%s set level %d" % (lab, lv), err(k.setsockopt, lv, 3, 1))
            o("%s get level %d" % (lab, lv), err(gso, k, lv, 3, 4))
        o("%s set bad pointer" % lab, err(lambda: chk(libc.setsockopt(k.fileno(), SOL_PPPOL2TP, 3, ctypes.c_void_p(8), 4))))
        o("%s get bad pointer" % lab, err(lambda: chk(libc.getsockopt(k.fileno(), SOL_PPPOL2TP, 3, ctypes.c_void_p(8), ctypes.byref(ctypes.c_uint32(4))))))
    p.setsockopt(SOL_PPPOL2TP, 3, 1)
    p.setsockopt(SOL_PPPOL2TP, 2, 1)
    p.setsockopt(SOL_PPPOL2TP, 4, 1)
    p.setsockopt(SOL_PPPOL2TP, 5, 333)
    o("netlink sees the options", g.sget(1, 11))
    g.modify(1, 11, u8(AT.SEND_SEQ, 0), u8(AT.RECV_SEQ, 0), u8(AT.LNS_MODE, 0), u64(AT.RECV_TIMEOUT, 50))
    o("the socket sees netlink's", {k: attempt(p.getsockopt, SOL_PPPOL2TP, v) for k, v in OPTS.items()})
    g.modify(1, 11, u8(AT.SEND_SEQ, 5), u8(AT.RECV_SEQ, 2))
    o("values beyond 1", {k: attempt(p.getsockopt, SOL_PPPOL2TP, v) for k, v in OPTS.items()})


def gso(k, lv, opt, ln):
    b = ctypes.create_string_buffer(b"\xee" * 16, 16)
    n = ctypes.c_int32(ln)
    chk(libc.getsockopt(k.fileno(), lv, opt, b, ctypes.byref(n)))
    return [n.value, b.raw[:8].hex()]


@scenario()
def ioctls(n, o):
    g = L2tp()
    s = mkt(g)
    t = pppox()
    raw_connect(t, sa_pppol2tp(s.fileno(), 1, 0, 2, 0))
    p = pppox()
    p.setblocking(False)
    raw_connect(p, sa_pppol2tp(s.fileno(), 1, 11, 2, 22))
    import fcntl
    for lab, k in (("session", p), ("tunnel", t)):
        for f in ("PPPIOCGMRU", "PPPIOCSMRU", "PPPIOCGFLAGS", "PPPIOCSFLAGS", "PPPIOCGUNIT", "PPPIOCGDEBUG", "PPPIOCGASYNCMAP", "PPPIOCSASYNCMAP", "PPPIOCCONNECT", "PPPIOCDISCONN", "PPPIOCATTCHAN", "PPPIOCNEWUNIT", "PPPIOCBRIDGECHAN", "PPPIOCGIDLE64", "PPPIOCGNPMODE"):
            o("%s %s" % (lab, f), attempt(ioc, k, f, 7, 16))
        for c, nm in ((0x541b, "FIONREAD"), (0x5411, "TIOCOUTQ"), (0x8903, "FIOGETOWN"), (0x8906, "SIOCGSTAMP"), (0x8912, "SIOCGIFCONF"), (0x8910, "SIOCGIFNAME"), (0x12345678, "odd"), (0x4004b100, "PPPOEIOCSFWD"), (0xb101, "PPPOEIOCDFWD")):
            o("%s ioctl %s" % (lab, nm), err(fcntl.ioctl, k.fileno(), c, bytearray(64)))
        for f in ("PPPIOCGMRU", "PPPIOCSMRU", "PPPIOCGL2TPSTATS", "PPPIOCGCHAN"):
            o("%s %s bad pointer" % (lab, f), err(lambda: chk(libc.ioctl(k.fileno(), ctypes.c_ulong(IOC[f]), ctypes.c_void_p(8)))))
    # the failed GCHAN above has or has not bound the channel
    o("recv after GCHAN with a bad pointer", attempt(p.recv, 10))
    q = pppox()
    q.setblocking(False)
    raw_connect(q, sa_pppol2tp(s.fileno(), 1, 12, 2, 23))
    a, b = ioc(q, "PPPIOCGCHAN"), attempt(ioc, q, "PPPIOCGCHAN")
    o("GCHAN twice gives the same", b.get("r") == a)
    o("tunnel GCHAN", "r" in attempt(ioc, t, "PPPIOCGCHAN"))


@scenario()
def stats(n, o):
    """PPPIOCGL2TPSTATS on session and tunnel sockets."""
    g = L2tp()
    s = mkt(g)
    t = pppox()
    raw_connect(t, sa_pppol2tp(s.fileno(), 1, 0, 2, 0))
    p, q = pppox(), pppox()
    raw_connect(p, sa_pppol2tp(s.fileno(), 1, 11, 2, 22))
    raw_connect(q, sa_pppol2tp(s.fileno(), 1, 12, 2, 23))
    LCP = b"\xc0\x21\1\1\0\x08abcd"
    for k in range(3):
        p.send(LCP)
    q.send(LCP)
    n.inj_udp(v2(1, 11, b"\xff\x03" + LCP))
    n.inj_udp(v2(1, 11, b"\xff\x03" + LCP, S=(5, 0)))
    n.inj_udp(v2(1, 11, b"\xff\x03" + LCP, S=(9, 0)))
    n.inj_udp(v2(1, 12, b"\xff\x03" + LCP))
    time.sleep(SETTLE)
    for a in ((0, 0), (1, 0), (1, 11), (9, 12), (0, 99)):
        o("session 11, asking %s" % (a,), attempt(l2tpstats, p, *a))
        o("tunnel, asking %s" % (a,), attempt(l2tpstats, t, *a))
    o("session 12", attempt(l2tpstats, q))
    o("netlink", [g.stats(1, nz=False), g.stats(1, 11, nz=False), g.stats(1, 12, nz=False)])
    g.session(1, 13, 24, pw=7)
    o("tunnel, asking a session without socket", attempt(l2tpstats, t, 1, 13))
    t3 = mkt(g, 3, tid=5, ptid=6, port=5005)
    g.session(5, 70000, 71, pw=7)
    r, r0 = pppox(), pppox()
    raw_connect(r, sa_pppol2tp(-1, 5, 70000, 6, 71, v=3))
    raw_connect(r0, sa_pppol2tp(t3.fileno(), 5, 0, 6, 0, v=3))
    g.session(5, 80, 81, pw=5)
    o("v3 session id is cut to 16 bits", attempt(l2tpstats, r))
    o("v3 tunnel, asking the low bits", attempt(l2tpstats, r0, 5, 70000 & 0xffff))
    o("v3 tunnel, asking an eth session", attempt(l2tpstats, r0, 5, 80))


@scenario()
def zero_sessions(n, o):
    """Tunnel management sockets next to v3 sessions and dumps."""
    g = L2tp()
    s = mkt(g)
    t = pppox()
    raw_connect(t, sa_pppol2tp(s.fileno(), 1, 0, 2, 0))
    o("v2 dump hides session 0", [m["msg"] for m in g.dump("SESSION_GET")])
    o("v2 get session 0", g.sget(1, 0))
    o("send on tunnel socket", attempt(t.send, b"\xc0\x21\1\1\0\4"))
    o("seen", n.captured())
    n.inj_udp(v2(1, 0, b"\xff\x03\xc0\x21\1\1\0\4"))
    time.sleep(SETTLE)
    t.setblocking(False)
    s.setblocking(False)
    o("data for session 0", [attempt(t.recv, 50), attempt(s.recv, 50), g.stats(1), g.stats(1, 0)])
    o("netlink delete of session 0", [g.sdel(1, 0), g.sgone(1, 0)])
    o("socket then", [err(t.getsockopt, SOL_PPPOL2TP, 1), gname(t)])
    s3 = mkt(g, 3, tid=5, ptid=6, port=5005)
    t3 = pppox()
    o("v3 tunnel socket", err(raw_connect, t3, sa_pppol2tp(s3.fileno(), 5, 0, 6, 0, v=3)))
    o("v3 dump", [[dict((a[0], a[1]) for a in m["attrs"])[k] for k in ("CONN_ID", "SESSION_ID")] for m in g.dump("SESSION_GET") if "attrs" in m])

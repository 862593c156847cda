# SPDX-License-Identifier: BSD-2-Clause
"""PPP sessions: packets through sockets, channels, units."""
import os, socket, struct, time
from lib import *
from scenarios import registry
SCENARIOS, scenario = registry()
LCP = b"\xc0\x21\x01\x01\x00\x08abcd"


def mk(n, o, kind, sid=11, **kw):
    """-> (g, tunnel socket or None, pppox socket)"""
    g = L2tp()
    ver, v6, encap, managed = kind
    s = None
    if managed:
        s = ip_sock(v6) if encap else udp_sock(v6)
    g.tunnel(1, 2, ver=ver, encap=encap, v6=v6, fd=s.fileno() if s else None)
    g.session(1, sid, sid + 11, pw=7, **kw)
    p = pppox()
    p.setblocking(False)
    raw_connect(p, sa_pppol2tp(s.fileno() if s else -1, 1, sid, 2, sid + 11, v=ver, v6=v6))
    return g, s, p


def inj(n, kind, payload, sid=11, S=None):
    ver, v6, encap, _ = kind
    if ver == 2:
        n.inj_udp(v2(1, sid, payload, S=S), v6=v6)
    elif encap:
        n.inj_ip(v3ip(sid, payload), v6=v6)
    else:
        n.inj_udp(v3udp(sid, payload), v6=v6)


@scenario()
def socket_io(n, o):
    """send() and recv() on the session socket, every kind of tunnel."""
    for kind in ((2, False, 0, True), (2, False, 0, False), (2, True, 0, True), (3, False, 0, True), (3, True, 0, False), (3, False, 1, True), (3, False, 1, False), (3, True, 1, True)):
        tag = "v%d %s%s %s" % (kind[0], ("udp", "ip")[kind[2]], "46"[kind[1]], ("unmanaged", "managed")[kind[3]])
        g, s, p = mk(n, o, kind)
        n.cap.read(0)
        o(tag + " send", [attempt(p.send, LCP), n.captured()])
        o(tag + " send empty", [attempt(p.send, b""), n.captured()])
        o(tag + " send 1400", [attempt(p.send, b"\0\x21" + b"y" * 1398), n.captured()])
        inj(n, kind, b"\xff\x03" + LCP)
        inj(n, kind, b"\x00\x21" + b"E" * 30)
        inj(n, kind, b"\xff\x03\x80\x21" + b"i" * 8)
        time.sleep(SETTLE)
        o(tag + " poll", pollmask(p))
        o(tag + " recv 4 of 10", attempt(lambda: [(lambda r: [r[0].hex(), r[1], r[2]])(p.recvmsg(4, 0, 0)[:3]) for _ in (1,)]))
        o(tag + " recv", [attempt(p.recv, 2000), attempt(p.recv, 2000), attempt(p.recv, 2000)])
        o(tag + " stats", [g.stats(1), g.stats(1, 11), attempt(l2tpstats, p)])
        p.close()
        g.tdel(1)
        o(tag + " gone", g.tgone(1))
        if s:
            s.close()


@scenario()
def send_seq(n, o):
    """SENDSEQ by socket option; v2 header with Ns."""
    for kind in ((2, False, 0, True), (3, False, 0, True)):
        g, s, p = mk(n, o, kind)
        n.cap.read(0)
        p.send(LCP)
        p.setsockopt(SOL_PPPOL2TP, 3, 1)
        p.send(LCP)
        p.send(LCP)
        p.setsockopt(SOL_PPPOL2TP, 3, 0)
        p.send(LCP)
        p.setsockopt(SOL_PPPOL2TP, 3, 1)
        p.send(LCP)
        o("v%d" % kind[0], [x["data"] for x in n.captured()])
        o("v%d stats" % kind[0], [g.stats(1), g.stats(1, 11)])
        p.close()
        g.tdel(1)
        g.tgone(1)
        s.close()


@scenario()
def options(n, o):
    """v3 PPP with cookies and sublayer variants."""
    g = L2tp()
    g.tunnel(1, 2)
    sid = 20
    for ck in (0, 4, 8):
        for l2 in (0, 1):
            for seq in (0, 1):
                sid += 1
                g.session(1, sid, sid + 11, pw=7, cookie=bytes(range(0xa0, 0xa0 + ck)) if ck else None, l2spec=l2, send_seq=seq)
                p = pppox()
                raw_connect(p, sa_pppol2tp(-1, 1, sid, 2, sid + 11, v=3))
                n.cap.read(0)
                p.send(LCP)
                o("cookie%d l2spec%d seq%d" % (ck, l2, seq), [x["data"] for x in n.captured(0.1)])


@scenario()
def channel(n, o):
    """/dev/ppp attached to the channel of a session."""
    kind = (2, False, 0, True)
    g, s, p = mk(n, o, kind)
    inj(n, kind, b"\xff\x03" + LCP)      # arrives before the hand-over
    time.sleep(SETTLE)
    idx = attempt(ioc, p, "PPPIOCGCHAN")
    o("GCHAN", "r" in idx)
    o("recv after GCHAN", attempt(p.recv, 100))
    o("send after GCHAN", [attempt(p.send, LCP), n.captured()])
    c = ppp_open()
    o("ATTCHAN", err(ioc, c, "PPPIOCATTCHAN", idx["r"]))
    o("queued packet moves to the channel", drain_fd(c))
    n.cap.read(0)
    o("write", [attempt(os.write, c, LCP), n.captured()])
    o("write 1 byte", attempt(os.write, c, b"\0"))
    o("write 2 bytes", [attempt(os.write, c, b"\xc0\x21"), n.captured()])
    o("write bare ip proto", [attempt(os.write, c, b"\0\x21"), n.captured()])
    o("write short LCP (5)", [attempt(os.write, c, b"\xc0\x21\1\1\0"), n.captured()])
    o("write LCP of 6", [attempt(os.write, c, b"\xc0\x21\1\1\0\4"), n.captured()])
    o("write with ff03", [attempt(os.write, c, b"\xff\x03" + LCP), n.captured()])
    for nm, pl in (("lcp", b"\xff\x03" + LCP), ("lcp no ff03", LCP), ("ip", b"\xff\x03\0\x21" + b"E" * 20), ("compressed proto", b"\x21" + b"E" * 20), ("ff03 compressed proto", b"\xff\x03\x21" + b"E" * 20),
                   ("ipcp", b"\xff\x03\x80\x21abcdef"), ("ipv6", b"\xff\x03\0\x57" + b"6" * 40), ("ccp", b"\xff\x03\x80\xfdabcd"), ("mp", b"\xff\x03\0\x3dabcdefgh"), ("empty", b"\xff\x03" + b"\0" * 4)):
        inj(n, kind, pl)
        o("rx " + nm, drain_fd(c, size=4096))
    o("read small buffer", [inj(n, kind, b"\xff\x03" + LCP), time.sleep(SETTLE), attempt(os.read, c, 4), attempt(os.read, c, 100)][2:])
    o("poll idle", pollmask(c))
    inj(n, kind, LCP)
    time.sleep(SETTLE)
    o("poll with data", pollmask(c))
    drain_fd(c, 0.02)
    o("stats", [g.stats(1), g.stats(1, 11)])
    p.close()
    time.sleep(SETTLE)
    o("socket closed: poll", pollmask(c))
    o("socket closed: read", attempt(os.read, c, 100))
    o("socket closed: write", attempt(os.write, c, LCP))
    o("session gone", g.sgone(1, 11))
    os.close(c)


def ifinfo(n, ifn):
    l = n.rt.link(ifn)
    if not l:
        return None
    idx, typ, fl, at = l
    u = lambda k: struct.unpack("=I", at[k][:4])[0] if k in at else None
    return {"type": typ, "flags": "0x%x" % fl, "mtu": u(4), "txqlen": u(13), "qdisc": at.get(6, b"").decode("latin1"), "addrlen": len(at.get(1, b""))}


@scenario()
def unit(n, o):
    """A unit (pppN) on top of a session: control and IP both ways."""
    for kind in ((2, False, 0, True), (3, False, 0, False), (3, False, 1, True)):
        tag = "v%d e%d " % (kind[0], kind[2])
        g, s, p = mk(n, o, kind)
        ch = ioc(p, "PPPIOCGCHAN")
        c, u = ppp_open(), ppp_open()
        ioc(c, "PPPIOCATTCHAN", ch)
        o(tag + "NEWUNIT -1", attempt(ioc, u, "PPPIOCNEWUNIT", -1))
        o(tag + "device", ifinfo(n, "ppp0"))
        o(tag + "read unit before connect", attempt(os.read, u, 100))
        o(tag + "poll unit before connect", pollmask(u))
        o(tag + "CONNECT", err(ioc, c, "PPPIOCCONNECT", 0))
        o(tag + "poll unit after connect", pollmask(u))
        o(tag + "read unit after connect", attempt(os.read, u, 100))
        n.rt.up("ppp0", noarp=True)
        o(tag + "device up", ifinfo(n, "ppp0"))
        n.cap.read(0)
        o(tag + "write LCP on unit", [attempt(os.write, u, LCP), n.captured()])
        o(tag + "write LCP on channel", [attempt(os.write, c, LCP), n.captured()])
        d = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        d.bind(("ppp0", 3))
        dd = Drain(d)
        ipk = ip4(17, b"payload!" * 3, "192.0.2.1", "192.0.2.2")
        d2 = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
        e = err(raw_sendto, d2, ipk, 0, struct.pack("=HHiHBB8s", 17, socket.htons(0x0800), n.rt.index("ppp0"), 0, 0, 0, b""))
        o(tag + "ip out", [e, n.captured()])
        ip6k = ip6(59, b"", "2001:db8::1", "2001:db8::2")
        e = err(raw_sendto, d2, ip6k, 0, struct.pack("=HHiHBB8s", 17, socket.htons(0x86dd), n.rt.index("ppp0"), 0, 0, 0, b""))
        o(tag + "ipv6 out", [e, n.captured()])
        dd.read(0.02)
        for nm, pl in (("lcp", b"\xff\x03" + LCP), ("ipcp", b"\xff\x03\x80\x21abcdef"), ("ccp", b"\xff\x03\x80\xfd\1\1\0\4"), ("ip", b"\xff\x03\0\x21" + ipk), ("ip, no ff03", b"\0\x21" + ipk), ("ip, compressed proto", b"\x21" + ipk),
                       ("ipv6", b"\xff\x03\0\x57" + ip6k), ("unknown proto", b"\xff\x03\x12\x35zzzzzz"), ("mpls", b"\xff\x03\x02\x81" + b"\0\0\1\x40" + ipk), ("runt", b"\xff\x03\0\x21" + b"\0" * 4)):
            inj(n, kind, pl)
            o(tag + "rx " + nm, {"net": [short(f) for f in dd.read()], "unit": drain_fd(u, 0.02), "channel": drain_fd(c, 0.02)})
        # NP modes
        npi = lambda f, proto, mode=0: err(ioc, u, f, 0) if proto is None else attempt(_np, u, f, proto, mode)
        o(tag + "GNPMODE ip", npi("PPPIOCGNPMODE", 0x21))
        o(tag + "SNPMODE ip DROP", npi("PPPIOCSNPMODE", 0x21, 1))
        inj(n, kind, b"\xff\x03\0\x21" + ipk)
        o(tag + "rx ip dropped", [short(f) for f in dd.read()])
        e = err(raw_sendto, d2, ipk, 0, struct.pack("=HHiHBB8s", 17, socket.htons(0x0800), n.rt.index("ppp0"), 0, 0, 0, b""))
        o(tag + "tx ip dropped", [e, n.captured()])
        o(tag + "SNPMODE ip PASS", npi("PPPIOCSNPMODE", 0x21, 0))
        o(tag + "GFLAGS", attempt(ioc, u, "PPPIOCGFLAGS"))
        # protocol field compression on transmit
        o(tag + "SFLAGS COMP_PROT|COMP_AC", err(ioc, u, "PPPIOCSFLAGS", 3))
        e = err(raw_sendto, d2, ipk, 0, struct.pack("=HHiHBB8s", 17, socket.htons(0x0800), n.rt.index("ppp0"), 0, 0, 0, b""))
        o(tag + "tx ip with protocol compression", [e, n.captured()])
        o(tag + "stats", [g.stats(1), g.stats(1, 11)])
        o(tag + "DISCONN", err(ioc, c, "PPPIOCDISCONN"))
        o(tag + "write unit after DISCONN", [attempt(os.write, u, LCP), n.captured()])
        os.close(u)
        o(tag + "device gone", n.wait_dev("ppp0", False))
        os.close(c)
        p.close()
        g.tdel(1)
        g.tgone(1)
        if s:
            s.close()
        d.close()
        d2.close()


def _np(fd, f, proto, mode):
    import fcntl
    b = bytearray(struct.pack("=ii", proto, mode))
    fcntl.ioctl(fd, IOC[f], b)
    return struct.unpack("=ii", b)[1]


@scenario()
def session_delete_under_unit(n, o):
    """Netlink deletes a session that carries a ppp unit."""
    kind = (2, False, 0, True)
    g, s, p = mk(n, o, kind)
    ch = ioc(p, "PPPIOCGCHAN")
    c, u = ppp_open(), ppp_open()
    ioc(c, "PPPIOCATTCHAN", ch)
    ioc(u, "PPPIOCNEWUNIT", -1)
    ioc(c, "PPPIOCCONNECT", 0)
    n.rt.up("ppp0", noarp=True)
    o("delete", [g.sdel(1, 11), g.sgone(1, 11)])
    n.cap.read(0)
    o("write on unit", [attempt(os.write, u, LCP), n.captured()])
    o("write on channel", [attempt(os.write, c, LCP), n.captured()])
    o("poll channel", pollmask(c))
    o("device stays", bool(n.rt.index("ppp0")))
    o("send on socket", attempt(p.send, LCP))
    o("getsockname", attempt(lambda: raw_getname(p).hex()))
    o("stats ioctl", attempt(l2tpstats, p))
    o("getsockopt", attempt(p.getsockopt, SOL_PPPOL2TP, 3))
    o("poll socket", pollmask(p))
    o("connect again", err(raw_connect, p, sa_pppol2tp(s.fileno(), 1, 12, 2, 23)))
    p.close()
    time.sleep(0.1)
    o("poll channel after close", pollmask(c))
    o("tunnel delete", [g.tdel(1), g.tgone(1)])


@scenario()
def mtu_of_unit(n, o):
    """Channel MTU does not set the unit's; hdrlen."""
    for kind in ((2, False, 0, True), (2, True, 0, True), (3, False, 1, True)):
        g, s, p = mk(n, o, kind)
        ch = ioc(p, "PPPIOCGCHAN")
        c, u = ppp_open(), ppp_open()
        ioc(c, "PPPIOCATTCHAN", ch)
        ioc(u, "PPPIOCNEWUNIT", -1)
        ioc(c, "PPPIOCCONNECT", 0)
        o("v%d v6=%d e%d" % kind[:3], ifinfo(n, "ppp0"))
        for fd in (c, u):
            os.close(fd)
        n.wait_dev("ppp0", False)
        p.close()
        g.tdel(1)
        g.tgone(1)
        s.close()


@scenario()
def v2_tx_wrap(n, o):
    """Ns of transmitted v2 packets after 65535."""
    g, s, p = mk(n, o, (2, False, 0, True))
    p.setblocking(True)
    p.setsockopt(SOL_PPPOL2TP, 3, 1)
    for i in range(65534):
        p.send(b"\xc0\x21\1\1\0\4")
    n.cap.read(0.3)
    for i in range(4):
        p.send(b"\xc0\x21\1\1\0\4")
    o("Ns 65534, 65535, 0, 1", [x["data"] for x in n.captured()])
    o("stats", [g.stats(1), g.stats(1, 11)])

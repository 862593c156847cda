# SPDX-License-Identifier: BSD-2-Clause
"""Receive path, L2TPv3: what is delivered, passed up or dropped, and the counters."""
import os, socket, struct, time
from lib import *
from scenarios import registry
SCENARIOS, scenario = registry()


def delta(a, b):
    if isinstance(a, str) or isinstance(b, str):
        return [a, b]
    return {k: b.get(k, 0) - a.get(k, 0) for k in sorted(set(a) | set(b)) if b.get(k, 0) != a.get(k, 0)}


class Rx:
    """Injects one packet and reports everything that follows."""

    def __init__(self, n, o, g, tid, sids, devs, sock=None):
        self.__dict__.update(n=n, o=o, g=g, tid=tid, sids=sids, devs=devs, sock=sock)

    def st(self):
        return [self.g.stats(self.tid)] + [self.g.stats(self.tid, s) for s in self.sids]

    def __call__(self, label, *frames, settle=None):
        for d in self.devs:
            d.read(0)
        if self.sock:
            drain_fd(self.sock, 0)
        self.n.cap.read(0)
        a = self.st()
        for f in frames:
            f()
        got = [[short(x) for x in d.read(settle if i == 0 else 0.02)] for i, d in enumerate(self.devs)]
        b = self.st()
        r = {"delivered": got, "tunnel": delta(a[0], b[0]), "sessions": [delta(x, y) for x, y in zip(a[1:], b[1:])]}
        if self.sock:
            r["up"] = drain_fd(self.sock, 0.02)
        back = self.n.captured(0.02)
        if back:
            r["sent back"] = back
        self.o(label, r)


def setup(n, v6, encap, managed):
    g = L2tp()
    s = None
    if managed:
        s = ip_sock(v6) if encap else udp_sock(v6)
        s.setblocking(False)
    r = g.tunnel(1, 2, encap=encap, v6=v6, fd=s.fileno() if s else None)
    g.session(1, 11, 22, ifname="r0")
    g.session(1, 12, 23, pcookie=b"wxyz", cookie=b"abcd", ifname="r1")
    g.session(1, 13, 24, pcookie=b"stuvwxyz", l2spec=0, ifname="r2")
    g.session(1, 14, 25, pw=7)
    return g, s, [n.dev("r0"), n.dev("r1"), n.dev("r2")]


def common(n, o, x, send, mk, udp_hdr):
    f = inner_rx
    x("valid", lambda: send(mk(11, f(1))))
    x("valid, cookie 4", lambda: send(mk(12, f(2), b"wxyz")))
    x("valid, cookie 8, no sublayer", lambda: send(mk(13, f(3), b"stuvwxyz", b"")))
    x("own cookie instead of the peer's", lambda: send(mk(12, f(4), b"abcd")))
    x("cookie differs in the last byte", lambda: send(mk(13, f(5), b"stuvwxyZ", b"")))
    x("cookie missing", lambda: send(mk(12, f(6))))
    x("cookie where none is expected", lambda: send(mk(11, f(7), b"wxyz")))
    x("sublayer missing", lambda: send(mk(11, f(8), b"", b"")))
    x("sublayer where none is expected", lambda: send(mk(13, f(9), b"stuvwxyz")))
    x("sequence bit, lac session", lambda: send(mk(11, f(10), l2=l2seq(5))))
    o("send_seq now", x.g.attr(1, 11, "SEND_SEQ"))
    x("no sequence bit again", lambda: send(mk(11, f(11))))
    o("send_seq now", x.g.attr(1, 11, "SEND_SEQ"))
    x("other sublayer bits", lambda: send(mk(11, f(12), l2=b"\xbf\xff\xff\xff")))
    x("unknown session", lambda: send(mk(999, f(13))))
    x("peer's session id", lambda: send(mk(22, f(14))))
    x("session id 0", lambda: send(mk(0, f(15))))
    x("session id with high bits", lambda: send(mk(0x1000b, f(16))))
    x("ppp session, no socket", lambda: send(mk(14, b"\xff\x03\x00\x21" + b"p" * 30)))
    x("payload of 14", lambda: send(mk(11, f(17, 14))))
    x("payload of 13", lambda: send(mk(11, f(18, 13))))
    x("payload of 1", lambda: send(mk(11, b"z")))
    x("no payload", lambda: send(mk(11, b"")))
    x("only the cookie", lambda: send(mk(12, b"", b"wxyz", b"")))
    x("half the cookie", lambda: send(mk(12, b"", b"wx", b"")))
    x("half the sublayer", lambda: send(mk(11, b"", b"", b"\0\0")))
    x("1400 bytes", lambda: send(mk(11, f(19, 1400))))
    x("broadcast frame", lambda: send(mk(11, b"\xff" * 6 + f(20)[6:])))
    x("frame for another mac", lambda: send(mk(11, b"\x02\0\0\0\x09\x09" + f(21)[6:])))
    x("multicast frame", lambda: send(mk(11, b"\x01\0\x5e\0\0\1" + f(22)[6:])))


def udp_vectors(n, o, v6, managed):
    g, s, d = setup(n, v6, 0, managed)
    x = Rx(n, o, g, 1, (11, 12, 13, 14), d, s)
    send = lambda p, **k: n.inj_udp(p, v6=v6, **k)
    common(n, o, x, send, v3udp, True)
    f = inner_rx
    x("T bit", lambda: send(v3udp(11, f(30), flags=0x8003)))
    x("T and L bits (control)", lambda: send(struct.pack("!HHIHH", 0xc803, 20, 1, 0, 0) + b"\x80\x08\0\0\0\0\0\6"))
    for v in (0, 1, 2, 4, 15):
        x("version %d" % v, lambda: send(v3udp(11, f(31), flags=v)))
    x("version 2 header with our ids", lambda: send(v2(1, 11, f(32))))
    x("reserved flag bits", lambda: send(v3udp(11, f(33), flags=0x0ff3 & ~0x8000)))
    x("reserved word set", lambda: send(struct.pack("!HHI", 3, 0xffff, 11) + b"\0\0\0\0" + f(34)))
    for k in (0, 1, 2, 4, 7, 8, 11, 12, 13, 14, 15):
        x("datagram of %d bytes" % k, lambda: send(v3udp(11, f(35))[:k]))
    x("from another source port", lambda: send(v3udp(11, f(36)), sport=6000))
    x("zero checksum", lambda: send(v3udp(11, f(37)), csum="zero"))
    x("bad checksum", lambda: send(v3udp(11, f(38)), csum="bad"))
    x("to another port", lambda: send(v3udp(11, f(39)), dport=5999))
    if not v6:
        u = udp(v3udp(11, f(40)), 5002, 5001, src="10.99.0.9", dst=A4)
        x("from another address", lambda: n.inject(eth(ip4(17, u, src="10.99.0.9"))))
        u2 = udp(v3udp(11, f(41, 600)), 5002, 5001)
        x("in two fragments", lambda: n.inject(eth(ip4(17, u2[:400], frag=0x2000, ident=77))), lambda: n.inject(eth(ip4(17, u2[400:], frag=50, ident=77))))
        x("in two fragments, swapped", lambda: n.inject(eth(ip4(17, u2[400:], frag=50, ident=78))), lambda: n.inject(eth(ip4(17, u2[:400], frag=0x2000, ident=78))))
    o("totals", [g.stats(1), [g.stats(1, k) for k in (11, 12, 13, 14)]])


@scenario()
def udp4_managed(n, o): udp_vectors(n, o, False, True)


@scenario()
def udp4_unmanaged(n, o): udp_vectors(n, o, False, False)


@scenario()
def udp6_managed(n, o): udp_vectors(n, o, True, True)


@scenario()
def udp6_unmanaged(n, o): udp_vectors(n, o, True, False)


def ip_vectors(n, o, v6, managed):
    g, s, d = setup(n, v6, 1, managed)
    x = Rx(n, o, g, 1, (11, 12, 13, 14), d, s)
    send = lambda p: n.inj_ip(p, v6=v6)
    common(n, o, x, send, v3ip, False)
    f = inner_rx
    ctl = lambda cid, fl=0xc803: struct.pack("!IHHIHH", 0, fl, 20, cid, 0, 0) + b"\x80\x08\0\0\0\0\0\6"
    x("control, our conn id", lambda: send(ctl(1)))
    x("control, unknown conn id", lambda: send(ctl(77)))
    x("control, conn id 0", lambda: send(ctl(0)))
    for fl in (0x8003, 0x4003, 0x0003, 0xc002, 0xc000, 0xffff):
        x("control flags %04x" % fl, lambda: send(ctl(1, fl)))
    for k in (1, 3, 4, 8, 12, 15, 16):
        x("control of %d bytes" % k, lambda: send(ctl(1)[:k]))
    for k in (0, 2, 3, 4, 5, 8):
        x("data of %d bytes" % k, lambda: send(v3ip(11, f(35))[:k]))
    if not v6:
        x("from another address", lambda: n.inject(eth(ip4(115, v3ip(11, f(40)), src="10.99.0.9"))))
        x("control from another address", lambda: n.inject(eth(ip4(115, ctl(1), src="10.99.0.9"))))
        p = v3ip(11, f(41, 600))
        x("in two fragments", lambda: n.inject(eth(ip4(115, p[:400], frag=0x2000, ident=77))), lambda: n.inject(eth(ip4(115, p[400:], frag=50, ident=77))))
    o("totals", [g.stats(1), [g.stats(1, k) for k in (11, 12, 13, 14)]])


@scenario()
def ip4_managed(n, o): ip_vectors(n, o, False, True)


@scenario()
def ip4_unmanaged(n, o): ip_vectors(n, o, False, False)


@scenario()
def ip6_managed(n, o): ip_vectors(n, o, True, True)


@scenario()
def ip6_unmanaged(n, o): ip_vectors(n, o, True, False)


@scenario()
def cross(n, o):
    """Sessions reached through another tunnel's socket; colliding ids."""
    g = L2tp()
    g.tunnel(1, 2)
    g.tunnel(2, 3, sport=5003, dport=5004)
    g.tunnel(3, 4, encap=1)
    g.tunnel(4, 5, ver=2, sport=5005)
    g.session(1, 11, 22, ifname="x1")
    g.session(2, 12, 23, ifname="x2")
    g.session(3, 13, 24, ifname="x3")
    d = [n.dev(i) for i in ("x1", "x2", "x3")]
    f = inner_rx

    def go(label, fn):
        for i in d:
            i.read(0)
        fn()
        o(label, [[short(b) for b in d[0].read()]] + [[short(b) for b in i.read(0.02)] for i in d[1:]] + [g.stats(t) for t in (1, 2, 3, 4)])
    go("t1's session via t2's port", lambda: n.inj_udp(v3udp(11, f(1)), sport=5004, dport=5003))
    go("ip session via udp", lambda: n.inj_udp(v3udp(13, f(2))))
    go("udp session via ip", lambda: n.inj_ip(v3ip(11, f(3))))
    go("v3 session via the v2 tunnel's port", lambda: n.inj_udp(v3udp(11, f(4)), dport=5005))
    g.session(2, 11, 33, ifname="x4")
    d.append(n.dev("x4"))
    go("id 11 in both: via t1", lambda: n.inj_udp(v3udp(11, f(5))))
    go("id 11 in both: via t2", lambda: n.inj_udp(v3udp(11, f(6)), sport=5004, dport=5003))
    go("id 11 in both: via ip", lambda: n.inj_ip(v3ip(11, f(7))))
    go("id 11 in both: via v2 port", lambda: n.inj_udp(v3udp(11, f(8)), dport=5005))
    g.sdel(1, 11)
    o("x1 gone", n.wait_dev("x1", False))
    d[0].s.close()
    del d[0]
    go("id 11 left in t2: via t1", lambda: n.inj_udp(v3udp(11, f(9))))
    go("id 11 left in t2: via t2", lambda: n.inj_udp(v3udp(11, f(10)), sport=5004, dport=5003))

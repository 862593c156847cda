# SPDX-License-Identifier: BSD-2-Clause
"""Errno matrix of the session commands."""
import os, socket, struct, time
from lib import *
from scenarios import registry
SCENARIOS, scenario = registry()
K = [1000]


def base(tid=1, pw=5):
    K[0] += 1
    return [["CONN_ID", u32(AT.CONN_ID, tid)], ["SESSION_ID", u32(AT.SESSION_ID, K[0])], ["PEER_SESSION_ID", u32(AT.PEER_SESSION_ID, K[0] + 10000)],
            ["PW_TYPE", u16(AT.PW_TYPE, pw)]]


def vals(b): return [v for _, v in b]


@scenario()
def create_missing(n, o):
    g = L2tp()
    g.tunnel(1, 2)
    g.tunnel(2, 3, ver=2, sport=5003)
    for tid, pw in ((1, 5), (1, 7), (2, 7)):
        b = base(tid, pw)
        o("t%d pw%d complete" % (tid, pw), [g.req("SESSION_CREATE", vals(b)), g.sget(tid, K[0])])
        for nm in ("CONN_ID", "SESSION_ID", "PEER_SESSION_ID", "PW_TYPE"):
            b = base(tid, pw)
            o("t%d pw%d without %s" % (tid, pw, nm), g.req("SESSION_CREATE", [v for x, v in b if x != nm]))
    o("no attributes", g.req("SESSION_CREATE"))
    o("no tunnel, nothing else", g.req("SESSION_CREATE", [u32(AT.CONN_ID, 55)]))
    o("unknown tunnel", g.req("SESSION_CREATE", vals(base(55))))


@scenario()
def create_pwtypes(n, o):
    g = L2tp()
    g.tunnel(1, 2)
    g.tunnel(2, 3, ver=2, sport=5003)
    g.tunnel(3, 4, ver=3, encap=1)
    for tid in (1, 2, 3):
        for pw in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 255, 65535):
            b = base(tid, pw)
            o("tunnel %d pw %d" % (tid, pw), g.req("SESSION_CREATE", vals(b)))


@scenario()
def create_lengths(n, o):
    g = L2tp()
    g.tunnel(1, 2)
    for nm in ("CONN_ID", "SESSION_ID", "PEER_SESSION_ID", "PW_TYPE"):
        for how in ("empty", "short", "long"):
            b = base()
            t, d = dict((x, y) for x, y in b)[nm]
            d = b"" if how == "empty" else d[:-1] if how == "short" else d + b"\0\0\0\0"
            o("%s %s" % (nm, how), g.req("SESSION_CREATE", [(t, d) if x == nm else v for x, v in b]))
    for t, nm, good in ((AT.L2SPEC_TYPE, "L2SPEC_TYPE", b"\1"), (AT.RECV_SEQ, "RECV_SEQ", b"\0"), (AT.SEND_SEQ, "SEND_SEQ", b"\0"), (AT.LNS_MODE, "LNS_MODE", b"\0"),
                        (AT.RECV_TIMEOUT, "RECV_TIMEOUT", struct.pack("=Q", 10)), (AT.MTU, "MTU", b"\0\4"), (AT.MRU, "MRU", b"\0\4"), (AT.DEBUG, "DEBUG", b"\0\0\0\0"),
                        (AT.OFFSET, "OFFSET", b"\0\0"), (AT.DATA_SEQ, "DATA_SEQ", b"\0"), (AT.L2SPEC_LEN, "L2SPEC_LEN", b"\4"), (AT.VLAN_ID, "VLAN_ID", b"\1\0"),
                        (AT.USING_IPSEC, "USING_IPSEC", b"\0")):
        for how, d in (("ok", good), ("empty", b""), ("short", good[:-1]), ("long", good + b"\0\0\0\0")):
            if how == "short" and len(good) == 1:
                continue
            o("%s %s" % (nm, how), g.req("SESSION_CREATE", vals(base()) + [(t, d)]))
    for ln in (0, 1, 2, 3, 4, 5, 7, 8, 9, 16):
        r = g.req("SESSION_CREATE", vals(base()) + [(AT.COOKIE, bytes(range(1, ln + 1)))])
        o("cookie of %d" % ln, [r, g.attr(1, K[0], "COOKIE")])
        r = g.req("SESSION_CREATE", vals(base()) + [(AT.PEER_COOKIE, bytes(range(1, ln + 1)))])
        o("peer cookie of %d" % ln, [r, g.attr(1, K[0], "PEER_COOKIE")])


@scenario()
def create_values(n, o):
    g = L2tp()
    g.tunnel(1, 2)
    g.tunnel(2, 3, ver=2, sport=5003)
    for v in (0, 1, 2, 3, 255):
        o("l2spec %d" % v, g.req("SESSION_CREATE", vals(base()) + [u8(AT.L2SPEC_TYPE, v)]))
        o("l2spec %d on v2" % v, g.req("SESSION_CREATE", vals(base(2, 7)) + [u8(AT.L2SPEC_TYPE, v)]))
    for v in (0, 1, 2, 255):
        for t, nm in ((AT.SEND_SEQ, "SEND_SEQ"), (AT.RECV_SEQ, "RECV_SEQ"), (AT.LNS_MODE, "LNS_MODE")):
            r = g.req("SESSION_CREATE", vals(base()) + [u8(t, v)])
            o("%s=%d" % (nm, v), [r, g.attr(1, K[0], nm)])
    for v in (0, 1, 3, 4, 5, 10, 100, 1000, 1234, 65536, 1 << 31, (1 << 32) - 1, 1 << 32, (1 << 63), (1 << 64) - 1):
        r = g.req("SESSION_CREATE", vals(base()) + [u64(AT.RECV_TIMEOUT, v)])
        o("RECV_TIMEOUT=%d" % v, [r, g.attr(1, K[0], "RECV_TIMEOUT")])
    for v in (0, 0xffffffff, 0x7fffffff):
        o("session id %x" % v, [g.session(1, v, 5), g.sget(1, v)])
    for v in (0, 0xffffffff):
        K[0] += 1
        o("peer session id %x" % v, [g.session(1, K[0], v), g.attr(1, K[0], "PEER_SESSION_ID")])
    for v in (0, 65535, 65536, 70000, 0xffffffff):
        r = g.session(2, v, v, pw=7)
        o("v2 session id %x" % v, [r, g.sget(2, v)])
    o("v2 low bits match", [g.sget(2, 70000 & 0xffff), g.sget(2, 0x10000 + 65535)])
    o("v2 cookie", [g.session(2, 500, 1, pw=7, cookie=b"abcd", pcookie=b"efgh"), g.sget(2, 500)])
    o("v2 ifname", [g.session(2, 501, 1, pw=7, ifname="pppx"), g.sget(2, 501)])
    o("v3 ppp ifname", [g.session(1, 502, 1, pw=7, ifname="pppx"), g.sget(1, 502)])
    o("v3 ppp all options", [g.session(1, 503, 1, pw=7, cookie=b"abcd", pcookie=b"efghijkl", l2spec=0, send_seq=1, recv_seq=1, lns=1, rto=20), g.sget(1, 503)])
    o("v3 eth all options", [g.session(1, 504, 1, pw=5, cookie=b"abcd", pcookie=b"efghijkl", l2spec=1, send_seq=1, recv_seq=1, lns=1, rto=20, ifname="vpn0"), g.sget(1, 504)])


@scenario()
def ifnames(n, o):
    g = L2tp()
    g.tunnel(1, 2)

    def one(label, raw, pw=5):
        K[0] += 1
        r = g.session(1, K[0], 9, pw=pw, extra=[(AT.IFNAME, raw)])
        # a refused name leaves a session behind until the work queue has run
        o(label, [r, g.attr(1, K[0], "IFNAME") if r == "OK" else g.sgone(1, K[0])])
    one("plain", b"vpn0\0")
    one("again (taken)", b"vpn0\0")
    one("15 chars", b"abcdefghijklmno\0")
    one("16 chars", b"abcdefghijklmnop\0")
    one("20 chars", b"abcdefghijklmnopqrst\0")
    one("unterminated", b"vpn1")
    one("empty string", b"\0")
    one("empty attr", b"")
    one("pattern", b"vpn%d\0")
    one("pattern again", b"vpn%d\0")
    one("two patterns", b"v%dn%d\0")
    one("bad pattern", b"vpn%s\0")
    one("slash", b"a/b\0")
    one("space", b"a b\0")
    one("dot", b".\0")
    one("dotdot", b"..\0")
    one("colon", b"a:b\0")
    one("existing device", b"a0\0")
    one("embedded NUL", b"ab\0cd\0")
    one("high byte", b"\xff\xfe\0")
    one("l2tpeth5", b"l2tpeth5\0")
    K[0] += 1
    o("default name", [g.session(1, K[0], 9), g.attr(1, K[0], "IFNAME")])
    K[0] += 1
    o("next default name", [g.session(1, K[0], 9), g.attr(1, K[0], "IFNAME")])
    o("by ifname", g.get("SESSION_GET", string(AT.IFNAME, "vpn0")))
    o("by ifname and wrong ids", g.req("SESSION_GET", [string(AT.IFNAME, "vpn0"), u32(AT.CONN_ID, 44), u32(AT.SESSION_ID, 44)]))
    o("by unknown ifname and good ids", g.req("SESSION_GET", [string(AT.IFNAME, "nope"), u32(AT.CONN_ID, 1), u32(AT.SESSION_ID, K[0])]))
    o("by empty ifname", g.req("SESSION_GET", [string(AT.IFNAME, "")]))
    n.rt.up("vpn0", up=False, newname="renamed")
    o("after rename, old name", g.req("SESSION_GET", [string(AT.IFNAME, "vpn0")]))
    o("after rename, new name", g.req("SESSION_GET", [string(AT.IFNAME, "renamed")]))
    o("modify by new name", g.req("SESSION_MODIFY", [string(AT.IFNAME, "renamed"), u8(AT.SEND_SEQ, 1)]))
    o("delete by new name", g.req("SESSION_DELETE", [string(AT.IFNAME, "renamed")]))
    o("delete by old name", g.req("SESSION_DELETE", [string(AT.IFNAME, "vpn0")]))


@scenario()
def conflicts(n, o):
    """Session id scope."""
    g = L2tp()
    for t, k in ((1, dict(sport=5001)), (2, dict(sport=5003)), (3, dict(encap=1)), (4, dict(encap=1)), (5, dict(ver=2, sport=5005)), (6, dict(ver=2, sport=5007)), (7, dict(sport=5009, v6=True))):
        o("tunnel %d" % t, g.tunnel(t, t + 100, **k))
    o("t1 s1", g.session(1, 1, 1))
    o("t2 s1 (udp, udp)", g.session(2, 1, 1))
    o("t7 s1 (third udp, v6)", g.session(7, 1, 1))
    o("t3 s1 (ip after udp)", g.session(3, 1, 1))
    o("t3 s2 ip", g.session(3, 2, 1))
    o("t3 s2 again", g.session(3, 2, 1))
    o("t4 s2 (ip, ip)", g.session(4, 2, 1))
    o("t1 s2 (udp after ip)", g.session(1, 2, 1))
    o("t5 s1 v2", g.session(5, 1, 1, pw=7))
    o("t6 s1 v2", g.session(6, 1, 1, pw=7))
    o("t5 s1 v2 again", g.session(5, 1, 1, pw=7))
    for t in (1, 2, 3, 4, 5, 6, 7):
        o("get t%d s1" % t, g.attr(t, 1, "CONN_ID"))
        o("get t%d s2" % t, g.attr(t, 2, "CONN_ID"))
    o("delete t1 s1", g.sdel(1, 1))
    o("t1 s1 gone", g.sgone(1, 1))
    o("t2 s1 stays", g.attr(2, 1, "CONN_ID"))
    o("t7 s1 stays", g.attr(7, 1, "CONN_ID"))
    o("t1 s1 back", g.session(1, 1, 1))
    for t in (7, 2, 1):
        o("delete t%d" % t, [g.sdel(t, 1), g.sgone(t, 1)])
    o("t3 s1 now free", g.session(3, 1, 1))
    o("session dump", sorted([[dict((a[0], a[1]) for a in m["attrs"])[k] for k in ("CONN_ID", "SESSION_ID")] for m in g.dump("SESSION_GET") if "attrs" in m]))


@scenario()
def same_tunnel_duplicate(n, o):
    """The same session id twice in one v3 UDP tunnel (Linux 6.12 lets it happen)."""
    g = L2tp()
    g.tunnel(1, 2)
    o("first", g.session(1, 1, 1))
    o("again", g.session(1, 1, 1))
    o("again, ppp", g.session(1, 1, 1, pw=7))
    o("dump", [[dict((a[0], a[1]) for a in m["attrs"])[k] for k in ("CONN_ID", "SESSION_ID", "PW_TYPE")] for m in g.dump("SESSION_GET") if "attrs" in m])
    o("tunnel delete", [g.tdel(1), g.tgone(1)])


@scenario()
def modify(n, o):
    g = L2tp()
    g.tunnel(1, 2)
    g.session(1, 11, 22, ifname="vpn0")
    o("no attrs", g.req("SESSION_MODIFY"))
    o("only conn id", g.req("SESSION_MODIFY", [u32(AT.CONN_ID, 1)]))
    o("only session id", g.req("SESSION_MODIFY", [u32(AT.SESSION_ID, 11)]))
    o("bad tunnel", g.req("SESSION_MODIFY", [u32(AT.CONN_ID, 9), u32(AT.SESSION_ID, 11)]))
    o("bad session", g.req("SESSION_MODIFY", [u32(AT.CONN_ID, 1), u32(AT.SESSION_ID, 99)]))
    o("nothing to change", g.modify(1, 11))
    for nm, f, vs in (("SEND_SEQ", u8, (1, 0, 5)), ("RECV_SEQ", u8, (1, 0, 255)), ("LNS_MODE", u8, (1, 0, 2)), ("RECV_TIMEOUT", u64, (50, 0, 7, 1 << 40))):
        for v in vs:
            o("%s=%d" % (nm, v), [g.modify(1, 11, f(getattr(AT, nm), v)), g.sget(1, 11)])
    for nm, d in (("DATA_SEQ", b"\2"), ("DEBUG", b"\xff\0\0\0"), ("MTU", b"\0\2"), ("MRU", b"\0\2"), ("L2SPEC_TYPE", b"\0"), ("COOKIE", b"abcd"), ("PEER_COOKIE", b"abcd"),
                  ("PEER_SESSION_ID", b"\7\0\0\0"), ("PW_TYPE", b"\7\0"), ("PEER_CONN_ID", b"\7\0\0\0")):
        o("ignored: " + nm, [g.modify(1, 11, (getattr(AT, nm), d)), g.sget(1, 11)])
    o("short SEND_SEQ", g.modify(1, 11, (AT.SEND_SEQ, b"")))
    o("4-byte RECV_TIMEOUT", g.modify(1, 11, (AT.RECV_TIMEOUT, b"\1\0\0\0")))
    o("several", [g.modify(1, 11, u8(AT.SEND_SEQ, 1), u8(AT.RECV_SEQ, 1), u8(AT.LNS_MODE, 1), u64(AT.RECV_TIMEOUT, 120)), g.sget(1, 11)])


@scenario()
def delete_get(n, o):
    g = L2tp()
    g.tunnel(1, 2)
    g.tunnel(2, 3, ver=2, sport=5003)
    g.session(1, 11, 22)
    g.session(2, 11, 22, pw=7)
    for c in ("SESSION_DELETE", "SESSION_GET"):
        o(c + " no attrs", g.req(c))
        o(c + " only conn id", g.req(c, [u32(AT.CONN_ID, 1)]))
        o(c + " only session id", g.req(c, [u32(AT.SESSION_ID, 11)]))
        o(c + " bad tunnel", g.req(c, [u32(AT.CONN_ID, 9), u32(AT.SESSION_ID, 11)]))
        o(c + " bad session", g.req(c, [u32(AT.CONN_ID, 1), u32(AT.SESSION_ID, 22)]))
        o(c + " short session id", g.req(c, [u32(AT.CONN_ID, 1), (AT.SESSION_ID, b"\1")]))
        o(c + " unterminated ifname", g.req(c, [(AT.IFNAME, b"l2tpeth0")]))
        o(c + " unknown ifname", g.req(c, [string(AT.IFNAME, "zzz")]))
        o(c + " session id 0", g.req(c, [u32(AT.CONN_ID, 1), u32(AT.SESSION_ID, 0)]))
    for t in (1, 2):
        o("delete %d" % t, g.sdel(t, 11))
        o("gone %d" % t, g.sgone(t, 11))
        o("delete again %d" % t, g.sdel(t, 11))
    o("eth device gone", n.wait_dev("l2tpeth0", False))
    o("by ifname delete", [g.session(1, 12, 1, ifname="byname"), g.req("SESSION_DELETE", [string(AT.IFNAME, "byname")]), g.sgone(1, 12)])
    o("session in dead tunnel", [g.tdel(1), g.tgone(1), g.session(1, 13, 1)])


@scenario()
def version_tunnels(n, o):
    """Sessions in tunnels whose version is not 2 or 3."""
    g = L2tp()
    for v in (0, 1, 4):
        tid = 50 + v
        r = g.tunnel(tid, 60 + v, ver=v, sport=6000 + v)
        o("version %d tunnel" % v, r)
        if r == "OK":
            o("version %d eth session" % v, g.session(tid, 900 + v, 1))
            o("version %d ppp session" % v, g.session(tid, 910 + v, 1, pw=7))
            o("version %d get" % v, [g.sget(tid, 900 + v), g.sget(tid, 910 + v)])

# SPDX-License-Identifier: BSD-2-Clause
"""Golden transmitted packets: Ethernet sessions."""
import os, socket, struct, time
from lib import *
from scenarios import registry
SCENARIOS, scenario = registry()


def send(n, o, label, d, frame):
    n.cap.read(0)
    e = err(d.s.send, frame)
    o(label, [e, n.captured()] if e != "OK" else n.captured())


@scenario()
def matrix(n, o):
    """encap x family x cookie x l2spec x seq: the first two frames of each."""
    g = L2tp()
    k = 0
    for encap in (0, 1):
        for v6 in (False, True):
            tid = 1 + encap * 2 + v6
            o("tunnel %s%s" % (("udp", "ip")[encap], "46"[v6]), g.tunnel(tid, 100 + tid, encap=encap, v6=v6, sport=5001 + tid, dport=5002))
            for ck in (0, 4, 8):
                for l2 in (None, 0, 1):
                    for seq in (0, 1):
                        k += 1
                        nm = "e%d" % k
                        g.session(tid, k, 0x01020300 + k, cookie=bytes(range(0xa0, 0xa0 + ck)) if ck else None, pcookie=b"ZZZZ" if ck == 8 else None,
                                  l2spec=l2, send_seq=seq or None, ifname=nm)
                        d = n.dev(nm)
                        lab = "%s%s cookie%d l2spec=%s seq=%d" % (("udp", "ip")[encap], "46"[v6], ck, l2, seq)
                        n.cap.read(0)
                        d.s.send(inner(k))
                        d.s.send(inner(k + 0x100, 61))
                        o(lab, n.captured(0.1))
                        o(lab + " stats", [g.stats(tid, k), n.rt.link(nm)[3][4].hex()])
                        d.s.close()
            o("tunnel %d stats" % tid, g.stats(tid))


@scenario()
def udp_checksums(n, o):
    """UDP checksum on and off."""
    g = L2tp()
    k = 0
    for v6, opts in ((False, [dict(), dict(csum=0), dict(csum=1)]), (True, [dict(), dict(zt=True), dict(zr=True), dict(zt=True, zr=True), dict(csum=1)])):
        for kw in opts:
            k += 1
            g.tunnel(k, 50 + k, v6=v6, sport=5100 + k, **kw)
            g.session(k, k, 70 + k, ifname="c%d" % k)
            d = n.dev("c%d" % k)
            send(n, o, "%s %s" % ("v6" if v6 else "v4", kw), d, inner(k))
    for v6 in (False, True):
        for nochk in (0, 1):
            k += 1
            s = udp_sock(v6, 5100 + k)
            if nochk:
                o("SO_NO_CHECK", err(s.setsockopt, socket.SOL_SOCKET, 11, 1))
                if v6:
                    o("UDP_NO_CHECK6_TX", err(s.setsockopt, 17, 101, 1))
            g.tunnel(k, 50 + k, fd=s.fileno())
            g.session(k, k, 70 + k, ifname="c%d" % k)
            d = n.dev("c%d" % k)
            send(n, o, "fd v6=%s nocheck=%d" % (v6, nochk), d, inner(k))
            o("get fd v6=%s nocheck=%d" % (v6, nochk), g.tget(k))


@scenario()
def sizes(n, o):
    """Short, long and too long frames; fragmentation of the outer packet."""
    g = L2tp()
    for tid, kw in ((1, dict()), (2, dict(encap=1)), (3, dict(v6=True, sport=5003)), (4, dict(encap=1, v6=True))):
        g.tunnel(tid, tid + 10, **kw)
        g.session(tid, tid, tid + 20, ifname="s%d" % tid)
        d = n.dev("s%d" % tid)
        o("t%d mtu" % tid, struct.unpack("=I", n.rt.link("s%d" % tid)[3][4])[0])
        for ln in (14, 15, 60, 500, 1400):
            send(n, o, "t%d frame of %d" % (tid, ln), d, inner(tid, ln))
        n.rt.up("s%d" % tid, mtu=1500, noarp=True)
        for ln in (1514, 1515, 13):
            n.cap.read(0)
            e = err(d.s.send, inner(tid, ln))
            o("t%d frame of %d" % (tid, ln), [e, sorted([{k: v for k, v in x.items() if k != "data"} for x in n.captured()], key=str)])
        o("t%d stats" % tid, g.stats(tid, tid))


@scenario()
def seq_wrap(n, o):
    """Transmit sequence numbers count per session and survive modify."""
    g = L2tp()
    g.tunnel(1, 2)
    g.session(1, 11, 22, send_seq=1, ifname="q0")
    d = n.dev("q0")

    def heads(k):
        n.cap.read(0)
        for i in range(k):
            d.s.send(inner(i))
        return [x["data"][:40] for x in n.captured()]
    o("three", heads(3))
    g.modify(1, 11, u8(AT.SEND_SEQ, 0))
    o("seq off", heads(2))
    g.modify(1, 11, u8(AT.SEND_SEQ, 1))
    o("seq on again", heads(2))
    g.session(1, 12, 23, send_seq=1, l2spec=0, ifname="q1")
    d = n.dev("q1")
    o("send_seq without sublayer", heads(2))
    o("stats", [g.stats(1, 11), g.stats(1, 12), g.stats(1)])


@scenario()
def socket_state(n, o):
    """What a managed tunnel socket's state does to transmission."""
    g = L2tp()
    s = udp_sock(connect=False)
    g.tunnel(1, 2, fd=s.fileno())
    g.session(1, 11, 22, ifname="m0")
    d = n.dev("m0")
    send(n, o, "unconnected", d, inner(1))
    o("stats", g.stats(1, 11))
    s.connect((B4, 5002))
    send(n, o, "connected", d, inner(2))
    s.connect((B4, 5004))
    send(n, o, "reconnected elsewhere", d, inner(3))
    raw_connect(s, struct.pack("=H14x", 0))
    send(n, o, "disconnected", d, inner(4))
    o("stats", g.stats(1, 11))
    s.connect((B4, 5002))
    s.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, 0x48)
    send(n, o, "IP_TOS", d, inner(5))
    s.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 9)
    send(n, o, "IP_TTL", d, inner(6))
    s.setsockopt(socket.IPPROTO_IP, 10, 2)      # IP_MTU_DISCOVER = DO
    send(n, o, "PMTUDISC_DO", d, inner(7))
    s.setsockopt(socket.IPPROTO_IP, 10, 0)      # DONT
    send(n, o, "PMTUDISC_DONT", d, inner(8))
    s.setsockopt(socket.SOL_SOCKET, socket.SO_PRIORITY, 6)
    s.setsockopt(socket.SOL_SOCKET, 36, 77)     # SO_MARK
    send(n, o, "SO_MARK", d, inner(9))
    o("shutdown", err(s.shutdown, socket.SHUT_RDWR))
    send(n, o, "after shutdown", d, inner(10))
    o("tunnel lives", g.tget(1) != "ENODEV")
    o("user datagram on the tunnel socket", err(s.send, b"\xc8\x02\x00\x0c\0\1\0\0\0\0\0\0"))
    o("seen", n.captured())
    o("netdev stats", netstat(n, "m0"))


def netstat(n, ifn):
    l = n.rt.link(ifn)
    if not l:
        return None
    st = struct.unpack_from("=24Q", l[3][23].ljust(192, b"\0"))
    nm = ("rx_packets", "tx_packets", "rx_bytes", "tx_bytes", "rx_errors", "tx_errors", "rx_dropped", "tx_dropped")
    return {k: v for k, v in zip(nm, st) if v}


@scenario()
def tos_inheritance(n, o):
    """Inner DSCP/ECN is not copied to the outer header."""
    g = L2tp()
    for tid, kw in ((1, dict()), (2, dict(encap=1)), (3, dict(v6=True, sport=5003))):
        g.tunnel(tid, tid + 10, **kw)
        g.session(tid, tid, tid + 20, ifname="t%d" % tid)
        d = n.dev("t%d" % tid)
        p = bytearray(ip4(17, b"x" * 20, "192.0.2.1", "192.0.2.2"))
        p[1] = 0xb9
        p[10:12] = b"\0\0"
        p[10:12] = struct.pack("!H", csum16(bytes(p[:20])))
        send(n, o, "t%d" % tid, d, mac2b("02:00:00:00:02:02") + mac2b(L2MAC) + b"\x08\0" + bytes(p))


@scenario()
def underlay_down(n, o):
    g = L2tp()
    g.tunnel(1, 2)
    g.session(1, 11, 22, ifname="u0")
    d = n.dev("u0")
    send(n, o, "before", d, inner(1))
    n.rt.up("a0", up=False)
    send(n, o, "underlay down", d, inner(2))
    o("stats", g.stats(1, 11))
    o("netdev", netstat(n, "u0"))
    n.rt.up("a0")
    time.sleep(0.1)
    n.rt.neigh("a0", B4, BMAC)
    send(n, o, "underlay up again", d, inner(3))
    o("stats", g.stats(1, 11))


@scenario()
def down_device(n, o):
    g = L2tp()
    g.tunnel(1, 2)
    g.session(1, 11, 22, ifname="u0")
    d = n.dev("u0", up=False)
    o("send on a device that is down", err(d.s.send, inner(1)))
    n.rt.up("u0", noarp=True)
    send(n, o, "up", d, inner(2))
    n.rt.up("u0", up=False)
    o("down again", err(d.s.send, inner(3)))
    n.inj_udp(v3udp(11, inner_rx(1)))
    o("receive while down", [len(d.read()), g.stats(1, 11), netstat(n, "u0")])

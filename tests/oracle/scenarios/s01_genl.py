# SPDX-License-Identifier: BSD-2-Clause
"""Generic netlink family: registration, headers, flags, NOOP."""
import os, socket, struct
from lib import *
from scenarios import registry
SCENARIOS, scenario = registry()


@scenario(net=False)
def family(o):
    """What CTRL_CMD_GETFAMILY says about l2tp."""
    g = L2tp()
    names = {1: "FAMILY_ID", 2: "FAMILY_NAME", 3: "VERSION", 4: "HDRSIZE", 5: "MAXATTR", 6: "OPS", 7: "MCAST_GROUPS"}
    for t, d in g.info:
        if t == 1:
            o("family id in dynamic range", 16 <= struct.unpack("=H", d)[0])
        elif t == 2:
            o("name", d.decode("latin1"))
        elif t in (3, 4, 5):
            o(names[t], struct.unpack("=I", d)[0])
        elif t == 6:
            for _, op in parse_attrs(d):
                od = dict(parse_attrs(op))
                o("op", {"id": struct.unpack("=I", od[1])[0], "flags": "0x%x" % struct.unpack("=I", od[2])[0]})
        elif t == 7:
            for _, gr in parse_attrs(d):
                gd = dict(parse_attrs(gr))
                o("group", [gd[1].decode("latin1"), sorted(gd)])
        else:
            o("other attr", t)
    o("order", [names.get(t, t) for t, _ in g.info])
    o("lookup by id", err(g.ctrl, 3, [u16(1, g.family)]))
    o("lookup by bad name", err(g.ctrl, 3, [string(2, "l2tpx")]))
    fam = [dict(a) for a in g.ctrl(3, [], NLM_F_REQUEST | NLM_F_DUMP)]
    o("in family dump", any(d.get(2) == b"l2tp\0" for d in fam))


@scenario()
def noop(n, o):
    g = L2tp()
    o("noop ack", g.raw("NOOP"))
    o("noop no ack", g.raw("NOOP", flags=NLM_F_REQUEST, timeout=0.5))
    o("noop with attrs", g.raw("NOOP", [u32(AT.CONN_ID, 5)]))
    o("noop bad attr length", g.raw("NOOP", [(AT.CONN_ID, b"\1")]))
    o("noop dump", g.raw("NOOP", flags=NLM_F_REQUEST | NLM_F_DUMP))


@scenario()
def headers(n, o):
    """Versions, unknown commands, flags, short messages."""
    g = L2tp()
    for c in (9, 10, 127, 255):
        o("cmd %d" % c, g.raw(c))
    for c in (9, 255):
        o("cmd %d dump" % c, g.raw(c, flags=NLM_F_REQUEST | NLM_F_DUMP))
    for v in (0, 2, 255):
        o("version %d noop" % v, g.raw("NOOP", version=v))
    g.tunnel(1, 2)
    for c in CMD:
        if c not in ("NOOP", "TUNNEL_GET", "SESSION_GET"):
            o("%s with DUMP" % c, g.raw(c, [u32(AT.CONN_ID, 1)], flags=NLM_F_REQUEST | NLM_F_DUMP))
    o("TUNNEL_GET DUMP|ACK", [m["msg"] for m in g.raw("TUNNEL_GET", flags=NLM_F_REQUEST | NLM_F_DUMP | NLM_F_ACK)])
    o("TUNNEL_GET ROOT only", [m["msg"] for m in g.raw("TUNNEL_GET", [u32(AT.CONN_ID, 1)], flags=NLM_F_REQUEST | 0x100)])
    o("TUNNEL_GET MATCH only", [m["msg"] for m in g.raw("TUNNEL_GET", [u32(AT.CONN_ID, 1)], flags=NLM_F_REQUEST | 0x200)])
    o("TUNNEL_GET CREATE|EXCL|ACK", [m["msg"] for m in g.raw("TUNNEL_GET", [u32(AT.CONN_ID, 1)], flags=NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE)])
    o("TUNNEL_GET no ACK", [m["msg"] for m in g.raw("TUNNEL_GET", [u32(AT.CONN_ID, 1)], flags=NLM_F_REQUEST, timeout=0.5)])
    o("TUNNEL_GET ECHO", [m["msg"] for m in g.raw("TUNNEL_GET", [u32(AT.CONN_ID, 1)], flags=NLM_F_REQUEST | NLM_F_ACK | NLM_F_ECHO)])
    o("no REQUEST flag", g.raw("NOOP", flags=NLM_F_ACK, timeout=0.5))
    # the error reply carries the request
    seq = g.send(g.family, NLM_F_REQUEST | NLM_F_ACK, g.body("TUNNEL_GET", [u32(AT.CONN_ID, 99)]))
    m = g.collect(seq, False)[0]
    o("error reply", {"errno": ename(struct.unpack_from("=i", m[4])[0]), "flags": m[1], "len": len(m[4]),
                      "echo": m[4][4 + 16:].hex(), "echolen": struct.unpack_from("=I", m[4], 4)[0]})
    seq = g.send(g.family, NLM_F_REQUEST | NLM_F_ACK, g.body("TUNNEL_MODIFY", [u32(AT.CONN_ID, 1)]))
    m = g.collect(seq, False)[0]
    o("ack reply", {"flags": m[1], "len": len(m[4]), "echolen": struct.unpack_from("=I", m[4], 4)[0]})
    # short genl header
    for k in (0, 2, 3):
        seq = g.send(g.family, NLM_F_REQUEST | NLM_F_ACK, g.body("NOOP", [])[:k])
        o("genl header of %d bytes" % k, [g.fmt(x) for x in g.collect(seq, False, timeout=0.7)])
    # two requests in one datagram
    b = g.body("TUNNEL_GET", [u32(AT.CONN_ID, 1)])
    one = struct.pack("=IHHII", 16 + len(b), g.family, NLM_F_REQUEST, 7001, 0) + b
    two = struct.pack("=IHHII", 16 + len(b), g.family, NLM_F_REQUEST | NLM_F_ACK, 7001, 0) + b
    g.s.send(one + two)
    o("two in one datagram", [x["msg"] for x in (g.fmt(m) for m in g.collect(7001, False))])
    # nlmsg_len larger than the datagram
    g.s.send(struct.pack("=IHHII", 200, g.family, NLM_F_REQUEST | NLM_F_ACK, 7002, 0) + b)
    o("nlmsg_len beyond datagram", [g.fmt(m) for m in g.collect(7002, False, timeout=0.5)])
    o("reserved field set", [g.fmt(m) for m in g.collect(g.send(g.family, 5, struct.pack("=BBH", 4, 1, 0xffff) + nla(*u32(AT.CONN_ID, 1))), False)][-1])


@scenario()
def reply_header(n, o):
    """Sequence number and port id of replies."""
    g = L2tp()
    g.tunnel(1, 2)
    seq = g.send(g.family, NLM_F_REQUEST | NLM_F_ACK, g.body("TUNNEL_GET", [u32(AT.CONN_ID, 1)]))
    port = g.s.getsockname()[0]
    for t, f, s, pid, b in g.collect(seq, False):
        o("reply", {"type": t if t < 16 else "family", "seq ok": s == seq, "pid": "mine" if pid == port else pid, "flags": f})
    d = g.recv_raw(0.1)
    o("nothing more", d is None)
    for f in (NLM_F_REQUEST | NLM_F_DUMP,):
        seq = g.send(g.family, f, g.body("TUNNEL_GET", []))
        for t, f, s, pid, b in g.collect(seq, True):
            o("dump reply", {"type": t if t < 16 else "family", "seq ok": s == seq, "pid": "mine" if pid == port else pid, "flags": f, "len": len(b)})


@scenario()
def ext_ack(n, o):
    """NETLINK_EXT_ACK and NETLINK_CAP_ACK."""
    g = L2tp()
    for cap in (0, 1):
        g.s.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
        g.s.setsockopt(SOL_NETLINK, NETLINK_CAP_ACK, cap)
        o("cap=%d bad length" % cap, g.raw("TUNNEL_GET", [(AT.CONN_ID, b"\1\0")]))
        o("cap=%d missing id" % cap, g.raw("TUNNEL_GET", []))
        o("cap=%d unknown tunnel" % cap, g.raw("TUNNEL_GET", [u32(AT.CONN_ID, 9)]))
        o("cap=%d ifname too long" % cap, g.raw("SESSION_GET", [string(AT.IFNAME, "abcdefghijklmnopqrst")]))
        o("cap=%d ifname unterminated" % cap, g.raw("SESSION_GET", [(AT.IFNAME, b"l2tpeth0")]))
        o("cap=%d cookie too long" % cap, g.raw("SESSION_CREATE", [(AT.COOKIE, b"123456789")]))
        o("cap=%d unknown cmd" % cap, g.raw(77))
        o("cap=%d ack" % cap, g.raw("NOOP")[-1])
        o("cap=%d unknown attr" % cap, g.raw("NOOP", [u32(36, 1)])[-1])
    g.s.setsockopt(SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1)
    g.tunnel(1, 2)
    o("strict chk dump", [m["msg"] for m in g.dump("TUNNEL_GET")])
    o("strict chk dump with attr", [m["msg"] for m in g.dump("TUNNEL_GET", [u32(AT.CONN_ID, 1)])])
    o("strict chk bad dump attr", g.dump("TUNNEL_GET", [(AT.CONN_ID, b"\1")])[-1]["msg"])


@scenario()
def unprivileged(n, o):
    """Each command without CAP_NET_ADMIN."""
    g = L2tp()
    g.tunnel(1, 2)
    g.session(1, 11, 22)
    pid = os.fork()
    r, w = (None, None)
    if pid == 0:
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)
        try:
            h = L2tp()
            o("family visible", True)
            for c in CMD:
                o("nobody %s" % c, h.req(c, [u32(AT.CONN_ID, 1), u32(AT.SESSION_ID, 11)]))
            for c in ("TUNNEL_GET", "SESSION_GET"):
                o("nobody dump %s" % c, [m["msg"] + ":" + m.get("errno", "") for m in h.dump(c)])
            s = socket.socket(16, 3, 16)
            s.bind((0, 0))
            o("nobody join group", err(s.setsockopt, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, h.mcast["l2tp"]))
            o("nobody L2TPIP socket", err(socket.socket, socket.AF_INET, socket.SOCK_DGRAM, 115))
            o("nobody L2TPIP6 socket", err(socket.socket, socket.AF_INET6, socket.SOCK_DGRAM, 115))
            o("nobody PPPoL2TP socket", err(pppox))
            o("nobody open /dev/ppp", err(ppp_open))
        except BaseException as e:
            o("CHILD EXCEPTION", repr(e))
        os._exit(0)
    os.waitpid(pid, 0)
    o("tunnel survives", g.tget(1) != "ENODEV")
    o("session survives", g.sget(1, 11) != "ENODEV")

# SPDX-License-Identifier: BSD-2-Clause
"""Core of the L2TP conformance prober: raw netlink, packet building, namespaces.

Only the Python standard library. Nothing here knows whether it runs on the real
kernel or on an emulation of it; it uses public interfaces only.
"""
import array, ctypes, errno, fcntl, json, os, select, signal, socket, struct, sys, time, traceback

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
AF_PPPOX = 24
PX_PROTO_OE, PX_PROTO_OL2TP = 0, 1
IPPROTO_L2TP = 115
SOL_PPPOL2TP = 273
SETTLE = float(os.environ.get("PROBE_SETTLE", "0.15"))   # quiet time that ends a capture
WAITMAX = float(os.environ.get("PROBE_WAIT", "3.0"))     # longest wait for an expected event
# A file with the pids of processes that do what a kernel would: while one of them has work it is not quiet, however long it
# waits for a processor.
WORKERS = os.environ.get("PROBE_WORKERS")

A4, B4, A6, B6 = "10.99.0.1", "10.99.0.2", "fd99::1", "fd99::2"
AMAC, BMAC = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
L2MAC = "02:00:00:00:01:01"


def ename(e):
    """errno number -> name; 0 -> 'OK'."""
    e = abs(int(e))
    fixed = {0: "OK", 11: "EAGAIN", 35: "EDEADLK", 95: "EOPNOTSUPP", 512: "ERESTARTSYS", 515: "ENOIOCTLCMD"}
    return fixed.get(e) or errno.errorcode.get(e, "E%d" % e)


def working():
    """Whether a thread of the WORKERS runs, or waits for a processor."""
    if not WORKERS:
        return False
    with open(WORKERS) as f:
        pids = f.read().split()
    for pid in pids:
        try:
            for thread in os.listdir("/proc/%s/task" % pid):
                with open("/proc/%s/task/%s/stat" % (pid, thread)) as f:
                    if f.read().rpartition(")")[2].split()[0] == "R":
                        return True
        except OSError:
            pass    # it has ended
    return False


def readable(fd, settle):
    """Whether there is something to read, until nothing has come for so long and nobody is about to send it."""
    end = time.time() + WAITMAX
    if select.select([fd], [], [], settle)[0]:
        return True
    while working() and time.time() < end:
        if select.select([fd], [], [], 0.02)[0]:
            return True
    return bool(select.select([fd], [], [], 0)[0])


def attempt(fn, *a, **k):
    """Run fn; return {'r': value} or {'errno': NAME}."""
    try:
        return {"r": fn(*a, **k)}
    except OSError as e:
        return {"errno": ename(e.errno or 0), **({} if e.errno else {"text": str(e)})}


def err(fn, *a, **k):
    """Run fn; return 'OK' or the errno name (the value is dropped)."""
    try:
        fn(*a, **k)
        return "OK"
    except OSError as e:
        return ename(e.errno) if e.errno else "timeout" if isinstance(e, TimeoutError) else str(e)


# --------------------------------------------------------------- libc wrappers
def _chk(r):
    if r < 0:
        e = ctypes.get_errno()
        raise OSError(e, os.strerror(e))
    return r


def unshare_net():
    _chk(libc.unshare(CLONE_NEWNET))


def fdof(s):
    return s if isinstance(s, int) else s.fileno()


def raw_bind(s, b):
    return _chk(libc.bind(fdof(s), ctypes.c_char_p(b) if b is not None else None, len(b) if b is not None else 0))


def raw_connect(s, b, n=None):
    return _chk(libc.connect(fdof(s), ctypes.c_char_p(b), len(b) if n is None else n))


def raw_getname(s, peer=False, size=128):
    buf = ctypes.create_string_buffer(size)
    n = ctypes.c_uint32(size)
    f = libc.getpeername if peer else libc.getsockname
    _chk(f(fdof(s), buf, ctypes.byref(n)))
    return buf.raw[:min(n.value, size)]


def raw_sendto(s, data, flags=0, addr=None):
    f = libc.sendto
    f.restype = ctypes.c_ssize_t
    f.argtypes = None
    return _chk(f(fdof(s), ctypes.c_char_p(data), ctypes.c_size_t(len(data)), flags,
                  ctypes.c_char_p(addr) if addr is not None else None, len(addr) if addr is not None else 0))


def raw_recvfrom(s, size=2048, flags=0, alen=64):
    buf = ctypes.create_string_buffer(size)
    ab = ctypes.create_string_buffer(max(alen, 1))
    n = ctypes.c_uint32(alen)
    f = libc.recvfrom
    f.restype = ctypes.c_ssize_t
    r = _chk(f(fdof(s), buf, ctypes.c_size_t(size), flags, ab, ctypes.byref(n)))
    return r, buf.raw[:min(r, size)], ab.raw[:min(n.value, alen)], n.value


# -------------------------------------------------------------------- netlink
NLM_F_REQUEST, NLM_F_MULTI, NLM_F_ACK, NLM_F_ECHO = 1, 2, 4, 8
NLM_F_DUMP, NLM_F_CREATE, NLM_F_EXCL = 0x300, 0x400, 0x200
NLMSG_ERROR, NLMSG_DONE = 2, 3
SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, NETLINK_DROP_MEMBERSHIP, NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK = 270, 1, 2, 10, 11, 12


def nla(t, data=b""):
    n = 4 + len(data)
    return struct.pack("=HH", n, t) + data + b"\0" * (-n % 4)


def u8(t, v): return (t, struct.pack("=B", v & 0xff))
def u16(t, v): return (t, struct.pack("=H", v & 0xffff))
def u32(t, v): return (t, struct.pack("=I", v & 0xffffffff))
def u64(t, v): return (t, struct.pack("=Q", v))
def flag(t): return (t, b"")
def string(t, v): return (t, v.encode() + b"\0")
def binary(t, v): return (t, bytes(v))
def in4(t, v): return (t, socket.inet_aton(v))
def in6(t, v): return (t, socket.inet_pton(socket.AF_INET6, v))


def parse_attrs(b):
    out, o = [], 0
    while o + 4 <= len(b):
        n, t = struct.unpack_from("=HH", b, o)
        if n < 4 or o + n > len(b):
            break
        out.append((t, b[o + 4:o + n]))
        o += (n + 3) & ~3
    return out


class Netlink:
    def __init__(self, proto, sock=None):
        self.s = sock or socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, proto)
        self.s.bind((0, 0))
        self.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.seq = 100

    def send(self, mtype, flags, body):
        self.seq += 1
        pid = 0
        self.s.send(struct.pack("=IHHII", 16 + len(body), mtype, flags, self.seq, pid) + body)
        return self.seq

    def recv_raw(self, timeout):
        r, _, _ = select.select([self.s], [], [], timeout)
        return self.s.recv(1 << 17) if r else None

    @staticmethod
    def split(data):
        o = 0
        while o + 16 <= len(data):
            n, t, f, seq, pid = struct.unpack_from("=IHHII", data, o)
            if n < 16:
                break
            yield t, f, seq, pid, data[o + 16:o + n]
            o += (n + 3) & ~3

    def collect(self, seq, dump, expect_ack=True, timeout=WAITMAX):
        """All messages that answer request seq, ending at ack/error/done or timeout."""
        out, end = [], time.time() + timeout
        while True:
            d = self.recv_raw(max(0, end - time.time()))
            if d is None:
                out.append(("silence", 0, None, None, b""))
                return out
            for t, f, s, pid, body in self.split(d):
                if s != seq:
                    continue
                out.append((t, f, s, pid, body))
                if t == NLMSG_DONE or t == NLMSG_ERROR:
                    return out


class RtNl(Netlink):
    RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK, RTM_SETLINK, RTM_NEWADDR, RTM_NEWROUTE, RTM_NEWNEIGH = 16, 17, 18, 19, 20, 24, 28

    def __init__(self, sock=None):
        super().__init__(0, sock)

    def req(self, t, flags, body):
        seq = self.send(t, NLM_F_REQUEST | NLM_F_ACK | flags, body)
        got = self.collect(seq, False)
        for m in got:
            if m[0] == NLMSG_ERROR:
                e = struct.unpack_from("=i", m[4])[0]
                if e:
                    raise OSError(-e, os.strerror(-e))
        return got

    def ifinfo(self, index=0, flags=0, change=0):
        return struct.pack("=BxHiII", 0, 0, index, flags, change)

    def veth(self, name, mac, peer, pmac, pid):
        pl = self.ifinfo() + nla(3, peer.encode() + b"\0") + nla(1, mac2b(pmac)) + nla(19, struct.pack("=I", pid))
        body = self.ifinfo() + nla(3, name.encode() + b"\0") + nla(1, mac2b(mac)) + nla(18, nla(1, b"veth\0") + nla(2, nla(1, pl)))
        self.req(self.RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, body)

    def link(self, name):
        """-> (index, type, flags, {attr: bytes}) or None."""
        seq = self.send(self.RTM_GETLINK, NLM_F_REQUEST, self.ifinfo() + nla(3, name.encode() + b"\0"))
        end = time.time() + WAITMAX
        while time.time() < end:
            d = self.recv_raw(WAITMAX)
            if d is None:
                break
            for t, f, s, pid, body in self.split(d):
                if s != seq:
                    continue
                if t == self.RTM_NEWLINK:
                    _, typ, idx, fl, _ = struct.unpack_from("=BxHiII", body)
                    return idx, typ, fl, dict(parse_attrs(body[16:]))
                if t == NLMSG_ERROR:
                    return None
        return None

    def index(self, name):
        l = self.link(name)
        return l[0] if l else 0

    def up(self, name, up=True, mac=None, mtu=None, noarp=False, newname=None):
        fl, ch = (1 if up else 0), 1
        if noarp:
            fl |= 0x80
            ch |= 0x80
        body = self.ifinfo(self.index(name), fl, ch)
        if mac:
            body += nla(1, mac2b(mac))
        if mtu:
            body += nla(4, struct.pack("=I", mtu))
        if newname:
            body += nla(3, newname.encode() + b"\0")
        self.req(self.RTM_NEWLINK, 0, body)

    def dellink(self, name):
        self.req(self.RTM_DELLINK, 0, self.ifinfo(self.index(name)))

    def addr(self, name, ip, plen, peer=None):
        fam = socket.AF_INET6 if ":" in ip else socket.AF_INET
        a = socket.inet_pton(fam, ip)
        p = socket.inet_pton(fam, peer) if peer else a
        # IFA_F_NODAD
        self.req(self.RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, struct.pack("=BBBBi", fam, plen, 2, 0, self.index(name)) + nla(1, p) + nla(2, a))

    def neigh(self, name, ip, mac):
        fam = socket.AF_INET6 if ":" in ip else socket.AF_INET
        self.req(self.RTM_NEWNEIGH, NLM_F_CREATE | 0x100, struct.pack("=BxxxiHBB", fam, self.index(name), 0x80, 0, 0)
                 + nla(1, socket.inet_pton(fam, ip)) + nla(2, mac2b(mac)))


# ------------------------------------------------------------- L2TP genetlink
CMD = {"NOOP": 0, "TUNNEL_CREATE": 1, "TUNNEL_DELETE": 2, "TUNNEL_MODIFY": 3, "TUNNEL_GET": 4,
       "SESSION_CREATE": 5, "SESSION_DELETE": 6, "SESSION_MODIFY": 7, "SESSION_GET": 8}
CMDN = {v: k for k, v in CMD.items()}
ATTRN = ["NONE", "PW_TYPE", "ENCAP_TYPE", "OFFSET", "DATA_SEQ", "L2SPEC_TYPE", "L2SPEC_LEN", "PROTO_VERSION", "IFNAME",
         "CONN_ID", "PEER_CONN_ID", "SESSION_ID", "PEER_SESSION_ID", "UDP_CSUM", "VLAN_ID", "COOKIE", "PEER_COOKIE",
         "DEBUG", "RECV_SEQ", "SEND_SEQ", "LNS_MODE", "USING_IPSEC", "RECV_TIMEOUT", "FD", "IP_SADDR", "IP_DADDR",
         "UDP_SPORT", "UDP_DPORT", "MTU", "MRU", "STATS", "IP6_SADDR", "IP6_DADDR", "UDP_ZERO_CSUM6_TX",
         "UDP_ZERO_CSUM6_RX", "PAD"]
STATN = ["STATS_NONE", "TX_PACKETS", "TX_BYTES", "TX_ERRORS", "RX_PACKETS", "RX_BYTES", "RX_SEQ_DISCARDS",
         "RX_OOS_PACKETS", "RX_ERRORS", "STATS_PAD", "RX_COOKIE_DISCARDS", "RX_INVALID"]


class AT:
    pass


for _i, _n in enumerate(ATTRN):
    setattr(AT, _n, _i)
_U = {1: "=B", 2: "=H", 4: "=I", 8: "=Q"}
_SZ = {"PW_TYPE": 2, "ENCAP_TYPE": 2, "OFFSET": 2, "DATA_SEQ": 1, "L2SPEC_TYPE": 1, "L2SPEC_LEN": 1, "PROTO_VERSION": 1,
       "CONN_ID": 4, "PEER_CONN_ID": 4, "SESSION_ID": 4, "PEER_SESSION_ID": 4, "UDP_CSUM": 1, "VLAN_ID": 2, "DEBUG": 4,
       "RECV_SEQ": 1, "SEND_SEQ": 1, "LNS_MODE": 1, "USING_IPSEC": 1, "RECV_TIMEOUT": 8, "FD": 4, "UDP_SPORT": 2,
       "UDP_DPORT": 2, "MTU": 2, "MRU": 2}


def decode_attr(t, d, stats=False):
    names = STATN if stats else ATTRN
    nf = t & 0xc000
    t &= 0x3fff
    n = names[t] if t < len(names) else "ATTR%d" % t
    if nf:
        n += "|%04x" % nf
    if stats:
        return [n, struct.unpack("=Q", d)[0] if len(d) == 8 else "len%d:%s" % (len(d), d.hex())]
    if n == "STATS":
        return [n, [decode_attr(a, b, True) for a, b in parse_attrs(d)]]
    if n == "IFNAME":
        return [n, d.decode("latin1")]          # keeps the NUL visible
    if n in ("IP_SADDR", "IP_DADDR") and len(d) == 4:
        return [n, socket.inet_ntoa(d)]
    if n in ("IP6_SADDR", "IP6_DADDR") and len(d) == 16:
        return [n, socket.inet_ntop(socket.AF_INET6, d)]
    if _SZ.get(n) == len(d):
        v = struct.unpack(_U[len(d)], d)[0]
        return [n, "ephemeral" if n == "UDP_SPORT" and 32768 <= v <= 60999 else v]
    return [n, "len%d:%s" % (len(d), d.hex())]


class L2tp(Netlink):
    """Generic netlink, family l2tp."""

    def __init__(self, sock=None, family=None):
        super().__init__(16, sock)
        self.family = family or self.resolve("l2tp")

    def ctrl(self, cmd, attrs=(), flags=NLM_F_REQUEST):
        body = struct.pack("=BBH", cmd, 1, 0) + b"".join(nla(t, d) for t, d in attrs)
        seq = self.send(16, flags, body)
        out, end = [], time.time() + WAITMAX
        while time.time() < end:
            d = self.recv_raw(max(0, end - time.time()))
            if d is None:
                break
            for t, f, s, pid, b in self.split(d):
                if s != seq:
                    continue
                if t == NLMSG_ERROR:
                    e = -struct.unpack_from("=i", b)[0]
                    if e:
                        raise OSError(e, os.strerror(e))
                    return out
                if t == NLMSG_DONE:
                    return out
                out.append(parse_attrs(b[4:]))
                if not f & NLM_F_MULTI and not flags & NLM_F_ACK:
                    return out
        return out

    def resolve(self, name):
        self.info = self.ctrl(3, [string(2, name)])[0]
        d = dict(self.info)
        self.mcast = {}
        for _, g in parse_attrs(d.get(7, b"")):
            gd = dict(parse_attrs(g))
            self.mcast[gd[1].rstrip(b"\0").decode()] = struct.unpack("=I", gd[2])[0]
        return struct.unpack("=H", d[1])[0]

    def body(self, cmd, attrs, version=1):
        c = CMD[cmd] if isinstance(cmd, str) else cmd
        return struct.pack("=BBH", c, version, 0) + (attrs if isinstance(attrs, bytes) else b"".join(nla(t, d) for t, d in attrs))

    def fmt(self, m, raw_req=None):
        """Decode one message into a comparable value."""
        t, f, s, pid, b = m
        if t == "silence":
            return {"msg": "silence"}
        if t == NLMSG_ERROR:
            e = struct.unpack_from("=i", b)[0]
            r = {"msg": "error" if e else "ack", "errno": ename(e)}
            if f:
                r["flags"] = "0x%x" % f
            if f & 0x200:   # NLM_F_ACK_TLVS
                hl = struct.unpack_from("=I", b, 4)[0]
                o = 4 + (16 if f & 0x100 else (hl + 3) & ~3)
                tl = []
                for at, ad in parse_attrs(b[o:]):
                    if at == 1:
                        tl.append(["MSG", ad.rstrip(b"\0").decode()])
                    elif at == 2:
                        tl.append(["OFFS", struct.unpack("=I", ad)[0]])
                    else:
                        tl.append(["T%d" % at, len(ad)])
                r["ext"] = tl
            return r
        if t == NLMSG_DONE:
            return {"msg": "done", "flags": "0x%x" % f, "len": len(b)}
        c, v, _ = struct.unpack_from("=BBH", b)
        return {"msg": CMDN.get(c, c), "flags": "0x%x" % f, "ver": v, "attrs": [decode_attr(a, d) for a, d in parse_attrs(b[4:])]}

    def raw(self, cmd, attrs=(), flags=NLM_F_REQUEST | NLM_F_ACK, version=1, timeout=WAITMAX):
        seq = self.send(self.family, flags, self.body(cmd, attrs, version))
        return [self.fmt(m) for m in self.collect(seq, bool(flags & NLM_F_DUMP), timeout=timeout)]

    def req(self, cmd, attrs=(), **k):
        """Errno name of a request ('OK' when acked)."""
        r = self.raw(cmd, attrs, **k)
        return r[-1].get("errno", r[-1]["msg"])

    def get(self, cmd, *attrs):
        """Attribute list of a GET, or errno name."""
        r = self.raw(cmd, attrs)
        for m in r:
            if "attrs" in m:
                return m["attrs"]
        return r[-1].get("errno", r[-1]["msg"])

    def dump(self, cmd, attrs=()):
        r = self.raw(cmd, attrs, flags=NLM_F_REQUEST | NLM_F_DUMP)
        return r

    def tget(self, tid):
        return self.get("TUNNEL_GET", u32(AT.CONN_ID, tid))

    def sget(self, tid, sid):
        return self.get("SESSION_GET", u32(AT.CONN_ID, tid), u32(AT.SESSION_ID, sid))

    def stats(self, tid, sid=None, nz=True):
        a = self.tget(tid) if sid is None else self.sget(tid, sid)
        if isinstance(a, str):
            return a
        st = dict(map(tuple, [[k, v] for k, v in dict((x[0], x[1]) for x in a)["STATS"]]))
        return {k: v for k, v in st.items() if v or not nz}

    def attr(self, tid, sid, name):
        a = self.sget(tid, sid)
        return a if isinstance(a, str) else dict((x[0], x[1]) for x in a).get(name)

    def wait_gone(self, cmd, *attrs, limit=WAITMAX):
        end = time.time() + limit
        while time.time() < end:
            if self.get(cmd, *attrs) == "ENODEV":
                return True
            time.sleep(0.02)
        return False

    def tgone(self, tid): return self.wait_gone("TUNNEL_GET", u32(AT.CONN_ID, tid))
    def sgone(self, tid, sid): return self.wait_gone("SESSION_GET", u32(AT.CONN_ID, tid), u32(AT.SESSION_ID, sid))

    # ------ the usual requests
    def tunnel(self, tid=1, ptid=2, ver=3, encap=0, fd=None, v6=False, sport=5001, dport=5002, csum=None, zt=False, zr=False, extra=()):
        at = [u32(AT.CONN_ID, tid), u32(AT.PEER_CONN_ID, ptid), u8(AT.PROTO_VERSION, ver), u16(AT.ENCAP_TYPE, encap)]
        if fd is not None:
            at.append(u32(AT.FD, fd))
        else:
            at += [in6(AT.IP6_SADDR, A6), in6(AT.IP6_DADDR, B6)] if v6 else [in4(AT.IP_SADDR, A4), in4(AT.IP_DADDR, B4)]
            if encap == 0:
                at += [u16(AT.UDP_SPORT, sport), u16(AT.UDP_DPORT, dport)]
            if csum is not None:
                at.append(u8(AT.UDP_CSUM, csum))
            if zt:
                at.append(flag(AT.UDP_ZERO_CSUM6_TX))
            if zr:
                at.append(flag(AT.UDP_ZERO_CSUM6_RX))
        return self.req("TUNNEL_CREATE", at + list(extra))

    def session(self, tid=1, sid=11, psid=22, pw=5, cookie=None, pcookie=None, l2spec=None, send_seq=None, recv_seq=None,
                lns=None, rto=None, ifname=None, extra=()):
        at = [u32(AT.CONN_ID, tid), u32(AT.SESSION_ID, sid), u32(AT.PEER_SESSION_ID, psid), u16(AT.PW_TYPE, pw)]
        for t, v, f in ((AT.COOKIE, cookie, binary), (AT.PEER_COOKIE, pcookie, binary), (AT.L2SPEC_TYPE, l2spec, u8),
                        (AT.SEND_SEQ, send_seq, u8), (AT.RECV_SEQ, recv_seq, u8), (AT.LNS_MODE, lns, u8),
                        (AT.RECV_TIMEOUT, rto, u64), (AT.IFNAME, ifname, string)):
            if v is not None:
                at.append(f(t, v))
        return self.req("SESSION_CREATE", at + list(extra))

    def modify(self, tid, sid, *attrs):
        return self.req("SESSION_MODIFY", [u32(AT.CONN_ID, tid), u32(AT.SESSION_ID, sid)] + list(attrs))

    def sdel(self, tid, sid):
        return self.req("SESSION_DELETE", [u32(AT.CONN_ID, tid), u32(AT.SESSION_ID, sid)])

    def tdel(self, tid):
        return self.req("TUNNEL_DELETE", [u32(AT.CONN_ID, tid)])


# ------------------------------------------------------------------- packets
def mac2b(m): return bytes(int(x, 16) for x in m.split(":"))


def csum16(b):
    if len(b) & 1:
        b += b"\0"
    s = sum(struct.unpack("!%dH" % (len(b) // 2), b))
    while s >> 16:
        s = (s & 0xffff) + (s >> 16)
    return ~s & 0xffff


def ip4(proto, payload, src=B4, dst=A4, ttl=64, ident=0x1234, frag=0):
    h = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), ident, frag, ttl, proto, 0, socket.inet_aton(src), socket.inet_aton(dst))
    return h[:10] + struct.pack("!H", csum16(h)) + h[12:] + payload


def ip6(nh, payload, src=B6, dst=A6, hl=64):
    p = lambda a: socket.inet_pton(socket.AF_INET6, a)
    return struct.pack("!IHBB16s16s", 0x60000000, len(payload), nh, hl, p(src), p(dst)) + payload


def pseudo(v6, src, dst, proto, n):
    f = socket.AF_INET6 if v6 else socket.AF_INET
    b = socket.inet_pton(f, src) + socket.inet_pton(f, dst)
    return b + (struct.pack("!IHBB", n, 0, 0, proto) if v6 else struct.pack("!BBH", 0, proto, n))


def udp(payload, sport=5002, dport=5001, v6=False, src=None, dst=None, csum="ok"):
    src, dst = src or (B6 if v6 else B4), dst or (A6 if v6 else A4)
    n = 8 + len(payload)
    h = struct.pack("!HHHH", sport, dport, n, 0)
    c = csum16(pseudo(v6, src, dst, 17, n) + h + payload) or 0xffff
    if csum == "zero":
        c = 0
    elif csum == "bad":
        c = (c + 1) & 0xffff or 1
    return h[:6] + struct.pack("!H", c) + payload


def eth(payload, dst=AMAC, src=BMAC, typ=None):
    if typ is None:
        typ = 0x86dd if payload[:1] and payload[0] >> 4 == 6 else 0x0800
    return mac2b(dst) + mac2b(src) + struct.pack("!H", typ) + payload


def fmt_outer(f):
    """Normalise a captured Ethernet frame of the underlay. None: not of interest."""
    typ = struct.unpack_from("!H", f, 12)[0]
    b = f[14:]
    if typ == 0x0800:
        ihl, tos, tl, ident, fr, ttl, proto = b[0] & 15, b[1], *struct.unpack_from("!HHHBB", b, 2)
        src, dst = socket.inet_ntoa(b[12:16]), socket.inet_ntoa(b[16:20])
        pl = b[ihl * 4:tl]
        o = {"ip": 4, "src": src, "dst": dst, "ttl": ttl, "tos": tos, "df": bool(fr & 0x4000)}
        if ihl != 5:
            o["ihl"] = ihl
        if fr & 0x3fff:
            o["frag"] = "%d%s" % ((fr & 0x1fff) * 8, "+" if fr & 0x2000 else "")
        v6 = False
    elif typ == 0x86dd:
        w, pln, proto, ttl = struct.unpack_from("!IHBB", b)
        src, dst = socket.inet_ntop(socket.AF_INET6, b[8:24]), socket.inet_ntop(socket.AF_INET6, b[24:40])
        pl = b[40:40 + pln]
        o = {"ip": 6, "src": src, "dst": dst, "ttl": ttl, "tc": (w >> 20) & 0xff}
        v6 = True
        if proto == 44:
            proto, off = pl[0], struct.unpack_from("!H", pl, 2)[0]
            o["frag"] = "%d%s" % (off & ~7, "+" if off & 1 else "")
            pl = pl[8:]
    else:
        return None
    if proto == 17 and not (o.get("frag") or "0+").startswith("0"):
        o["proto"] = "udp-frag"
    elif proto == 17:
        if len(pl) < 8:
            return None
        sp, dp, ln, cs = struct.unpack_from("!HHHH", pl)
        if dp in (5353, 1900, 67, 68, 547, 546):
            return None
        o["proto"] = "udp"
        o["ports"] = "%d>%d" % (sp, dp)
        if ln != len(pl):
            o["udplen"] = ln - len(pl)
        if "frag" in o:
            o["csum"] = "zero" if cs == 0 else "set"
        else:
            ok = csum16(pseudo(v6, src, dst, 17, ln) + pl) == 0
            o["csum"] = "zero" if cs == 0 else "ok" if ok else "bad"
        pl = pl[8:]
    elif proto == 115:
        o["proto"] = "l2tp"
    elif proto == 1 and not v6 and pl[0] in (3, 4, 11, 12):
        o["proto"] = "icmp %d/%d" % (pl[0], pl[1])
        pl = b""
    elif proto == 58 and pl[0] in (1, 2, 3, 4):
        o["proto"] = "icmp6 %d/%d" % (pl[0], pl[1])
        pl = b""
    else:
        return None
    o["data"] = short(pl)
    return o


def short(b):
    """hex, long runs cut: first 64 bytes and the length."""
    return b.hex() if len(b) <= 96 else "%s...len=%d" % (b[:64].hex(), len(b))


# ----------------------------------------------------------- the test network
class Drain:
    """AF_PACKET socket with a settle-based read."""

    def __init__(self, sock, outgoing=False):
        self.s = sock
        self.s.setblocking(False)
        self.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
        self.outgoing = outgoing

    def read(self, settle=None):
        out = []
        settle = SETTLE if settle is None else settle
        end = time.time() + settle
        while True:
            if not readable(self.s, max(0, end - time.time())):
                return out
            try:
                f, a = self.s.recvfrom(65535)
            except OSError:
                continue
            if (a[2] == 4) != self.outgoing:
                continue
            out.append(f)
            end = time.time() + settle


class Net:
    """The calling process moves into a new namespace A joined by veth to a new
    namespace B, whose sockets are made by a helper process and passed here."""

    def __init__(self, v6=True, peer_udp=True, peer_raw=True):
        a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.pid = os.fork()
        if self.pid == 0:
            try:
                a.close()
                unshare_net()
                b.send(b"up")
                while True:
                    m = b.recv(64)
                    if not m:
                        break
                    s = socket.socket(*map(int, m.split()))
                    socket.send_fds(b, [b"ok"], [s.fileno()])
                    s.close()
            except BaseException:
                traceback.print_exc()
            os._exit(0)
        b.close()
        self.ctl = a
        assert a.recv(8) == b"up"
        unshare_net()
        self.rt = RtNl()
        self.rtb = RtNl(self.psock(socket.AF_NETLINK, socket.SOCK_RAW, 0))
        for r in (self.rt, self.rtb):
            r.up("lo")
        self.rt.veth("a0", AMAC, "b0", BMAC, self.pid)
        self.txoff("a0")
        self.rt.up("a0")
        self.rtb.up("b0")
        self.rt.addr("a0", A4, 24)
        self.rtb.addr("b0", B4, 24)
        self.rt.neigh("a0", B4, BMAC)
        self.rtb.neigh("b0", A4, AMAC)
        if v6:
            self.rt.addr("a0", A6, 64)
            self.rtb.addr("b0", B6, 64)
            self.rt.neigh("a0", B6, BMAC)
            self.rtb.neigh("b0", A6, AMAC)
        # later interfaces (l2tpethN, pppN) must stay silent by themselves
        for d in ("default",):
            try:
                with open("/proc/sys/net/ipv6/conf/%s/disable_ipv6" % d, "w") as f:
                    f.write("1")
            except OSError:
                pass
        p = self.psock(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        bi = self.rtb.index("b0")
        p.bind(("b0", 0)) if False else raw_bind(p, struct.pack("=HHiHBB8s", 17, socket.htons(3), bi, 0, 0, 0, b""))
        self.p = p
        self.cap = Drain(p)
        self.keep = []
        if peer_udp:
            for fam in (socket.AF_INET, socket.AF_INET6):
                for port in (5002, 5004):
                    s = self.psock(fam, socket.SOCK_DGRAM, 0)
                    if fam == socket.AF_INET6:
                        s.setsockopt(41, 26, 1)
                    s.bind(("" if fam == socket.AF_INET else "::", port))
                    self.keep.append(s)
        if peer_raw:
            for fam in (socket.AF_INET, socket.AF_INET6):
                self.keep.append(self.psock(fam, socket.SOCK_RAW, IPPROTO_L2TP))
        self.cap.read(0.05)

    def psock(self, fam, typ, proto):
        """A socket that lives in namespace B."""
        self.ctl.send(b"%d %d %d" % (fam, typ, proto))
        _, fds, _, _ = socket.recv_fds(self.ctl, 16, 1)
        return socket.socket(fam, typ, proto, fileno=fds[0])

    def txoff(self, ifn):
        """No transmit checksum offload, so that captured checksums are real."""
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for c in (0x17, 0x15):   # STXCSUM, SRXCSUM
            v = ctypes.create_string_buffer(struct.pack("=II", c, 0))
            try:
                fcntl.ioctl(s, 0x8946, struct.pack("16sQ16x", ifn.encode(), ctypes.addressof(v)))
            except OSError:
                pass
        s.close()

    # ---- inject into A
    def inject(self, frame):
        self.p.send(frame)

    def inj_udp(self, l2tp, v6=False, sport=5002, dport=5001, csum="ok"):
        u = udp(l2tp, sport, dport, v6, csum=csum)
        self.inject(eth(ip6(17, u) if v6 else ip4(17, u)))

    def inj_ip(self, l2tp, v6=False):
        self.inject(eth(ip6(115, l2tp) if v6 else ip4(115, l2tp)))

    def captured(self, settle=None):
        return [x for x in (fmt_outer(f) for f in self.cap.read(settle)) if x]

    # ---- devices in A
    def dev(self, name, mac=L2MAC, up=True):
        """Bring an l2tpeth device up, quiet, and open a packet socket on it."""
        for _ in range(100):
            if self.rt.index(name):
                break
            time.sleep(0.02)
        if up:
            try:
                with open("/proc/sys/net/ipv6/conf/%s/disable_ipv6" % name, "w") as f:
                    f.write("1")
            except OSError:
                pass
            self.rt.up(name, mac=mac, noarp=True)
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        s.bind((name, 3))
        d = Drain(s)
        d.read(0.02)
        return d

    def wait_dev(self, name, present=True):
        end = time.time() + WAITMAX
        while time.time() < end:
            if bool(self.rt.index(name)) == present:
                return True
            time.sleep(0.02)
        return False

    def close(self):
        self.ctl.close()
        try:
            os.waitpid(self.pid, 0)
        except OSError:
            pass


def udp_sock(v6=False, port=5001, peer=5002, connect=True, bind=True, any_addr=False):
    f = socket.AF_INET6 if v6 else socket.AF_INET
    s = socket.socket(f, socket.SOCK_DGRAM)
    if bind:
        s.bind((("::" if v6 else "0.0.0.0") if any_addr else (A6 if v6 else A4), port))
    if connect:
        s.connect((B6 if v6 else B4, peer))
    return s


def sa_l2tpip(addr, conn, family=socket.AF_INET, size=16):
    b = struct.pack("=HH4sI4x", family, 0, socket.inet_aton(addr), conn)
    return (b + b"\0" * 64)[:size]


def sa_l2tpip6(addr, conn, family=socket.AF_INET6, scope=0, size=32):
    b = struct.pack("=HHI16sII", family, 0, 0, socket.inet_pton(socket.AF_INET6, addr), scope, conn)
    return (b + b"\0" * 64)[:size]


def ip_sock(v6=False, conn=1, peer=2, bind=True, connect=True):
    s = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM, IPPROTO_L2TP)
    if bind:
        raw_bind(s, sa_l2tpip6(A6, conn) if v6 else sa_l2tpip(A4, conn))
    if connect:
        raw_connect(s, sa_l2tpip6(B6, peer) if v6 else sa_l2tpip(B4, peer))
    return s


# L2TP data packet builders ---------------------------------------------------
def v3udp(sid, payload, cookie=b"", l2=b"\0\0\0\0", flags=3):
    return struct.pack("!HHI", flags, 0, sid) + cookie + l2 + payload


def v3ip(sid, payload, cookie=b"", l2=b"\0\0\0\0"):
    return struct.pack("!I", sid) + cookie + l2 + payload


def l2seq(n, s=True):
    return struct.pack("!I", (0x40000000 if s else 0) | n)


def v2(tid, sid, payload, L=None, S=None, O=None, flags=2, pad=b""):
    b, f = b"", flags
    if L is not None:
        f |= 0x4000
    if S is not None:
        f |= 0x0800
    if O is not None:
        f |= 0x0200
    h = struct.pack("!HH", tid, sid)
    if S is not None:
        h += struct.pack("!HH", S[0], S[1])
    if O is not None:
        h += struct.pack("!H", O) + pad
    n = 2 + len(h) + len(payload) + (2 if L is not None else 0)
    return struct.pack("!H", f) + (struct.pack("!H", n if L is True else L) if L is not None else b"") + h + payload


def inner(tag=0, size=60):
    """A test Ethernet frame for the inside of the tunnel."""
    b = mac2b("02:00:00:00:02:02") + mac2b(L2MAC) + struct.pack("!HI", 0x88b5, tag)
    return (b + bytes((i & 0xff) for i in range(2048)))[:size]


def inner_rx(tag=0, size=60):
    b = mac2b(L2MAC) + mac2b("02:00:00:00:02:02") + struct.pack("!HI", 0x88b5, tag)
    return (b + bytes((i & 0xff) for i in range(2048)))[:size]


# PPPoX -----------------------------------------------------------------------
def sa_pppol2tp(fd, st, ss, dt, ds, v=2, v6=False, pid=0, proto=PX_PROTO_OL2TP, addr=None, port=5002, family=AF_PPPOX, size=None):
    s4 = struct.pack("=H", socket.AF_INET) + struct.pack("!H", port) + socket.inet_aton(addr or B4) + b"\0" * 8
    s6 = struct.pack("=H", socket.AF_INET6) + struct.pack("!HI", port, 0) + socket.inet_pton(socket.AF_INET6, B6) + struct.pack("=I", 0)
    h = struct.pack("=HIii", family, proto, pid, fd)
    ids = struct.pack("=HHHH" if v == 2 else "=IIII", st, ss, dt, ds)
    # struct sockaddr_pppol2tp* are packed
    b = h + (ids + s6 if v6 else s4 + ids)
    return b if size is None else (b + b"\0" * 64)[:size]


def fmt_pppaddr(b):
    """Decode a getsockname() answer, hiding the pid."""
    o = {"len": len(b)}
    if len(b) < 14:
        o["hex"] = b.hex()
        return o
    fam, proto, pid, fd = struct.unpack_from("=HIii", b)
    o.update(family=fam, proto=proto, pid="self" if pid == os.getpid() else pid, fd=fd >= 0 and "fd" or fd)
    n = len(b)
    if n in (38, 46):
        o["sin"] = b[14:30].hex()
        o["ids"] = struct.unpack_from("=HHHH" if n == 38 else "=IIII", b, 30)
    else:
        k = 8 if n == 50 else 16
        o["ids"] = struct.unpack_from("=HHHH" if k == 8 else "=IIII", b, 14)
        o["sin6"] = b[14 + k:].hex()
    return o


IOC = {"PPPIOCGFLAGS": 0x8004745a, "PPPIOCSFLAGS": 0x40047459, "PPPIOCGUNIT": 0x80047456, "PPPIOCGMRU": 0x80047453,
       "PPPIOCSMRU": 0x40047452, "PPPIOCSMAXCID": 0x40047451, "PPPIOCXFERUNIT": 0x744e, "PPPIOCSCOMPRESS": 0x4010744d,
       "PPPIOCGNPMODE": 0xc008744c, "PPPIOCSNPMODE": 0x4008744b, "PPPIOCSPASS": 0x40107447, "PPPIOCSACTIVE": 0x40107446,
       "PPPIOCGDEBUG": 0x80047441, "PPPIOCSDEBUG": 0x40047440, "PPPIOCGIDLE32": 0x8008743f, "PPPIOCGIDLE64": 0x8010743f,
       "PPPIOCNEWUNIT": 0xc004743e, "PPPIOCATTACH": 0x4004743d, "PPPIOCDETACH": 0x4004743c, "PPPIOCSMRRU": 0x4004743b,
       "PPPIOCCONNECT": 0x4004743a, "PPPIOCDISCONN": 0x7439, "PPPIOCATTCHAN": 0x40047438, "PPPIOCGCHAN": 0x80047437,
       "PPPIOCGL2TPSTATS": 0x80487436, "PPPIOCBRIDGECHAN": 0x40047435, "PPPIOCUNBRIDGECHAN": 0x7434,
       "PPPIOCGASYNCMAP": 0x80047458, "PPPIOCSASYNCMAP": 0x40047457}


def ioc(fd, name, val=0, size=4):
    """int ioctl; returns the int the kernel left."""
    b = bytearray(struct.pack("=i", val).ljust(size, b"\0"))
    fcntl.ioctl(fdof(fd), IOC[name], b)
    return struct.unpack_from("=i", b)[0]


def l2tpstats(fd, tid=0, sid=0):
    b = bytearray(struct.pack("=HHI", tid, sid, 0).ljust(72, b"\0"))
    fcntl.ioctl(fdof(fd), IOC["PPPIOCGL2TPSTATS"], b)
    v = struct.unpack("=HHI8Q", b)
    return dict(zip(("tunnel_id", "session_id", "ipsec", "tx_packets", "tx_bytes", "tx_errors", "rx_packets", "rx_bytes",
                     "rx_seq_discards", "rx_oos_packets", "rx_errors"), v))


def ppp_open(nonblock=True):
    return os.open("/dev/ppp", os.O_RDWR | (os.O_NONBLOCK if nonblock else 0))


def pppox(proto=PX_PROTO_OL2TP, typ=socket.SOCK_DGRAM):
    return socket.socket(AF_PPPOX, typ, proto)


def drain_fd(fd, settle=None, size=2048):
    """Read packets from a fd until quiet; list of hex, or an errno name at the end."""
    out, settle = [], SETTLE if settle is None else settle
    while True:
        if not readable(fd, settle):
            return out
        try:
            d = os.read(fdof(fd), size)
        except OSError as e:
            out.append(ename(e.errno))
            return out
        out.append(short(d) if d else "EOF")
        if not d:
            return out


def pollmask(fd):
    p = select.poll()
    p.register(fdof(fd), 0x7ff & ~0x20)
    r = p.poll(0)
    m = r[0][1] if r else 0
    return "|".join(n for n, v in (("IN", 1), ("PRI", 2), ("OUT", 4), ("ERR", 8), ("HUP", 16), ("NVAL", 32)) if m & v)

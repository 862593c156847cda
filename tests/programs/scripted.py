#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""scripted.py - a program in Python that manages tunnels with the standard library alone

A thread sits in recv() of the netlink socket before anything is asked; answers find whoever waits for their
sequence number. Tunnels' sockets are non-blocking and in an edge-triggered epoll set. Commands are in
conversation.h.
"""
import ctypes
import errno
import os
import queue
import select
import socket
import struct
import sys
import threading

NETLINK_GENERIC, GENL_ID_CTRL, CTRL_CMD_GETFAMILY = 16, 16, 3
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 1, 4, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
TUNNEL_CREATE, TUNNEL_DELETE, TUNNEL_GET, SESSION_CREATE, SESSION_DELETE, SESSION_MODIFY, SESSION_GET = \
    1, 2, 4, 5, 6, 7, 8
PW_TYPE, ENCAP_TYPE, PROTO_VERSION, IFNAME, CONN_ID, PEER_CONN_ID, SESSION_ID, PEER_SESSION_ID, FD, MTU = \
    1, 2, 7, 8, 9, 10, 11, 12, 23, 28
IPPROTO_L2TP = 115

libc = ctypes.CDLL(None, use_errno=True)


def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def attribute(kind, value):
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def u8(kind, value):
    return attribute(kind, struct.pack("=B", value))


def u16(kind, value):
    return attribute(kind, struct.pack("=H", value))


def u32(kind, value):
    return attribute(kind, struct.pack("=I", value))


def attributes(octets):
    found = {}
    while len(octets) >= 4:
        length, kind = struct.unpack_from("=HH", octets)
        found[kind & 0x3fff] = octets[4:length]
        octets = octets[(length + 3) & ~3:]
    return found


class Netlink:
    """One socket, one thread that reads it, and any number of threads that ask."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, NETLINK_GENERIC)
        self.socket.bind((0, 0))
        self.port = self.socket.getsockname()[0]
        self.lock, self.sequence, self.waiting = threading.Lock(), 0, {}
        threading.Thread(target=self.read, daemon=True).start()
        answer = self.ask(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, attribute(2, b"l2tp\0"), flags=0)
        self.family = struct.unpack("=H", attributes(answer[0])[1])[0]

    def read(self):
        while True:
            datagram, sender = self.socket.recvfrom(65536)
            if sender[0] != 0:
                say("lost", 0, errno.EPROTO)
                return
            while len(datagram) >= 16:
                length, kind, _, sequence, port = struct.unpack_from("=IHHII", datagram)
                if port == self.port and sequence in self.waiting:
                    self.waiting[sequence].put((kind, datagram[16:length]))
                datagram = datagram[(length + 3) & ~3:]

    def ask(self, family, command, octets, flags=NLM_F_ACK):
        """The payloads of the messages that answer; OSError."""
        with self.lock:
            self.sequence += 1
            sequence = self.sequence
            mine = self.waiting[sequence] = queue.Queue()
        body = struct.pack("=BBH", command, 1, 0) + octets
        self.socket.send(struct.pack("=IHHII", 16 + len(body), family, NLM_F_REQUEST | flags, sequence, 0) + body)
        found = []
        while True:
            kind, payload = mine.get()
            if kind == NLMSG_ERROR and struct.unpack_from("=i", payload)[0]:
                raise OSError(-struct.unpack_from("=i", payload)[0], "refused")
            if kind not in (NLMSG_ERROR, NLMSG_DONE):
                found.append(payload[4:])
                if flags & (NLM_F_ACK | NLM_F_DUMP):
                    continue
            del self.waiting[sequence]
            return found

    def l2tp(self, command, *octets, flags=NLM_F_ACK):
        return [attributes(answer) for answer in self.ask(self.family, command, b"".join(octets), flags)]


def l2tp_address(host, conn_id):
    if ":" in host:
        return struct.pack("=HHI16sII", socket.AF_INET6, 0, 0, socket.inet_pton(socket.AF_INET6, host), 0, conn_id)
    return struct.pack("=HH4sI4x", socket.AF_INET, 0, socket.inet_aton(host), conn_id)


def call(function, sock, address):
    """bind() and connect() with an address that Python has no word for."""
    if function(sock.fileno(), address, len(address)) < 0:
        raise OSError(ctypes.get_errno(), function.__name__)


class Program:
    def __init__(self):
        self.netlink = Netlink()
        self.poller = select.epoll()
        self.sockets = {}

    # --- commands: what they return is said behind "ok"

    def tunnel(self, conn_id, peer_id, version, over, local, port, remote, peer_port):
        family = socket.AF_INET6 if ":" in local else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, IPPROTO_L2TP if over == "ip" else 0)
        try:
            if over == "ip":
                call(libc.bind, sock, l2tp_address(local, int(conn_id)))
                call(libc.connect, sock, l2tp_address(remote, int(peer_id)))
            else:
                sock.bind((local, int(port)))
                sock.connect((remote, int(peer_port)))
            self.poller.register(sock, select.EPOLLIN | select.EPOLLET)
            self.netlink.l2tp(TUNNEL_CREATE, u32(CONN_ID, int(conn_id)), u32(PEER_CONN_ID, int(peer_id)),
                              u8(PROTO_VERSION, int(version)), u16(ENCAP_TYPE, int(over == "ip")),
                              u32(FD, sock.fileno()))
        except OSError:
            sock.close()
            raise
        self.sockets[int(conn_id)] = sock

    def session(self, conn_id, session_id, peer_id, pw_type, name):
        octets = [u32(CONN_ID, int(conn_id)), u32(SESSION_ID, int(session_id)), u32(PEER_SESSION_ID, int(peer_id)),
                  u16(PW_TYPE, int(pw_type))]
        if name != "-":
            octets.append(attribute(IFNAME, name.encode() + b"\0"))
        self.netlink.l2tp(SESSION_CREATE, *octets)
        return self.get(conn_id, session_id)

    def get(self, conn_id, session_id):
        answer = self.netlink.l2tp(SESSION_GET, u32(CONN_ID, int(conn_id)), u32(SESSION_ID, int(session_id)), flags=0)
        return answer[0].get(IFNAME, b"\0")[:-1].decode()

    def modify(self, conn_id, session_id, mtu):
        self.netlink.l2tp(SESSION_MODIFY, u32(CONN_ID, int(conn_id)), u32(SESSION_ID, int(session_id)),
                          u16(MTU, int(mtu)))

    def list(self):
        number = struct.Struct("=I").unpack
        tunnels = self.netlink.l2tp(TUNNEL_GET, flags=NLM_F_DUMP)
        sessions = self.netlink.l2tp(SESSION_GET, flags=NLM_F_DUMP)
        return " ".join([*(str(*number(t[CONN_ID])) for t in tunnels),
                         *("%d/%d" % (*number(s[CONN_ID]), *number(s[SESSION_ID])) for s in sessions)])

    def storm(self, conn_id, session_id, workers, times):
        done, failures = [], []

        def run():
            try:
                for _ in range(int(times)):
                    if self.get(conn_id, session_id):
                        done.append(1)
            except OSError as why:
                failures.append(why)
        threads = [threading.Thread(target=run) for _ in range(int(workers))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]
        return len(done)

    def send(self, conn_id, octets):
        self.sockets[int(conn_id)].send(bytes.fromhex(octets))

    def option(self, conn_id, level, number, value):
        self.sockets[int(conn_id)].setsockopt(int(level), int(number), int(value))

    def delete_session(self, conn_id, session_id):
        self.netlink.l2tp(SESSION_DELETE, u32(CONN_ID, int(conn_id)), u32(SESSION_ID, int(session_id)))

    def delete_tunnel(self, conn_id):
        self.netlink.l2tp(TUNNEL_DELETE, u32(CONN_ID, int(conn_id)))

    def close(self, conn_id):
        self.sockets.pop(int(conn_id)).close()

    # --- the loop

    def obey(self, line):
        word, *arguments = line.split()
        try:
            result = getattr(self, word.replace("-", "_"))(*arguments)
            say("ok", *([] if result is None else [result]))
        except OSError as why:
            say("failed", why.errno, word)

    def read_control(self, conn_id, sock):
        try:
            while True:
                say("control", conn_id, sock.recv(2048).hex())
        except BlockingIOError:
            pass
        except OSError as why:
            say("lost", conn_id, why.errno)

    def run(self):
        say("ready", self.netlink.port)
        self.poller.register(0, select.EPOLLIN)
        pending = b""
        while True:
            for number, _ in self.poller.poll():
                if number == 0:
                    octets = os.read(0, 8192)
                    if not octets:
                        return
                    *lines, pending = (pending + octets).split(b"\n")
                    for line in lines:
                        self.obey(line.decode())
                for conn_id, sock in list(self.sockets.items()):
                    if sock.fileno() == number:
                        self.read_control(conn_id, sock)


if __name__ == "__main__":
    try:
        Program().run()
    except OSError as reason:
        say("failed", reason.errno, "GETFAMILY")
        sys.exit(1)

# SPDX-License-Identifier: BSD-2-Clause
"""ip_program.py - a program that uses L2TP/IP sockets as libc does, told what to do line by line

    with IpProgram(launcher.command) as program:
        s = program.socket()
        program.bind(s, name4("192.0.2.1", 10))

Calls go through libc with the octets given, since Python's own know no sockaddr_l2tpip. A call that fails raises
OSError with the program's errno. Run as a program, this file is what runs.
"""
import ctypes
import errno
import fcntl
import json
import os
import select
import socket
import struct
import subprocess
import sys

if __name__ != "__main__":
    from support.wait import AT_MOST, SLOW


class IpProgram:
    """command: makes the words of the launcher from those of the program; None: without one."""

    def __init__(self, command=None, prefix=(), environment=None):
        words = [sys.executable, __file__]
        self.process = subprocess.Popen(
            [*prefix, *(command(*words) if command else words)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=dict(os.environ, **(environment or {})))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.process.kill()
        self.process.communicate(timeout=AT_MOST)

    def end(self):
        """Let it end by itself. What it and its launcher wrote to standard error."""
        _, words = self.process.communicate(timeout=60 * SLOW)
        return words.decode()

    def do(self, call, *arguments):
        line = json.dumps([call, *(a.hex() if isinstance(a, bytes) else a for a in arguments)])
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, f"the program ended: {self.process.stderr.read().decode()}"
        code, result = json.loads(answer)
        if code:
            raise OSError(code, f"{call}: {os.strerror(code)}")
        return bytes.fromhex(result[1:]) if isinstance(result, str) and result.startswith("x") else result

    def __getattr__(self, call):
        return lambda *arguments: self.do(call, *arguments)


def _octets(value):
    return None if value is None else bytes.fromhex(value)


class _Calls:
    """What can be done; each method is a call."""

    def __init__(self):
        self.libc = ctypes.CDLL(None, use_errno=True)

    def call(self, name, *arguments):
        result = getattr(self.libc, name)(*arguments)
        if result < 0:
            raise OSError(ctypes.get_errno(), name)
        return result

    def socket(self, family=socket.AF_INET, kind=socket.SOCK_DGRAM, protocol=115):
        return self.call("socket", family, kind, protocol)

    def bind(self, fd, name):
        return self.call("bind", fd, _octets(name), len(_octets(name)))

    def connect(self, fd, name):
        return self.call("connect", fd, _octets(name), len(_octets(name)))

    def _name(self, function, fd, room):
        octets, length = ctypes.create_string_buffer(128), ctypes.c_uint(room)
        self.call(function, fd, octets, ctypes.byref(length))
        return octets.raw[:length.value]

    def getsockname(self, fd, room=128):
        return self._name("getsockname", fd, room)

    def getpeername(self, fd, room=128):
        return self._name("getpeername", fd, room)

    def sendto(self, fd, data, name=None, flags=0):
        data, name = _octets(data), _octets(name)
        return self.call("sendto", fd, data, ctypes.c_size_t(len(data)), flags, name, len(name or b""))

    def write(self, fd, data):
        return os.write(fd, _octets(data))

    def sendmsg(self, fd, *parts):
        with socket.socket(fileno=os.dup(fd)) as s:
            return s.sendmsg([_octets(part) for part in parts])

    def recvfrom(self, fd, timeout=10, size=65536, flags=0):
        """[octets, name of the sender]"""
        if not select.select([fd], [], [], timeout)[0]:
            raise TimeoutError(errno.ETIMEDOUT, "nothing came")
        data, name, length = ctypes.create_string_buffer(size), ctypes.create_string_buffer(128), ctypes.c_uint(128)
        got = self.call("recvfrom", fd, data, ctypes.c_size_t(size), flags, name, ctypes.byref(length))
        return [data.raw[:min(got, size)].hex(), name.raw[:length.value].hex(), got]

    def waits(self, fd):
        """Whether something can be received, by epoll."""
        with select.epoll() as poll:
            poll.register(fd, select.EPOLLIN)
            return bool(poll.poll(0))

    def setsockopt(self, fd, level, option, value):
        octets = _octets(value)
        return self.call("setsockopt", fd, level, option, octets, len(octets))

    def getsockopt(self, fd, level, option, room=64):
        octets, length = ctypes.create_string_buffer(128), ctypes.c_uint(room)
        self.call("getsockopt", fd, level, option, octets, ctypes.byref(length))
        return octets.raw[:length.value]

    def ioctl(self, fd, number, argument):
        return fcntl.ioctl(fd, number, _octets(argument))

    def shutdown(self, fd, how):
        return self.call("shutdown", fd, how)

    def listen(self, fd):
        return self.call("listen", fd, 1)

    def accept(self, fd):
        return self.call("accept", fd, None, None)

    def dup(self, fd):
        return os.dup(fd)

    def close_one(self, fd):
        return os.close(fd)

    def l2tp(self, command, attributes):
        """A request of the family l2tp; attributes by their names, as in support/netlink.py."""
        from support import api, netlink  # pylint: disable=import-outside-toplevel
        with netlink.connect_kernel() as server:
            server.l2tp(command, api.encode(attributes)).check()

    def take(self, pid, fd):
        """A copy of another process's descriptor."""
        pidfd = os.pidfd_open(pid)
        try:
            return self.call("syscall", 438, pidfd, fd, 0)
        finally:
            os.close(pidfd)

    def setuid(self, uid):
        return os.setuid(uid)

    def ifindex(self, fd, device):
        return struct.unpack_from("=i", fcntl.ioctl(fd, 0x8933, struct.pack("=16s24x", device.encode())), 16)[0]

    def pktinfo(self, fd):
        """Where the next message was sent to."""
        with socket.socket(fileno=os.dup(fd)) as s:
            s.setsockopt(socket.IPPROTO_IP, 8, 1)
            _, ancillary, _, _ = s.recvmsg(65536, 256)
            return next(socket.inet_ntoa(value[8:12]) for level, kind, value in ancillary if (level, kind) == (0, 8))


def main():
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    calls = _Calls()
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        try:
            result = getattr(calls, name)(*arguments)
            answer = [0, "x" + result.hex() if isinstance(result, bytes) else result]
        except OSError as why:
            answer = [why.errno, str(why)]
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()

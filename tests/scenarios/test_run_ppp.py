# SPDX-License-Identifier: BSD-2-Clause
"""/dev/ppp and PPPoL2TP sockets under `ul2tp run`, by a program that knows nothing of it"""
import os
import sys

import pytest

from support.launcher import Launcher

PROGRAM = """
import errno, fcntl, os, socket, struct, ctypes
def fails(call, *arguments):
    try:
        return call(*arguments)
    except OSError as why:
        return errno.errorcode[why.errno]
unit = os.open("/dev/ppp", os.O_RDWR | os.O_NONBLOCK)
print(fails(os.read, unit, 100), fails(os.write, unit, b"ab"))
number = struct.unpack("=i", fcntl.ioctl(unit, 0xc004743e, struct.pack("=i", -1)))[0]
copy = os.dup(unit)
os.close(unit)
print(number, fails(os.write, copy, b"a"), os.write(copy, b"abc"), os.read(copy, 100))
stats = ctypes.create_string_buffer(76)
request = struct.pack("16sQ16x", b"ppp%d" % number, ctypes.addressof(stats))
while not struct.unpack_from("=19I", stats.raw)[8]:  # what was written is counted a moment later
    fcntl.ioctl(socket.socket(socket.AF_INET, socket.SOCK_DGRAM), 0x89f0, request)
print(struct.unpack_from("=19I", stats.raw)[8])
print(fails(fcntl.ioctl, socket.socket(socket.AF_INET, socket.SOCK_DGRAM), 0x89f0, struct.pack("16sQ16x", b"lo", 0)))
"""


@pytest.mark.parametrize("limit", ["1024", "200"])
def test_a_unit_its_copy_and_its_statistics(shared_daemon, new_namespace, limit):
    """
    Requirements: PPP-1, PPP-23, PPP-41, PPP-64
    """
    launcher = Launcher(shared_daemon, new_namespace("host"))
    launcher.prefix += ["sh", "-c", f'ulimit -n {limit}; exec "$@"', "sh"]
    said = launcher(sys.executable, "-c", PROGRAM).splitlines()
    assert said[:2] == ["ENXIO ENXIO", "0 EINVAL 3 b''"]
    assert said[2] == "1"
    assert said[3] in ("ENOTSUP", "EOPNOTSUPP", "EINVAL", "ENOTTY")


def test_a_shell_opens_the_device(shared_daemon, new_namespace):
    """Its <> says that a file is made if there is none: none is made.

    Requirements: PPP-1
    """
    before = os.path.exists("/dev/ppp")
    said = Launcher(shared_daemon, new_namespace("host"))("sh", "-c", "exec 3<>/dev/ppp; exec ls -l /proc/self/fd/3")
    assert "socket:" in said
    assert os.path.exists("/dev/ppp") == before


LOWERED = """
import fcntl, os, resource, socket, struct
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
unit = os.open("/dev/ppp", os.O_RDWR | os.O_NONBLOCK)
sock = socket.socket(24, socket.SOCK_DGRAM, 1)
number = struct.unpack("=i", fcntl.ioctl(unit, 0xc004743e, struct.pack("=i", -1)))[0]
copies = os.dup(unit), fcntl.fcntl(unit, fcntl.F_DUPFD, 40)
print(unit < 64, sock.fileno() < 64, number, copies[0] < 40, 40 <= copies[1] < 64)
held = []
try:
    while True:
        held.append(os.open("/dev/ppp", os.O_RDWR))
except OSError as why:
    print(why.strerror, 50 < len(held) < 64)
os.close(unit)
os.close(copies[0])
print(os.write(copies[1], b"abc"))
"""


def test_a_limit_of_descriptors_that_is_lowered_later(shared_daemon, new_namespace):
    """The numbers of PPP, chosen by the limit at the start, are out of reach then: the lowest that are free do.

    Requirements: PPP-1, PX-1
    """
    said = Launcher(shared_daemon, new_namespace("host"))(sys.executable, "-c", LOWERED).splitlines()
    assert said == ["True True 0 True True", "Too many open files True", "3"]

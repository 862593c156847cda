# SPDX-License-Identifier: BSD-2-Clause
"""/dev/ppp and PPPoL2TP sockets under `ul2tp run`, by a program that knows nothing of it"""
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

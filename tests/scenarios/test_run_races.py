# SPDX-License-Identifier: BSD-2-Clause
"""Programs under `ul2tp run` that change under the supervisor's eyes what their calls are about

The launcher is root's and the program nobody's: what it changes must not be done with root's rights.
"""
import os
import signal
import subprocess
import sys

import pytest

from support.daemon import TOP, Daemon
from support.launcher import REPLIES, Launcher, supervisor_of
from support.wait import AT_MOST

pytestmark = pytest.mark.quick

NOBODY = """
import ctypes, errno, fcntl, os, socket, struct, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
def become_nobody():
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
"""

# While a call on a stand-in is served, another thread puts an ordinary socket at its number: when the supervisor reads
# the call's argument from a page that is not there yet, and waits for that thread (userfaultfd).
EXCHANGE = NOBODY + """
import mmap
faults = libc.syscall({"x86_64": 323, "aarch64": 282}[os.uname().machine], os.O_CLOEXEC)
assert faults >= 0, errno.errorcode[ctypes.get_errno()]
page = mmap.mmap(-1, 4096)
address = ctypes.addressof(ctypes.c_char.from_buffer(page))
fcntl.ioctl(faults, 0xc018aa3f, struct.pack("=QQQ", 0xaa, 0, 0))			# UFFDIO_API
fcntl.ioctl(faults, 0xc020aa00, struct.pack("=QQQQ", address, 4096, 1, 0))	# UFFDIO_REGISTER
argument = ctypes.c_void_p(address)
def exchange(made, other, octets):
    content = ctypes.create_string_buffer(octets, 4096)
    def at_fault():
        os.read(faults, 32)
        os.dup2(other.fileno(), made.fileno())
        fcntl.ioctl(faults, 0xc028aa03, struct.pack("=QQQQq", address, ctypes.addressof(content), 4096, 0, 0))
    threading.Thread(target=at_fault, daemon=True).start()
def what(result):
    return errno.errorcode[ctypes.get_errno()] if result < 0 else result
"""
BOUND = EXCHANGE + """
made = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
other = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
become_nobody()
name = struct.pack("=H10s", socket.AF_UNIX, bytes(1) + b"mine")  # as long as a netlink socket's
exchange(made, other, name)
print(what(libc.bind(made.fileno(), argument, len(name))), len(other.getsockname()))
"""
SENT = EXCHANGE + """
sys.path.insert(0, sys.argv[1])
from support.asking import question
made = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
made.bind((0, 0))
near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
become_nobody()
exchange(made, far, question())
print(what(libc.send(made.fileno(), argument, len(question()), 0)))
near.setblocking(False)
try:
    print(len(near.recv(65536)))
except BlockingIOError:
    print(0)
"""
MARKED = EXCHANGE + """
other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
become_nobody()
libc.prctl(4, 1, 0, 0, 0)		# PR_SET_DUMPABLE
assert libc.unshare(0x50000000) == 0	# CLONE_NEWUSER | CLONE_NEWNET
for name, line in (("setgroups", "deny"), ("uid_map", "0 65534 1"), ("gid_map", "0 65534 1")):
    open("/proc/self/" + name, "w").write(line)
made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 115)
exchange(made, other, struct.pack("=i", 77))
print(what(libc.setsockopt(made.fileno(), 1, socket.SO_MARK, argument, 4)), other.getsockopt(1, socket.SO_MARK))
"""


def run(launcher, text, *arguments, **more):
    done = launcher.run(sys.executable, "-c", text, *arguments, **more)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("text", [BOUND, SENT, MARKED], ids=["bind", "send", "mark"])
@pytest.mark.parametrize("reply", REPLIES)
def test_another_socket_at_the_number_of_a_stand_in(shared_daemon, namespace, reply, text):
    """Root neither binds it, which could be where nobody may not write, nor sends on it, which would say that root did, nor
    sets a mark on it."""
    assert run(Launcher(shared_daemon, namespace, reply=reply), text, TOP / "tests") == ["EBADF", "0"]


# A copy of an L2TP/IP socket at a low number: what is sent there leaves where all stand-ins are.
FORGED = NOBODY + """
victim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 115)
name = struct.pack("=HH4sI16x", socket.AF_INET, 0, socket.inet_aton("127.0.0.1"), 7)
assert libc.bind(victim.fileno(), name, len(name)) == 0
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 115)
become_nobody()
mine = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 115)
low = socket.socket(fileno=os.dup2(mine.fileno(), 30))
for port in range(1024, 1124):
    try:
        low.sendto(b"forged", ("127.0.0.1", port))
    except OSError:
        pass
victim.settimeout(float(sys.argv[1]))
try:
    print(victim.recv(100))
except socket.timeout:
    print("nothing")
control = struct.pack("!HHIHH", 0xc803, 12, 7, 0, 0)
assert libc.sendto(sender.fileno(), control, len(control), 0, name, len(name)) == len(control)
victim.settimeout(20)
print(victim.recv(100)[-12:] == control)
"""


def test_no_stand_in_reaches_another_past_ul2tpd(shared_daemon, namespace):
    """What comes into an L2TP/IP socket came from the network."""
    namespace.ip("link set lo up")
    assert run(Launcher(shared_daemon, namespace), FORGED, "0.3") == ["nothing", "True"]


# SIOCDEVPRIVATE and the two behind it are SIOCGPPPSTATS and its like of an interface of PPP.
PRIVATE = """
import errno, fcntl, socket, struct
input()
for name in (b"lo", b"none"):
    for number in (0x89f0, 0x89f1, 0x89f2):
        try:
            fcntl.ioctl(socket.socket(socket.AF_INET, socket.SOCK_DGRAM), number, struct.pack("16sQ16x", name, 0))
        except OSError as e:
            print(errno.errorcode[e.errno])
"""


def test_ioctls_of_other_interfaces_do_not_wait_for_ul2tpd(namespace):
    without = namespace.run(sys.executable, "-c", PRIVATE, input="\n").stdout
    with Daemon() as daemon:
        process = Launcher(daemon, namespace).popen(sys.executable, "-c", PRIVATE, stdin=subprocess.PIPE)
        try:
            supervisor_of(process.pid)
            os.kill(daemon.engine_pid, signal.SIGSTOP)
            out, _ = process.communicate("\n", timeout=AT_MOST)
        finally:
            os.kill(daemon.engine_pid, signal.SIGCONT)
            process.kill()
    assert out == without

# SPDX-License-Identifier: BSD-2-Clause
"""uml.py - a machine that is a process of this one: Debian's user-mode Linux (6.1)

    with Machine(modules=["tun", "veth"], memory_mb=512) as machine:
        machine.call("support.ppp_many:allow_descriptors", 40000)

What programs compute there takes no longer than without, a system call some 30 us: so it is for what needs many of
another kernel's objects, or rights and limits that this machine does not give. What matters about a kernel is
tested in machines of vm.py, which have the kernels that people have.

The machine sees the file system of this one, read-only; /run and /dev are its own, and temporary files are in /run. So
the checkout may be anywhere else, below /tmp, too. Should a program inside, where it is root, make the file system
writable: linux.uml itself can write neither to / nor to the checkout. Only the modules asked for, and those they need, are
loaded. vm_agent.py runs there, by a serial line.
"""
import contextlib
import os
import pathlib

from support.guest import TESTS, Guest, quoted

SHARED_MEMORY = "/dev/shm"
PORT = "/dev/ttyS0"
OWN = ("/run", "/dev", "/proc", "/sys")

INIT = """#!/bin/sh
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8
export TMPDIR=/run PYTHONPATH=@TESTS@ PYTHONDONTWRITEBYTECODE=1 UL2TP_EMULATED=1 @ENVIRONMENT@
mount -t proc proc /proc
mount -t sysfs sys /sys
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
for there in /dev/shm /run; do
	mount -t tmpfs -o mode=1777 tmpfs $there
done
mount -t cgroup2 cgroup /sys/fs/cgroup
ln -sf /proc/self/fd /dev/fd
mkdir -p /run/kernel/lib
ln -s /usr/lib/uml/modules /run/kernel/lib/modules
for module in @MODULES@; do
	modprobe -d /run/kernel $module || echo "uml: $module can not be loaded"
done
hostname machine
ip link set lo up
/usr/bin/python3 -m support.vm_agent @PORT@ </dev/null
halt -f
"""

# $1: the checkout, which may be another file system's; $2, $3: where it writes; then what is started. It is a process here,
# and so are those inside, which are stopped when it is killed: they go with their namespace.
START = """
set -e
mount -o remount,bind,ro /
mount --rbind "$1" "$1"
mount -o remount,bind,ro "$1"
for place in "$2" "$3"; do
	mount --bind "$place" "$place"
	mount -o remount,bind,rw "$place"
done
shift 3
exec "$@"
"""


class Machine(Guest):
    """A running machine, with one processor.

    modules:      loaded at the start, with what they need
    environment:  further variables of what runs inside
    """

    REQUEST_MAX = 4000   # a terminal loses what is more than 4,095 octets at once

    def __init__(self, modules=(), memory_mb=512, environment=None):
        self.modules, self.memory_mb, self.environment = modules, memory_mb, environment or {}
        for path in (TESTS, *map(pathlib.Path, self.environment.values())):
            hidden = [own for own in OWN if path.is_relative_to(own)]
            assert not hidden, f"{path} is not to be seen in the machine, which has a {hidden[0]} of its own: move the checkout"
        super().__init__()

    def _command(self, port):
        init = self.home / "init"
        init.write_text(
            INIT.replace("@TESTS@", quoted(TESTS)).replace("@MODULES@", " ".join(self.modules)).replace("@PORT@", PORT)
            .replace("@ENVIRONMENT@", " ".join(f"{name}={quoted(value)}" for name, value in self.environment.items())))
        init.chmod(0o755)
        memory = self._memory_place()
        return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", START, "sh", TESTS.parent, self.home, memory,
                "env", f"TMPDIR={memory}", "linux.uml", f"mem={self.memory_mb}M",
                "rootfstype=hostfs", "rootflags=/", "ro", "quiet", f"init={init}", "con=null",
                "con0=null,fd:1", f"ssl0=fd:{port}", f"uml_dir={self.home}"]

    def _memory_place(self):
        """Its memory is a file without a name, which it maps as code, too; on a disk it is slower, for what changes is written
        there."""
        with contextlib.suppress(FileNotFoundError):
            there = os.statvfs(SHARED_MEMORY)
            if not there.f_flag & os.ST_NOEXEC and there.f_bavail * there.f_frsize > self.memory_mb << 20:
                return SHARED_MEMORY
        return self.home

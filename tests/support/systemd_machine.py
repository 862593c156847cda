# SPDX-License-Identifier: BSD-2-Clause
"""systemd_machine.py - a real systemd with ul2tp installed, in namespaces of its own on a copy of this machine's files

    with SystemdMachine(cable.near) as machine:
        machine.run("systemctl", "start", "ul2tpd.socket")

Its network is that of the namespace it is started in. Its files are this machine's, below what it writes (an overlay in
memory); /tmp, /run, /dev and /var/tmp are empty. Of the system's own units it starts a journal and no more: nothing that
sets up devices or variables of the kernel, cleans directories or loads modules, which would be this machine's.
"""
import os
import pathlib
import pty
import select
import shlex
import subprocess
import tempfile
import threading

from support import proc
from support.daemon import BUILD
from support.guest import set_pdeathsig
from support.netns import run
from support.wait import AT_MOST, eventually

SYSTEMD = "/lib/systemd/systemd"

# $1: terminal, $2: what is installed
START = """
exec unshare --cgroup --fork --kill-child --pid --mount-proc --mount --uts --ipc sh -ec '
mount --make-rprivate /
mount -t tmpfs tmpfs /mnt
mkdir /mnt/up /mnt/work /mnt/root
mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/up,workdir=/mnt/work /mnt/root
cd /mnt/root
rm -rf usr/lib/systemd/system/*.wants etc/systemd/system/*.wants usr/lib/systemd/system-environment-generators
find usr/lib/systemd/system-generators -type f ! -name systemd-sysv-generator -delete
for at in tmp run dev var/tmp; do mkdir -p $at && mount -t tmpfs tmpfs $at; done
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
# Variables of the network belong to this namespace, all others to the machine: systemd sets some at its start.
mount --bind proc/sys proc/sys
mount --bind proc/sys/net proc/sys/net
mount -o remount,ro,bind proc/sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mkdir dev/net dev/pts dev/shm
for node in null zero full random urandom tty net/tun; do touch dev/$node && mount --bind /dev/$node dev/$node; done
ln -s /proc/self/fd dev/fd
touch dev/console && mount --bind "$1" dev/console
cp -r "$2"/. .
: > etc/fstab
mkdir -p etc/systemd/system
printf "[Unit]\\nWants=systemd-journald.service\\nAfter=systemd-journald.service\\n" > etc/systemd/system/ready.target
pivot_root . mnt
umount -l /mnt
ldconfig
exec env -i container=test PATH=$PATH %s --system --unit=ready.target --log-target=console
' sh "$@"
""" % SYSTEMD


def _own_cgroup():
    """An empty cgroup of the unified hierarchy"""
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        if " - cgroup2 " in line:
            own = pathlib.Path("/proc/self/cgroup").read_text().partition("0::")[2].splitlines() or ["/"]
            try:
                return pathlib.Path(tempfile.mkdtemp(prefix="ul2tp-test-", dir=line.split()[4] + own[0]))
            except OSError as why:
                raise CanNotStart(f"no cgroup can be made here: {why}") from why
    raise CanNotStart("there is no cgroup2 here")


def _begin(cgroup):
    """In the process that becomes unshare(1), which systemd ends with."""
    set_pdeathsig()
    (cgroup / "cgroup.procs").write_text("0")


class CanNotStart(Exception):
    """This machine lacks something for it; in words"""


def meson_install(directory):
    run("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", directory)


class SystemdMachine:
    def __init__(self, namespace, fill=meson_install):
        """fill(directory) puts there what it has beside this machine's files."""
        self.said, self.cgroup, self.process = "", _own_cgroup(), None
        self.directory = tempfile.TemporaryDirectory(prefix="ul2tp-systemd-")
        try:
            fill(self.directory.name)
        except BaseException:
            self.close()
            raise
        self.terminal, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [*namespace.prefix, "sh", "-c", START, "sh", os.ttyname(theirs), self.directory.name],
            stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
            preexec_fn=lambda: _begin(self.cgroup))
        os.close(theirs)
        self.listener = threading.Thread(target=self.listen)
        self.listener.start()
        try:
            eventually(lambda: "Startup finished" in self.said or self.process.poll() is not None, "systemd is up")
        except AssertionError as why:
            self.close()
            raise AssertionError(f"{why}: {self.said}") from why
        if self.process.poll() is not None:
            self.close()
            raise CanNotStart(self.said)

    def listen(self):
        """What stands on its terminal, which ends with it"""
        while True:
            if not select.select([self.terminal], [], [], 0.1)[0]:
                if self.process.poll() is not None:
                    return
                continue
            try:
                self.said += os.read(self.terminal, 65536).decode(errors="replace")
            except OSError:
                return

    @property
    def pid(self):
        """Of its first process: the one that unshare(1), which ip netns exec and sh have become, has started"""
        return int(proc.text(self.process.pid, f"task/{self.process.pid}/children").split()[0])

    def run(self, *command, check=True, **options):
        """A command with the machine's files, processes and network."""
        return run("nsenter", "-t", self.pid, "-a", "env", "-i", "LC_ALL=C", "SYSTEMD_PAGER=cat", "PATH=" + os.environ["PATH"],
                   *command, check=check, **options)

    def shell(self, text, **options):
        return self.run("sh", "-ec", text, **options).stdout

    def show(self, unit, *properties):
        """[value...] of a unit's properties"""
        said = self.run("systemctl", "show", unit, "-p", ",".join(properties)).stdout
        found = dict(line.split("=", 1) for line in said.splitlines())
        return [found[name] for name in properties]

    def journal(self, unit):
        return self.run("journalctl", "--no-pager", "-o", "cat", "-u", unit).stdout

    def write(self, path, text):
        self.shell(f"mkdir -p {shlex.quote(os.path.dirname(path))}; cat > {shlex.quote(path)}", input=text)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.process:
            self.process.kill()
            self.process.wait(AT_MOST)
            self.listener.join(AT_MOST)
            os.close(self.terminal)
        self.directory.cleanup()
        eventually(self.cgroups_gone, "nothing of it is left", interval=0.02)

    def cgroups_gone(self):
        try:
            for path, _, _ in os.walk(self.cgroup, topdown=False):
                os.rmdir(path)
        except OSError:
            return False
        return True

# SPDX-License-Identifier: BSD-2-Clause
"""vm.py - a machine with a kernel of Debian's, in QEMU, without KVM, within seconds

    with Machine("linux-image-6.12-amd64", modules=["l2tp_eth"], tap=("far", "/run/netns/x")) as machine:
        machine.run("ip", "l2tp", "show", "tunnel")
        machine.call("interop.far_end:counters", 1, 2)

The machine sees the file system of this one, read-only by virtio-9p with a tmpfs over it: so every program
and the checkout itself are there, at their paths, and what is written is gone afterwards; /run and /dev/shm
are its own. Only the modules asked for, and those they need, exist in it. vm_agent.py runs there and does what is asked by a virtio
serial port. With tap=, eth0 inside is the far end of that TAP, which is made in that namespace and goes with
the machine.
"""
import pathlib
import shutil

from support import kernel_package
from support.guest import TESTS, Guest, quoted

ALWAYS = ("virtio_pci", "virtio_console", "9pnet_virtio", "9p", "overlay")

# The emulator copies octet by octet what a processor with erms copies by the line; five levels of page tables
# and workarounds against speculation cost and give nothing here.
PROCESSOR = "max,-erms,-fsrm,-la57"
# Four nanoseconds an instruction, which is about what one takes; where nothing is to be done, time jumps.
COUNTED = ("-icount", "shift=2,sleep=off")
# On a busy machine the emulator is so late with the timer that the kernel takes it for broken, and panics.
COMMAND_LINE = "console=ttyS0 quiet panic=-1 mitigations=off no_timer_check random.trust_cpu=on rdinit=/init"

INIT = """#!/bin/busybox sh
@LINKS@
PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in $(cat /modules/order); do
	insmod /modules/$module.ko || echo "vm: $module can not be loaded"
done
rm -r /modules
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=loose,ro host /low || exec poweroff -f
mount -t tmpfs tmpfs /high
mkdir /high/upper /high/work
mount -t overlay -o lowerdir=/low,upperdir=/high/upper,workdir=/high/work overlay /tree || exec poweroff -f
for there in proc sys dev; do
	mount -o move /$there /tree/$there
done
cd /tree
mkdir -p dev/pts dev/shm run
mount -t devpts devpts dev/pts
for there in dev/shm run; do
	mount -t tmpfs -o mode=1777 tmpfs $there
done
mount -t cgroup2 cgroup sys/fs/cgroup
# No module of this machine's kernel is to be had, whatever directory the host has.
mount -t tmpfs -o ro tmpfs lib/modules 2>/dev/null
ln -sf /proc/self/fd dev/fd
cp /bin/busybox run/busybox
exec switch_root /tree /run/busybox sh -c '
	export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8
	export PYTHONPATH=@TESTS@ PYTHONDONTWRITEBYTECODE=1 UL2TP_EMULATED=1 @ENVIRONMENT@
	/run/busybox hostname machine
	ip link set lo up
	/usr/bin/python3 -m support.vm_agent </dev/null
	/run/busybox poweroff -f'
"""


def archive(entries):
    """An initramfs: a cpio archive (newc) of {path: octets, or None for a directory}. All are executable."""
    out = bytearray()

    def add(number, name, mode, octets):
        fields = [number, mode, 0, 0, 1, 0, len(octets), 0, 0, 0, 0, len(name) + 1, 0]
        out.extend(b"070701" + b"".join(b"%08x" % f for f in fields) + name.encode() + b"\0")
        out.extend(bytes(-len(out) % 4))
        out.extend(octets)
        out.extend(bytes(-len(out) % 4))

    for number, (name, octets) in enumerate(entries.items(), 1):
        add(number, name, 0o40755 if octets is None else 0o100755, octets or b"")
    add(0, "TRAILER!!!", 0, b"")
    return bytes(out)


def initramfs(kernel, modules, environment):
    """Busybox, the modules and INIT."""
    entries = {name: None for name in ("bin", "proc", "sys", "dev", "low", "high", "tree", "modules")}
    busybox = pathlib.Path(shutil.which("busybox") or "/bin/busybox")
    entries["bin/busybox"] = busybox.read_bytes()
    init = INIT.replace("@TESTS@", quoted(TESTS)).replace(
        "@ENVIRONMENT@", " ".join(f"{name}={quoted(value)}" for name, value in environment.items()))
    links = "\n".join(f"/bin/busybox ln -s busybox /bin/{word}" for word in (
        "sh", "mount", "insmod", "cat", "rm", "mkdir", "ln", "cp", "poweroff", "switch_root"))
    entries["init"] = init.replace("@LINKS@", links).encode()
    loadable = kernel.modules([*ALWAYS, *modules])
    for name, octets in loadable:
        entries[f"modules/{name}.ko"] = octets
    entries["modules/order"] = " ".join(name for name, _ in loadable).encode()
    return archive(entries)


class Machine(Guest):
    """A running machine.

    package:      Debian's name of the kernel's metapackage, as linux-image-6.12-amd64
    modules:      loaded at the start, with what they need
    tap:          (name, path of a network namespace): eth0 inside is joined to this new TAP of that namespace
    environment:  further variables of what runs inside
    counted:      its clock counts instructions, not time: what is measured inside does not depend on what else runs here
    """

    def __init__(self, package, modules=(), tap=None, cpus=1, memory_mb=768, environment=None, counted=False):
        self.kernel = kernel_package.fetch(package)
        self.modules, self.environment = [*modules, *(["virtio_net"] if tap else [])], environment or {}
        self.tap, self.cpus, self.memory_mb, self.counted = tap, cpus, memory_mb, counted
        super().__init__()

    def _command(self, port):
        initrd = self.home / "initrd"
        initrd.write_bytes(initramfs(self.kernel, self.modules, self.environment))
        command = [
            "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
            # One thread for all processors: where the kernel patches its own code, the other processor may still run
            # what was translated before, and dies of a trap that nobody knows any more (seen on 6.12).
            "-machine", "q35", "-accel", "tcg,thread=single", "-cpu", PROCESSOR, "-smp", str(self.cpus),
            "-m", str(self.memory_mb), "-kernel", str(self.kernel.image), "-initrd", str(initrd),
            "-append", COMMAND_LINE, "-serial", f"file:{self.console_path}",
            "-virtfs", "local,path=/,mount_tag=host,security_model=none,multidevs=remap,readonly=on",
            "-chardev", f"socket,id=agent,fd={port}", "-device", "virtio-serial-pci",
            "-device", "virtserialport,chardev=agent,name=ul2tp.agent"]
        if self.counted:
            command += COUNTED
        if self.tap:
            command = ["nsenter", f"--net={self.tap[1]}", *command, "-netdev",
                       f"tap,id=net,ifname={self.tap[0]},script=no,downscript=no", "-device",
                       "virtio-net-pci,netdev=net"]
        return command

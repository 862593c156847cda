# SPDX-License-Identifier: BSD-2-Clause
"""kernel_package.py - a kernel of Debian's, fetched and unpacked but not installed

fetch("linux-image-6.12-amd64") downloads what that metapackage stands for today with `apt-get download`,
and unpacks the kernel and those of its modules that a test might want into the cache, /var/tmp/ul2tp-vm
or UL2TP_VM_CACHE. A later call finds it there, until Debian has a newer one. A download that fails is an
error: it says which.
"""
import fcntl
import lzma
import os
import pathlib
import re
import shutil
import subprocess
import tarfile
import tempfile

LISTS = pathlib.Path("/var/lib/apt/lists")
CACHE = pathlib.Path(os.environ.get("UL2TP_VM_CACHE", "/var/tmp/ul2tp-vm"))

# Of a package of 400 MB this is what is kept.
WANTED = re.compile(r"\./(boot/vmlinuz-[^/]+|lib/modules/[^/]+/(modules\.builtin|kernel/("
                    r"net|lib|crypto|arch|fs/(9p|netfs|fscache|overlayfs)|drivers/(net|virtio|char)"
                    r")/.*\.ko(\.xz)?))")


class CannotFetch(Exception):
    """Debian's package could not be had; the text says why."""


def apt(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    return done.returncode == 0, done.stdout, (done.stderr or done.stdout).strip()


def real_package(metapackage):
    """The package that the metapackage depends on, and its version. Asking takes seconds, so the answer is
    remembered in the cache for as long as apt's lists are the same."""
    lists = str(os.stat(LISTS).st_mtime_ns if LISTS.is_dir() else 0)
    known = CACHE / f"{metapackage}.known"
    words = known.read_text().split() if known.exists() else []
    if len(words) == 3 and words[0] == lists:
        return tuple(words[1:])
    package = asked_of_apt(metapackage)
    if package:
        known.write_text(" ".join([lists, *package]))
    return package


def asked_of_apt(metapackage):
    _, out, _ = apt("apt-cache", "depends", metapackage)
    found = re.search(r"Depends: (linux-image-\S+)", out)
    if not found:
        return None
    _, out, _ = apt("apt-cache", "show", "--no-all-versions", found[1])
    version = re.search(r"^Version: (\S+)", out, re.MULTILINE)
    return (found[1], version[1]) if version else None


def download(package, directory):
    """The .deb; None and why."""
    good, _, why = apt("sh", "-c", 'cd "$1" && exec apt-get -o Acquire::Retries=3 download "$2"', "sh",
                       str(directory), package)
    found = list(directory.glob("*.deb"))
    return (found[0], "") if good and found else (None, why)


def unpack(deb, directory):
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(deb)], stdout=subprocess.PIPE) as source:
        with tarfile.open(fileobj=source.stdout, mode="r|") as archive:
            for member in archive:
                if member.isfile() and WANTED.fullmatch(member.name):
                    archive.extract(member, directory)
        # tar ends before the padding of the archive does
        while source.stdout.read(1 << 20):
            pass
    if source.returncode != 0:
        raise CannotFetch(f"{deb.name} can not be unpacked")


def own_cache():
    """The cache is ours alone: what is in it gets run, and /var/tmp is everybody's."""
    CACHE.mkdir(mode=0o755, parents=True, exist_ok=True)
    status = CACHE.lstat()
    if status.st_uid != os.geteuid() or status.st_mode & 0o022 or CACHE.is_symlink():
        raise CannotFetch(f"{CACHE} is not ours alone: remove it, or name another by UL2TP_VM_CACHE")


def fetch(metapackage):
    """The Kernel behind the metapackage."""
    own_cache()
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for last_try in (False, True):
            if last_try:
                # The lists may be absent, or name what has been replaced since.
                apt("apt-get", "-o", "Acquire::Retries=3", "update")
            package = real_package(metapackage)
            why = (f"apt-cache knows no {metapackage}; it is in Debian 12's main or bookworm-security, "
                   "which /etc/apt must name")
            if package:
                home = CACHE / "_".join(package)
                if home.is_dir():
                    return Kernel(home)
                why = add(package[0], home)
                if not why:
                    return Kernel(home)
    raise CannotFetch(f"{metapackage}: {why}")


def add(package, home):
    """Download into the cache; why that was not possible, or nothing."""
    with tempfile.TemporaryDirectory(dir=CACHE) as directory:
        directory = pathlib.Path(directory)
        deb, why = download(package, directory)
        if deb is None:
            return why
        (directory / "root").mkdir()
        unpack(deb, directory / "root")
        for old in CACHE.glob(home.name.split("_")[0] + "_*"):
            shutil.rmtree(old)
        (directory / "root").rename(home)
    return None


class Kernel:
    """An unpacked kernel: its image, and its modules with what they depend on."""

    def __init__(self, home):
        self.image = next(home.glob("boot/vmlinuz-*"))
        self.release = self.image.name.removeprefix("vmlinuz-")
        tree = home / "lib/modules" / self.release
        self.files = {self._name(path.name): path for path in tree.rglob("*.ko*")}
        self.builtin = {self._name(line) for line in (tree / "modules.builtin").read_text().splitlines()}

    @staticmethod
    def _name(path):
        return os.path.basename(path).split(".ko")[0].replace("-", "_")

    def modules(self, names):
        """[(name, octets)] of these modules and what they need, in the order in which they can be loaded.
        LookupError if the kernel has no such module, built in or not."""
        loaded = {}

        def load(name):
            name = name.replace("-", "_")
            if name in loaded or name in self.builtin:
                return
            if name not in self.files:
                raise LookupError(f"the kernel {self.release} has no module {name}")
            path = self.files[name]
            octets = lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()
            needs = re.search(rb"\0depends=([^\0]*)\0", octets)
            for other in (needs[1].decode().split(",") if needs and needs[1] else ()):
                load(other)
            loaded[name] = octets

        for name in names:
            load(name)
        return list(loaded.items())

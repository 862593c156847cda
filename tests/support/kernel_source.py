# SPDX-License-Identifier: BSD-2-Clause
"""kernel_source.py - files of the kernel's source, from Debian's package of it, fetched but not installed

fetch("linux-source-6.12", ["tools/testing/selftests/net/lib.sh"]) gives the directory in the cache of
kernel_package.py where these files are, each under its path. The package is in Debian 12's main or
bookworm-security; of its 150 MB only the files asked for are kept.
"""
import fcntl
import re
import shutil
import subprocess
import tarfile
import tempfile
import pathlib

from support import kernel_package
from support.kernel_package import CACHE, CannotFetch, apt


def version_of(package):
    _, out, _ = apt("apt-cache", "show", "--no-all-versions", package)
    found = re.search(r"^Version: (\S+)", out, re.MULTILINE)
    return found[1] if found else None


def unpack(deb, files, directory):
    """The package holds one archive, linux-source-VERSION.tar.xz, and that one the files."""
    packed = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(deb)], stdout=subprocess.PIPE)
    with packed, tarfile.open(fileobj=packed.stdout, mode="r|") as package:
        for member in package:
            if member.name.endswith(".tar.xz"):
                extract(package.extractfile(member), files, directory)
        while packed.stdout.read(1 << 20):
            pass
    missing = [name for name in files if not (directory / name).exists()]
    if missing:
        raise CannotFetch(f"{deb.name} has no {', '.join(missing)}")


def extract(archive, files, directory):
    with tarfile.open(fileobj=archive, mode="r|xz") as source:
        for member in source:
            name = member.name.partition("/")[2]
            if name in files and member.isfile():
                member.name = name
                source.extract(member, directory)


def fetch(package, files):
    """Where the files are."""
    kernel_package.own_cache()
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for last_try in (False, True):
            if last_try:
                apt("apt-get", "-o", "Acquire::Retries=3", "update")
            version = version_of(package)
            why = f"apt-cache knows no {package}; it is in bookworm-security, which /etc/apt must name"
            if version:
                home = CACHE / f"{package}_{version}"
                if all((home / name).is_file() for name in files):
                    return home
                why = add(package, files, home)
                if not why:
                    return home
    raise CannotFetch(f"{package}: {why}")


def add(package, files, home):
    """Download into the cache; why that was not possible, or nothing."""
    with tempfile.TemporaryDirectory(dir=CACHE) as directory:
        directory = pathlib.Path(directory)
        deb, why = kernel_package.download(package, directory)
        if deb is None:
            return why
        (directory / "root").mkdir(mode=0o755)
        unpack(deb, files, directory / "root")
        for old in CACHE.glob(f"{package}_*"):
            shutil.rmtree(old)
        (directory / "root").rename(home)
    return None

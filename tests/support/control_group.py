# SPDX-License-Identifier: BSD-2-Clause
"""control_group.py - a control group of the test's own, in the unified hierarchy"""
import contextlib
import os
import pathlib
import subprocess
import tempfile


def own_group():
    """Path of the group this process is in."""
    for line in pathlib.Path("/proc/self/cgroup").read_text(encoding="ascii").splitlines():
        if line.startswith("0::"):
            return line[3:].lstrip("/")
    return None


@contextlib.contextmanager
def control_group():
    """A group in a group of ours, below that of this process. It is to be empty at the end."""
    with tempfile.TemporaryDirectory() as root:
        subprocess.run(["mount", "-t", "cgroup2", "none", root], check=True)
        try:
            made = pathlib.Path(root, own_group(), f"ul2tp-test-{os.getpid()}", "inner")
            made.mkdir(parents=True)
            try:
                yield made
            finally:
                made.rmdir()
                made.parent.rmdir()
        finally:
            subprocess.run(["umount", root], check=True)


def move(pid, group):
    (group / "cgroup.procs").write_text(str(pid), encoding="ascii")


@contextlib.contextmanager
def inside(group):
    """This process is in it meanwhile, so what it makes is of it for good."""
    move(os.getpid(), group)
    try:
        yield
    finally:
        move(os.getpid(), group.parent.parent)

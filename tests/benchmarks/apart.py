# SPDX-License-Identifier: BSD-2-Clause
"""apart.py - how far the two processors are from each other, and programs from the kernel, while the rows are measured (apart.c)

Whatever goes from host to host goes from one processor's cache to the other's. In a virtual machine they may be neighbours in
one run and far apart in the next, or be moved within it: figures of two runs mean the same only where this is the same. So it is with what a system call takes, of which user space has
several for a packet or for many, and the kernel none.
"""
import subprocess

from benchmarks.hosts import TOOLS
from benchmarks.progress import Failed


def measure(hosts):
    """{"word_s": from one to the other, "write_s": 60 KB that the other has read, "call_s": a system call}; None: there is but one"""
    if len(set(hosts.cpus)) < 2:
        return None
    done = subprocess.run([TOOLS / "apart", *map(str, hosts.cpus)], capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise Failed(f"apart: {done.stderr.strip()[-500:]}")
    word, write, call = map(float, done.stdout.split())
    return {"word_s": word * 1e-9, "write_s": write * 1e-6, "call_s": call * 1e-9}

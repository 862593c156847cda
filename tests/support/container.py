#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""container.py - run a program as a container engine would: its default seccomp profile, its capabilities

No engine is needed: a profile is a file (JSON, the format of Docker and Podman), and what an engine does with it is
to build a filter with libseccomp. So does this, and then drops capabilities and executes:

    container.py PROFILE CAP[,CAP...] PROGRAM [ARGUMENT...]

Rules that a profile gives for a capability hold if it is among those kept. Which calls a profile refuses is the
profile's affair; that it is in force can be asked of the process by /proc/self/status (Seccomp: 2).
"""
import ctypes
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import seccomp

# What Docker and Podman leave to root in a container, when nothing is added or dropped.
DEFAULT = ("CHOWN DAC_OVERRIDE FOWNER FSETID KILL NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT").split()

# Where Debian's packages have the default profiles: podman's, and that which is built into dockerd.
PROFILES = {
    "podman": ("golang-github-containers-common", "usr/share/containers/seccomp.json"),
    "docker": ("golang-github-docker-docker-dev",
               "usr/share/gocode/src/github.com/docker/docker/profiles/seccomp/default.json"),
}
CACHE = pathlib.Path(os.environ.get("UL2TP_VM_CACHE", "/var/tmp/ul2tp-vm"))

NUMBERS = {name: number for number, name in enumerate((
    "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE "
    "NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN "
    "SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE "
    "MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE").split())}
PR_CAPBSET_DROP, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 24, 47, 4
OPERATORS = {"SCMP_CMP_NE": seccomp.NE, "SCMP_CMP_LT": seccomp.LT, "SCMP_CMP_LE": seccomp.LE,
             "SCMP_CMP_EQ": seccomp.EQ, "SCMP_CMP_GE": seccomp.GE, "SCMP_CMP_GT": seccomp.GT}
libc = ctypes.CDLL(None, use_errno=True)


def profile(engine):
    """Path of the default profile of "podman" or "docker", out of Debian's package."""
    package, inside = PROFILES[engine]
    wanted = CACHE / f"seccomp-{engine}.json"
    if wanted.exists():
        return wanted
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run(["apt-get", "-o", "Acquire::Retries=3", "download", package], cwd=directory, check=True,
                       capture_output=True)
        subprocess.run(["dpkg", "-x", next(pathlib.Path(directory).glob("*.deb")), directory], check=True)
        part = wanted.with_suffix(f".{os.getpid()}")
        shutil.copy(pathlib.Path(directory) / inside, part)
        part.rename(wanted)
    return wanted


def action(rule):
    name = rule["action"]
    if name == "SCMP_ACT_ALLOW":
        return seccomp.ALLOW
    if name == "SCMP_ACT_ERRNO":
        return seccomp.ERRNO(rule.get("errnoRet", 1))
    raise ValueError(f"no action {name}")


def kernel_at_least(text):
    release = os.uname().release.split(".")
    major, minor = text.split(".")
    return (int(release[0]), int("".join(filter(str.isdigit, release[1])))) >= (int(major), int(minor))


def applies(rule, capabilities):
    """Whether the conditions of a rule hold here, as an engine decides it when it starts a container."""
    includes, excludes = rule.get("includes") or {}, rule.get("excludes") or {}
    if not all(c.removeprefix("CAP_") in capabilities for c in includes.get("caps") or []):
        return False
    if any(c.removeprefix("CAP_") in capabilities for c in excludes.get("caps") or []):
        return False
    if includes.get("arches") and "amd64" not in includes["arches"]:
        return False
    if "amd64" in (excludes.get("arches") or []):
        return False
    return not includes.get("minKernel") or kernel_at_least(includes["minKernel"])


def filter_of(path, capabilities):
    described = json.loads(pathlib.Path(path).read_text())
    default = {"action": described["defaultAction"], "errnoRet": described.get("defaultErrnoRet", 1)}
    made = seccomp.SyscallFilter(action(default))
    # An engine is root: its filter does not need PR_SET_NO_NEW_PRIVS.
    made.set_attr(seccomp.Attr.CTL_NNP, False)
    for rule in described["syscalls"]:
        if not applies(rule, capabilities):
            continue
        what = action(rule)
        arguments = [seccomp.Arg(a["index"], seccomp.MASKED_EQ, a["value"], a.get("valueTwo", 0))
                     if a["op"] == "SCMP_CMP_MASKED_EQ" else seccomp.Arg(a["index"], OPERATORS[a["op"]], a["value"])
                     for a in rule.get("args") or []]
        for name in rule["names"]:
            try:
                made.add_rule(what, name, *arguments)
            except (OSError, RuntimeError, ValueError):
                pass  # a call of another machine, or the same as the default
    return made


def keep(capabilities):
    """Root with these capabilities and no more, in every set."""
    bits = 0
    for name in capabilities:
        bits |= 1 << NUMBERS[name]
    for number in range(64):
        if not bits >> number & 1 and libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0) < 0:
            break  # beyond the last one
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    low, high = bits & 0xffffffff, bits >> 32
    data = (ctypes.c_uint32 * 6)(low, low, low, high, high, high)
    if libc.capset(header, data) < 0:
        raise OSError(ctypes.get_errno(), "capset")


def main():
    path, capabilities, *command = sys.argv[1:]
    capabilities = [c for c in capabilities.split(",") if c]
    filter_of(path, capabilities).load()
    keep(capabilities)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()

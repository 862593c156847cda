#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""service_unit.py - run a program with the limits of its systemd unit, where no systemd is running

  service_unit.py UNIT[,DROP-IN...] PROGRAM [ARGUMENT...]

Of the unit's files these are done as systemd does them: User, AmbientCapabilities, CapabilityBoundingSet,
NoNewPrivileges, SystemCallFilter (whose sets systemd-analyze names), SystemCallErrorNumber=EPERM, RestrictNamespaces and
RestrictAddressFamilies.
"""
import os
import pathlib
import socket
import subprocess
import sys

import seccomp

CLONE_NEW = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000)


def settings(paths):
    """{key: words}, where a later file adds to what an earlier one has; ExecStart and its like do not matter."""
    found = {}
    for path in paths:
        for line in pathlib.Path(path).read_text().splitlines():
            key, equals, value = line.partition("=")
            if equals and not key.startswith(("#", "[")):
                found.setdefault(key, []).extend(value.split())
    return found


def calls(words):
    """Names of system calls; a word may be the name of a set."""
    names = []
    for word in words:
        if word.startswith("@"):
            text = subprocess.run(["systemd-analyze", "syscall-filter", word], capture_output=True, text=True,
                                  check=True).stdout
            names += calls([line.strip() for line in text.splitlines()[1:] if line.strip()[:1] not in ("", "#")])
        else:
            names.append(word)
    return names


def family_number(word):
    return {"AF_NETLINK": 16, "AF_PACKET": 17}.get(word) or int(getattr(socket, word))


def allow(made, name, *conditions):
    try:
        made.add_rule(seccomp.ALLOW, name, *conditions)
    except (OSError, RuntimeError, ValueError):
        pass  # a call of another machine


def filter_of(unit):
    made = seccomp.SyscallFilter(seccomp.ERRNO(1))
    made.set_attr(seccomp.Attr.CTL_NNP, False)
    special = set()
    if unit.get("RestrictNamespaces") == ["yes"]:
        special |= {"unshare", "setns", "clone3", "clone"}
        allow(made, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, sum(CLONE_NEW), 0))
        made.add_rule(seccomp.ERRNO(38), "clone3")  # its flags are in memory: as on a kernel without it
    if unit.get("RestrictAddressFamilies"):
        special.add("socket")
        for word in unit["RestrictAddressFamilies"]:
            allow(made, "socket", seccomp.Arg(0, seccomp.EQ, family_number(word)))
    for name in calls(unit["SystemCallFilter"]):
        if name not in special:
            allow(made, name)
    return made


def main():
    files, *command = sys.argv[1:]
    unit = settings(files.split(","))
    filter_of(unit).load()
    words = ["setpriv", f"--reuid={unit['User'][0]}", f"--regid={unit['User'][0]}", "--clear-groups"]
    for option, key in (("inh-caps", "AmbientCapabilities"), ("ambient-caps", "AmbientCapabilities"),
                        ("bounding-set", "CapabilityBoundingSet")):
        names = ",".join("+" + name.removeprefix("CAP_").lower() for name in unit[key])
        words.append(f"--{option}=-all,{names}")
    if unit.get("NoNewPrivileges") == ["yes"]:
        words.append("--no-new-privs")
    os.execvp(words[0], [*words, *command])


if __name__ == "__main__":
    main()

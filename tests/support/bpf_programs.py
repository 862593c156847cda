# SPDX-License-Identifier: BSD-2-Clause
"""bpf_programs.py - small BPF programs of an administrator's, on hooks that no command line tool puts them on

As a program: bpf_programs.py cgroup DIRECTORY HOOK VERDICT, netfilter FAMILY HOOK VERDICT or sk_lookup VERDICT (the last two in
the namespace it is in). It says "there" when the program is there, which it is until standard input ends."""
import contextlib
import ctypes
import os
import pathlib
import struct
import subprocess
import sys

SYS_BPF = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
PROG_LOAD, PROG_ATTACH, PROG_DETACH, LINK_CREATE = 5, 8, 9, 28
CGROUP_SKB, CGROUP_SOCK_ADDR, SK_LOOKUP, NETFILTER = 8, 18, 30, 32  # kinds of programs
# Hooks of control groups: kind of program and of attachment.
HOOKS = {"ingress": (CGROUP_SKB, 0), "egress": (CGROUP_SKB, 1), "udp6_sendmsg": (CGROUP_SOCK_ADDR, 15)}
ON_SK_LOOKUP, ON_NETFILTER = 36, 45
FAMILIES = {"ipv4": 2, "ipv6": 10}
NETFILTER_HOOKS = {"prerouting": 0, "input": 1, "forward": 2, "output": 3, "postrouting": 4}
ALLOW_MULTI = 2


def bpf(command, octets):
    attributes = ctypes.create_string_buffer(octets, max(len(octets), 64))
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(SYS_BPF, command, attributes, len(attributes))
    if got < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return got


def load(kind, where, verdict):
    """A program that returns the verdict, whatever it is asked about."""
    code = ctypes.create_string_buffer(struct.pack("BBhiBBhi", 0xb7, 0, 0, verdict, 0x95, 0, 0, 0))
    words = ctypes.create_string_buffer(b"GPL")
    return bpf(PROG_LOAD, struct.pack("IIQQIIQII16sII", kind, 2, ctypes.addressof(code), ctypes.addressof(words), 0, 0, 0, 0, 0,
                                      b"theirs", 0, where))


def put(words):
    """Return: what takes it off."""
    if words[0] == "cgroup":
        kind, where = HOOKS[words[2]]
        group, program = os.open(words[1], os.O_RDONLY), load(kind, where, int(words[3]))
        bpf(PROG_ATTACH, struct.pack("IIII", group, program, where, ALLOW_MULTI))
        return lambda: bpf(PROG_DETACH, struct.pack("IIII", group, program, where, 0))
    if words[0] == "netfilter":
        program = load(NETFILTER, ON_NETFILTER, int(words[3]))
        link = bpf(LINK_CREATE, struct.pack("IIIIIIiI", program, 0, ON_NETFILTER, 0, FAMILIES[words[1]], NETFILTER_HOOKS[words[2]], 5, 0))
    else:
        program = load(SK_LOOKUP, ON_SK_LOOKUP, int(words[1]))
        link = bpf(LINK_CREATE, struct.pack("IIII", program, os.open("/proc/self/ns/net", os.O_RDONLY), ON_SK_LOOKUP, 0))
    return lambda: os.close(link)


@contextlib.contextmanager
def program(host, *words):
    """The program is there. host: the network namespace."""
    holder = host.popen(sys.executable, pathlib.Path(__file__), *words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout.readline() == "there\n"
        yield
    finally:
        holder.stdin.close()
        assert holder.wait(60) == 0


if __name__ == "__main__":
    take_off = put(sys.argv[1:])
    print("there", flush=True)
    sys.stdin.read()
    take_off()

# SPDX-License-Identifier: BSD-2-Clause
"""tcx.py - how many eBPF programs are on the tc hooks of an interface

As a program, in a namespace: tcx.py INTERFACE prints "ingress egress"."""
import ctypes
import os
import pathlib
import socket
import struct
import sys

BPF_PROG_QUERY, TCX_INGRESS, TCX_EGRESS = 16, 46, 47
SYS_BPF = {"x86_64": 321, "aarch64": 280}[os.uname().machine]


def query(ifindex, hook):
    attributes = ctypes.create_string_buffer(struct.pack("IIIIQIxxxxQQQQ", ifindex, hook, 0, 0, 0, 0, 0, 0, 0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(SYS_BPF, BPF_PROG_QUERY, attributes, len(attributes) - 1) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return struct.unpack_from("I", attributes, 24)[0]


def programs(host, interface):
    """(ingress, egress) of an interface in a namespace."""
    out = host.run(sys.executable, pathlib.Path(__file__), interface).stdout
    return tuple(map(int, out.split()))


if __name__ == "__main__":
    index = socket.if_nametoindex(sys.argv[1])
    print(query(index, TCX_INGRESS), query(index, TCX_EGRESS))

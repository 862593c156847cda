#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""record_calls.py - write tests/goldens/calls.jsonl: what Linux 6.12 answers to the program calls.py

  tests/parity/record_calls.py [CASE...]

Boots Debian's kernel 6.12 in QEMU (support/vm.py), so root and the packages of ./run check are needed. Two runs
must give the same file; with CASE the answers of those are printed, and nothing is written.
"""
import pathlib
import sys

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1])]

from support.vm import Machine  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
GOLDEN = HERE.parent / "goldens/calls.jsonl"
LIMIT = 300  # seconds that a case may take
MODULES = ["l2tp_eth", "l2tp_ip", "l2tp_ip6", "l2tp_ppp", "ppp_mppe", "veth"]


def main():
    with Machine("linux-image-6.12-amd64", modules=MODULES) as machine:
        done = machine.run("/usr/bin/python3", HERE / "calls.py", "-t", str(LIMIT), *sys.argv[1:], timeout=10 * LIMIT)
    sys.stderr.write(done.stderr)
    if sys.argv[1:]:
        print(done.stdout, end="")
        return
    GOLDEN.write_text(done.stdout)
    print(f"{machine.release}: {len(done.stdout.splitlines())} observations")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: BSD-2-Clause
"""What Linux holds back on arrival, to put it together with what may follow, is not overtaken by what follows"""
import socket
import struct

import pytest

from support.fast_pair import INNER, FastPair, lay_cable

BURSTS = 100
# The first go as one batch, which has checksums; the last does not fit into it.
BURST = [1000] * 5 + [1300]
NUMBER = struct.Struct("!I")


@pytest.fixture(params=(4, 6), ids=("udp4", "udp6"))
def patient(request):
    """At the far end a card that waits for more before it hands on what it has put together, as cards are set up that are
    to interrupt seldom."""
    cable = lay_cable("seg", request.param)
    cable.far.run("sh", "-c", "cd /sys/class/net/wire; echo 2 >napi_defer_hard_irqs; echo 200000 >gro_flush_timeout")
    yield cable
    cable.close()


def numbers_received(near, far, address):
    into, out = far.socket(socket.AF_INET, socket.SOCK_DGRAM), near.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with into, out:
        into.settimeout(10)
        into.bind((address, 0))
        out.connect(into.getsockname())
        for burst in range(BURSTS):
            sizes = list(enumerate(BURST, burst * len(BURST)))
            for number, size in sizes:
                out.send(NUMBER.pack(number) + bytes(size - NUMBER.size))
            yield from (NUMBER.unpack_from(into.recv(2048))[0] for _ in sizes)


def test_what_follows_a_batch_does_not_overtake_it(build, patient):
    """Requirements: TX-1"""
    with FastPair(patient, ("off", "off")):
        came = list(numbers_received(patient.near, patient.far, INNER[4][1]))
    assert came == list(range(BURSTS * len(BURST)))

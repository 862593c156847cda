# SPDX-License-Identifier: BSD-2-Clause
"""ppp_storm.py - tests/programs/storm at both ends of a cable, and what is expected of it

    with Pair(cable, before=[...]) as pair:
        story(pair, 100)
"""
import json

from support.program import Program
from support.wait import SLOW, eventually

PORT, INTERVAL_MS = 5000, 500


class Pair:
    """near asks for echoes, far answers. What is told to both is done by both at once.

    before, environment:  of near and far alike, as of a launcher
    """

    def __init__(self, cable, before=(), environment=None, tunnels=5, threads=4, interval_ms=INTERVAL_MS):
        addresses = [cable.NEAR4, cable.FAR4]
        self.programs = []
        for namespace, (here, there), interval in ((cable.near, addresses, interval_ms), (cable.far, addresses[::-1], 0)):
            name = f"storm {here} {there} {PORT} {tunnels} {threads} {interval}"
            self.programs.append(Program(name, namespace, before, environment))
        self.near, self.far = self.programs

    def near_does(self, *words, timeout=20):
        self.near.tell(*words)
        return json.loads(self.near.heard(words[0], timeout))

    def do(self, *words, timeout=60):
        """[what near said, what far said]"""
        for program in self.programs:
            program.tell(*words)
        return [json.loads(program.heard(words[0], timeout)) for program in self.programs]

    def up(self, count, timeout=60):
        """All are made and the peer answers on each; what near said last."""
        for made in self.do("up", 1, count, timeout=timeout):
            assert (made["made"], made["failed"]) == (count, 0), made
        said = self.near_does("established", count, timeout * SLOW, timeout=timeout + 10)
        assert said["established"] == count, said
        return said

    def status(self):
        return self.near_does("status")

    def close(self):
        for program in self.programs:
            program.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for program in self.programs:
            program.kill()


def story(pair, count):
    """Sessions come, answer, are lost at one end and at both, and come back; others come and go, and no echo is lost."""
    for _ in range(2):
        before = pair.status()
        pair.up(count)
        churned = pair.near_does("churn", count + 1, count + 20, timeout=60)
        assert (churned["made"], churned["failed"]) == (20, 0), churned
        asked = pair.status()["asked"]
        eventually(lambda: pair.status()["answered"] >= asked + count, "each session is asked once more, at the least",
                   timeout=20 * SLOW)
        after = pair.status()
        assert (after["lost"], after["hung_up"], after["established"]) == (0, 0, count), after
        assert after["descriptors"] == before["descriptors"] + 3 * count + 2 * 5, after
        pair.near_does("lose")
        made = pair.near_does("up", 1, count, timeout=60)
        assert (made["made"], made["failed"]) == (count, 0), made
        said = pair.near_does("established", count, 60, timeout=70)
        assert said["established"] == count and pair.status()["lost"] == 0, said
        pair.do("down")
        assert pair.status()["descriptors"] == before["descriptors"]
    pair.close()

# SPDX-License-Identifier: BSD-2-Clause
"""progress.py - what is said while it is measured, and what stops it"""
import sys
import time

_began = time.monotonic()


class Failed(Exception):
    """A measurement could not be made; the text says which, and why."""


def say(text):
    print(f"{time.monotonic() - _began:5.0f} s  {text}", file=sys.stderr, flush=True)


def step(number, of, name):
    """A step of several that is going to begin."""
    say(f"[{number}/{of}] {name}")

# SPDX-License-Identifier: BSD-2-Clause
"""Vectors that a program made are what it makes"""
import pathlib

from support import mppe

VECTORS = pathlib.Path(__file__).resolve().parents[1] / "vectors"


def test_vectors_of_mppe_are_those_of_the_other_implementation():
    assert (VECTORS / "mppe.txt").read_text() == mppe.vectors()

# SPDX-License-Identifier: BSD-2-Clause
"""debian.py - the kernels of Debian 12: the stock 6.1, and the 6.12 that Debian offers beside it

Tests that ask for the fixture `debian` (tests/kernels/conftest.py) run on both, unless marked for one of them.
"""
import pytest

STOCK, OFFERED = "6.1", "6.12"
KERNELS = {STOCK: "linux-image-amd64", OFFERED: "linux-image-6.12-amd64"}

on_stock, on_offered = (pytest.mark.parametrize("debian", [kernel], indirect=True) for kernel in (STOCK, OFFERED))

# SPDX-License-Identifier: BSD-2-Clause
"""The fast path where it can not be had. Where it can: test_kernel_self_test.py, and the scenarios in test_kernels.py."""
from support.debian import on_stock


@on_stock
def test_before_linux_6_6_it_is_refused_or_done_without(debian):
    """Pings pass by the engine."""
    said = debian.call("support.pair_inside:fast_path_lacking")
    words = "the fast path needs Linux 6.6 or later (tcx)"
    assert said["required"] == words
    assert f'event=fast-path-off reason="{words}"' in said["log"]
    assert said["reason"] == "unsupported"
    assert "fast-path" not in said["features"]

# SPDX-License-Identifier: BSD-2-Clause
"""What tests/results.py makes of the names that meson gives its tests"""
import pytest

import results


@pytest.mark.parametrize("suite, case, test", [
    ("ul2tp.ul2tp:unit / data_header", "1 - numbers_wrap", ("data_header", "numbers_wrap")),
    ("ul2tp.data_header", "12 numbers_wrap", ("data_header", "numbers_wrap")),
    ("ul2tp", "golden", ("ul2tp", "golden"))])
def test_a_test_of_meson_has_a_group_and_a_function(suite, case, test):
    assert results.meson_names(suite, suite, case) == test

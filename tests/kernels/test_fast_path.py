# SPDX-License-Identifier: BSD-2-Clause
"""The fast path on Debian's kernels: what is said where it can not be had, and what this machine's kernel may not have"""
from support.daemon import BUILD, TOP
from support.vm import Machine

MODULES = ("tun", "veth", "unix_diag", "udp_diag", "nf_tables", "xfrm_user", "vrf")


def machine(package):
    return Machine(package, MODULES, cpus=2, environment={"UL2TP_BUILD": BUILD})


def test_before_linux_6_6_it_is_refused_or_done_without(build):
    """Pings pass by the engine."""
    with machine("linux-image-amd64") as old:
        assert old.release.startswith("6.1.")
        said = old.call("support.pair_inside:fast_path_lacking")
    words = "the fast path needs Linux 6.6 or later (tcx)"
    assert said["required"] == words
    assert f'event=fast-path-off reason="{words}"' in said["log"]
    assert said["reason"] == "unsupported"
    assert "fast-path" not in said["features"]


def test_in_a_vrf(build):
    with machine("linux-image-6.12-amd64") as new:
        done = new.run("/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", TOP,
                       TOP / "tests/scenarios/test_fast_path_bound.py", "-k", "vrf", check=False, timeout=2000)
    assert done.returncode == 0 and "2 passed" in done.stdout, done.stdout

# SPDX-License-Identifier: BSD-2-Clause
"""tests/build.sh, with meson and ninja that are made up: what a build that failed said can be read, and its status is kept"""
import pathlib
import shutil
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
LIMIT = 120  # seconds

NINJA = """
echo "[1/2] Linking target $3"
for name in __asan_init __asan_check_load_add_1_RAX; do
	echo "/usr/bin/ld.gold: warning: Cannot export local symbol '$name'"
done
echo "ld.gold: error: main.c: undefined reference to 'nothing'"
exit $STATUS
"""


@pytest.mark.parametrize("gold", [True, False], ids=["gold", "no-gold"])
@pytest.mark.parametrize("status", [0, 3])
def test_a_build_with_sanitizers(tmp_path, status, gold):
    """It has gold's errors without gold's chatter, and gold itself only where it is."""
    programs = tmp_path / "programs"
    programs.mkdir()
    made_up = {"meson": 'echo "$* by ${CC_LD:-any}"', "ninja": NINJA, **({"ld.gold": ""} if gold else {})}
    for name, text in made_up.items():
        (programs / name).write_text("#!/bin/sh\n" + text)
        (programs / name).chmod(0o755)
    for name in ("flock", "sed"):
        (programs / name).symlink_to(shutil.which(name))
    script = "set -uo pipefail; . tests/build.sh; build_sanitized $1 all"
    done = subprocess.run([shutil.which("bash"), "-c", script, "-", tmp_path / "b"], cwd=TOP, capture_output=True, text=True,
                          env={"PATH": programs, "STATUS": str(status)}, timeout=LIMIT, check=False)
    setup, *said = done.stdout.splitlines()
    assert setup.endswith("by gold" if gold else "by any") and "-Dwerror=true" in setup
    assert said == ["[1/2] Linking target all", "ld.gold: error: main.c: undefined reference to 'nothing'"], done.stderr
    assert done.returncode == status

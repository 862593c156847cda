# SPDX-License-Identifier: BSD-2-Clause
"""What is written about the programs agrees with the programs, and every link leads somewhere."""
import os
import pathlib
import re
import shlex
import shutil
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("UL2TP_BUILD", TOP / "build")).resolve()
MARKDOWN = sorted([*TOP.glob("*.md"), *(TOP / "doc").glob("*.md")])
PAGES = sorted((TOP / "man").glob("*.[1-8]"))
PROGRAMS = {"ul2tpd": TOP / "man/ul2tpd.8", "ul2tp": TOP / "man/ul2tp.8"}


def run(*command, **options):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL, check=False, **options)


def shell_scripts():
    candidates = [TOP / "run", TOP / ".ci/run", *(TOP / "packaging").rglob("*"), *(TOP / "tests").rglob("*"), *(TOP / "demo").rglob("*")]
    return [p for p in candidates if p.is_file() and p.open("rb").read(40).startswith(
        (b"#!/bin/bash", b"#!/bin/sh", b"#!/usr/bin/env bash"))]


def anchors(path):
    """The anchors GitHub and others give to headings."""
    headings = re.findall(r"^#+ +(.*)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_manual_pages_are_clean(page):
    lint = run("mandoc", "-Tlint", "-Wwarning", page)
    assert lint.returncode == 0 and not lint.stdout, lint.stdout


@pytest.mark.parametrize("script", shell_scripts(), ids=lambda p: str(p.relative_to(TOP)))
def test_shell_scripts_are_clean(script):
    check = run("shellcheck", "-x", script, cwd=TOP)
    assert check.returncode == 0, check.stdout


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda p: str(p.relative_to(TOP)))
def test_links_lead_somewhere(page):
    dead = []
    prose = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if re.match(r"(https?|mailto):", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        if not file.exists():
            dead.append(target)
        elif anchor and anchor not in anchors(file):
            dead.append(f"{target} (no such heading)")
    assert not dead, f"{page.name}: {dead}"


def test_the_architecture_names_files_that_exist():
    """`src/…`, `tests/…` and file names in backticks are found in the tree."""
    words = set(re.findall(r"`([\w./-]+\.(?:[ch]|py|md|txt))`", (TOP / "ARCHITECTURE.md").read_text()))
    assert len(words) > 15
    known = {str(p.relative_to(TOP)) for p in TOP.rglob("*") if "build" not in p.parts}
    lost = [w for w in words if not any(k == w or k.endswith("/" + w) for k in known)]
    assert not lost, sorted(lost)


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_say_their_version(name):
    version = re.search(r"version: '([^']+)'", (TOP / "meson.build").read_text())[1]
    done = run(BUILD / name, "--version")
    assert done.returncode == 0
    assert version in done.stdout, done.stdout + done.stderr
    assert version in (TOP / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_option_is_in_the_manual_and_the_other_way_round(name):
    done = run(BUILD / name, "--help")
    assert done.returncode == 0, done.stderr
    helped = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", done.stdout + done.stderr))
    source = PROGRAMS[name].read_text().replace("\\-", "-")
    manual = {"--" + m for m in re.findall(r"^\.(?:It )?Fl -([a-z][a-z-]+)", source, re.MULTILINE)}
    manual |= {"--" + m for m in re.findall(r"Fl -([a-z][a-z-]+)", source)}
    assert helped, "no options in --help"
    assert helped - {"--help", "--version"} <= manual, f"not in the manual: {helped - manual}"
    assert manual <= helped, f"in the manual only: {manual - helped}"


def test_run_answers_before_it_installs_or_builds(tmp_path):
    """`./run COMMAND --help` of each command that `./run help` names, where every package is missing."""
    for name in ("dpkg-query", "apt-get", "meson", "ninja", "sudo"):
        (tmp_path / name).write_text(f"#!/bin/sh\necho $0 >>{tmp_path}/called\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    environment = dict(os.environ, PATH=f"{tmp_path}:{os.environ['PATH']}")
    commands = re.findall(r"^  ([a-z][a-z-]*)(?= |$)", run(TOP / "run", "help").stdout, re.MULTILINE)
    assert {"check", "bench", "requirements", "demo"} <= set(commands), commands
    for command in commands:
        done = run(TOP / "run", command, "--help", env=environment)
        assert done.returncode == 0 and "usage" in done.stdout, (command, done)
        assert not (tmp_path / "called").exists(), (command, (tmp_path / "called").read_text())


def examples():
    """Commands of ul2tp in the manual and in its help, each as one line"""
    text = PROGRAMS["ul2tp"].read_text().replace("\\e\n", " ").replace("\n.Dl ", "\n")
    for topic in ("tunnel", "session", "ppp", "unit", "limits", "monitor", "trace", "debug", "save", "show unit"):
        text += run(BUILD / "ul2tp", "help", *topic.split()).stdout.replace("\\\n", " ")
    lines = {re.sub(r"[>|#].*", "", line).strip() for line in re.findall(r"^ {0,2}ul2tp .*$", text, re.MULTILINE)}
    return sorted(line for line in lines if " run " not in line and "-batch" not in line)


def test_examples_are_understood():
    """Nobody answers where they ask, which comes after all that could be wrong with them."""
    commands = examples()
    assert len(commands) > 15, commands
    for line in commands:
        done = run(BUILD / "ul2tp", "--socket", "/nonexistent", "--backend", "ul2tpd", *shlex.split(line)[1:])
        assert done.returncode == 3, f"{line}: {done.stderr}"


def test_the_units_are_valid(tmp_path):
    assert shutil.which("systemd-analyze"), "systemd-analyze is missing: ./run install-deps check"
    for unit in ("ul2tpd.service", "ul2tpd.socket"):
        # systemd wants to see the programs where the unit says they will be.
        text = (BUILD / "systemd" / unit).read_text()
        (tmp_path / unit).write_text(re.sub(r"^(Exec\w+)=\S+/(ul2tpd?)\b", rf"\1={BUILD}/\2", text, flags=re.M))
    done = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no",
               tmp_path / "ul2tpd.service", tmp_path / "ul2tpd.socket")
    ours = [line for line in (done.stdout + done.stderr).splitlines() if "ul2tp" in line]
    assert not ours, "\n".join(ours)
    assert done.returncode == 0, done.stderr

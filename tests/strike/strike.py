#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""strike.py - ul2tpd is killed, or a system call of its fails, or waits, at each system call of a short story

    tests/strike/strike.py STORY PROCESS kill [--points N] [--from K]
    tests/strike/strike.py STORY PROCESS error ENOMEM
    tests/strike/strike.py STORY PROCESS delay 300          (ms)
    tests/strike/strike.py STORY PROCESS kill --at 117      one moment, with the log

STORY is one of stories.py, or "all"; PROCESS is engine, keeper, for the story behind supervisor, too, and for the story adopting
next: the engine that takes over.
The story is told once to count the calls, and then with a strike at each, or at --points of them evenly. Each is a ul2tpd
of its own in namespaces of its own. Run as root; UL2TP_BUILD says where the programs are. strike.c is compiled when needed.
"""
import argparse
import errno
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from support.daemon import in_session  # noqa: E402  pylint: disable=wrong-import-position
from support.wait import eventually  # noqa: E402  pylint: disable=wrong-import-position
import stories  # noqa: E402  pylint: disable=wrong-import-position

NEVER = 1 << 40
CALLS = {int(number): name for name, number in re.findall(
    r"#define __NR_(\w+) (\d+)", pathlib.Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h").read_text())}


class Striker:
    """strike.c, watching a process of the story's."""

    program = None

    def __init__(self, story, process, at, what):
        words = [str(story.pid_of(process)), *(["child"] if process == "next" else []), str(at), *map(str, what)]
        self.process = subprocess.Popen([self.program, *words], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"

    def end(self):
        """(what it struck at, how many calls there were)"""
        if self.process.poll() is None:
            self.process.terminate()
        said = self.process.communicate(timeout=20)[0].split()
        if said[:1] == ["hit"]:
            return f"{CALLS.get(int(said[1]), said[1])}({int(said[2])}, {int(said[3]):#x})", int(said[4])
        return None, int(said[1]) if said else 0


def compile_striker(directory):
    Striker.program = str(pathlib.Path(directory) / "strike")
    subprocess.run(["cc", "-O1", "-Wall", "-o", Striker.program, str(HERE / "strike.c")], check=True)


def dead_keeper(story):
    """All of it ends, and a new ul2tpd can begin where it was."""
    eventually(lambda: not in_session(story.daemon.pid), "engine and guard end with their keeper", stories.STEP_S)
    story.daemon.process.wait(20)
    story.no_devices()
    for file in (f for f in story.ppp.files if f.held.fileno() >= 0):
        eventually(file.hung_up, "a program sees the end of its files", stories.STEP_S)
    story.after_keeper()


def living(story, process, what):
    story.after()
    story.check_things()
    story.check_traffic()
    story.clear()
    story.check_no_leak()
    died = story.daemon.log.count("engine-died")
    expected = (what[0] == "kill" and process != "supervisor") + (process == "next")
    assert process != "supervisor" or what[0] == "error" or not story.refusals, story.refusals
    assert died == expected or what[0] != "kill", f"{died} engines died"
    story.finish()


def told(name, process, at, what):
    """Tell the story once. Return: (what was struck at, its number, words of refusals, the log); raises what went wrong."""
    began = time.monotonic()
    story = stories.STORIES[name]()
    hit = None
    try:
        striker = Striker(story, process, at, what)
        try:
            story.act()
            if process == "next" and at != NEVER:
                eventually(lambda: striker.process.poll() is not None or time.monotonic() - began > 20)
        finally:
            hit, number = striker.end()
        if hit and process == "keeper" and what[0] == "kill":
            dead_keeper(story)
        else:
            living(story, process, what if hit else ["nothing"])
        return hit, number, [str(r) for r in story.refusals], story.daemon.log_before_end
    except BaseException as why:
        why.hit, why.log = hit, story.daemon.log
        raise
    finally:
        story.abandon()


def strike(name, process, what, options):
    _, calls, _, _ = told(name, process, NEVER, what)
    points = [options.at] if options.at else range(options.begin, calls + 1, max(1, calls // (options.points or calls)))
    print(f"{name} {process} {' '.join(map(str, what))}: {calls} calls, {len(points)} strikes", flush=True)
    failed, silent = 0, {}
    for at in points:
        try:
            hit, number, refusals, log = told(name, process, at, what)
        except BaseException as why:  # pylint: disable=broad-except
            if isinstance(why, KeyboardInterrupt):
                raise
            failed += 1
            print(f"--- {name} {process} {what} at {at}, {getattr(why, 'hit', '')}: {why!r}", flush=True)
            if options.verbose or options.at:
                traceback.print_exception(why)
                print(getattr(why, "log", ""), flush=True)
            continue
        words = [line for line in log.splitlines() if line.startswith(("<3>", "<4>"))]
        if options.at:
            print(hit, refusals, log, sep="\n")
        if hit and what[0] == "error" and not words and not refusals:
            silent[hit.split(",")[0]] = silent.get(hit.split(",")[0], 0) + 1
    print(f"{name} {process} {' '.join(map(str, what))}: {failed} of {len(points)} failed; said nothing: {silent}", flush=True)
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("story")
    parser.add_argument("process", choices=("engine", "keeper", "next", "supervisor"))
    parser.add_argument("what", nargs="+")
    parser.add_argument("--points", type=int, default=0)
    parser.add_argument("--from", dest="begin", type=int, default=1)
    parser.add_argument("--at", type=int)
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    what = list(options.what)
    if what[0] == "error":
        what[1] = getattr(errno, what[1])
    failed = 0
    with tempfile.TemporaryDirectory(prefix="ul2tp-strike-") as directory:
        compile_striker(directory)
        for name in list(stories.STORIES) if options.story == "all" else [options.story]:
            if options.process in stories.STORIES[name].struck:
                failed += strike(name, options.process, what, options)
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""random_sequences.py - random operations on Linux 6.12 and by "ul2tp run", until what can be seen differs

  tests/parity/random_sequences.py [-p] [-s] FIRST [LAST]     seeds; -p: of PPP; -s: shorten a sequence that differs

A seed makes a sequence of operations that bring tunnels, sessions, PPP and their interfaces into being and take them
away again (random_world.py does them). Linux is given time after each, since it deletes after it has said so; ul2tp gets
some of them at once, and where two are made by two threads in the same moment, what comes must be what Linux gives to
one after the other in either order. Where that differs, both are run slowly and in a hurry: what differs slowly is a
"difference"; what only differs in a hurry is shown beside what Linux does then, which is up to its scheduler.

By hand, as root, UL2TP_BUILD=build; on a busy machine of two processors forty seeds took 24 minutes. What Linux gave is kept
in build/random-sequences. Neither the build nor these files may change meanwhile. It ends with status 1 if anything differed.
"""
import argparse
import hashlib
import json
import os
import pathlib
import random
import subprocess
import sys

PROGRAM = pathlib.Path(__file__).resolve()
HERE = PROGRAM.parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

BATCH = 5          # seeds at a time
CASE_LIMIT = 200   # seconds for a sequence
PAUSE = {"linux": 0.04, "ours": 0.03, "slow": 0.3}
MODULES = ["l2tp_eth", "l2tp_ip", "l2tp_ip6", "l2tp_ppp", "veth"]
PROGRAMS = ("random_world.py", "hosts.py", "random_ppp_world.py", "calls.py")  # with these the answers change


# --- what is done ---------------------------------------------------------------------------------------


class Dice(random.Random):
    """One random operation of a kind, as a list of words and numbers"""

    slots = ("u0", "u1", "i0", "s0", "s1", "s2", "f0", "f1", "f2", "f3", "f4")  # see random_world.py

    def __init__(self, seed):
        super().__init__(seed)
        self.there = set()  # sockets and files, as far as is known here

    def one(self, *of):
        return self.choice(of)

    def slot(self, letters, fresh=0.1):
        """Mostly one that is there, or with fresh one that is not"""
        names = [name for name in self.slots if name[0] in letters]
        likely = [name for name in names if name in self.there]
        if self.random() < fresh or not likely:
            likely = [name for name in names if name not in self.there] or names
        return self.choice(likely)

    def make(self, word, letter):
        slot = self.slot(letter, 0.95)
        self.there.add(slot)
        return [word, slot]

    def close(self, letters):
        slot = self.slot(letters)
        self.there.discard(slot)
        return ["close", slot]

    def conn_id(self):
        return self.one(1, 1, 1, 2)

    def session_id(self):
        return self.one(11, 11, 12)

    def device(self):
        return self.one("x11", "x11", "x12", "ppp0", "ppp0", "ppp1", "y")

    def build(self):
        who, slot = self.randrange(2), self.slot
        return self.one(
            lambda: self.make("udp", "u"), lambda: self.make("ip", "i"), lambda: self.make("pppox", "s"),
            lambda: self.make("open", "f"), lambda: self.make("open", "f"),
            lambda: ["tunnel", who, self.conn_id(), self.one(2, 2, 3), self.one("udp", "udp", "ip", slot("u"), slot("i"))],
            lambda: ["session", who, self.conn_id(), self.session_id(), self.one(5, 7)],
            lambda: ["connect", slot("s"), self.conn_id(), self.one(11, 11, 12, 0), self.one(2, 3), self.one("", slot("u"))],
            lambda: ["gchan", slot("s")],
            lambda: ["file", slot("f"), "ATTCHAN", slot("s")], lambda: ["newunit", slot("f"), self.one(-1, -1, 0, 1)],
            lambda: ["file", slot("f"), "ATTACH", slot("f")], lambda: ["file", slot("f"), "CONNECT", slot("f")],
            lambda: ["file", slot("f"), "BRIDGECHAN", slot("s")], lambda: ["up", self.device()])()

    def use(self):
        who, slot = self.randrange(2), self.slot
        frame = self.one("lcp", "ipcp", "ip")
        return self.one(
            lambda: ["arrives", self.one(2, 3), self.one(5001, 5002, 5011, 5012), self.conn_id(), self.session_id(), frame],
            lambda: ["arrives", 2, self.one(5001, 5011), 1, self.session_id(), frame],
            lambda: ["send", slot("s"), frame], lambda: ["write", slot("f"), frame], lambda: ["socket_state", slot("s")],
            lambda: ["file_state", slot("f")], lambda: ["modify", who, self.conn_id(), self.session_id(), self.randrange(2)],
            lambda: ["get", who, self.conn_id(), self.session_id()], lambda: ["dump", who],
            lambda: ["ethernet", self.device(), self.randrange(256)], lambda: ["is_far", self.device()])()

    def end(self):
        who, slot = self.randrange(2), self.slot
        return self.one(
            lambda: ["tunnel_delete", who, self.conn_id()],
            lambda: ["session_delete", who, self.conn_id(), self.session_id()],
            lambda: ["session_delete_named", who, self.one("x11", "x12")],
            lambda: self.close("s"), lambda: self.close("f"), lambda: self.close("ui"),
            lambda: ["file", slot("f"), "DISCONN"], lambda: ["file", slot("f"), "UNBRIDGECHAN"],
            lambda: ["rename", self.device(), self.one("y", "ppp0", "x11")],
            lambda: ["link_delete", self.one("ppp0", "ppp1")], lambda: ["move", self.device()])()

    def call(self):
        """All that a session of PPP's has, as pppd makes it"""
        conn_id = self.conn_id()
        made = [["tunnel", 0, conn_id, 2, self.one("udp", "u0")], self.make("pppox", "s"), self.make("open", "f"),
                self.make("open", "f")]
        sock, channel, unit = (slot for _, slot in made[1:])
        return [*made, ["connect", sock, conn_id, self.session_id(), 2, ""], ["gchan", sock], ["file", channel, "ATTCHAN", sock],
                ["newunit", unit, -1], ["file", channel, "CONNECT", unit], ["up", "ppp0"]]


    def race(self):
        """Two at once, each on a netlink socket of its own, and on other sockets and files than the other"""
        pair = [self.one(self.end, self.end, self.build)() for _ in range(2)]
        if set.intersection(*({word for word in words if word in self.slots} for words in pair)):
            return self.race()
        return ["both", *([words[0], at, *words[2:]] if isinstance(words[1], int) else words for at, words in enumerate(pair))]


class PppDice(Dice):
    """The same for random_ppp_world.py: mostly calls that are there, and all that can be done to them"""

    slots = ("u0", "u1", "v0", "i0", "s0", "s1", "s2", "s3", "f0", "f1", "f2", "f3", "f4", "f5", "d0", "d1", "h0")

    def __init__(self, seed):
        super().__init__(seed)
        self.on = {}  # {slot: "channel" or "unit"}, as far as is known here

    def file(self, on=None, letters="f"):
        """Mostly one that is on such a thing, or with None on nothing yet"""
        likely = [slot for slot in self.slots if slot[0] in letters and slot in self.there and self.on.get(slot) == on]
        return self.choice(likely) if likely and self.random() < 0.8 else self.slot(letters + "d")

    def put(self, on, words):
        self.on[words[1]] = on
        return words

    def close(self, letters):
        words = super().close(letters)
        self.on.pop(words[1], None)
        return words

    def number(self):
        return self.one(0, 0, 1, 1, 2, 5, 99, -1)

    def octets(self):
        return self.one("lcp", "ipcp", "ip", "nothing", "one", "two", "odd", "ipv6", "long")

    def of_socket(self):
        slot = self.slot
        return self.one(
            lambda: ["connect", slot("s", 0.5), self.conn_id(), self.one(11, 12, 0), self.one(2, 2, 3), self.one("", slot("uvi"))],
            lambda: ["connect_odd", slot("s", 0.5), self.one(
                "short", "long", "empty", "another family", "pppoe", "pptp", "protocol 3", "unspecified", "six", "six of three",
                "pid", "a file", "no file", "itself", "no ids", "no tunnel", "no peer's tunnel", "no peer's session",
                "three, no peer's session", "great ids", "an address"), self.one("", slot("uvi"))],
            lambda: ["names", slot("s")], lambda: ["bind", slot("s")], lambda: ["gchan", slot("s")],
            lambda: ["setopt", slot("s"), self.one(1, 2, 3, 4, 5, 6), self.one(0, 1, 1, 2, -1, 100), self.one(4, 4, 4, 3, 0, 8)],
            lambda: ["getopt", slot("s"), self.one(1, 2, 3, 4, 5, 6), self.one(4, 4, 3, 1, 8)],
            lambda: ["send", slot("s"), self.octets()], lambda: ["read", slot("s"), self.one(4, 2000)],
            lambda: ["ioctl", slot("sd"), "GL2TPSTATS", self.one(0, 1, 1 | 11 << 16, 1 | 12 << 16, 2, 2 | 11 << 16)],
            lambda: ["dup", slot("d", 0.9), slot("sf")])()

    def of_file(self):
        slot, file, channel, unit = self.slot, self.file(), self.file("channel"), self.file("unit")
        sock = self.file("channel", "s")
        return self.one(
            lambda: self.put("unit", ["newunit", file, self.number()]),
            lambda: self.put("channel", ["file", file, "ATTCHAN", self.one(sock, sock, self.number())]),
            lambda: self.put("unit", ["file", file, "ATTACH", self.one(unit, unit, self.number())]),
            lambda: ["file", channel, "CONNECT", self.one(unit, unit, self.number())],
            lambda: ["file", channel, self.one("DISCONN", "DISCONN", "DETACH", "UNBRIDGECHAN")],
            lambda: ["file", channel, "BRIDGECHAN", self.one(sock, sock, self.number())],
            lambda: ["file", channel, "BRIDGECHAN", sock], lambda: ["read", sock, 2000], lambda: ["send", sock, self.octets()],
            lambda: ["ioctl", self.one(unit, channel, slot("s")), self.one("SFLAGS", "SMRU", "SMRU", "SMRRU", "SMAXCID", "SDEBUG"),
                     self.one(0, 1, 15, 100, 1500, 0x800000, 0x200, 0x400, 0x40000000, -1)],
            lambda: ["ioctl", self.one(unit, channel, slot("sd")), self.one(
                "GFLAGS", "GMRU", "GUNIT", "GIDLE32", "GIDLE64", "GDEBUG", "GCHAN", "GL2TPSTATS", "XFERUNIT", "GCOMPRESSORS",
                "unknown", "FIONREAD")],
            lambda: ["ioctl", unit, self.one("SNPMODE", "SNPMODE", "GNPMODE"), self.one(0x21, 0x21, 0x57, 0x281, 0xc021, 0),
                     self.one(0, 1, 2, 3, 7, -1)],
            lambda: ["filter", unit, self.one("SPASS", "SACTIVE"), self.one("all", "none", "nothing", "ip alone", "no end", "too far")],
            lambda: ["write", unit, self.octets()], lambda: ["write", channel, self.octets()],
            lambda: ["read", self.one(unit, channel), self.one(4, 2000)], lambda: ["fork", "h0"], lambda: self.make("open", "f"),
            lambda: self.close("f"))()

    def call(self):
        """The same, and as often its channel alone"""
        made = super().call()
        channel, unit = made[6][1], made[7][1]
        self.on |= {made[1][1]: "channel", channel: "channel", unit: "unit"}
        if self.random() < 0.4:
            self.on.pop(unit)
            del made[7:9]
        return made

    def around(self):
        return self.one(
            lambda: ["arrives", 2, self.one(5001, 5011), 1, self.session_id(), self.octets()],
            lambda: ["arrives", 2, self.one(5001, 5011), 1, self.session_id(), self.octets()],
            lambda: ["arrives", 2, self.one(5001, 5011), 1, self.session_id(), self.octets()],
            lambda: [self.one("up", "down"), self.device()], self.build, self.end,
            lambda: self.close("d"), lambda: self.close("h"), lambda: self.make("far_udp", "v"),
            *[lambda: ["elsewhere", *self.one(self.of_socket, self.of_file, self.build)()]] * 3)()

    def operations(self):
        made = [self.make("udp", "u")]
        for _ in range(self.randrange(1, 5)):
            made += self.call()
        for _ in range(self.randrange(30, 80)):
            made.append(self.one(self.of_socket, self.of_file, self.of_file, self.around)())
        return [[self.random() < 0.88, *operation] for operation in made]


def sequence(seed, ppp=False):
    """[[whether the next follows at once, operation...], ...]"""
    if ppp:
        return PppDice(seed).operations()
    dice = Dice(seed)
    made = [dice.make("udp", "u")]
    for _ in range(dice.randrange(3)):
        made += dice.call()
    made += [dice.build() for _ in range(dice.randrange(15))]
    for _ in range(dice.randrange(10, 30)):
        made.append(dice.one(dice.end, dice.end, dice.build, dice.build, dice.use)())
    if dice.random() < 0.6:
        at = dice.randrange(len(made) // 2, len(made))
        made.insert(at, dice.race())
    if dice.random() < 0.15:
        made += [["leave"], *(dice.one(dice.use, dice.end, dice.build)() for _ in range(4))]
    return [[dice.random() < 0.6, *operation] for operation in made]


# --- on both --------------------------------------------------------------------------------------------

def inside(path, ppp):
    """What runs on either side: each job of the file is a case, and its transcript a line."""
    from calls import run_case  # pylint: disable=import-outside-toplevel
    if ppp:
        from random_ppp_world import perform  # pylint: disable=import-outside-toplevel
    else:
        from random_world import perform  # pylint: disable=import-outside-toplevel
    for job in json.loads(pathlib.Path(path).read_text() if path != "-" else sys.stdin.read()):
        lines = run_case("", lambda hosts, see, j=job: perform(hosts, see, *j), CASE_LIMIT).splitlines()
        print(json.dumps([[seen["op"], seen["value"]] for seen in map(json.loads, lines)]), flush=True)


class Linux:
    """A machine, started when it is needed; what it gave before is remembered."""

    def __init__(self, kept, world):
        self.machine, self.kept, self.world = None, kept, world
        kept.mkdir(parents=True, exist_ok=True)
        self.programs = " ".join(world).encode() + b"".join((HERE / program).read_bytes() for program in PROGRAMS)

    def _place(self, job):
        return self.kept / hashlib.sha256(self.programs + json.dumps(job).encode()).hexdigest()[:24]

    def run(self, jobs):
        from support.vm import Machine  # pylint: disable=import-outside-toplevel
        fresh = [job for job in jobs if not self._place(job).exists()]
        if fresh and not self.machine:
            self.machine = Machine("linux-image-6.12-amd64", modules=MODULES)
        if fresh:
            done = self.machine.run("/usr/bin/python3", PROGRAM, *self.world, "--inside", "-", input=json.dumps(fresh),
                                    timeout=60 + CASE_LIMIT * len(fresh))
            for job, line in zip(fresh, done.stdout.splitlines(), strict=True):
                self._place(job).write_text(line)
        return [json.loads(self._place(job).read_text()) for job in jobs]

    def close(self):
        if self.machine:
            log = self.machine.log()
            self.machine.close()
            if "Call Trace" in log:
                print("Linux itself complained:\n" + log[log.index("Call Trace") - 1000:][:4000])


class Ours:
    """ul2tpd, one for all"""

    def __init__(self, world):
        from support.daemon import BUILD, Daemon  # pylint: disable=import-outside-toplevel
        self.ul2tp, self.daemon, self.world = BUILD / "ul2tp", Daemon("--kernel-quirks"), world

    def run(self, jobs):
        done = subprocess.run([self.ul2tp, "run", "--files", "--", "/usr/bin/python3", PROGRAM, *self.world, "--inside",
                               "-"],
                              env=dict(os.environ, UL2TP_SOCKET=self.daemon.socket), input=json.dumps(jobs), text=True,
                              capture_output=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr)
        self.said = done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def close(self):
        self.daemon.stop()


def jobs(operations, where, hurry):
    """[operations, pause, whether in a hurry, which of "both" comes first], for each way that is to be allowed"""
    races = any(words[0] == "both" for _, *words in operations)
    return [[operations, PAUSE[where], hurry, swapped] for swapped in ((False, True) if races and not hurry else (False,))]


def same(ours, theirs):
    """The transcripts of Linux that are as ours, from the first observation to the last"""
    return any(ours == each for each in theirs)


def first_difference(ours, theirs):
    """Of the transcript of Linux that is as ours for longest: (how far, that operation, ours, Linux's)"""
    def how_far(each):
        return next((at for at, (a, b) in enumerate(zip(ours, each)) if a != b), min(len(ours), len(each)))
    best = max(theirs, key=how_far)
    at = how_far(best)
    return at, (ours + [["nothing", None]])[at], (best + [["nothing", None]])[at]


def show(words, ours, theirs):
    at, mine, linux = first_difference(ours, theirs)
    print(f"{words}: at {mine[0]}")
    a, b = mine[1], linux[1]
    if all(isinstance(each, list) and each and isinstance(each[-1], dict) for each in (a, b)):  # [what came of it, what was seen]
        if a[0] != b[0]:
            print(f"    gives      {json.dumps(a[0])}\n    Linux      {json.dumps(b[0])}")
        a, b = a[1], b[1]
    if isinstance(a, dict) and isinstance(b, dict):
        for word in a:
            if a[word] != b.get(word):
                print(f"    {word}: {json.dumps(a[word])}\n    Linux: {json.dumps(b.get(word))}")
    else:
        print(f"    gives      {json.dumps(a)}\n    Linux      {json.dumps(b)}")


def split(results, counts):
    results, found = iter(results), []
    for count in counts:
        found.append([next(results) for _ in range(count)])
    return found


def differs_slowly(sequences, linux, ours):
    """For each, (ours, [Linux's...]) if they differ even then, or None"""
    slow = [jobs(operations, "slow", False) for operations in sequences]
    theirs = split(linux.run([job for each in slow for job in each]), map(len, slow))
    mine = ours.run([each[0] for each in slow])
    return [None if same(m, t) else (m, t) for m, t in zip(mine, theirs)]


def shortened(operations, linux, ours):
    """Without what is not needed for a difference"""
    while True:
        tries = [operations[:at] + operations[at + 1:] for at in reversed(range(len(operations)))]
        found = differs_slowly(tries, linux, ours)
        better = next((each for each, differing in zip(tries, found) if differing), None)
        if not better:
            return operations
        operations = better


def compare(seeds, linux, ours, asked):
    """How many differ"""
    sequences = [sequence(seed, asked.p) for seed in seeds]
    quick = [jobs(operations, "linux", False) for operations in sequences]
    theirs = split(linux.run([job for each in quick for job in each]), map(len, quick))
    mine = ours.run([job for operations in sequences for job in jobs(operations, "ours", True)])
    bad = [at for at, each in enumerate(mine) if not same(each, theirs[at])]
    slowly = differs_slowly([sequences[at] for at in bad], linux, ours)
    count = 0
    for at, found in zip(bad, slowly):
        operations, seed = sequences[at], seeds[at]
        if found:
            count += 1
            show(f"seed {seed}: difference", *found)
            if asked.s:
                cut = first_difference(*found)[0] + 1
                short = shortened(operations[:cut], linux, ours)
                show(f"seed {seed}, shortened: {json.dumps(short)}", *differs_slowly([short], linux, ours)[0])
            continue
        hurried = linux.run(jobs(operations, "linux", True))
        if not same(mine[at], hurried):
            count += 1
            show(f"seed {seed}: at once", mine[at], theirs[at])
            show(f"seed {seed}: at once, beside Linux at once", mine[at], hurried)
    print(f"{len(seeds)} seeds, {sum(map(len, sequences))} operations, {count} differ", flush=True)
    return count


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--inside")
    options.add_argument("-s", action="store_true")
    options.add_argument("-p", action="store_true")
    options.add_argument("first", type=int, nargs="?", default=1)
    options.add_argument("last", type=int, nargs="?")
    asked = options.parse_args()
    if asked.inside:
        inside(asked.inside, asked.p)
        return 0
    last = asked.last or asked.first
    world = ["-p"] if asked.p else []
    linux, ours = Linux(HERE.parents[1] / "build/random-sequences", world), Ours(world)
    try:
        return 1 if sum(compare(range(at, min(at + BATCH, last + 1)), linux, ours, asked)
                        for at in range(asked.first, last + 1, BATCH)) else 0
    finally:
        linux.close()
        ours.close()


if __name__ == "__main__":
    sys.exit(main())

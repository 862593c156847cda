#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""L2TP conformance prober. See README.md.

  probe.py [-l] [-o DIR] [-m MODULE]... [-s SCENARIO]...

Runs every scenario in its own process and network namespaces and prints one
JSON line per observation (or writes DIR/<area>.jsonl)."""
import argparse, importlib, json, os, select, signal, sys, time, traceback
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import lib

LIMIT = float(os.environ.get("PROBE_LIMIT", "60"))


def norm(v):
    if isinstance(v, bytes):
        return lib.short(v)
    if isinstance(v, (list, tuple)):
        return [norm(x) for x in v]
    if isinstance(v, dict):
        return {str(k): norm(x) for k, x in v.items()}
    return v


class Obs:
    """Passed to a scenario: o('label', value) records an observation."""

    def __init__(self, area, scen, out):
        self.area, self.scen, self.out, self.seen, self.n = area, scen, out, {}, 0

    def __call__(self, label, value):
        k = self.seen[label] = self.seen.get(label, 0) + 1
        if k > 1:
            label = "%s #%d" % (label, k)
        self.n += 1
        self.out.write(json.dumps({"area": self.area, "scenario": self.scen, "op": label, "value": norm(value)}) + "\n")
        self.out.flush()


def modules():
    return sorted(f[:-3] for f in os.listdir(os.path.join(HERE, "scenarios")) if f.startswith("s") and f.endswith(".py"))


def run_one(area, name, fn, needs_net, kw):
    """Fork, run, return the lines. A scenario that overruns is killed."""
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(r)
        os.setpgid(0, 0)
        out = os.fdopen(w, "w")
        o = Obs(area, name, out)
        try:
            if needs_net:
                n = lib.Net(**kw)
                fn(n, o)
            else:
                fn(o)
        except BaseException as e:
            tb = traceback.extract_tb(e.__traceback__)
            where = [t for t in tb if "scenarios" in t.filename]
            o("EXCEPTION", "%s: %s at line %s" % (type(e).__name__, e, where[-1].lineno if where else "?"))
            traceback.print_exc()
        out.flush()
        os._exit(0)
    os.close(w)
    os.set_blocking(r, False)
    end, buf, late = time.time() + LIMIT, b"", False
    while True:
        s, _, _ = select.select([r], [], [], max(0, end - time.time()))
        if not s:
            late = True
            break
        d = os.read(r, 1 << 16)
        if not d:
            break
        buf += d
    try:
        os.killpg(pid, signal.SIGKILL)
    except OSError:
        pass
    os.waitpid(pid, 0)
    os.close(r)
    lines = buf.decode().splitlines()
    if late:
        lines.append(json.dumps({"area": area, "scenario": name, "op": "TIMEOUT", "value": LIMIT}))
    return lines


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("-l", action="store_true", help="list scenarios")
    ap.add_argument("-o", help="write DIR/<area>.jsonl instead of stdout")
    ap.add_argument("-m", action="append", help="module (area) to run")
    ap.add_argument("-s", action="append", help="scenario to run")
    ap.add_argument("-t", action="store_true", help="print times to stderr")
    a = ap.parse_args()
    total = 0
    for m in modules():
        if a.m and m not in a.m:
            continue
        mod = importlib.import_module("scenarios." + m)
        f = None
        if a.o and not a.l:
            os.makedirs(a.o, exist_ok=True)
            f = open(os.path.join(a.o, m + ".jsonl"), "w")
        for name, fn, net, kw in mod.SCENARIOS:
            if a.s and name not in a.s:
                continue
            if a.l:
                print(m, name, (fn.__doc__ or "").strip().split("\n")[0])
                continue
            t = time.time()
            lines = run_one(m, name, fn, net, kw)
            total += len(lines)
            if a.t:
                print("%-24s %-32s %4d %.1fs" % (m, name, len(lines), time.time() - t), file=sys.stderr, flush=True)
            for l in lines:
                print(l, file=f or sys.stdout, flush=True)
        if f:
            f.close()
    if not a.l:
        print("observations: %d" % total, file=sys.stderr)


if __name__ == "__main__":
    main()

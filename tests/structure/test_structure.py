# SPDX-License-Identifier: BSD-2-Clause
"""Rules about the source files themselves, which a reader relies on and a compiler does not check."""
import ast
import pathlib
import re
import shutil
import subprocess
import warnings

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]

# Includes point one way: a folder may use those it names here, and what those may use.
USES = {
    "base": [],
    "loop": ["base"],
    "wire": ["base"],
    "ppp": ["base"],
    "netlink": ["base"],
    "process": ["base"],
    "keeper": ["process"],
    "packet": ["loop", "wire", "netlink", "keeper"],
    "encap": ["packet"],
    "pseudowire": ["packet"],
    "tunnel": ["encap", "pseudowire"],
    "path": ["tunnel", "ppp"],
    "api": ["path"],
    "daemon": ["api"],
    "client": ["netlink", "base"],
    "debug": ["client"],
    "launcher": ["debug", "process", "loop"],
    "cli": ["client", "launcher"],
}

# Files of a folder that call each other in a circle, which nobody has found worth breaking.
CIRCLES = {
    "keeper": [
        "endpoint managed",
    ],
    "path": [
        "channel_end ppp_file unit",
        "unit_complete_receive unit_multilink unit_receive",
        "unit_complete_transmit unit_transmit",
        "handover receive",
    ],
    "launcher": [
        "listing netlink_options netlink_pump netlink_receive netlink_send netlink_socket",
    ],
    "cli": [
        "cli session_group",
    ],
}

# In src/path, what is called on workers, and calls the rest of what is done there.
MOVES_PACKETS = ["worker", "transmit", "unit_transmit", "raw_receive", "own_packet"]

ONLY_FOR_TESTS = re.compile(r"_(test|fuzz|fixture|model)$|^(fake|test)_")  # or only for programs that are fuzzed

# Headers in include/ and who may read them; absent: everyone.
PUBLIC = {"ul2tp.h": ["client", "debug", "cli", "launcher"], "ul2tp_ppp.h": ["client", "cli"]}


def may_use(folder):
    allowed = set()
    todo = [folder]
    while todo:
        for used in USES[todo.pop()]:
            if used not in allowed:
                allowed.add(used)
                todo.append(used)
    return allowed


def project_files():
    """Every file that belongs to the project; in a checkout git knows, elsewhere all but what is built."""
    known = None
    if shutil.which("git"):
        known = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "-z"], cwd=TOP,
                               capture_output=True, text=True, check=False)
    if known and known.returncode == 0:
        names = known.stdout.split("\0")[:-1]
    else:
        names = [str(p.relative_to(TOP)) for p in TOP.rglob("*")]
    files = [TOP / n for n in names if not n.startswith(("build", ".git/")) and "__pycache__" not in n]
    return [f for f in files if f.is_file() and not f.is_symlink()]


def sources():
    return [f for f in project_files() if f.suffix in (".c", ".h")]


def text(path):
    return path.read_text(errors="replace")


def is_script(path):
    return path.suffix in (".py", ".sh") or path.open("rb").read(2) == b"#!"


def shown(paths):
    return "\n".join(str(p.relative_to(TOP)) if isinstance(p, pathlib.Path) else p for p in paths)


def test_every_source_folder_has_a_place_in_the_order():
    folders = {p.name for p in (TOP / "src").iterdir() if p.is_dir() and any(p.iterdir())}
    assert folders <= set(USES), f"not in the order of folders: {folders - set(USES)}"


@pytest.mark.parametrize("folder", USES)
def test_includes_point_one_way(folder):
    allowed = may_use(folder) | {folder}
    wrong = []
    seen = 0
    for path in sources():
        if path.parent.parent != TOP / "src" or path.parent.name != folder:
            continue
        for number, line in enumerate(text(path).splitlines(), 1):
            match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if not match:
                continue
            seen += 1
            name = match[1]
            where = f"{path.relative_to(TOP)}:{number}: includes {name}"
            if "/" in name:
                target = name.split("/")[0]
                if target not in allowed:
                    wrong.append(where)
                if not (TOP / "src" / name).exists():
                    wrong.append(where + ", which is not below src/")
            elif name in PUBLIC and folder not in PUBLIC[name]:
                wrong.append(where)
            elif name != "config.h" and not (TOP / "include" / name).exists() and \
                    not (path.parent / name).exists():
                wrong.append(where + ", which does not exist")
    if folder != "base" and not (TOP / "src" / folder).is_dir():
        pytest.fail(f"src/{folder} is in the order of folders and does not exist")
    assert seen > 0, f"src/{folder} includes nothing: is this test looking at the right files?"
    assert not wrong, "\n".join(wrong)


def definitions(code, static):
    """Functions and tables of a C file without comments and texts, those of its own or those for others."""
    function = re.findall(r"^([a-z][\w \t*]*?)(\w+)\([^{};]*\)\n\{", code, re.MULTILINE)
    table = re.findall(r"^([a-z][\w \t*]*?)(\w+)(?:\[[^\]]*\])* = ", code, re.MULTILINE)
    return {name for words, name in function + table if words.startswith("static ") == static}


def calls(folder):
    """For each .c file of a folder: in which others lie the functions and tables that it names."""
    codes = {}
    for path in sorted((TOP / "src" / folder).glob("*.c")):
        if not ONLY_FOR_TESTS.search(path.stem) and not path.stem.endswith(".bpf"):
            codes[path.stem] = re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"", " ", text(path), flags=re.DOTALL)
    homes = {}
    for stem, code in codes.items():
        for name in definitions(code, static=False):
            homes.setdefault(name, set()).add(stem)
    graph = {}
    for stem, code in codes.items():
        names = set(re.findall(r"(?<!struct )(?<!->)(?<![.\w])\w+", code)) - definitions(code, static=True)
        graph[stem] = set().union(*(homes[n] for n in names & homes.keys() if len(homes[n]) == 1)) - {stem}
    return graph


def reached(graph, start):
    seen, todo = set(), list(graph[start])
    while todo:
        at = todo.pop()
        if at not in seen:
            seen.add(at)
            todo += graph[at]
    return seen


def circles(graph):
    """Groups of files each of which calls all others of it, if not straight then through them."""
    reach = {stem: reached(graph, stem) for stem in graph}
    return {frozenset(other for other in reach[stem] if stem in reach[other]) for stem in graph if stem in reach[stem]}


@pytest.mark.parametrize("folder", USES)
def test_files_call_each_other_one_way(folder):
    """A file can be read before those that call it. Those in CIRCLES can only be read together: none joins them unnoticed,
    and one that has left is struck out there."""
    graph = calls(folder)
    assert len(graph) < 4 or any(graph.values()), f"src/{folder} calls nothing of its own: are these its functions?"
    found = circles(graph)
    known = {frozenset(circle.split()) for circle in CIRCLES.get(folder, [])}
    for circle in found - known:
        for stem in sorted(circle):
            print(f"{stem} calls {', '.join(sorted(graph[stem] & circle))}")
    assert found == known


def included(path):
    """Files of src/ that a file includes, if not straight then through others."""
    seen, todo = set(), [path]
    while todo:
        for name in re.findall(r'^\s*#\s*include\s+"([^"]+/[^"]+)"', text(todo.pop()), re.MULTILINE):
            target = TOP / "src" / name
            if target not in seen and target.exists():
                seen.add(target)
                todo.append(target)
    return seen


def test_what_moves_packets_does_not_know_who_sets_it_up():
    """The workers' files of src/path, all that they call included, can be read without the API thread's."""
    graph = calls("path")
    moving = set(MOVES_PACKETS).union(*(reached(graph, stem) for stem in MOVES_PACKETS))
    assert len(moving) > 25
    wrong = [f"{stem}.c: includes {header.name}" for stem in sorted(moving)
             for header in included(TOP / "src/path" / f"{stem}.c") if header.name.startswith("dataplane")]
    assert not wrong, shown(wrong)


def test_no_room_without_a_purpose():
    """A function without a home shows that a concept has no name yet."""
    bad = {"utils", "util", "common", "misc", "helpers", "helper"}
    assert not [p for p in project_files() if bad & set(p.relative_to(TOP).with_suffix("").parts)]


def test_every_source_and_script_names_its_licence():
    files = [p for p in project_files() if p.suffix in (".c", ".h") or is_script(p)]
    assert len(files) > 20
    lacking = [p for p in files if "SPDX-License-Identifier: BSD-2-Clause" not in "\n".join(
        text(p).splitlines()[:3])]
    assert not lacking, shown(lacking)


def test_every_source_introduces_itself():
    """After the licence: what the file is, starting with its name."""
    lacking = []
    for path in sources():
        lines = text(path).splitlines()
        if len(lines) < 2 or not lines[1].startswith(f"/* {path.name} - "):
            lacking.append(path)
    assert not lacking, shown(lacking)


def test_headers_are_included_once():
    lacking = [p for p in sources() if p.suffix == ".h" and not re.search(
        r"^#ifndef (\w+)\n#define \1\n", text(p), re.MULTILINE)]
    assert not lacking, shown(lacking)


def test_a_file_holds_one_concept():
    """Past 600 lines a file usually holds two concepts: a warning. Past 1000 nobody reads it: a failure."""
    lengths = {p: len(text(p).splitlines()) for p in sources()}
    for path, length in lengths.items():
        if length > 600:
            warnings.warn(f"{path.relative_to(TOP)} has {length} lines: does it hold two concepts?")
    assert not [p for p, length in lengths.items() if length > 1000]


def test_nothing_is_left_for_later():
    pattern = re.compile(r"\b(TODO|FIXME|XXX)\b(?! \(#\d+\))")
    found = [f"{p.relative_to(TOP)}:{n}: {line.strip()}" for p in sources() + [
        f for f in project_files() if is_script(f) and f != pathlib.Path(__file__).resolve()]
             for n, line in enumerate(text(p).splitlines(), 1) if pattern.search(line)]
    assert not found, "\n".join(found)


def test_the_project_stands_alone():
    """Nothing here refers to a place that exists only on somebody's machine."""
    pattern = re.compile(r"(?<![\w.])/work/|(?<![\w.-])shared/(design|spec|oracle|tools|style|README)|"
                         r"\.\./(spec|oracle|design|style)\b|/home/\w+|(?<![\w.])/root/(?!\w*_)|/tmp/(brief|issue|land)")
    found = [f"{p.relative_to(TOP)}:{n}: {line.strip()[:120]}" for p in project_files()
             if p != pathlib.Path(__file__).resolve()
             for n, line in enumerate(text(p).splitlines(), 1) if pattern.search(line)]
    assert not found, "\n".join(found)


def test_rfcs_are_cited_in_one_spelling():
    """RFC 2661 §5.8: so that git grep finds a section's code, tests and vectors at once."""
    pattern = re.compile(r"\bRFC-?(\d{3,5})\b|\bRFC \d{3,5},? (section|sec\.|s\.)", re.IGNORECASE)
    found = [f"{p.relative_to(TOP)}:{n}: {line.strip()}" for p in sources()
             for n, line in enumerate(text(p).splitlines(), 1) if pattern.search(line)]
    assert not found, "\n".join(found)


def test_what_is_marked_for_debians_kernels_is_run_on_them():
    """tests/kernels names the files; a mark in another would have no effect."""
    tree = ast.parse(text(TOP / "tests/kernels/test_kernels.py"))
    named = next(ast.literal_eval(node.value) for node in tree.body
                 if isinstance(node, ast.Assign) and node.targets[0].id == "SCENARIOS")
    marked = [p for p in (TOP / "tests").rglob("test_*.py")
              if p != pathlib.Path(__file__).resolve() and re.search(r"\bmark\.kernels\b", text(p))]
    assert sorted(p.relative_to(TOP / "tests/scenarios").as_posix() for p in marked) == sorted(named)


def test_each_fuzz_target_has_seeds_and_can_be_named():
    """tests/fuzz, called with what is no target, names those there are; seeds are what the programs are called after."""
    done = subprocess.run([TOP / "tests/fuzz", "none"], capture_output=True, text=True, timeout=60, check=False)
    targets = done.stderr.partition("there are: ")[2].split()
    assert done.returncode == 2 and targets == sorted(p.name for p in (TOP / "tests/corpus").iterdir()), done.stderr

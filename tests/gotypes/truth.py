#!/usr/bin/env python3
"""Compares the types that `leakwatchd types` reads from binaries with the compiler's own word.

For each Go release, architecture and mode it builds the corpus with -gcflags=all=-S, takes the truth
from the listing (listing.py), and asks leakwatchd about the binary: --all-sites for what is constant,
a made-up heap profile whose stacks are calls of the listing for what comes through a dictionary, and
the corpus' own heap profile for the share of in-use bytes. Prints a Markdown table. Exit status 1 on a
wrong type or below a bar, 77 when no Go release could be had.

  truth.py --leakwatchd build/leakwatchd --go go --go /usr/lib/go-1.19/bin/go --go go1.22.12
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace

sys.dont_write_bytecode = True

from elf import Elf  # noqa: E402
from heap import Heap  # noqa: E402
from listing import Listing, type_name  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
BAR_CONSTANT, BAR_DICTIONARY, BAR_INUSE = 99.9, 95.0, 99.8
MODES = {"default": [], "stripped": ["-ldflags=-s -w"], "pie": ["-buildmode=pie"]}
LOAD_BIAS = 0x555500000000  # where the made-up profiles put a position-independent binary
RUNTIME = ("runtime.", "internal/runtime/")  # such frames never begin a stack of a profile
DEPTH_MAX, STACKS_MAX = 5, 24
HOST_ARCH = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine)


class Unavailable(Exception):
    """A release that cannot be had here."""


# ---- building ----


class Go:
    """A go command: a path, or a release that the go on PATH fetches."""

    def __init__(self, spec):
        fetched = re.fullmatch(r"go\d+\.\d+(\.\d+)?", spec)
        self.command = "go" if fetched else spec
        self.environment = dict(os.environ, CGO_ENABLED="0", GOWORK="off", GOFLAGS="-buildvcs=false",
                                GOTOOLCHAIN=spec if fetched else "local")
        done = self.run(["env", "GOVERSION"], HERE)
        if done.returncode:
            lines = done.stderr.strip().splitlines() or ["no reason given"]
            raise Unavailable(lines[-1])
        self.release = done.stdout.strip()
        self.minor = int(self.release.split(".")[1])

    def run(self, arguments, directory, **more):
        try:
            return subprocess.run([self.command, *arguments], cwd=directory, capture_output=True,
                                  text=True, env=dict(self.environment, **more), check=False)
        except FileNotFoundError as e:
            raise Unavailable(f"there is no {self.command}") from e

    def build(self, arch, flags, out, corpus, listed=True):
        """Builds, and returns the listing if it is wanted."""
        command = [self.command, "build", "-gcflags=all=-S", *flags, "-o", out, "."]
        with subprocess.Popen(command, cwd=corpus, env=dict(self.environment, GOARCH=arch), text=True,
                              stderr=subprocess.PIPE if listed else subprocess.DEVNULL,
                              errors="replace") as process:
            listing = Listing(process.stderr, arch, self.minor) if listed else None
        if process.returncode:
            said = "\n".join(listing.messages[-20:]) if listed else " ".join(command)
            raise Unavailable("the corpus does not build: " + said)
        return listing


def same_code(function, there):
    """Whether the bytes of the binary are the listing's, but for what the linker fills in."""
    here, there = bytearray(function.code), bytearray(there)
    if len(here) != len(there):
        return False
    for offset, size in function.relocations:
        for code in (here, there):
            code[max(offset - 3, 0):offset + size] = bytes(min(offset, 3) + size)
    differing = sum(a != b for a, b in zip(here, there))
    return differing * 50 <= len(here)  # padding and instructions that the linker relaxes


def place(listing, symbols, binary):
    """Gives each function its address, or None where the linker left it out."""
    for functions in listing.functions.values():
        for function in functions:
            at = symbols.get(function.name, []) + symbols.get(function.name + ".abi0", [])
            function.address = next(
                (a for a in at if same_code(function, binary.at(a, len(function.code)))), None)


# ---- names ----

PATH = re.compile(r"(?:[\w.%~-]+/)+([\w.%~-]+?)(?=\.)")
MAJOR = re.compile(r"(?:[\w.%~-]+/)*([\w.%~-]+)/v\d+(?:%2e\d+)*(?=\.)")
FIELD = re.compile(r"(?<=[{;] )[\w%-]+\.(\.?[\w·]+)(?= [^}{;\"]|\()")
NUMBERED_SHAPE = re.compile(r"go\.shape\..*_\d")  # until Go 1.19; 1.18 says go.shape for every package
PACKAGE = re.compile(r"(?<![\w.])(?:go\.shape|[\w%-]+)\.(?=\w)")
LOCAL = re.compile(r"·\d+")


def normal(name):
    """A type's name without import paths, without the packages before unexported fields and methods,
    and without the numbers of local types: what the listing and a type record have in common."""
    name = LOCAL.sub("", name.replace("noalg.", ""))
    name = MAJOR.sub(r"\1", name)
    name = PATH.sub(r"\1", name)
    name = FIELD.sub(r"\1", name)
    return PACKAGE.sub("", name) if NUMBERED_SHAPE.search(name) else name


NAMED = re.compile(r"[*\[\]\d]*((?:[\w.%~-]+/)*[\w%~-]+)\.[\w·]+$")


def import_path(name):
    """The import path of [](*)path.Name, or None where the name is not that simple."""
    match = NAMED.match(name)
    return match[1].replace("%2e", ".") if match else None


KINDS = [
    (re.compile(r"newobject$"), {"object", "closure", "goroutine"}), (re.compile(r"makeslice|moveSlice"), {"slice"}),
    (re.compile(r"growslice"), {"slice growth"}), (re.compile(r"mapassign|makemap"), {"map"}),
    (re.compile(r"makechan"), {"channel"}), (re.compile(r"convT"), {"boxing"}),
    (re.compile(r"runtime\.(concat|slicebyteto|slicerune|intstring|stringto|raw)"), {"string", "slice"}),
]


def difference(site, row):
    """What row says wrongly of a site, or None. The row has a type."""
    expected = next((kinds for pattern, kinds in KINDS if pattern.search(site.callee)), None)
    if expected and row["kind"] not in expected:
        return f"kind {row['kind']!r}"
    if row["callee"] != site.callee:
        return f"callee {row['callee']!r}"
    if site.truth[0] == "fixed":
        if row["record"]:
            return f"record {row['record']!r} where the callee fixes the type"
        return f"type {row['type']!r}" if site.truth[1] not in (None, row["type"]) else None
    if site.truth[0] == "zero":
        return f"record {row['record']!r} where there is no type" if row["record"] else None
    return name_difference(site.truth[1], row)


def name_difference(truth, row):
    if normal(row["record"] or "") != normal(truth):
        return f"record {row['record']!r}"
    path = import_path(truth)
    if path and path != "main" and (row["import_path"] or "") != path and "go.shape." not in truth:
        return f"import path {row['import_path']!r}"
    whole = "[]" + row["record"] if row["kind"].startswith("slice") else row["record"]
    if row["kind"] in ("slice", "slice growth", "object", "closure", "map", "channel", "boxing"):
        if normal(row["type"]) != normal(whole):
            return f"type {row['type']!r} of record {row['record']!r}"
    return None


# ---- comparing ----


@dataclass
class Tally:
    constant: Counter = field(default_factory=Counter)  # "equal", "unresolved", "wrong"
    dictionary: Counter = field(default_factory=Counter)
    fixed: Counter = field(default_factory=Counter)
    reasons: Counter = field(default_factory=Counter)
    beyond: Counter = field(default_factory=Counter)  # sites that the listing claims nothing of
    wrong: list = field(default_factory=list)
    inuse_bytes: int = 0
    inuse_resolved: int = 0
    inuse_runtime: int = 0  # not resolved, and allocated by reflection

    def note_wrong(self, column, what):
        column["wrong"] += 1
        self.wrong.append(what)


def ask(leakwatchd, *arguments):
    done = subprocess.run([leakwatchd, "types", "--json", *arguments], capture_output=True, text=True,
                          check=False)
    if done.returncode:
        raise RuntimeError(f"leakwatchd types {' '.join(arguments)}: {done.stderr.strip()}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def linked(listing):
    for functions in listing.functions.values():
        for function in functions:
            if function.address is not None:
                yield function


def compare_static(listing, rows, tally):
    """Every site of the listing with what --all-sites says. Returns the sites by address."""
    rows = {int(row["pc"], 16): row for row in rows}
    sites = {}
    for function in linked(listing):
        for site in function.sites:
            pc = function.address + site.offset
            if pc in sites:
                continue
            sites[pc] = site
            compare_site(listing, site, pc, rows.pop(pc, None), tally)
    for row in rows.values():
        tally.beyond["not in the listing, " + ("resolved" if row["type"] else "unresolved")] += 1
    return sites


def compare_site(listing, site, pc, row, tally):
    kind = site.truth[0]
    if kind == "constant dictionary":
        symbol = listing.dictionaries.get(site.truth[1], {}).get(site.truth[2], "")
        if not type_name(symbol):
            return
        site = replace(site, truth=("type", type_name(symbol)))
        column = tally.dictionary
    elif kind in ("type", "zero", "fixed"):
        column = tally.fixed if kind == "fixed" else tally.constant
    else:
        claimed = row and row["record"]
        tally.beyond[kind + (", resolved" if claimed else ", unresolved")] += 1
        return
    where = f"{site.function}+{site.offset:#x} ({pc:#x}) {site.callee} {site.truth}"
    if row is None or not row["type"] and kind != "zero":
        column["unresolved"] += 1
        tally.reasons[row["unresolved"] if row else f"not listed: {site.callee}"] += 1
        return
    wrong = difference(site, row)
    if wrong:
        tally.note_wrong(column, f"{where}: {wrong}")
    else:
        column["equal"] += 1


def callers(listing, name, register, depth=0):
    """Yields (dictionary, stack of (function, offset inside the call)) of calls that pass one."""
    if depth == DEPTH_MAX:
        return
    for function in linked(listing):
        if function.wrapper:
            continue  # Go's tracebacks leave these frames out
        for call in function.calls:
            if call.callee != name or register not in call.given:
                continue
            given = call.given[register]
            if given[0] == "symbol":
                yield given[1], [(function, call.inside)]
                continue
            for outer, stack in callers(listing, function.name, given[1], depth + 1):
                dictionary = listing.dictionaries.get(outer, {}).get(given[2])
                if dictionary and "..dict." in dictionary:
                    yield dictionary, [(function, call.inside), *stack]


def compare_dictionaries(listing, binary, leakwatchd, path, tally, directory):
    """The sites that take their type from their caller's dictionary, by made-up profiles."""
    heap, expected, names = Heap(), defaultdict(Counter), {}
    bias = LOAD_BIAS if binary.segments[0][0] == 0 else 0
    start, offset, _ = binary.segments[0]
    heap.mapping(start + bias, offset)
    for function in linked(listing):
        for site in function.sites:
            if site.truth[0] != "dictionary" or function.name.startswith(RUNTIME):
                continue
            leaf = (function, site.inside)
            for n, (dictionary, stack) in enumerate(callers(listing, function.name, site.truth[1])):
                truth = type_name(listing.dictionaries.get(dictionary, {}).get(site.truth[2], ""))
                if not truth or n == STACKS_MAX:
                    break
                heap.add([(f.address + at + bias, f.name) for f, at in [leaf, *stack]], 1)
                pc = function.address + site.offset
                expected[pc][normal(truth)] += 1
                names[pc] = site
    if not expected:
        return
    profile = os.path.join(directory, "dictionaries.pb.gz")
    with open(profile, "wb") as file:
        file.write(heap.encode())
    got = defaultdict(Counter)
    for row in ask(leakwatchd, "--binary", path, profile):
        record = normal(row["record"]) if row["record"] else None
        got[int(row["pc"], 16)][record] += row["inuse_objects"]
        if not record:
            tally.reasons[row["unresolved"]] += row["inuse_objects"]
    for pc, truths in expected.items():
        tally.dictionary["equal"] += sum((truths & got[pc]).values())
        tally.dictionary["unresolved"] += got[pc].pop(None, 0)
        for name, count in (got[pc] - truths).items():
            tally.dictionary["wrong"] += count
            site = names[pc]
            tally.wrong.append(f"{site.function}+{site.offset:#x} ({pc:#x}) {site.callee} through a "
                               f"dictionary: {count} stacks have {name!r}, not {dict(truths)}")


# The types that the corpus has instance() for, and how often. Their slices are kept, so that for each
# site of the generic functions that make them the profile must say the same.
INSTANCES = {
    "int": 1, "string": 1, "float64": 1, "uint8": 1, "main.point": 1, "*main.point": 1, "*main.node": 2,
    "[]string": 1, "map[string]*main.point": 1, "shop.Item": 1, "*shop.Order": 3, "main.celsius": 2,
    "main.label": 2, "struct { a int; B int }": 1, "[3]int": 1, "interface {}": 1,
    "main.element[string]": 1, "error": 1,
}
INSTANCE_SITES = {  # one is called through an interface too, one through a function value only
    "growth": re.compile(r"main\.\(\*chain\[.*\]\)\.all growslice"),
    "lazy": re.compile(r"main\.lazily\[.*\]\.func1 makeslice"),
}


def compare_instances(rows, tally):
    """Dictionaries that came through interfaces and function values, which the listing does not show."""
    for what, pattern in INSTANCE_SITES.items():
        objects = Counter()
        for row in rows:
            if row["record"] and pattern.fullmatch(row["function"] + " " + (row["callee"] or "").split(".")[-1]):
                objects[normal(row["record"])] += row["inuse_objects"]
        rates = {name: objects.pop(normal(name), 0) / times for name, times in INSTANCES.items()}
        # Of what holds no pointers several share a block of the allocator, and the first is counted.
        wrong = [name for name, rate in rates.items() if rate * 3 < max(rates.values()) * 2] + list(objects)
        for name in wrong:
            tally.note_wrong(tally.dictionary, f"in use: {what} of {name}: {rates.get(name)} objects an instance")


def made_at_run_time(row):
    """Reflection makes or picks the type."""
    return row["function"].startswith("reflect.")


def compare_inuse(sites, minor, leakwatchd, path, tally, directory):
    """The corpus' own heap profile: how much of it has a type, and none that the listing denies."""
    profile = os.path.join(directory, "heap.pb.gz")
    subprocess.run([path, profile], check=True, stdout=subprocess.DEVNULL)
    rows = ask(leakwatchd, "--binary", path, profile)
    if minor >= 20:  # before, generic code names its shape
        compare_instances(rows, tally)
    for row in rows:
        tally.inuse_bytes += row["inuse_bytes"]
        if row["type"]:
            tally.inuse_resolved += row["inuse_bytes"]
        elif row["inuse_bytes"]:
            tally.reasons["in use: " + row["unresolved"]] += row["inuse_bytes"]
        site = sites.get(int(row["pc"], 16))
        if not row["type"] and made_at_run_time(row):
            tally.inuse_runtime += row["inuse_bytes"]
        if site and row["type"] and site.truth[0] in ("type", "fixed", "zero"):
            wrong = difference(site, row)
            if wrong:
                tally.note_wrong(tally.constant, f"in use: {site.function}+{site.offset:#x}: {wrong}")


# ---- the table ----

HEADER = ["Go", "arch", "mode", "constant sites", "equal", "wrong", "dictionary stacks", "equal", "wrong",
          "fixed by callee", "equal", "wrong", "in-use bytes resolved", "through reflection", "without that"]


def share(part, whole):
    return 100.0 * part / whole if whole else 100.0


def cells(go, arch, mode, tally):
    out = [go.release.removeprefix("go"), arch, mode]
    for column in (tally.constant, tally.dictionary, tally.fixed):
        total = sum(column.values())
        out += [f"{total:,}", f"{share(column['equal'], total):.2f} %" if total else "–",
                str(column["wrong"])]
    total, reflected = tally.inuse_bytes, tally.inuse_runtime
    for part, whole in ((tally.inuse_resolved, total), (reflected, total), (tally.inuse_resolved, total - reflected)):
        out.append(f"{share(part, whole):.2f} %" if whole else "–")
    return out


def line(values):
    return "| " + " | ".join(values) + " |"


def passes(tally):
    def reached(column, bar):
        return share(column["equal"], sum(column.values())) >= bar

    return (not tally.wrong and reached(tally.constant, BAR_CONSTANT)
            and reached(tally.dictionary, BAR_DICTIONARY)
            and share(tally.inuse_resolved, tally.inuse_bytes - tally.inuse_runtime) >= BAR_INUSE)


def check(go, arch, modes, options):
    """Yields (mode, tally) for one release and architecture."""
    listings = {}
    with tempfile.TemporaryDirectory() as directory:
        corpus = os.path.join(directory, "corpus")
        shutil.copytree(options.corpus, corpus)
        for mode in modes:
            flags = MODES["pie"] if mode == "pie" else []
            if mode == "pie" or "default" not in listings:
                plain = os.path.join(directory, "plain" + ("-pie" if mode == "pie" else ""))
                listings["default" if mode != "pie" else "pie"] = (go.build(arch, flags, plain, corpus), plain)
            listing, plain = listings["pie" if mode == "pie" else "default"]
            path = plain
            if mode == "stripped":
                path = os.path.join(directory, "stripped")
                go.build(arch, MODES[mode], path, corpus, listed=False)
            yield mode, compare(listing, plain, path, arch, go.minor, options.leakwatchd, directory)


def compare(listing, plain, path, arch, minor, leakwatchd, directory):
    tally, binary = Tally(), Elf(path)
    place(listing, Elf(plain).functions(), binary)
    sites = compare_static(listing, ask(leakwatchd, "--all-sites", "--binary", path), tally)
    compare_dictionaries(listing, binary, leakwatchd, path, tally, directory)
    if arch == HOST_ARCH:
        compare_inuse(sites, minor, leakwatchd, path, tally, directory)
    return tally


def report(go, arch, mode, tally, details):
    say = lambda text: print(f"  {text}", file=sys.stderr)  # noqa: E731
    print(f"{go.release} {arch} {mode}: {'ok' if passes(tally) else 'BELOW THE BAR'}", file=sys.stderr)
    for wrong in tally.wrong[:details]:
        say("WRONG " + wrong)
    for reason, count in tally.reasons.most_common(details):
        say(f"unresolved {count}: {reason}")
    for what, count in sorted(tally.beyond.items()):
        say(f"without truth {count}: {what}")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--leakwatchd", required=True, type=os.path.abspath)
    parser.add_argument("--go", action="append", required=True, help="a go command, or a release (go1.22.12)")
    parser.add_argument("--arch", action="append", choices=["amd64", "arm64"])
    parser.add_argument("--mode", action="append", choices=list(MODES))
    parser.add_argument("--corpus", default=os.path.join(HERE, "corpus"))
    parser.add_argument("--details", type=int, default=20, help="wrong and unresolved sites to print")
    return parser.parse_args()


def main():
    options = arguments()
    rows, good, seen = [], True, set()
    for spec in options.go:
        try:
            go = Go(spec)
            if go.release in seen:
                continue
            seen.add(go.release)
            for arch in options.arch or ["amd64", "arm64"]:
                for mode, tally in check(go, arch, options.mode or list(MODES), options):
                    report(go, arch, mode, tally, options.details)
                    rows.append(cells(go, arch, mode, tally))
                    good = good and passes(tally)
        except Unavailable as e:
            print(f"{spec}: skipped: {e}", file=sys.stderr)
        except RuntimeError as e:
            print(f"{spec}: {e}", file=sys.stderr)
            good = False
    print(line(HEADER))
    print(line(["---"] * 3 + ["--:"] * (len(HEADER) - 3)))
    for row in rows:
        print(line(row))
    return 77 if not rows else 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

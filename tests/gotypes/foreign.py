#!/usr/bin/env python3
"""Checks `leakwatchd types --all-sites` on binaries that somebody else built, stripped or not: with
no listing at hand, objdump is a second opinion on the simple sites, those where one LEA of straight
code loads the type's address (amd64). Prints a Markdown table; exit status 1 on a contradiction.

  foreign.py --leakwatchd build/leakwatchd /usr/bin/prometheus /usr/bin/etcd
"""

import argparse
import re
import struct
import subprocess
import sys
import time
from collections import Counter

sys.dont_write_bytecode = True

from elf import Elf  # noqa: E402
from listing import Amd64, allocator  # noqa: E402
from truth import ask, line, share  # noqa: E402

INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\t(\S+)\s*(.*)$")
JUMP_TARGET = re.compile(r"^(?:0x)?([0-9a-f]+)$")
LOADED = re.compile(r"^-?0x[0-9a-f]+\(%rip\),(%\w+)\s+# (?:0x)?([0-9a-f]+)")
WAY_BACK_MAX = 40
BASE_SEARCH_BYTES = 1 << 16
ALIASES = {f"r{x}": {f"r{x}", f"e{x}", x, x[0] + "l"} for x in ("ax", "bx", "cx", "dx")}
ALIASES |= {f"r{x}": {f"r{x}", f"e{x}", x, x + "l"} for x in ("si", "di")}
ALIASES |= {f"r{n}": {f"r{n}", f"r{n}d", f"r{n}w", f"r{n}b"} for n in range(8, 16)}


class Types:
    """Names of type records. The offsets in them count from the start of the types, which Go's linker
    puts near the start of .rodata; it is where .typelink's offsets lead to sorted names."""

    def __init__(self, elf, path):
        self.elf = elf
        sections = subprocess.run(["readelf", "-SW", path], capture_output=True, text=True, check=True).stdout
        rodata = int(re.search(r"\.rodata\s+PROGBITS\s+([0-9a-f]+)", sections)[1], 16)
        link = re.search(r"\.typelink\s+PROGBITS\s+([0-9a-f]+) [0-9a-f]+ ([0-9a-f]+)", sections)
        self.links = list(struct.iter_unpack("<i", elf.at(int(link[1], 16), int(link[2], 16))))
        self.base = next(filter(self.fits, range(rodata, rodata + BASE_SEARCH_BYTES, 8)), None)
        if self.base is None:
            raise ValueError(f"{path}: the types are not at the start of .rodata")

    def fits(self, base):
        self.base, last = base, ""
        for (offset,) in self.links:
            name = self.name(base + offset)
            if not name or name < last:
                return False
            last = name
        return len(self.links) > 100

    def name(self, address):
        record = self.elf.at(address, 48)
        if len(record) < 48:
            return None
        text_at, = struct.unpack_from("<i", record, 40)
        text = self.elf.at(self.base + text_at, 12)
        if len(text) < 12 or text_at <= 0:
            return None
        size = text[1] & 0x7F | (text[2] & 0x7F) << 7 if text[1] & 0x80 else text[1]
        start = self.base + text_at + (3 if text[1] & 0x80 else 2)
        try:
            name = self.elf.at(start, size).decode()
        except UnicodeDecodeError:
            return None
        return name[1:] if record[20] & 2 else name


def disassemble(path):
    """[(address, op, operands)] and the addresses that something jumps to."""
    code, targets = [], set()
    with subprocess.Popen(["objdump", "-d", "--no-show-raw-insn", "-j", ".text", path], text=True,
                          stdout=subprocess.PIPE) as process:
        for text in process.stdout:
            match = INSTRUCTION.match(text)
            if not match:
                continue
            code.append((int(match[1], 16), match[2], match[3]))
            if match[2].startswith("j"):
                target = JUMP_TARGET.match(match[3].split(" ")[0])
                if target:
                    targets.add(int(target[1], 16))
    return code, targets


def opinion(code, targets, i, register):
    """The address that straight code puts into a register before instruction i; 0 for a zeroed one,
    None where this is not simple."""
    register = "r" + register.lower().removeprefix("r")
    for at in range(i - 1, max(i - WAY_BACK_MAX, -1), -1):
        if code[at + 1][0] in targets:
            return None
        _, op, operands = code[at]
        if op.startswith(("call", "j", "ret", "ud2", "int3", "rep", "xchg", "cmpxchg", "mul", "div", "idiv")):
            return None
        target = operands.split("#")[0].strip().rsplit(",", 1)[-1].strip()
        if op.startswith(("cmp", "test", "nop")) or target.lstrip("%") not in ALIASES[register]:
            continue
        loaded = LOADED.match(operands)
        if op == "lea" and loaded:
            return int(loaded[2], 16)
        moved = re.match(r"^%(r\w+),%r\w+$", operands)
        if op == "mov" and moved and moved[1] in ALIASES:
            register = moved[1]
            continue
        return 0 if op == "xor" and operands.count(target) == 2 else None
    return None


def check(leakwatchd, path):
    count = Counter()
    wrong, reasons = [], Counter()
    began = time.monotonic()
    rows = ask(leakwatchd, "--all-sites", "--binary", path)
    count["seconds"] = time.monotonic() - began
    types = Types(Elf(path), path)
    version = subprocess.run(["go", "version", path], capture_output=True, text=True, check=True).stdout
    minor = int(re.search(r"go1\.(\d+)", version)[1])
    code, targets = disassemble(path)
    places = {address: i for i, (address, _, _) in enumerate(code)}
    for row in rows:
        count["sites"] += 1
        count["resolved"] += bool(row["type"])
        if not row["type"]:
            reasons[row["unresolved"]] += 1
        what = allocator(row["callee"] or "", minor)
        i = places.get(int(row["pc"], 16))
        if i is None or not code[i][1].startswith("call"):
            wrong.append(f"{row['pc']} is no call")
        elif what and what[0] == "typed":
            address = opinion(code, targets, i, Amd64.arguments[what[1]])
            if address:
                name = types.name(address)
                count["compared"] += 1
                if name != row["record"]:
                    wrong.append(f"{row['pc']} {row['function']} {row['callee']}: {row['record']!r}, "
                                 f"objdump leads to {name!r}")
    return count, wrong, reasons


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--leakwatchd", required=True)
    parser.add_argument("binary", nargs="+")
    options = parser.parse_args()
    table, bad = [], False
    for path in options.binary:
        count, wrong, reasons = check(options.leakwatchd, path)
        bad = bad or bool(wrong)
        for text in wrong[:20]:
            print(f"{path}: WRONG {text}", file=sys.stderr)
        for reason, n in reasons.most_common(10):
            print(f"{path}: unresolved {n}: {reason}", file=sys.stderr)
        table.append([path, f"{count['sites']:,}", f"{share(count['resolved'], count['sites']):.2f} %",
                      f"{count['compared']:,}", str(len(wrong)), f"{count['seconds']:.1f} s"])
    print(line(["binary", "sites", "resolved", "seen by objdump too", "contradictions", "time"]))
    print(line(["---"] + ["--:"] * 5))
    for row in table:
        print(line(row))
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())

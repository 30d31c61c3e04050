"""Reads the assembler listing of `go build -gcflags=all=-S`: the compiler's own word on which type
each call of an allocator is given.

The listing has, for each function, its instructions with their offsets, then its code bytes, then its
relocations; and for each generic dictionary the symbols its entries point at. Truth is claimed only
where every way to the call gives the argument's register the same value.
"""

import re
from dataclasses import dataclass, field

# ---- what the allocators take: the argument that is the type's address, or what the callee fixes ----

STRING, BYTES, RUNES, ANY = "string", "[]uint8", "[]int32", None
TYPED = {
    "newobject": 0, "newarray": 0, "makechan": 0, "makechan64": 0, "makemap": 0, "makemap64": 0,
    "makeslice": 0, "makeslice64": 0, "makeslicecopy": 0, "convT": 0, "convTnoptr": 0, "mallocgc": 1,
    "moveSlice": 0, "moveSliceNoCap": 0,
}
FIXED = {
    "concatstrings": STRING, "slicebytetostring": STRING, "slicerunetostring": STRING,
    "intstring": STRING, "rawstring": STRING, "convTstring": STRING,
    "stringtoslicebyte": BYTES, "rawbyteslice": BYTES, "concatbytes": BYTES,
    "stringtoslicerune": RUNES, "rawruneslice": RUNES,
    "convT16": ANY, "convT32": ANY, "convT64": ANY, "convTslice": ANY, "makemap_small": ANY,
    "moveSliceNoScan": ANY, "moveSliceNoCapNoScan": ANY,
}
FIXED.update({f"concatstring{n}": STRING for n in range(2, 6)})
FIXED.update({f"concatbyte{n}": BYTES for n in range(2, 6)})
MAP_ASSIGN = re.compile(r"mapassign(_fast(32|64|str)(ptr)?)?$")
SIZED_MALLOC = re.compile(r"malloc(gc(Small|Tiny|Large)|Tiny)\w*$")


def allocator(callee, minor):
    """("typed", argument) or ("fixed", type), or None where callee is no allocator.

    minor is 22 for Go 1.22: growslice takes its type elsewhere since 1.20."""
    package, _, name = callee.rpartition(".")
    if package == "internal/runtime/maps":
        return ("typed", 0) if name in ("newobject", "newarray") else None
    if package != "runtime":
        return None
    if name in ("growslice", "growsliceBuf"):
        return ("typed", 0 if minor < 20 else 4)
    if name in TYPED or MAP_ASSIGN.match(name):
        return ("typed", TYPED.get(name, 0))
    if SIZED_MALLOC.match(name):
        return ("typed", 1)
    return ("fixed", FIXED[name]) if name in FIXED else None


# ---- machines ----

BYTE_REGISTERS = {"AL": "AX", "BL": "BX", "CL": "CX", "DL": "DX", "SIB": "SI", "DIB": "DI"}
PRESERVING = re.compile(r"runtime\.gcWriteBarrier")


class Amd64:
    arguments = ["AX", "BX", "CX", "DI", "SI", "R8", "R9", "R10", "R11"]
    moves = {"MOVQ"}
    zeroes = {"XORL", "XORQ"}
    write_nothing = re.compile(r"(CMP[BWLQ]|TEST|UCOMIS|COMIS|BT[LQ]$|PUSH|J|NOP|UNDEF|INT$|PREFETCH|LOCK|RET)")
    clobbers = {
        "DUFFZERO": {"DI"}, "DUFFCOPY": {"DI", "SI", "CX"}, "REP": {"DI", "SI", "CX"},
        "MOVSQ": {"DI", "SI"}, "MOVSB": {"DI", "SI"}, "STOSQ": {"DI"}, "STOSB": {"DI"},
        "MULQ": {"AX", "DX"}, "MULL": {"AX", "DX"}, "DIVQ": {"AX", "DX"}, "DIVL": {"AX", "DX"},
        "DIVW": {"AX", "DX"}, "IDIVQ": {"AX", "DX"}, "IDIVL": {"AX", "DX"}, "IDIVW": {"AX", "DX"},
        "IMULQ": {"AX", "DX"}, "IMULL": {"AX", "DX"}, "CQO": {"DX"}, "CDQ": {"DX"}, "CWD": {"DX"},
        "CPUID": {"AX", "BX", "CX", "DX"}, "RDTSC": {"AX", "DX"}, "XGETBV": {"AX", "DX"},
        "CMPXCHGQ": {"AX"}, "CMPXCHGL": {"AX"}, "BYTE": None,
    }
    swaps = re.compile(r"(XCHG|XADD)")
    branch = re.compile(r"J[A-Z]+$")
    pointer = re.compile(r"[A-Z0-9]+$")
    closure_register = "DX"

    @staticmethod
    def constant(op, args):
        if op == "LEAQ":
            return address_of(args[0])
        return None

    @classmethod
    def is_zero(cls, op, args):
        return (op in cls.zeroes and args[0] == args[1]) or (op in ("MOVL", "MOVQ") and args[0] == "$0")


class Arm64:
    arguments = [f"R{n}" for n in range(16)]
    moves = {"MOVD"}
    write_nothing = re.compile(r"(CMP|CMN|TST|FCMP|CB|TB|B[A-Z]*$|JMP|NOP|UNDEF|DMB|PRFM|RET|BRK|CCMP)")
    clobbers = {
        "DUFFZERO": {"R16", "R17", "R20"}, "DUFFCOPY": {"R16", "R17", "R20", "R21", "R26", "R27"},
        "WORD": None,
    }
    swaps = re.compile(r"(CAS|SWP|LDADD)")
    branch = re.compile(r"(B[A-Z]{2}|CBN?ZW?|TBN?Z|JMP)$")
    pointer = re.compile(r"(R\d+|g)$")
    closure_register = "R26"

    @staticmethod
    def constant(op, args):
        if op == "MOVD" and args[0].startswith("$"):
            return address_of(args[0][1:])
        return None

    @staticmethod
    def is_zero(op, args):
        return op in ("MOVD", "MOVW", "MOVWU") and args[0] in ("ZR", "$0")


MACHINES = {"amd64": Amd64, "arm64": Arm64}


def address_of(operand):
    """The symbol in "type:main.T(SB)", or None."""
    return operand[:-4] if operand.endswith("(SB)") else None


def operands(text):
    """Splits at the commas outside of brackets and quotes."""
    out, depth, start, quoted, i = [], 0, 0, False, 0
    while i < len(text):
        c = text[i]
        if quoted:
            if c == "\\":
                i += 1
            elif c == '"':
                quoted = False
        elif c == '"':
            quoted = True
        elif c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
        elif c == "," and depth == 0:
            out.append(text[start:i].strip())
            start = i + 1
        i += 1
    out.append(text[start:].strip())
    return out


# ---- functions ----


@dataclass
class Function:
    name: str
    package: str
    wrapper: bool = False
    abi0: bool = False
    instructions: list = field(default_factory=list)  # (offset, op, text of the operands)
    code: bytearray = field(default_factory=bytearray)
    relocations: list = field(default_factory=list)  # (offset, size)
    sites: list = field(default_factory=list)
    calls: list = field(default_factory=list)
    address: int = None  # in the binary


@dataclass
class Site:
    """One call of an allocator. `truth` is one of
    ("type", name)                    a constant
    ("zero",)                         no type: memory without pointers
    ("dictionary", register, offset)  entry of the dictionary that the function was given
    ("constant dictionary", dictionary, offset)
    ("closure dictionary", offset)    entry of the dictionary that the closure holds
    ("fixed", type or None)           the callee fixes it
    ("unknown", why)
    """

    function: str
    offset: int
    inside: int  # offset of a byte inside the CALL: return address - 1
    callee: str
    truth: tuple


@dataclass
class GenericCall:
    """A call of shaped code; given: {argument register: ("symbol", dictionary) or ("dictionary", …)}."""

    function: str
    inside: int
    callee: str
    given: dict


UNKNOWN = "unknown"
STACK_SLOT = re.compile(r"^(?:[^()]*?)([+-]\d+)?\((SP|FP)\)$")
BARE_SLOT = re.compile(r"^(-?\d+)\((SP|RSP)\)$")
LOAD = re.compile(r"^(-?\d+)?\((\w+)\)$")
STEPS_MAX = 4000


def slot_of(operand):
    """(base, offset) of a stack slot that has a name, or None."""
    if operand.endswith("(SB)"):
        return None
    m = BARE_SLOT.match(operand)
    if m:
        return (m[2], int(m[1]))
    m = STACK_SLOT.match(operand)
    if m and not operand.startswith("("):
        return (m[2], int(m[1] or 0))
    return None


def by_table(op, operand):
    """Whether it is a jump through a register: to the entries of a table."""
    return op in ("JMP", "B") and operand.endswith(")") and not operand.endswith(("(SB)", "(PC)"))


class Flow:
    """Follows registers of one function backwards over all ways."""

    def __init__(self, function, machine, tables):
        self.name, self.machine = function.name, machine
        self.instructions = [(pc, op, operands(text)) for pc, op, text in function.instructions]
        self.first_at = {}
        for i, (pc, _, _) in enumerate(self.instructions):
            self.first_at.setdefault(pc, i)
        self.before = [[] for _ in self.instructions]
        self.certain = True
        self.link(function, tables)

    def link(self, function, tables):
        for i, (_, op, args) in enumerate(self.instructions):
            if self.machine.branch.match(op) and args[-1].isdigit():
                target = self.first_at.get(int(args[-1]))
                if target is not None:
                    self.before[target].append(i)
            elif by_table(op, args[-1]):
                if function.name not in tables:
                    self.certain = False  # a jump table whose targets are not known
                for pc in tables.get(function.name, ()):
                    if pc in self.first_at:
                        self.before[self.first_at[pc]].append(i)
            if op not in ("JMP", "B", "RET", "UNDEF") and i + 1 < len(self.instructions):
                self.before[i + 1].append(i)

    def value(self, index, place, nested=None):
        """What `place` (a register's name or a slot) holds before instruction `index`: one of Site's
        truths, ("symbol", name) or ("entry", register)."""
        if not self.certain:
            return (UNKNOWN, "jump table")
        found, seen, work = set(), set(), [(index, place)]
        while work:
            at = work.pop()
            if at in seen:
                continue
            seen.add(at)
            if len(seen) > STEPS_MAX:
                return (UNKNOWN, "too far")
            i, place = at
            if i == 0:  # the end of the prologue jumps back here with the registers restored
                found.add(("entry", place))
                continue
            if not self.before[i]:
                return (UNKNOWN, "unreached code")
            for previous in self.before[i]:
                step = self.step(previous, place, nested)
                if step[0] == "place":
                    work.append((previous, step[1]))
                else:
                    found.add(step)
        if len(found) == 1:
            return found.pop()
        return (UNKNOWN, "differs by the way taken" if found else "loop")

    def step(self, i, place, nested):
        """What instruction i makes of `place`: ("place", where it was before) or a value."""
        _, op, args = self.instructions[i]
        machine = self.machine
        if op == "CALL":
            if isinstance(place, tuple) or PRESERVING.match(args[-1]):
                return ("place", place)
            return (UNKNOWN, "result of a call")
        clobbered = machine.clobbers.get(op, set())
        if clobbered is None or (op == "IMULQ" or op == "IMULL") and len(args) == 2:
            clobbered = set() if clobbered else {place}
        if place in clobbered:
            return (UNKNOWN, f"written by {op}")
        if machine.write_nothing.match(op) or op in ("DUFFZERO", "DUFFCOPY", "REP"):
            return ("place", place)
        if isinstance(place, tuple):
            return self.step_slot(i, op, args, place)
        if machine.swaps.match(op) and place in args and args[0] != args[-1]:
            return (UNKNOWN, f"written by {op}")
        if op.endswith((".W", ".P")) and any(f"({place})" in a for a in args):
            return (UNKNOWN, "moving pointer")
        target = BYTE_REGISTERS.get(args[-1], args[-1])
        if target.startswith("(") and place in target.strip("()").replace(" ", "").split(","):
            if op not in ("LDP", "LDPW", "FLDPD"):
                return ("place", place)  # STP writes to memory through a pair of parentheses
            slot = slot_of(args[0])
            pair = target.strip("()").replace(" ", "").split(",")
            if op == "LDP" and slot:
                return ("place", (slot[0], slot[1] + 8 * pair.index(place)))
            return (UNKNOWN, "loaded as a pair")
        if target != place:
            return ("place", place)
        return self.defined(i, op, args, nested)

    def step_slot(self, i, op, args, place):
        base, offset = place
        if op in self.machine.moves and slot_of(args[-1]) == place:
            if self.machine.is_zero(op, args):
                return ("zero",)
            return ("place", args[0]) if self.machine.pointer.match(args[0]) else (UNKNOWN, "slot")
        written = slot_of(args[-1])
        if op == "STP" and written and written[0] == base:
            pair = args[0].strip("()").replace(" ", "").split(",")
            if offset - written[1] in (0, 8):
                return ("place", pair[(offset - written[1]) // 8])
        elif written and written[0] == base and written[1] <= offset < written[1] + 32:
            if written[1] == offset or op not in self.machine.moves | {"MOVL", "MOVW", "MOVB", "LEAQ"}:
                return (UNKNOWN, "slot written in part")
        return ("place", place)

    def defined(self, i, op, args, nested):
        machine = self.machine
        if machine.is_zero(op, args):
            return ("zero",)
        symbol = machine.constant(op, args)
        if symbol:
            name = type_name(symbol)
            return ("type", name) if name else ("symbol", symbol)
        if op in machine.moves:
            if machine.pointer.match(args[0]):
                return ("place", args[0])
            slot = slot_of(args[0])
            if slot:
                return ("place", slot)
            load = LOAD.match(args[0])
            if load:
                return self.loaded(i, int(load[1] or 0), load[2], nested)
            if args[0].endswith("(SB)"):
                return self.loaded_symbol(args[0][:-4])
        return (UNKNOWN, f"computed by {op}")

    def loaded(self, i, offset, register, nested):
        """A word of memory. nested: it is the pointer of another load, which is one level that is
        looked into: the dictionary that a closure holds."""
        if nested == "twice":
            return (UNKNOWN, "loaded from memory")
        base = self.value(i, register, "twice" if nested else "once")
        if nested:
            closure = base == ("entry", self.machine.closure_register)
            return ("closure",) if closure else (UNKNOWN, "loaded from memory")
        if base[0] == "entry":
            return ("dictionary", base[1], offset)
        if base[0] == "symbol" and "..dict." in base[1]:
            return ("constant dictionary", base[1], offset)
        if base[0] == "closure":
            return ("closure dictionary", offset)
        return (UNKNOWN, "loaded from memory")

    @staticmethod
    def loaded_symbol(text):
        name, _, offset = text.rpartition("+") if re.search(r"\+\d+$", text) else (text, "", "0")
        if "..dict." in name:
            return ("constant dictionary", name, int(offset))
        return (UNKNOWN, "loaded from memory")


def type_name(symbol):
    """"main.T" of "type:main.T" or, before Go 1.20, "type.main.T"; None for other symbols."""
    for prefix in ("type:", "type."):
        if symbol.startswith(prefix):
            name = symbol[len(prefix):]
            return name[len("noalg."):] if name.startswith("noalg.") else name
    return None


# ---- the stream ----

INSTRUCTION = re.compile(r"^\t0x[0-9a-f]+ (\d+) \(.*\)\t(\S+)\t?(.*)$")
TEXT_HEADER = re.compile(r"^(\S.*) STEXT(?:FIPS)?\b")
DATA_HEADER = re.compile(r"^(.*) S[A-Z]+\b.* size=\d+")
RELOCATION = re.compile(r"^\trel (\d+)\+(\d+) t=\S+ (.*)$")
JUMP_TABLE = re.compile(r"^(.*)\.jump\d+$")


class Listing:
    """What a listing says, read line by line from `lines`."""

    def __init__(self, lines, arch, minor):
        self.machine, self.minor = MACHINES[arch], minor
        self.functions = {}  # name → [Function]; only those with sites or calls
        self.dictionaries = {}  # name → {offset: symbol}
        self.tables = {}  # function → {offset}, the targets of its jump tables
        self.package = ""
        self.messages = []
        self.pending = []  # functions with jump tables: these come after them
        self.function = self.data = None
        for line in lines:
            self.take(line.rstrip("\n"))
        self.finish()
        for function in self.pending:
            self.analyse(function)

    def take(self, line):
        if line.startswith("\t"):
            self.take_body(line)
            return
        self.finish()
        if line.startswith("# "):
            self.package = line[2:].split(" ")[0]
            return
        line = self.qualify(line)
        header = TEXT_HEADER.match(line)
        if header:
            self.function = Function(header[1], self.package)
            return
        header = DATA_HEADER.match(line)
        if not header:
            self.messages.append(line)
            return
        table = JUMP_TABLE.match(header[1])
        if "..dict." in header[1]:
            self.data = self.dictionaries.setdefault(header[1], {})
        elif table:
            self.data = self.tables.setdefault(table[1], set())

    def qualify(self, line):
        """Before Go 1.19 a package calls itself "". """
        return line.replace('"".', self.prefix() + ".") if '"".' in line else line

    def prefix(self):
        return "main" if self.package == MAIN_PACKAGE else self.package

    def take_body(self, line):
        if self.data is not None:
            relocation = RELOCATION.match(self.qualify(line))
            if relocation and relocation[2] == "8":
                self.take_pointer(int(relocation[1]), relocation[3])
            return
        function = self.function
        if function is None:
            return
        if line.startswith("\trel "):
            part = line[5:].split(" ", 1)[0].split("+")
            function.relocations.append((int(part[0]), int(part[1])))
            return
        if line[8:9] == " " and line[9:14].isdigit() or "(" in line[:24]:
            match = INSTRUCTION.match(line)
            if match and match[2] == "TEXT":
                function.wrapper = "WRAPPER" in match[3]
                function.abi0 = re.search(r"\bABI0\b", match[3]) is not None
            elif match and match[2] not in ("PCDATA", "FUNCDATA"):
                function.instructions.append((int(match[1]), match[2], self.qualify(match[3])))
            if match:
                return
        function.code += bytes.fromhex(line[8:56])

    def take_pointer(self, offset, symbol):
        name, _, addend = symbol.rpartition("+")
        if isinstance(self.data, set):
            self.data.add(int(addend))
        else:
            self.data[offset] = name

    def finish(self):
        function, self.function, self.data = self.function, None, None
        if function is None:
            return
        interesting = any(op == "CALL" and self.interesting(text) for _, op, text in function.instructions)
        if not interesting:
            return
        if any(by_table(op, text) for _, op, text in function.instructions):
            self.pending.append(function)
        else:
            self.analyse(function)

    def interesting(self, text):
        callee = text[:-4]
        return allocator(callee, self.minor) or "[go.shape." in callee

    def analyse(self, function):
        flow = Flow(function, self.machine, self.tables)
        for i, (pc, op, args) in enumerate(flow.instructions):
            callee = address_of(args[0]) if op == "CALL" else None
            if not callee:
                continue
            inside = self.end_of(flow, i, function) - 1
            what = allocator(callee, self.minor)
            if what:
                function.sites.append(Site(function.name, pc, inside, callee, self.truth(flow, i, what)))
            elif "[go.shape." in callee:
                function.calls.append(GenericCall(function.name, inside, callee, self.given(flow, i)))
        function.instructions = []
        self.functions.setdefault(function.name, []).append(function)

    @staticmethod
    def end_of(flow, i, function):
        for pc, _, _ in flow.instructions[i + 1:]:
            if pc > flow.instructions[i][0]:
                return pc
        return len(function.code)

    def truth(self, flow, i, what):
        if what[0] == "fixed":
            return what
        register = self.machine.arguments[what[1]]
        value = flow.value(i, register)
        if value[0] == "entry":
            return (UNKNOWN, "an argument of the function")
        if value[0] == "symbol":
            return (UNKNOWN, "not a type: " + value[1])
        if value[0] == "dictionary" and "[go.shape." not in flow.name:
            return (UNKNOWN, "loaded from an argument of the function")
        return value

    def given(self, flow, i):
        """The dictionaries that a call may pass, by register."""
        out = {}
        for register in self.machine.arguments[:9]:
            value = flow.value(i, register)
            if value[0] == "symbol" and "..dict." in value[1]:
                out[register] = value
            elif value[0] == "dictionary":
                out[register] = value
        return out


MAIN_PACKAGE = "example.com/leakwatchd/corpus"

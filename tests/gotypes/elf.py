"""What the harness needs of an ELF file: the bytes at an address, and the function symbols."""

import struct
from collections import defaultdict


class Elf:
    def __init__(self, path):
        with open(path, "rb") as file:
            self.bytes = file.read()
        if self.bytes[:6] != b"\x7fELF\x02\x01":
            raise ValueError(f"{path}: not a 64-bit little-endian ELF file")
        self.segments = list(self.read_segments())
        self.sections = list(self.read_sections())

    def read_segments(self):
        at, = struct.unpack_from("<Q", self.bytes, 32)
        size, count = struct.unpack_from("<HH", self.bytes, 54)
        for i in range(count):
            kind, _, offset, address, _, in_file = struct.unpack_from("<IIQQQQ", self.bytes, at + i * size)
            if kind == 1:
                yield address, offset, in_file

    def read_sections(self):
        at, = struct.unpack_from("<Q", self.bytes, 40)
        size, count = struct.unpack_from("<HH", self.bytes, 58)
        for i in range(count):
            yield struct.unpack_from("<IIQQQQIIQQ", self.bytes, at + i * size)

    def at(self, address, size):
        """The bytes at a virtual address, or b"" where the file has none."""
        for start, offset, in_file in self.segments:
            if start <= address and address + size <= start + in_file:
                return self.bytes[offset + address - start:offset + address - start + size]
        return b""

    def functions(self):
        """name → [address] of the symbol table."""
        out = defaultdict(list)
        for _, kind, _, _, offset, size, link, _, _, _ in self.sections:
            if kind != 2:
                continue
            strings = self.sections[link][4]
            for at in range(offset, offset + size, 24):
                name, info, _, _, value, _ = struct.unpack_from("<IBBHQQ", self.bytes, at)
                if info & 15 == 2:
                    end = self.bytes.index(b"\0", strings + name)
                    out[self.bytes[strings + name:end].decode()].append(value)
        return out

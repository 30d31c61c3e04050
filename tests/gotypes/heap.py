"""Writes and reads the few fields of profile.proto that the harness needs."""

import gzip


def varint(n):
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def number(field, n):
    return varint(field << 3) + varint(n)


def block(field, data):
    return varint(field << 3 | 2) + varint(len(data)) + data


def packed(field, numbers):
    return block(field, b"".join(varint(n) for n in numbers))


class Heap:
    """A heap profile of stacks of (address, function), leaf first. Each location has a file of its own,
    so that no two are taken for one line."""

    def __init__(self):
        self.strings, self.functions, self.locations = {"": 0}, {}, {}
        self.samples = []
        self.start = self.offset = 0

    def mapping(self, start, offset):
        """Where the process has the binary: its byte at `offset` of the file is at `start`."""
        self.start, self.offset = start, offset

    def string(self, text):
        return self.strings.setdefault(text, len(self.strings))

    def location(self, frame):
        self.functions.setdefault(frame, len(self.functions) + 1)
        return self.locations.setdefault(frame, len(self.locations) + 1)

    def add(self, stack, size):
        self.samples.append(([self.location(frame) for frame in stack], [1, size, 1, size]))

    def encode(self):
        out = bytearray()
        for name, unit in (("alloc_objects", "count"), ("alloc_space", "bytes"),
                           ("inuse_objects", "count"), ("inuse_space", "bytes")):
            out += block(1, number(1, self.string(name)) + number(2, self.string(unit)))
        for stack, values in self.samples:
            out += block(2, packed(1, stack) + packed(2, values))
        out += block(3, number(1, 1) + number(2, self.start) + number(3, self.start + (1 << 40))
                     + number(4, self.offset))
        for frame, id_ in self.locations.items():
            line = number(1, self.functions[frame])
            out += block(4, number(1, id_) + number(2, 1) + number(3, frame[0]) + block(4, line))
        for (address, function), id_ in self.functions.items():
            file = self.string(f"{address:#x}.go")
            out += block(5, number(1, id_) + number(2, self.string(function)) + number(4, file))
        period = number(1, self.string("space")) + number(2, self.string("bytes"))
        for text in self.strings:
            out += block(6, text.encode())
        out += number(9, 1700000000 * 10**9) + block(11, period) + number(12, 1)
        return gzip.compress(bytes(out))

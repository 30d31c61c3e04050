"""Writes profile.proto by hand, so that a test can say exactly what a target answers."""

import gzip

HEAP = [("alloc_objects", "count"), ("alloc_space", "bytes"),
        ("inuse_objects", "count"), ("inuse_space", "bytes")]
CPU = [("samples", "count"), ("cpu", "nanoseconds")]


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(field, value):
    return varint(field << 3) + varint(value)


def chunk(field, data):
    return varint(field << 3 | 2) + varint(len(data)) + data


def profile(sample_types, sites):
    """An uncompressed profile: sites are (function names, leaf first; values, one a sample type)."""
    strings = [""]

    def text(s):
        if s not in strings:
            strings.append(s)
        return strings.index(s)

    out = b"".join(
        chunk(1, number(1, text(kind)) + number(2, text(unit))) for kind, unit in sample_types)
    next_id = 1
    for stack, values in sites:
        ids = []
        for function in stack:
            line = number(1, next_id) + number(2, 42)
            out += chunk(5, number(1, next_id) + number(2, text(function))
                         + number(4, text("/src/file.go")))
            out += chunk(4, number(1, next_id) + number(3, 0x400000 + next_id) + chunk(4, line))
            ids.append(next_id)
            next_id += 1
        out += chunk(2, chunk(1, b"".join(map(varint, ids)))
                     + chunk(2, b"".join(map(varint, values))))
    out += chunk(11, number(1, text("space")) + number(2, text("bytes"))) + number(12, 524288)
    return out + b"".join(chunk(6, s.encode()) for s in strings)


def heap(sites):
    """A gzip'd heap profile: sites are (function names, leaf first; in-use bytes)."""
    return gzip.compress(profile(
        HEAP, [(stack, (inuse // 64, inuse, inuse // 64, inuse)) for stack, inuse in sites]))

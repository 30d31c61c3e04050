"""A server that answers a scrape in every wrong way: the first segment of the path says which; of two
words with a + between them the second is for all but the heap, which is what a capture asks for."""

import gzip
import os
import socket
import threading
import time

import pprof

GOOD = pprof.heap([(["main.load", "main.main"], 4 << 20), (["main.other", "main.main"], 1 << 20)])
NASTY_NAME = 'evil.("<img src=x onerror=alert(1)>\\\n{}\u202e'


def answer(conn, body, status="200 OK", headers="", length=None):
    length = len(body) if length is None else length
    conn.sendall(f"HTTP/1.1 {status}\r\nContent-Type: application/octet-stream\r\n"
                 f"Content-Length: {length}\r\nConnection: close\r\n{headers}\r\n".encode() + body)


def stream(conn, chunk, gap_s=0.0):
    """Sends a body without an end, until the other side has had enough."""
    conn.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + GOOD[:64])
    while True:
        conn.sendall(chunk)
        if gap_s:
            time.sleep(gap_s)  # the slowness is what is being served


def stream_headers(conn):
    conn.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        conn.sendall(b"X-More: " + b"m" * 1000 + b"\r\n")


BOMB = gzip.compress(b"\0" * (64 << 20))
NESTED_BOMB = gzip.compress(BOMB)  # as if a proxy had compressed it again: about 300 bytes


def heap_of(stacks, values):
    return gzip.compress(pprof.profile(pprof.HEAP, [(stack, values) for stack in stacks]))


LARGEST = (1 << 63) - 1
NEGATIVE = (1 << 64) - 5  # as the wire has -5

# What is served, by kind.
ANSWERS = {
    "good": lambda conn: answer(conn, GOOD),
    "nasty": lambda conn: answer(conn, pprof.heap([([NASTY_NAME, "main.main"], 8 << 20)])),
    "endless": lambda conn: stream(conn, os.urandom(1 << 16)),
    "drip": lambda conn: stream(conn, b"\0", gap_s=0.05),
    "truncated": lambda conn: answer(conn, GOOD[:-20]),
    "cut": lambda conn: answer(conn, GOOD[:-20], length=len(GOOD)),
    "html": lambda conn: answer(conn, b"<!doctype html><title>Sign in</title>"),
    "empty": lambda conn: answer(conn, b""),
    "missing": lambda conn: answer(conn, b"Unknown profile\n", status="404 Not Found"),
    "broken": lambda conn: answer(conn, b"oops\n", status="500 Internal Server Error"),
    "bomb": lambda conn: answer(conn, BOMB),
    "nested-bomb": lambda conn: answer(conn, NESTED_BOMB),
    "negative": lambda conn: answer(conn, heap_of([["main.main"]], (NEGATIVE,) * 4)),
    "largest": lambda conn: answer(
        conn, heap_of([[f"main.f{i}", "main.main"] for i in range(300)], (LARGEST,) * 4)),
    "garbage": lambda conn: answer(conn, os.urandom(4096)),
    "gzipped-garbage": lambda conn: answer(conn, gzip.compress(b"\xff" * 4096)),
    "cpu": lambda conn: answer(conn, gzip.compress(
        pprof.profile(pprof.CPU, [(["main.main"], (3, 30000000))]))),
    "redirect": lambda conn: answer(
        conn, b"", status="302 Found", headers="Location: /redirect/debug/pprof/heap\r\n"),
    "to-file": lambda conn: answer(
        conn, b"", status="302 Found", headers="Location: file:///etc/passwd\r\n"),
    "headers": stream_headers,
    "hang": lambda conn: conn.recv(1),
    "close": lambda conn: None,
}


class HostileServer:
    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                conn, _ = self.listener.accept()
            except OSError:
                return  # closed
            threading.Thread(target=self.serve, args=(conn,), daemon=True).start()

    def serve(self, conn):
        with conn:
            try:
                request = b""
                while b"\r\n\r\n" not in request:
                    data = conn.recv(4096)
                    if not data:
                        return
                    request += data
                path = request.split()[1].decode()
                scraped, _, other = path.split("/")[1].partition("+")
                ANSWERS[other if other and not path.endswith("/heap") else scraped](conn)
            except OSError:
                pass  # the client has gone: what most of these answers are for

    def close(self):
        self.listener.close()


JOB = """
  - job_name: {name}
    profile_path_prefix: {prefix}
    static_configs: [{{targets: ["{address}"]}}]
"""


def config_for(kinds, hostile, more=""):
    """A config with a job for each kind of answer, named after it; more is further jobs."""
    jobs = "".join(JOB.format(name=k, prefix=f"/{k}/debug/pprof", address=hostile.address)
                   for k in kinds)
    return ("global: {scrape_interval: 1s, scrape_timeout: 1s, body_size_limit: 16MB,"
            " compressed_size_limit: 1MB}\nscrape_configs:" + jobs + more)

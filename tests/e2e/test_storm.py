"""A storm of alerts: 1,000 webhooks a second, and no target is captured more than its budget allows.

./check keeps it up for ten seconds. For a minute, to see the figures:
LW_STORM_S=60 python3 -m pytest -s tests/e2e/test_storm.py
"""

import datetime
import json
import os
import re
import socket
import threading
import time

import pytest

from harness import wait_until

STORM_S = int(os.environ.get("LW_STORM_S", "10"))
PER_SECOND = 1000
ALERTS = 5  # of a webhook
CONNECTIONS = 8
COOLDOWN_S = 3
CONCURRENT = 2
DAY_BYTES = 2_000_000
GROWTH_BYTES_MAX = 64 << 20  # of the daemon meanwhile
JOBS_MAX = 256               # that workers have or wait for
OURS = ("report.", "baseline.", "last.")  # files of an incident that were not fetched for it

CONFIG = """
global: {{scrape_interval: 1s}}
capture:
  cpu_seconds: 0
  trace_seconds: 0
  cooldown: {cooldown}s
  concurrent: {concurrent}
  size_limit: 500KB
  target_bytes_per_day: {day_bytes}B
scrape_configs:
  - job_name: shop
    static_configs: [{{targets: {targets}}}]
"""


class Connection:
    """One that is kept open, as Alertmanager does."""

    def __init__(self, daemon):
        host, port = daemon.url.removeprefix("http://").split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=60)
        self.stream = self.socket.makefile("rb")

    def post(self, body):
        self.socket.sendall(b"POST /api/v1/webhook/alertmanager HTTP/1.1\r\nHost: l\r\n"
                            b"Content-Type: application/json\r\n"
                            b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def status(self):
        status, length = int(self.stream.readline().split()[1]), 0
        while (line := self.stream.readline()) != b"\r\n":
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        self.stream.read(length)
        return status

    def close(self):
        self.stream.close()
        self.socket.close()


def alert(number, instance):
    return {"status": "firing", "fingerprint": f"{number:016x}",
            "startsAt": "2026-11-21T12:00:00Z", "endsAt": "0001-01-01T00:00:00Z",
            "labels": {"alertname": "High", "job": "shop", "instance": instance},
            "annotations": {"summary": "memory is high " * 20}}


def webhooks(instances):
    """Bodies without end: no alert comes twice, and each target has its turn. What does not change is
    written once, so that the storm is not the work of who makes it."""
    template = json.dumps({"version": "4", "status": "firing", "receiver": "leakwatchd",
                           "truncatedAlerts": 0,
                           "alerts": [alert(0, "@") for _ in range(ALERTS)]})
    parts = re.split(f"{0:016x}|@", template)
    number = 0
    while True:
        text = [parts[0]]
        for at in range(ALERTS):
            text += [f"{number:016x}", parts[2 * at + 1], instances[number % len(instances)],
                     parts[2 * at + 2]]
            number += 1
        yield "".join(text).encode()


def storm(daemon, instances):
    """Posts as many as are due by the clock, for STORM_S seconds of it, or as fast as the machine can
    if that takes longer. Returns the statuses and the seconds it took."""
    connections = [Connection(daemon) for _ in range(CONNECTIONS)]
    bodies, statuses, sent, begin = webhooks(instances), {}, 0, time.monotonic()
    while sent < STORM_S * PER_SECOND:
        early_s = sent / PER_SECOND - (time.monotonic() - begin)
        if early_s > 0:
            time.sleep(early_s)  # the pace of the storm: nothing waits for this
        for connection in connections:
            connection.post(next(bodies))
        for connection in connections:
            status = connection.status()
            statuses[status] = statuses.get(status, 0) + 1
        sent += CONNECTIONS
    took_s = time.monotonic() - begin
    for connection in connections:
        connection.close()
    return statuses, took_s


class Watcher(threading.Thread):
    """Asks for the daemon's health and its figures for as long as the storm goes on."""

    def __init__(self, daemon):
        super().__init__()
        self.daemon_asked = daemon
        self.over = threading.Event()
        self.statuses = set()
        self.most = {"leakwatch_captures_under_way": 0, "leakwatch_jobs_under_way": 0}
        self.asked = 0
        self.slowest_s = 0

    def run(self):
        while not self.over.is_set():
            begin = time.monotonic()
            self.statuses.add(self.daemon_asked.get("/-/healthy").status_code)
            self.slowest_s = max(self.slowest_s, time.monotonic() - begin)
            self.asked += 1
            samples = {s.name: s.value for s in self.daemon_asked.metrics()}
            self.most = {name: max(value, samples[name]) for name, value in self.most.items()}
            self.over.wait(0.1)


def status_bytes(pid, name):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return 1024 * int(re.search(rf"{name}:\s+(\d+) kB", status.read())[1])


def cpu_s(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        return sum(map(int, stat.read().rsplit(") ", 1)[1].split()[11:13])) / os.sysconf("SC_CLK_TCK")


def check_budgets(daemon, instances):
    """Of each target: one capture after the other, a cooldown between two, and a day's bytes in all.
    Returns how many captures there were."""
    incidents = daemon.api("incidents", state="any", limit=500)["incidents"]
    at = datetime.datetime.fromisoformat
    for instance in instances:
        own = sorted((i for i in incidents if i["target"]["instance"] == instance),
                     key=lambda i: i["openedAt"])
        assert own, f"{instance} was never captured"
        for before, after in zip(own, own[1:]):
            gap = at(after["openedAt"]) - at(before["finishedAt"])
            assert gap.total_seconds() >= COOLDOWN_S - 0.01, (before, after)
        kept = sum(f["bytes"] for i in own for f in daemon.api(f"incidents/{i['id']}")["files"]
                   if f["state"] == "ok" and not f["name"].startswith(OURS))
        assert kept <= DAY_BYTES, (instance, kept)
    return len(incidents)


@pytest.mark.slow(11)
def test_a_storm_of_alerts_costs_little(daemon, go_target):
    alive = [go_target("sessionlru").address for _ in range(2)]
    instances = alive + [f"127.0.0.1:{port}" for port in range(1, 9)]
    d = daemon(CONFIG.format(cooldown=COOLDOWN_S, concurrent=CONCURRENT, day_bytes=DAY_BYTES,
                             targets=json.dumps(instances)))
    for address in alive:
        d.wait_up(address)
    wait_until(lambda: len(d.targets()) == len(instances), 10, "all targets")
    before, cpu_before = status_bytes(d.pid, "VmRSS"), cpu_s(d.pid)
    watcher = Watcher(d)
    watcher.start()
    try:
        statuses, took_s = storm(d, instances)
    finally:
        watcher.over.set()
        watcher.join()
    count, growth = sum(statuses.values()), status_bytes(d.pid, "VmHWM") - before
    print(f"storm: {count} webhooks of {ALERTS} alerts in {took_s:.1f} s, {count / took_s:.0f} a "
          f"second: {statuses}; {(cpu_s(d.pid) - cpu_before) / took_s:.2f} CPU; "
          f"{growth / 1e6:.1f} MB more at most; {watcher.asked} times healthy, at the slowest after "
          f"{1e3 * watcher.slowest_s:.0f} ms; at most {watcher.most}")
    assert count >= STORM_S * PER_SECOND
    assert set(statuses) <= {200, 503} and statuses[200]  # taken, or to be sent again
    assert watcher.statuses == {200} and watcher.asked > 0
    assert watcher.most["leakwatch_captures_under_way"] <= CONCURRENT
    assert watcher.most["leakwatch_jobs_under_way"] <= JOBS_MAX
    assert growth < GROWTH_BYTES_MAX
    seen = {s.labels["result"]: s.value for s in d.samples("leakwatch_webhook_alerts_total")}
    assert seen["unmatched"] == seen["resolved"] == seen["repeated"] == 0
    assert seen["captured"] > 0 and sum(seen.values()) >= ALERTS * statuses[200]
    wait_until(lambda: d.metric("leakwatch_captures_under_way") == 0, 60, "the last capture")
    print(f"storm: {check_budgets(d, instances)} captures of {len(instances)} targets")

"""Two hundred targets for some minutes: no scrape missed, no memory gained."""

import os
import re
import time

import pytest
import requests

from harness import Process, wait_until

TARGETS = 200
INTERVAL_S = 5
SOAK_S = int(os.environ.get("LW_SOAK_S", "300"))


def resident_bytes(pid):
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1]) * 1024


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.fixture
def fleet(targets_dir, tmp_path):
    """The addresses of TARGETS services that one process plays."""
    process = Process([targets_dir / "fleet", f"-targets={TARGETS}"], tmp_path / "fleet.log")

    def addresses():
        found = re.findall(r"listening on http://(\S+)\n", process.log())
        return found if len(found) == TARGETS else None
    yield wait_until(addresses, 20, "the fleet")
    process.stop()


def reads(fleet):
    """How often each service was read, by its own count."""
    with requests.Session() as session:
        return [int(session.get(f"http://{a}/count", timeout=10).text) for a in fleet]


def soak(pid):
    """Lets SOAK_S pass and returns the resident sizes seen, one a second."""
    sizes = []
    end = time.monotonic() + SOAK_S

    def over():
        sizes.append(resident_bytes(pid))
        return time.monotonic() >= end
    wait_until(over, SOAK_S + 60, "the end of the soak", poll_s=1)
    return sizes


@pytest.mark.slow(307)
def test_fleet(daemon, fleet):
    d = daemon(f"""
global: {{scrape_interval: {INTERVAL_S}s}}
scrape_configs:
  - job_name: fleet
    static_configs: [{{targets: {fleet!r}}}]
""")
    wait_until(lambda: all(t["health"] == "up" for t in d.api("targets")["activeTargets"]),
               4 * INTERVAL_S, "the whole fleet up", poll_s=0.5)
    before, begin, cpu = reads(fleet), time.monotonic(), cpu_seconds(d.pid)
    sizes = soak(d.pid)
    after, elapsed = reads(fleet), time.monotonic() - begin
    print(f"{elapsed:.0f} s, {cpu_seconds(d.pid) - cpu:.2f} CPU seconds, "
          f"{sizes[-1] / 1e6:.1f} MB resident")

    expected = elapsed / INTERVAL_S
    for address, b, a in zip(fleet, before, after):
        assert abs(a - b - expected) < 2, f"{address}: {a - b} scrapes, expected {expected:.1f}"
    outcomes = {s.labels["outcome"] for s in d.samples("leakwatch_scrapes_total") if s.value}
    assert outcomes == {"ok"}
    assert len(d.api("targets")["activeTargets"]) == TARGETS
    assert d.suspects() == []

    fifth = len(sizes) // 5
    early, late = max(sizes[fifth:2 * fifth]), max(sizes[-fifth:])
    assert late <= 1.1 * early + (2 << 20), f"resident: {early} bytes, later {late}"

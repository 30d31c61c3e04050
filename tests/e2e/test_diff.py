"""Profiles of an incident against each other: the table, the flame tree, and what pprof makes of it."""

import os
import re
import subprocess

import pytest
import requests

from harness import program, wait_until

CONFIG = """
global: {{scrape_interval: 1s}}
trend: {{base_block: 1s}}
capture: {{cpu_seconds: 0, trace_seconds: 0}}
scrape_configs:
  - job_name: shop
    static_configs: [{{targets: ["{address}"]}}]
"""


def holds_sessions(daemon, instance):
    """Whether the newest heap has sessions that were told by the target's binary."""
    target = daemon.target(instance)
    if not target or not target["heap"]:
        return None
    types = daemon.api(f"targets/{target['id']}/types")["types"]
    return target if any(t["type"] == "main.Session" for t in types) else None


@pytest.fixture
def incident(daemon, go_target):
    """A daemon, and the id of a finished incident that was asked for."""
    leaky = go_target("sessionleak", f"-rate={2 << 20}")
    d = daemon(CONFIG.format(address=leaky.address))
    target = wait_until(lambda: holds_sessions(d, leaky.address), 60, "sessions in the heap")
    answer = requests.post(f"{d.url}/api/v1/targets/{target['id']}/capture",
                           json={"reason": "to compare"}, timeout=10)
    assert answer.status_code == 202, answer.text
    incident_id = answer.json()["data"]["incident"]
    wait_until(lambda: incident_id in [
        i["id"] for i in d.api("incidents", state="ready")["incidents"]], 60, "the incident")
    return d, incident_id


def below(node, name):
    """The first node of that name."""
    if node["name"] == name:
        return node
    return next((hit for child in node["children"] if (hit := below(child, name))), None)


def inuse_by_pprof(path, tmp_path):
    """What go tool pprof reads as the sum of inuse_space."""
    raw = subprocess.run([program("go"), "tool", "pprof", "-raw", path], capture_output=True,
                         text=True, timeout=120, check=True,
                         env={**os.environ, "PPROF_TMPDIR": str(tmp_path)}).stdout
    rows = re.findall(r"^ *(-?\d+) +(-?\d+) +(-?\d+) +(-?\d+):", raw, re.MULTILINE)
    assert "inuse_space/bytes" in raw and rows, raw
    return sum(int(row[3]) for row in rows)


def test_what_a_gc_freed(incident, tmp_path):
    daemon, incident_id = incident
    files = {"base": f"{incident_id}/heap.pb.gz", "to": f"{incident_id}/heap-gc.pb.gz"}
    table = daemon.api("diff", **files, by="type")
    assert all(row["delta"] == row["to"] - row["base"] for row in table["rows"])
    assert "main.Session" in [row["key"] for row in table["rows"]], table

    tree = daemon.api("flame", profile=files["to"], base=files["base"], by="type")
    assert tree["value"] == table["to"] and tree["delta"] == table["to"] - table["base"]
    assert below(below(tree, "main.(*Store).Open"), "main.Session"), tree

    answer = daemon.get("/api/v1/diff", params={**files, "format": "pprof"})
    assert answer.status_code == 200, answer.text
    saved = tmp_path / "diff.pb.gz"
    saved.write_bytes(answer.content)
    assert inuse_by_pprof(saved, tmp_path) == table["to"] - table["base"]


def test_the_report_tells_what_was_captured(incident):
    daemon, incident_id = incident
    report = daemon.api(f"incidents/{incident_id}")["report"]
    assert report["reason"] == "to compare" and report["trigger"] == "api"
    assert "main.Session" in [row["type"] for row in report["gc"]["rows"]], report["gc"]
    states = {f["name"]: f["state"] for f in report["bundle"]}
    assert states["heap.pb.gz"] == states["heap-gc.pb.gz"] == "ok", states
    text = daemon.get(f"/api/v1/incidents/{incident_id}/report.md").text
    assert "## Before and after a forced GC" in text and "`main.Session`" in text, text

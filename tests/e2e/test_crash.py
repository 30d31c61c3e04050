"""Captures while the daemon is killed, and of targets that hang or never stop: what was said to be kept is
there and whole, and nothing waits for ever."""

import hashlib
import json
import random
import time

import pytest
import requests

from harness import wait_until
from hostile import config_for

KILLS = 20
SEED = 20261121
GUARD_S = 60  # nothing here takes nearly as long
CONFIG = """
global: {{scrape_interval: 500ms}}
capture: {{cpu_seconds: 0, trace_seconds: 0, cooldown: 1s}}
scrape_configs:
  - job_name: shop
    static_configs: [{{targets: ["{address}"]}}]
"""


def post(daemon, path, body):
    return requests.post(f"{daemon.url}/api/v1/{path}", json=body, timeout=10)


def begin_capture(daemon, instance):
    """Asks for a capture until it is granted: the cooldown outlives a restart. Returns the incident's id."""
    target_id = daemon.wait_up(instance)["id"]

    def granted():
        answer = post(daemon, f"targets/{target_id}/capture", {"reason": "a look"})
        assert answer.status_code in (202, 429), answer.text
        return answer.json()["data"]["incident"] if answer.status_code == 202 else None
    return wait_until(granted, GUARD_S, "a capture")


def finished(daemon, incident_id):
    incident = daemon.api(f"incidents/{incident_id}")
    return incident if incident["state"] != "collecting" else None


def wait_finished(daemon, incident_id):
    return wait_until(lambda: finished(daemon, incident_id), GUARD_S, "the end of the capture")


# ---- killed ----


def verify_whole(directory):
    """Holds a directory of an incident against its manifest, which it returns."""
    manifest = json.loads((directory / "manifest.json").read_bytes())
    files = {f["name"]: f for f in manifest["files"] if f["state"] == "ok"}
    assert files.keys() == {p.name for p in directory.iterdir()} - {"manifest.json"}
    for name, entry in files.items():
        data = (directory / name).read_bytes()
        assert len(data) == entry["bytes"], f"{directory.name}/{name}"
        assert hashlib.sha256(data).hexdigest() == entry["sha256"], f"{directory.name}/{name}"
    return manifest


def verify_storage(daemon, told):
    """What is on disk is listed and whole; what was told before the kill is as it was told."""
    listed = {i["id"]: i for i in daemon.api("incidents")["incidents"]}
    assert listed.keys() == {p.name for p in (daemon.storage_dir / "incidents").iterdir()}
    for incident_id in listed:
        assert listed[incident_id]["state"] != "collecting"
        verify_whole(daemon.storage_dir / "incidents" / incident_id)
    for incident_id, before in told.items():
        now = daemon.api(f"incidents/{incident_id}")
        for key in ("files", "report", "acknowledged"):
            assert now[key] == before[key], f"{incident_id}: {key}"


def acknowledge(daemon, incident_id, told):
    """Notes what is told of an incident, and says that it was seen."""
    incident = wait_finished(daemon, incident_id)
    answer = post(daemon, f"incidents/{incident_id}/acknowledge", {"by": "ada"})
    assert answer.status_code == 200, answer.text
    told[incident_id] = incident | {"acknowledged": answer.json()["data"]["acknowledged"]}


@pytest.mark.slow(22)
def test_no_kill_costs_what_was_told(daemon, go_target, tmp_path):
    target = go_target("sessionlru")
    config, storage = CONFIG.format(address=target.address), tmp_path / "storage"
    moments = random.Random(SEED)
    told = {}
    d = daemon(config, storage=storage)
    begin = time.monotonic()
    acknowledge(d, begin_capture(d, target.address), told)
    whole_s = time.monotonic() - begin
    for kill in range(KILLS):
        incident_id = begin_capture(d, target.address)
        if kill % 4 == 3:
            acknowledge(d, incident_id, told)  # and is killed right after the answer
        else:
            time.sleep(moments.uniform(0, 1.5 * whole_s))  # the moment of the kill, whatever it meets
        d.kill()
        d = daemon(config, storage=storage)
        verify_storage(d, told)
    kept = len(d.api("incidents")["incidents"])
    print(f"{kept} of {KILLS + 1} captures kept, {len(told)} of them told before the kill; "
          f"a capture took {whole_s:.2f} s")
    assert kept >= len(told) > KILLS // 4


# ---- targets that do not play along ----

LIMITS = ("capture: {step_timeout: 1s, deadline: 5s, size_limit: 64KB, cpu_seconds: 0,"
          " trace_seconds: 0}\n")


def capture_of(daemon, hostile, kind):
    d = daemon(LIMITS + config_for([kind], hostile))
    target = wait_until(lambda: d.target(hostile.address), GUARD_S, "the target")
    answer = post(d, f"targets/{target['id']}/capture", {"reason": "a look"})
    assert answer.status_code == 202, answer.text
    incident = wait_finished(d, answer.json()["data"]["incident"])
    assert all(f["why"] for f in incident["files"] if f["state"] != "ok"), incident["files"]
    return d, incident


@pytest.mark.parametrize("kind", ["hang", "endless", "drip", "headers", "cut", "close"])
def test_a_target_that_gives_nothing_leaves_the_reason(daemon, hostile, kind):
    d, incident = capture_of(daemon, hostile, kind)
    files = {f["name"]: f for f in incident["files"]}
    assert incident["state"] == "failed" and incident["why"]
    assert files["heap.pb.gz"]["state"] == "failed"
    assert d.metric("leakwatch_captures_total", outcome="failed") == 1
    assert d.get("/-/healthy").status_code == 200


@pytest.mark.parametrize("rest", ["hang", "endless", "drip", "headers", "close"])
def test_a_target_that_stops_playing_along_leaves_its_heap(daemon, hostile, rest):
    d, incident = capture_of(daemon, hostile, "good+" + rest)
    files = {f["name"]: f for f in incident["files"]}
    assert incident["state"] == "ready"
    assert files["heap.pb.gz"]["state"] == "ok"
    assert files["goroutine.pb.gz"]["state"] == "failed"
    assert sum(f["bytes"] for f in files.values() if f["name"].endswith(".pb.gz")) <= 64 << 10
    assert d.metric("leakwatch_captures_total", outcome="partial") == 1
    verify_whole(d.storage_dir / "incidents" / incident["id"])

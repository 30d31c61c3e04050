"""From a leak, or a request, to an incident with a report and files."""

import datetime
import gzip
import time

import pytest
import requests

import hostile as server
from harness import wait_until

CONFIG = """
global: {{scrape_interval: 1s}}
trend: {{base_block: 1s}}
capture: {{{capture}}}
scrape_configs:
  - job_name: shop
    static_configs:
      - targets: ["{address}"]
"""
CHEAP = "cpu_seconds: 0, trace_seconds: 0"
HANG_S = 60  # a guard: nothing here takes nearly as long


def config_of(target, capture=CHEAP):
    return CONFIG.format(address=target.address, capture=capture)


def capture(daemon, target_id, reason="a look"):
    return requests.post(f"{daemon.url}/api/v1/targets/{target_id}/capture",
                         json={"reason": reason}, timeout=10)


def finished(daemon, incident_id):
    incident = daemon.api(f"incidents/{incident_id}")
    return incident if incident["state"] != "collecting" else None


def wait_finished(daemon, incident_id):
    return wait_until(lambda: finished(daemon, incident_id), HANG_S, "the end of the capture")


def files_of(incident):
    return {f["name"]: f for f in incident["files"]}


def read(daemon, incident, name):
    response = daemon.get(f"/api/v1/incidents/{incident['id']}/files/{name}")
    assert response.status_code == 200, response.text
    return response.content


def seconds_between(begin, end):
    return (datetime.datetime.fromisoformat(end.replace("Z", "+00:00"))
            - datetime.datetime.fromisoformat(begin.replace("Z", "+00:00"))).total_seconds()


@pytest.mark.slow(111)
def test_a_leak_becomes_one_incident(daemon, go_target):
    target = go_target("sessionleak", "-rate=1048576")
    d = daemon(config_of(target, "cpu_seconds: 1, trace_seconds: 1, cooldown: 1s"))

    def reported():
        incidents = d.api("incidents", state="ready")["incidents"]
        return [i for i in incidents if i["trigger"] == "verdict"]

    found = wait_until(reported, 240, "an incident", poll_s=1)
    incident = wait_finished(d, found[0]["id"])
    print(f"fetched in {seconds_between(incident['openedAt'], incident['finishedAt']):.2f} s")
    assert incident["type"] == "main.Session" and incident["site"] == "main.(*Store).Open"
    assert "main.Session" in incident["title"]
    assert incident["rateLo"] <= incident["rateBytesPerSecond"] <= incident["rateHi"]
    assert incident["onset"]["from"] <= incident["onset"]["to"] <= incident["openedAt"]
    assert "main.Session" in read(d, incident, "report.md").decode()
    files = files_of(incident)
    for name in ("heap.pb.gz", "heap-gc.pb.gz", "goroutine.pb.gz", "cpu.pb.gz", "allocs.pb.gz"):
        assert files[name]["state"] == "ok"
        assert gzip.decompress(read(d, incident, name))
    assert read(d, incident, "trace.out").startswith(b"go 1.")
    assert b"# HeapAlloc = " in read(d, incident, "heap.txt")
    assert b"sessionleak" in read(d, incident, "cmdline")

    # Urgent growth comes first, the leak later, of several series: one incident is enough, also when the daemon was restarted meanwhile.
    again = d
    for restart in range(2):
        scrapes = again.metric("leakwatch_scrapes_total", outcome="ok") or 0
        wait_until(lambda: again.metric("leakwatch_scrapes_total", outcome="ok") >= scrapes + 5, 60,
                   "some more scrapes")
        wait_until(lambda: again.suspects("leak"), 120, "the leak", poll_s=1)
        assert [i["id"] for i in again.api("incidents")["incidents"]] == [incident["id"]]
        if restart == 0:
            assert d.stop() == 0
            again = daemon(config_of(target, "cpu_seconds: 1, trace_seconds: 1, cooldown: 1s"),
                           storage=d.storage_dir)
            again.wait_up(target.address)


def test_a_capture_on_request_and_its_cooldown(daemon, go_target):
    target = go_target("sessionlru")
    d = daemon(config_of(target))
    target_id = d.wait_up(target.address)["id"]
    assert requests.post(f"{d.url}/api/v1/targets/{target_id}/capture", data="reason=form",
                         timeout=10).status_code == 415
    begin = time.monotonic()
    answer = capture(d, target_id, "before the deploy")
    assert answer.status_code == 202, answer.text
    incident = wait_finished(d, answer.json()["data"]["incident"])
    print(f"from request to report {time.monotonic() - begin:.2f} s")
    assert incident["state"] == "ready" and incident["trigger"] == "api"
    assert incident["report"]
    files = files_of(incident)
    assert files["heap.pb.gz"]["state"] == "ok"
    assert files["cpu.pb.gz"]["state"] == "refused"
    assert "capture.cpu_seconds" in files["cpu.pb.gz"]["why"]

    refused = capture(d, target_id)
    assert refused.status_code == 429 and refused.json()["error"].startswith("cooldown: ")
    assert int(refused.headers["Retry-After"]) > 0
    why = d.api(f"targets/{target_id}/why")
    assert why["capture"]["allowed"] is False
    assert not any(why["capture"]["allowedFor"].values())
    assert [r["rule"] for r in why["capture"]["rules"] if not r["passed"] and r["value"] >= 0] == [
        "cooldown"]
    assert why["lastRefusals"][0]["rule"] == "cooldown"
    assert why["lastRefusals"][0]["trigger"] == "api"
    assert d.metric("leakwatch_capture_refusals_total", rule="cooldown") == 1
    assert d.metric("leakwatch_captures_total", outcome="whole") == 1
    assert d.metric("leakwatch_incidents_total", trigger="api") == 1
    assert d.metric("leakwatch_evidence_bytes") > 0

    # What grew behind the daemon's back is not read into memory.
    with open(d.storage_dir / "incidents" / incident["id"] / "report.json", "r+b") as report:
        report.truncate(1 << 30)
    damaged = d.api(f"incidents/{incident['id']}")
    assert damaged["report"] is None and "more than the" in damaged["reportError"]
    assert files_of(damaged) == files


def test_a_mute_does_not_refuse_a_person(daemon, go_target):
    target = go_target("sessionlru")
    d = daemon(config_of(target, f"{CHEAP}, cooldown: 1s"))
    target_id = d.wait_up(target.address)["id"]
    first = wait_finished(d, capture(d, target_id).json()["data"]["incident"])
    muted = d.post(f"/api/v1/incidents/{first['id']}/mute", json={"for": "2h"})
    assert muted.status_code == 200, muted.text

    def allowed_for():
        told = d.api(f"targets/{target_id}/why")["capture"]
        return told["allowedFor"] if told["allowedFor"]["api"] else None

    assert wait_until(allowed_for, 20, "the end of the cooldown") == {
        "verdict": False, "memory": False, "webhook": True, "api": True}
    assert d.api(f"targets/{target_id}/why")["capture"]["allowed"] is False
    assert capture(d, target_id).status_code == 202


def test_a_target_killed_meanwhile_leaves_what_was_fetched(daemon, go_target):
    target = go_target("sessionleak")
    d = daemon(config_of(target, "cpu_seconds: 30"))
    target_id = d.wait_up(target.address)["id"]
    incident_id = capture(d, target_id).json()["data"]["incident"]

    def measures():
        stacks = requests.get(f"{target.url}/debug/pprof/goroutine?debug=1", timeout=10).text
        return "net/http/pprof.Profile+" in stacks

    wait_until(measures, HANG_S, "the CPU profile is being taken")
    target.kill()
    incident = wait_finished(d, incident_id)
    files = files_of(incident)
    assert incident["state"] == "ready"
    assert files["heap.pb.gz"]["state"] == "ok" and files["heap-gc.pb.gz"]["state"] == "ok"
    assert files["cpu.pb.gz"]["state"] == "failed" and files["cpu.pb.gz"]["why"]
    assert read(d, incident, "report.md")
    assert d.metric("leakwatch_captures_total", outcome="partial") == 1


def test_a_target_that_is_gone_is_told_by_its_last_heap(daemon, go_target):
    target = go_target("sessionleak")
    d = daemon(config_of(target))
    target_id = d.wait_up(target.address)["id"]
    wait_until(lambda: list(d.storage_dir.glob("baselines/*/*.pb.gz")), HANG_S, "a baseline")
    target.kill()
    wait_until(lambda: d.target(target.address)["health"] == "down", HANG_S, "target down")
    incident = wait_finished(d, capture(d, target_id).json()["data"]["incident"])
    assert incident["state"] == "failed" and incident["why"]
    assert files_of(incident)["heap.pb.gz"]["state"] == "failed"
    assert gzip.decompress(read(d, incident, "last.pb.gz"))


# What it serves, the outcome of the capture, and why its heap is not there.
HOSTILE = [("hang", "failed", "timeout"), ("drip", "failed", "timeout"),
           ("endless", "failed", "limit"), ("headers", "failed", "")]


@pytest.mark.parametrize("kind,state,why", HOSTILE)
def test_who_hangs_or_streams_for_ever_costs_one_capture(daemon, hostile, monkeypatch, kind, state,
                                                         why):
    limits = CHEAP + ", cooldown: 1s, step_timeout: 1s, deadline: 5s, size_limit: 1MB"
    d = daemon(server.config_for([kind], hostile) + f"capture: {{{limits}}}\n")

    def down():
        target = d.target(hostile.address)
        return target if target and target["health"] == "down" else None

    target_id = wait_until(down, HANG_S, "a scrape in vain")["id"]
    incident = wait_finished(d, capture(d, target_id).json()["data"]["incident"])
    assert incident["state"] == state and why in incident["why"], incident["why"]
    assert seconds_between(incident["openedAt"], incident["finishedAt"]) <= 6  # deadline, rounded up
    profiles = [f for name, f in files_of(incident).items() if name.endswith(".pb.gz")]
    assert {f["state"] for f in profiles} <= {"failed", "refused"}
    assert files_of(incident)["heap.pb.gz"]["state"] == "failed"
    assert d.metric("leakwatch_captures_total", outcome="failed") == 1

    monkeypatch.setitem(server.ANSWERS, kind, server.ANSWERS["good"])
    d.wait_up(hostile.address)
    again = wait_until(lambda: capture(d, target_id).json().get("data"), HANG_S, "the cooldown")
    incident = wait_finished(d, again["incident"])
    assert incident["state"] == "ready"
    assert read(d, incident, "heap.pb.gz") == server.GOOD

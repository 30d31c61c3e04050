"""Incidents: their files as pprof, curl and browsers want them, and what people say of them."""

import hashlib
import json
import os
import pathlib
import subprocess

import pytest
import requests

ID = "6afd86c000000001"
CONFIG = "scrape_configs: []\n"
PROFILE = (pathlib.Path(__file__).parents[1] / "data/profiles/nats-2.pb.gz").read_bytes()
REPORT = b'{"diagnosis": "closure-map"}'


def file_entry(name, data):
    return {"name": name, "state": "ok", "bytes": len(data), "written": 1,
            "sha256": hashlib.sha256(data).hexdigest(), "taken": "2026-11-21T10:15:01Z"}


@pytest.fixture
def storage(tmp_path):
    """A storage directory with one incident, as the daemon leaves it."""
    directory = tmp_path / "storage"
    incident = directory / "incidents" / ID
    incident.mkdir(parents=True)
    files = {"heap.pb.gz": PROFILE, "report.json": REPORT, "report.md": b"# A leak\n"}
    for name, data in files.items():
        (incident / name).write_bytes(data)
    (incident / "manifest.json").write_text(json.dumps({
        "version": 1, "id": ID, "revision": 1, "state": "ready", "trigger": "verdict",
        "target": "0000000000007a7a", "subject": "0000000000000007", "job": "checkout",
        "instance": "10.0.0.1:6060", "title": "*main.Session grows", "rate": 349.5,
        "opened": "2026-11-21T10:15:00Z", "finished": "2026-11-21T10:15:09Z",
        "files": [file_entry(name, data) for name, data in files.items()] + [
            {"name": "cpu.pb.gz", "state": "refused", "why": "the target is slow"}]}))
    return directory


@pytest.fixture
def incidents(daemon, storage):
    return daemon(CONFIG, storage=storage)


def post(daemon, path, body=b"{}", content_type="application/json"):
    headers = {"Content-Type": content_type} if content_type else {}
    return requests.post(f"{daemon.url}/api/v1/incidents/{path}", data=body, headers=headers,
                         timeout=10)


def test_list_and_report(incidents):
    listed = incidents.api("incidents")
    assert listed["total"] == 1
    assert listed["incidents"][0]["id"] == ID
    assert listed["incidents"][0]["target"]["job"] == "checkout"
    assert listed["incidents"][0]["acknowledged"] is None
    assert incidents.api("incidents", job="other")["total"] == 0
    assert incidents.api("incidents", state="failed")["total"] == 0
    assert incidents.api("incidents", offset=1) == {"incidents": [], "total": 1}
    assert incidents.get("/api/v1/incidents?state=odd").status_code == 400
    one = incidents.api("incidents/" + ID)
    assert one["report"] == json.loads(REPORT)
    files = {f["name"]: f for f in one["files"]}
    assert files["heap.pb.gz"]["sha256"] == hashlib.sha256(PROFILE).hexdigest()
    assert files["cpu.pb.gz"]["why"] == "the target is slow"
    markdown = incidents.get(f"/api/v1/incidents/{ID}/report.md")
    assert markdown.text == "# A leak\n"
    assert markdown.headers["Content-Type"].startswith("text/markdown")
    assert incidents.get("/api/v1/incidents/6afd86c000000002").status_code == 404
    assert incidents.get("/api/v1/incidents/odd").status_code == 400


def test_go_tool_pprof_opens_a_file_by_its_url(incidents, tmp_path):
    url = f"{incidents.url}/api/v1/incidents/{ID}/files/heap.pb.gz"
    top = subprocess.run(["go", "tool", "pprof", "-top", "-sample_index=inuse_space", url],
                         capture_output=True, text=True, timeout=120,
                         env={**os.environ, "PPROF_TMPDIR": str(tmp_path)})
    assert top.returncode == 0, top.stderr
    assert "Type: inuse_space" in top.stdout
    assert "nats" in top.stdout


def test_files_in_parts(incidents):
    path = f"/api/v1/incidents/{ID}/files/heap.pb.gz"
    whole = incidents.get(path)
    assert whole.content == PROFILE
    assert whole.headers["Content-Type"] == "application/octet-stream"
    etag = '"' + hashlib.sha256(PROFILE).hexdigest() + '"'
    assert whole.headers["ETag"] == etag
    part = incidents.get(path, headers={"Range": "bytes=10-19"})
    assert part.status_code == 206 and part.content == PROFILE[10:20]
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(PROFILE)}"
    assert incidents.get(path, headers={"Range": "bytes=-5"}).content == PROFILE[-5:]
    beyond = incidents.get(path, headers={"Range": f"bytes={len(PROFILE)}-"})
    assert beyond.status_code == 416
    assert beyond.headers["Content-Range"] == f"bytes */{len(PROFILE)}"
    assert incidents.get(path, headers={"If-None-Match": etag}).status_code == 304
    head = requests.head(incidents.url + path, timeout=10)
    assert head.headers["Content-Length"] == str(len(PROFILE)) and not head.content
    for name in ("cpu.pb.gz", "trace.out", "..", "%2e%2e%2fmanifest.json", ".new-x"):
        assert incidents.get(f"/api/v1/incidents/{ID}/files/{name}").status_code == 404
    manifest = incidents.get(f"/api/v1/incidents/{ID}/files/manifest.json")
    assert manifest.json()["id"] == ID


def test_what_people_say_survives_a_kill(daemon, storage):
    d = daemon(CONFIG, storage=storage)
    answer = post(d, f"{ID}/acknowledge", json.dumps({"by": "ada", "note": "known"}))
    assert answer.status_code == 200
    assert answer.json()["data"]["acknowledged"]["by"] == "ada"
    muted = post(d, f"{ID}/mute", b'{"for": "2h", "reason": "fix is coming"}').json()["data"]
    assert muted["muted"] and muted["muteReason"] == "fix is coming"
    assert post(d, f"{ID}/pin").json()["data"]["pinned"]
    d.kill()
    again = daemon(CONFIG, storage=storage)
    kept = again.api("incidents/" + ID)
    assert kept["acknowledged"]["note"] == "known"
    assert kept["mutedUntil"] == muted["mutedUntil"]
    assert kept["pinned"]
    assert again.api("incidents", muted="true")["total"] == 1
    assert not post(again, f"{ID}/unpin").json()["data"]["pinned"]
    assert post(again, f"{ID}/unmute").json()["data"]["mutedUntil"] is None


def test_changes_that_are_refused(incidents):
    form = "application/x-www-form-urlencoded"
    for content_type in (form, "text/plain", None):
        assert post(incidents, f"{ID}/pin", content_type=content_type).status_code == 415
    assert post(incidents, "6afd86c000000002/pin").status_code == 404
    bodies = (b"", b"[]", b"{", b"{}", b'{"for": "2h", "until": "2030-01-01T00:00:00Z"}',
              b'{"for": "soon"}', b'{"for": "400d"}', b'{"for": "0"}', b'{"until": 5}',
              b'{"until": "2001-01-01T00:00:00Z"}')
    for body in bodies:
        answer = post(incidents, f"{ID}/mute", body)
        assert answer.status_code == 400 and answer.json()["status"] == "error", body
    assert post(incidents, f"{ID}/acknowledge", b"x" * 20000).status_code == 413
    long_note = json.dumps({"note": "x" * 4097}).encode()
    assert post(incidents, f"{ID}/acknowledge", long_note).status_code == 400
    assert incidents.get(f"/api/v1/incidents/{ID}/pin").status_code == 405
    one = incidents.api("incidents/" + ID)
    assert not one["pinned"] and not one["muted"] and one["acknowledged"] is None

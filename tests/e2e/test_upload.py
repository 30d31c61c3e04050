"""Copies of incidents in object storage: whole, signed, and whatever happens to server and daemon."""

import hashlib
import json
import re
import threading

import botocore.exceptions
import pytest
import requests

import s3_moto
from harness import wait_until
from s3 import BUCKET, KEY_ID, REGION, SECRET, Bucket

CONFIG = """
scrape_configs: []
upload:
  endpoint: {url}
  bucket: {bucket}
  prefix: eu/leak watch
  region: {region}
  credentials_file: s3.credentials
  timeout: 30s
"""
DAY = "2026/11/21"
INSTANCE = "[::1]:6060"
JOB = "shop/check+out=é"
FOLDER = f"eu/leak watch/shop_check+out=é/{INSTANCE}/{DAY}"
TEXT = bytes(range(256)) * 5000  # above a megabyte libcurl first asks with Expect: 100-continue


def incident_id(number):
    return f"6afd86c0{number:08x}"


def put_incident(storage, number, upload="waiting", more=b""):
    """An incident as the daemon leaves it, its heap that much longer; returns its files by their keys in
    the bucket."""
    name = incident_id(number)
    directory = storage / "incidents" / name
    directory.mkdir(parents=True)
    files = {"heap.pb.gz": TEXT + bytes([number]) + more, "report.json": b"{}", "report.md": b"# A leak\n",
             "trace.out": b""}
    for file, data in files.items():
        (directory / file).write_bytes(data)
    entries = [{"name": file, "state": "ok", "bytes": len(data), "written": 1,
                "sha256": hashlib.sha256(data).hexdigest(), "taken": f"{DAY.replace('/', '-')}T10:15:01Z"}
               for file, data in files.items()]
    manifest = json.dumps({
        "version": 1, "id": name, "revision": 1, "state": "ready", "trigger": "verdict",
        "target": "0000000000007a7a", "subject": "0000000000000007", "job": JOB, "instance": INSTANCE,
        "title": "*main.Session grows", "upload": upload, "opened": "2026-11-21T23:59:59Z",
        "finished": "2026-11-22T00:00:09Z",
        "files": entries + [{"name": "cpu.pb.gz", "state": "refused", "why": "the target is slow"}]})
    (directory / "manifest.json").write_text(manifest)
    files["manifest.json"] = manifest.encode()
    return {f"{FOLDER}/{name}/{file}": data for file, data in files.items()}


def without_manifest(files):
    return {key: data for key, data in files.items() if not key.endswith("manifest.json")}


def uploads(daemon, *numbers):
    """The `upload` of each incident."""
    return [daemon.api("incidents/" + incident_id(n))["upload"] for n in numbers]


def wait_for(daemon, state, *numbers, timeout_s=30):
    wait_until(lambda: all(u["state"] == state for u in uploads(daemon, *numbers)), timeout_s,
               f"incidents {numbers} {state}")


@pytest.fixture
def storage(tmp_path):
    return tmp_path / "storage"


@pytest.fixture
def bucket():
    bucket = Bucket().start()
    yield bucket
    bucket.stop()


@pytest.fixture
def config(tmp_path):
    """The configuration for a URL, with the credentials of a file beside it."""
    write_credentials(tmp_path, SECRET)
    return lambda url, region=REGION: CONFIG.format(url=url, bucket=BUCKET, region=region)


def write_credentials(tmp_path, secret, more=""):
    (tmp_path / "s3.credentials").write_text(
        f"[default]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {secret}\n{more}")


def test_incidents_arrive_whole(daemon, storage, bucket, config):
    first, second = put_incident(storage, 1), put_incident(storage, 2)
    put_incident(storage, 3, upload="none")
    d = daemon(config(bucket.url), storage=storage)
    wait_for(d, "done", 1, 2)
    assert bucket.objects == first | second
    assert bucket.statuses() == [200] * 10
    keys = [key for key, _ in bucket.puts]
    assert [keys[4], keys[9]] == [f"{FOLDER}/{incident_id(n)}/manifest.json" for n in (1, 2)]
    assert bucket.types[f"{FOLDER}/{incident_id(1)}/report.md"].startswith("text/markdown")
    assert uploads(d, 3) == [{"state": "none", "at": None, "why": None}]
    assert uploads(d, 1)[0]["at"]
    assert d.metric("leakwatch_uploads_total", outcome="stored") == 2
    assert d.metric("leakwatch_upload_queue") == 0
    assert d.stop() == 0
    again = daemon(config(bucket.url), storage=storage)
    assert [u["state"] for u in uploads(again, 1, 2)] == ["done", "done"]
    put_count = len(bucket.puts)
    assert again.metric("leakwatch_upload_queue") == 0 and put_count == 10


def test_a_session_token_is_signed_too(daemon, storage, bucket, config, tmp_path):
    bucket.token = "a+token/with=signs"
    write_credentials(tmp_path, SECRET, f"aws_session_token = {bucket.token}\n")
    files = put_incident(storage, 1)
    d = daemon(config(bucket.url), storage=storage)
    wait_for(d, "done", 1)
    assert bucket.objects == files


def test_a_wrong_secret_is_recorded_and_tried_again_only_after_a_reload(
        daemon, storage, bucket, config, tmp_path):
    files = without_manifest(put_incident(storage, 1))
    write_credentials(tmp_path, "barracuda")
    d = daemon(config(bucket.url), "--web.enable-lifecycle", storage=storage)
    wait_for(d, "refused", 1)
    upload = uploads(d, 1)[0]
    assert "403 SignatureDoesNotMatch" in upload["why"] and upload["at"]
    assert bucket.statuses() == [403] and not bucket.objects
    assert d.metric("leakwatch_uploads_total", outcome="refused") == 1
    put_incident(storage, 2)  # unseen until the restart
    d.kill()
    again = daemon(config(bucket.url), "--web.enable-lifecycle", storage=storage)
    wait_until(lambda: again.metric("leakwatch_uploads_total", outcome="refused") == 2, 30,
               "another refusal of each")
    assert bucket.statuses() == [403] * 3
    write_credentials(tmp_path, SECRET)
    assert requests.post(again.url + "/-/reload", timeout=10).status_code == 200
    wait_for(again, "done", 1, 2)
    assert files.items() <= without_manifest(bucket.objects).items()  # which says what was refused
    for log in (d.log(), again.log()):
        assert "barracuda" not in log and SECRET not in log


def test_another_region_is_named(daemon, storage, bucket, config):
    put_incident(storage, 1)
    bucket.failures = [301]
    d = daemon(config(bucket.url, "us-east-1"), storage=storage)
    wait_for(d, "refused", 1)
    assert f"it asks for upload.region {REGION}" in uploads(d, 1)[0]["why"]
    assert bucket.statuses() == [301]


def test_a_busy_server_is_asked_again(daemon, storage, bucket, config):
    files = put_incident(storage, 1)
    bucket.failures = [503, 429]
    d = daemon(config(bucket.url), storage=storage)
    wait_for(d, "done", 1)
    assert bucket.statuses() == [503, 429] + [200] * 5
    assert bucket.objects == files
    assert d.metric("leakwatch_uploads_total", outcome="retry") == 2
    assert "uploaded again, after 2 failures" in d.log()


def test_a_server_that_comes_late(daemon, storage, bucket, config):
    files, port = put_incident(storage, 1), bucket.port
    bucket.stop()
    d = daemon(config(f"http://127.0.0.1:{port}"), storage=storage)
    wait_until(lambda: d.metric("leakwatch_uploads_total", outcome="retry") >= 2, 30, "two tries")
    assert uploads(d, 1)[0]["state"] == "waiting"
    assert d.metric("leakwatch_upload_queue") == 1
    bucket.start(port)
    wait_for(d, "done", 1, timeout_s=60)
    assert bucket.objects == files


def test_a_file_too_large_for_the_time_out_is_given_up(daemon, storage, bucket, config):
    put_incident(storage, 1, more=bytes(32 << 20))  # more than buffers on the way can hold
    bucket.deaf = threading.Event()
    text = config(bucket.url).replace("timeout: 30s", "timeout: 1s")
    d = daemon(text, "--web.enable-lifecycle", storage=storage)
    wait_for(d, "refused", 1, timeout_s=60)
    assert uploads(d, 1)[0]["why"].startswith("tried 4 times: heap.pb.gz: ")
    assert "within upload.timeout" in uploads(d, 1)[0]["why"]
    assert d.metric("leakwatch_uploads_total", outcome="retry") == 3
    assert d.metric("leakwatch_uploads_total", outcome="refused") == 1
    assert d.metric("leakwatch_upload_queue") == 0
    bucket.deaf.set()  # the way has become faster
    d.config_path.write_text(config(bucket.url))
    assert requests.post(d.url + "/-/reload", timeout=10).status_code == 200
    wait_for(d, "done", 1)


def test_a_kill_between_files(daemon, storage, bucket, config):
    files = put_incident(storage, 1)
    go_on = threading.Event()
    bucket.hold = ("report.md", go_on)
    d = daemon(config(bucket.url), storage=storage)
    assert bucket.held.wait(30)
    assert len(bucket.objects) == 2
    d.kill()
    go_on.set()
    assert not any(key.endswith("manifest.json") for key in bucket.objects)
    again = daemon(config(bucket.url), storage=storage)
    wait_for(again, "done", 1)
    assert bucket.objects == files
    assert bucket.puts[-1][0].endswith("manifest.json")


def test_a_stop_does_not_wait_for_the_server(daemon, storage, bucket, config):
    put_incident(storage, 1)
    go_on = threading.Event()
    bucket.hold = ("heap.pb.gz", go_on)
    d = daemon(config(bucket.url), storage=storage)
    assert bucket.held.wait(30)
    assert d.stop(timeout_s=15) == 0  # the configured time is 30 s
    go_on.set()


def test_what_is_damaged_does_not_pass_for_evidence(daemon, storage, bucket, config):
    put_incident(storage, 1)
    heap = storage / "incidents" / incident_id(1) / "heap.pb.gz"
    heap.write_bytes(b"x" * len(heap.read_bytes()))
    d = daemon(config(bucket.url), storage=storage)
    wait_for(d, "refused", 1)
    assert uploads(d, 1)[0]["why"].startswith("heap.pb.gz: it has SHA-256")
    assert not bucket.puts


# ---- a server that we did not write ----

@pytest.fixture
def moto(tmp_path):
    server = s3_moto.Moto(tmp_path / "moto.log")
    yield server
    server.stop()


def moto_config(tmp_path, moto, secret):
    (tmp_path / "s3.credentials").write_text(
        f"[default]\naws_access_key_id = {moto.key_id}\naws_secret_access_key = {secret}\n")
    return CONFIG.format(url=moto.url, bucket=s3_moto.BUCKET, region=s3_moto.REGION)


def test_a_server_that_verifies_takes_what_is_signed_rightly_alone(daemon, storage, moto, tmp_path):
    wrong = moto.secret[::-1]
    with pytest.raises(botocore.exceptions.ClientError, match="SignatureDoesNotMatch"):
        moto.client("s3", wrong).put_object(Bucket=s3_moto.BUCKET, Key="a", Body=b"a")

    files = put_incident(storage, 1)
    d = daemon(moto_config(tmp_path, moto, wrong), "--web.enable-lifecycle", storage=storage)
    wait_for(d, "refused", 1)
    assert "403 SignatureDoesNotMatch" in uploads(d, 1)[0]["why"]
    assert re.search("level=WARN .*is not uploaded: .*SignatureDoesNotMatch", d.log())
    assert d.metric("leakwatch_uploads_total", outcome="refused") == 1
    assert not moto.objects()

    moto_config(tmp_path, moto, moto.secret)
    assert requests.post(d.url + "/-/reload", timeout=10).status_code == 200
    wait_for(d, "done", 1)
    got = moto.objects()
    assert got.keys() == files.keys()
    assert without_manifest(got) == without_manifest(files)  # which says what was refused


CAPTURE = """
  - job_name: shop
    scrape_interval: 1s
    static_configs: [{{targets: ["{address}"]}}]
"""


def test_a_capture_is_uploaded_by_itself(daemon, bucket, config, go_target):
    target = go_target("sessionleak", "-rate=1000")
    text = config(bucket.url).replace("scrape_configs: []\n", "") + "scrape_configs:" + \
        CAPTURE.format(address=target.address)
    text += "capture: {cpu_seconds: 0, trace_seconds: 0}\n"
    d = daemon(text)
    target_id = d.wait_up(target.address)["id"]
    answer = requests.post(f"{d.url}/api/v1/targets/{target_id}/capture", json={"reason": "a test"},
                           timeout=10)
    assert answer.status_code == 202, answer.text
    incident = answer.json()["data"]["incident"]
    wait_until(lambda: d.api("incidents/" + incident)["upload"]["state"] == "done", 60, "uploaded")
    got = {key.rsplit("/", 1)[1]: data for key, data in bucket.objects.items()}
    assert all(f"/shop/{target.address}/" in key and incident in key for key in bucket.objects)
    manifest = json.loads(got.pop("manifest.json"))
    named = {f["name"]: f["sha256"] for f in manifest["files"] if f["state"] == "ok"}
    assert named == {name: hashlib.sha256(data).hexdigest() for name, data in got.items()}
    assert "heap.pb.gz" in got and "report.json" in got

"""The exact Go type at each site, from the binary of a running target."""

import os
import re
import shutil
import subprocess

import pytest

from harness import SOURCE_DIR, wait_until

CONFIG = """
global: {{scrape_interval: 2s}}
trend: {{base_block: 1s}}
scrape_configs:
  - job_name: shop
    {options}
    static_configs:
      - targets: ["{address}"]
"""


def session_type(daemon, address):
    """The row of main.Session, once the build is known and the type is large enough to be followed."""
    target = daemon.target(address)
    if not target or not target["build"]:
        return None
    answer = daemon.api(f"targets/{target['id']}/types")
    rows = [t for t in answer["types"] if t["type"] == "main.Session" and t["followed"]]
    return rows[0] if rows else None


def rebuild(out, *flags):
    env = dict(os.environ, CGO_ENABLED="0", GOFLAGS="-mod=mod", GOTOOLCHAIN="local")
    go = shutil.which("go") or "/usr/lib/go/bin/go"
    subprocess.run([go, "build", "-buildvcs=false", *flags, "-o", out, "./sessionleak"],
                   cwd=SOURCE_DIR / "tests/targets", env=env, check=True)
    return out


def test_types_are_read_from_the_process_that_listens(daemon, go_target):
    target = go_target("sessionleak")
    d = daemon(CONFIG.format(address=target.address, options=""))
    session = wait_until(lambda: session_type(d, target.address), 30, "the leaking type")
    assert session["kind"] == "object" and session["type_source"] == "binary"
    assert session["inuse_bytes"] > 0
    build = d.target(target.address)["build"]
    assert build["source"] == "proc" and build["go_version"].startswith("go1.")
    assert build["module"] == "leakwatch.test/targets"
    row = [s for s in d.metrics() if s.name == "leakwatch_type_inuse_bytes"
           and s.labels.get("type") == "main.Session"]
    assert row and row[0].labels["type_source"] == "binary" and row[0].labels["kind"] == "object"
    assert d.metric("leakwatch_target_build_info", go_version=build["go_version"]) == 1


@pytest.mark.slow(104)
def test_the_leak_is_named_by_its_type(daemon, go_target):
    target = go_target("sessionleak")
    d = daemon(CONFIG.format(address=target.address, options=""))

    def leaks():
        return [s for s in d.suspects("leak") if s["type"] == "main.Session"]

    found = wait_until(leaks, 180, "main.Session among the suspects", poll_s=1)[0]
    assert found["kind"] == "object" and found["site"]["responsible"]["function"] == "main.(*Store).Open"
    assert found["type_import_path"] == "main" or found["type_import_path"].endswith("/sessionleak")
    # What was learnt outlives the daemon.
    assert d.stop() == 0
    again = daemon(CONFIG.format(address=target.address, options=""), storage=d.storage_dir)
    wait_until(lambda: session_type(again, target.address), 10, "the type again")
    assert [s for s in again.suspects("leak") if s["type"] == "main.Session"]


def test_a_process_runs_on_under_a_newer_build(daemon, targets_dir, tmp_path, go_target):
    """What lies at its path by now gives its profiles a build id that is not its own."""
    program = rebuild(tmp_path / "sessionleak")
    target = go_target(program)
    os.replace(shutil.copy(targets_dir / "plain", tmp_path / "newer"), program)
    d = daemon(CONFIG.format(address=target.address, options=""))
    wait_until(lambda: session_type(d, target.address), 30, "the leaking type")
    assert d.target(target.address)["build"]["source"] == "proc"


@pytest.mark.parametrize("flags", [["-ldflags=-s -w"], ["-trimpath"], ["-buildmode=pie"]],
                         ids=["stripped", "trimmed", "pie"])
def test_types_of_other_builds(daemon, targets_dir, tmp_path, go_target, flags):
    program = rebuild(tmp_path / "sessionleak", *flags)
    target = go_target(program)
    d = daemon(CONFIG.format(address=target.address, options=""))
    wait_until(lambda: session_type(d, target.address), 30, "the leaking type")


def test_a_binary_that_is_not_the_one_that_runs_is_refused(daemon, targets_dir, go_target):
    target = go_target("sessionleak")
    wrong = targets_dir / "plain"
    d = daemon(CONFIG.format(address=target.address, options=f"binary: {wrong}") + "binaries: {proc: false}\n")
    error = wait_until(lambda: (d.target(target.address) or {}).get("buildError"), 30, "the refusal")
    assert str(wrong) in error
    assert d.target(target.address)["build"] is None
    sites = d.api(f"targets/{d.target(target.address)['id']}/sites")["sites"]
    assert sites and all(s["type"] is None and s["type_source"] == "site" for s in sites)
    key = [s for s in d.metrics() if s.name == "leakwatch_type_inuse_bytes"]
    assert key and all(s.labels["type_source"] == "site" for s in key)


def go_minor(program):
    """The N of the go1.N that built a program."""
    go = shutil.which("go") or "/usr/lib/go/bin/go"
    said = subprocess.run([go, "version", program], capture_output=True, text=True, check=True).stdout
    return int(re.search(r"go1\.(\d+)", said.removeprefix(f"{program}:"))[1])


def test_without_a_binary_the_target_tells_the_kinds(daemon, targets_dir, go_target):
    """Of two calls in one function, one makes sessions and one grows the map that holds them. Old
    releases of Go cut the direct ways into the allocator off their stacks: there it stays unknown."""
    target = go_target("sessionleak", "-rate=8388608")
    d = daemon(CONFIG.format(address=target.address, options="") + "binaries: {proc: false}\n")
    session_kind = "object" if go_minor(targets_dir / "sessionleak") >= 24 else None

    def opened():
        t = d.target(target.address)
        sites = d.api(f"targets/{t['id']}/sites")["sites"] if t else []
        rows = {s["kind"]: s for s in sites if s["function"] == "main.(*Store).Open"}
        return rows if {session_kind, "map"} <= rows.keys() else None

    rows = wait_until(opened, 60, "the kinds of both calls")
    error = d.target(target.address)["buildError"]
    assert error and d.target(target.address)["build"] is None
    for row in rows.values():
        assert row["type"] is None and row["type_source"] == "site" and row["type_unresolved"] == error
    key = [s for s in d.metrics() if s.name == "leakwatch_type_inuse_bytes" and s.labels["type"] != "other"]
    assert key and all(s.labels["type_source"] == "site" for s in key)
    assert {s.labels["kind"] for s in key} & {session_kind or "", "map"}


def test_a_folder_of_binaries_is_searched_by_build_id(daemon, targets_dir, tmp_path, go_target):
    """Only builds with a GNU build id can be found so."""
    folder = tmp_path / "binaries"
    folder.mkdir()
    program = rebuild(folder / "shop", "-ldflags=-B 0x0123456789abcdef0123456789abcdef01234567")
    target = go_target(program)
    d = daemon(CONFIG.format(address=target.address, options="")
               + f"binaries: {{proc: false, directories: ['{folder}']}}\n")
    wait_until(lambda: session_type(d, target.address), 30, "the leaking type")
    assert d.target(target.address)["build"]["source"] == "directory"


def test_an_uploaded_binary_is_used(daemon, tmp_path, go_target):
    import requests
    token = tmp_path / "token"
    token.write_text("swordfish\n")
    program = rebuild(tmp_path / "shop", "-ldflags=-B 0x0123456789abcdef0123456789abcdef01234567")
    target = go_target(program)
    d = daemon(CONFIG.format(address=target.address, options="")
               + f"binaries: {{proc: false, upload_token_file: '{token}'}}\n")
    url = f"{d.url}/api/v1/binaries"
    wait_until(lambda: (d.target(target.address) or {}).get("buildError"), 30, "no binary so far")
    body = program.read_bytes()
    assert requests.put(url, data=body, timeout=30).status_code == 401
    refused = requests.put(url, data=b"not a binary", timeout=30,
                           headers={"Authorization": "Bearer swordfish"})
    assert refused.status_code == 400, refused.text
    stored = requests.put(url, data=body, timeout=30, headers={"Authorization": "Bearer swordfish"})
    assert stored.status_code == 201, stored.text
    assert stored.json()["data"]["build_id"].startswith("0123456789abcdef")
    wait_until(lambda: session_type(d, target.address), 30, "the leaking type")
    assert d.target(target.address)["build"]["source"] == "upload"

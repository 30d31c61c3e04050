"""The document of the API against the running daemon: schemathesis asks what it allows and what it
forbids, and holds each answer against it."""

import json
import os
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
    static_configs:
      - targets: ["{leaking}", "{idle}"]
"""
CHECKS = ",".join([
    "not_a_server_error", "status_code_conformance", "content_type_conformance",
    "response_headers_conformance", "response_schema_conformance", "negative_data_rejection"])
EXAMPLES = 20  # of each operation: about a minute in all
REFUSALS = """
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 413, 415, 422, 429]
"""
HANG_S = 400


def schemathesis():
    return os.environ.get("LW_SCHEMATHESIS") or program("schemathesis")


def close(schema, is_part=False):
    """Forbids members of objects that the schema does not name: what a client must put up with, the
    daemon must not do. A part of an allOf does not know what the others name."""
    if isinstance(schema, list):
        return [close(item, is_part) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {}
    for key, value in schema.items():
        if key in ("properties", "patternProperties"):
            closed[key] = {name: close(item) for name, item in value.items()}
        elif key in ("required", "enum", "const", "examples"):
            closed[key] = value
        else:
            closed[key] = close(value, is_part=key == "allOf")
    if not is_part and {"properties", "allOf", "$ref"} & schema.keys():
        closed["unevaluatedProperties"] = False
    return closed


def of_this_daemon(document, targets, incident):
    """The document with ids that lead somewhere, and one that leads nowhere."""
    parameters = document["components"]["parameters"]
    parameters["target"]["schema"] = {"enum": [*targets, "00000000000000ff"]}
    parameters["incident"]["schema"] = {"enum": [incident, "00000000000000ff"]}
    schemas = document["components"]["schemas"]
    schemas["FileOfIncident"] = {"enum": [f"{incident}/heap.pb.gz", f"{incident}/heap-gc.pb.gz",
                                          f"{incident}/report.md"]}
    for name in schemas.keys() - {"AlertmanagerPayload"}:
        schemas[name] = close(schemas[name], is_part=not name.endswith("Answer"))
    return document


@pytest.mark.slow(90)
def test_the_daemon_keeps_to_its_document(daemon, go_target, tmp_path):
    leaking, idle = go_target("sessionleak", "-rate=1048576"), go_target("plain")
    d = daemon(CONFIG.format(leaking=leaking.address, idle=idle.address))
    ids = [d.wait_up(t.address)["id"] for t in (leaking, idle)]
    wait_until(lambda: d.suspects(), 120, "a suspect")
    begun = d.post(f"/api/v1/targets/{ids[0]}/capture", json={"reason": "to have one"})
    incident = begun.json()["data"]["incident"]
    wait_until(lambda: d.api(f"incidents/{incident}")["state"] == "ready", 60, "an incident")

    (tmp_path / "schemathesis.toml").write_text(REFUSALS)
    document = tmp_path / "openapi.json"
    document.write_text(json.dumps(of_this_daemon(d.get("/api/v1/openapi.json").json(), ids, incident)))
    # One worker: Python 3.11 has a race where two threads parse source (SystemError: AST constructor …).
    run = subprocess.run(
        [schemathesis(), "--no-color", "run", document, f"--url={d.url}", f"--checks={CHECKS}",
         "--phases=examples,coverage,fuzzing", f"--max-examples={EXAMPLES}", "--workers=1",
         "--generation-deterministic", "--continue-on-failure",
         "--warnings=off"],
        cwd=tmp_path, capture_output=True, text=True, timeout=HANG_S)
    print("\n".join(line[:300] for line in run.stdout.splitlines()))
    assert run.returncode == 0, run.stderr
    assert d.get("/-/healthy").status_code == 200


def test_a_parameter_that_is_there_twice_is_refused(daemon):
    """On every route that the document names, whether it knows the parameter or not."""
    d = daemon("scrape_configs: []")
    paths = d.get("/api/v1/openapi.json").json()["paths"]
    for path, operations in paths.items():
        path = path.replace("{id}", "00000000000000ff").replace("{name}", "heap.pb.gz")
        for method in operations.keys() & {"get", "post", "put"}:
            answer = requests.request(method, f"{d.url}{path}?limit=1&limit=2", timeout=10)
            assert answer.status_code == 400, (method, path, answer.text)
            assert "parameter limit is given twice" in answer.text
    assert d.get("/api/v1/targets?label=a%3Db&label=c%3Dd").status_code == 200
    assert d.get("/-/healthy").status_code == 200

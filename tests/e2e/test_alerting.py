"""What is shipped for Prometheus, Alertmanager and Grafana, as it is shipped: only addresses and
intervals are replaced."""

import base64
import http.server
import json
import re
import subprocess
import threading

import pytest
import requests

from harness import SOURCE_DIR, free_port, program, query, wait_until

ETC = SOURCE_DIR / "etc"
RATE = 512 << 10
CONFIG = """
global: {{scrape_interval: 1s}}
trend: {{base_block: 500ms}}
web: {{external_url: "http://leaks.test"}}
alerting:
  resend_interval: 1s
  labels: {{team: checkout}}
  alertmanagers:
    - url: "http://{alertmanager}"
    - url: "{shy}/prefix"
      basic_auth: {{username: me, password: it}}
scrape_configs:
  - job_name: shop
    memory_limit: 1GB
    memory_interval: 2s
    static_configs: [{{targets: {targets}}}]
"""


def judge(*argv):
    result = subprocess.run([program(argv[0]), *argv[1:]], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stdout + result.stderr


def test_shipped_files_are_valid():
    judge("promtool", "check", "config", ETC / "prometheus/prometheus.yml")
    judge("promtool", "test", "rules", ETC / "prometheus/leakwatchd.rules.test.yml")
    judge("amtool", "check-config", ETC / "alertmanager/alertmanager.yml")


# ---- the round: scrape, rule, alert, webhook, and push ----

@pytest.fixture
def shipped(service, tmp_path):
    """Starts Prometheus and Alertmanager on the shipped files: shipped(daemon, port of the
    Alertmanager) -> host:port of Prometheus."""
    def start(daemon, am_port):
        us = daemon.url.removeprefix("http://")
        am_config = (ETC / "alertmanager/alertmanager.yml").read_text()
        assert "localhost:9746" in am_config
        (tmp_path / "alertmanager.yml").write_text(am_config.replace("localhost:9746", us))
        service("prometheus-alertmanager", am_port,
                f"--config.file={tmp_path / 'alertmanager.yml'}",
                f"--storage.path={tmp_path / 'am'}",
                f"--web.listen-address=127.0.0.1:{am_port}", "--cluster.listen-address=")

        config = (ETC / "prometheus/prometheus.yml").read_text()
        for shipped_text, ours in [("localhost:9746", us), ("localhost:9093", f"127.0.0.1:{am_port}"),
                                   ("_interval: 15s", "_interval: 1s")]:
            assert shipped_text in config
            config = config.replace(shipped_text, ours)
        (tmp_path / "prometheus.yml").write_text(config)
        rules = (ETC / "prometheus/leakwatchd.rules.yml").read_text()
        (tmp_path / "leakwatchd.rules.yml").write_text(rules)
        port = free_port()
        return service("prometheus", port, f"--config.file={tmp_path / 'prometheus.yml'}",
                       f"--storage.tsdb.path={tmp_path / 'tsdb'}",
                       f"--web.listen-address=127.0.0.1:{port}")
    return start


class ShyAlertmanager(http.server.BaseHTTPRequestHandler):
    """Asks for a password and answers 503 three times before it takes anything."""

    taken = []
    refused = 0

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        cls = type(self)
        good = (self.path == "/prefix/api/v2/alerts"
                and self.headers["Content-Type"] == "application/json"
                and self.headers["Authorization"] == "Basic " + base64.b64encode(b"me:it").decode())
        status = 400 if not good else 503 if cls.refused < 3 else 200
        cls.refused += status == 503
        if status == 200:
            cls.taken += json.loads(body)
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def shy():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), ShyAlertmanager)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def check_shy(daemon):
    """Failures are logged once, and made up for by the next round."""
    wait_until(lambda: ShyAlertmanager.taken, 30, "alerts at the shy Alertmanager")
    assert ShyAlertmanager.taken[0]["labels"]["alertname"] == "LeakwatchLeak"
    assert daemon.metric("leakwatch_notifications_failed_total") == 3
    assert len(re.findall(r"component=alert msg=\"POST .*status 503", daemon.log())) == 1


def alerts_of(alertmanager, **labels):
    answer = requests.get(f"http://{alertmanager}/api/v2/alerts", timeout=10)
    assert answer.status_code == 200, answer.text
    return [a for a in answer.json() if labels.items() <= a["labels"].items()]


def check_pushed(alert):
    assert alert["labels"]["type"] == "main.Session"
    assert alert["labels"]["function"] == "main.(*Store).Open"
    assert alert["labels"]["severity"] == "warning"
    assert re.search(r"leaks main\.Session allocated in main\.\(\*Store\)\.Open: \+[\d.]+ MiB/h",
                     alert["annotations"]["summary"])
    assert re.fullmatch(r"http://leaks\.test/#/target/[0-9a-f]{16}", alert["generatorURL"])


def check_rules_are_healthy(prometheus):
    groups = requests.get(f"http://{prometheus}/api/v1/rules", timeout=10).json()["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len(rules) > 10
    assert {rule["health"] for rule in rules} == {"ok"}, rules


def dashboard_expressions():
    dashboard = json.loads((ETC / "grafana/leakwatchd.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], re.sub(r"\$(job|instance|leakwatchd)\b", ".*", target["expr"])


def check_dashboard(prometheus):
    expressions = list(dashboard_expressions())
    assert len(expressions) > 20
    for title, expression in expressions:
        wait_until(lambda: query(prometheus, expression), 30, f"{title}: {expression}", poll_s=0.5)


@pytest.mark.slow(65)
def test_a_leak_goes_round(daemon, go_target, shipped, shy):
    leaky = go_target("sessionleak", f"-rate={RATE}").address
    am_port = free_port()
    am = f"127.0.0.1:{am_port}"
    d = daemon(CONFIG.format(alertmanager=am, shy=shy, targets=[leaky]))
    prom = shipped(d, am_port)
    wait_until(lambda: d.suspects("leak"), 180, "the leak")

    # Out by push, with the type.
    pushed = wait_until(lambda: alerts_of(am, alertname="LeakwatchLeak", instance=leaky,
                                          team="checkout", type="main.Session"),
                        60, "the leak pushed")
    check_pushed(pushed[0])
    check_shy(d)

    # Out by Prometheus' rule over our metrics, and back in by Alertmanager's webhook.
    wait_until(lambda: alerts_of(am, alertname="LeakwatchLeak", instance=leaky,
                                 leakwatchd="capture"), 60, "the leak by the rule")
    acted_on = wait_until(
        lambda: sum(d.metric("leakwatch_webhook_alerts_total", result=result)
                    for result in ("captured", "refused")), 60, "the alert back in")
    assert acted_on == 1
    assert d.metric("leakwatch_webhook_alerts_total", result="unmatched") == 0

    # The verdict itself or the alert, whichever came first, led to an incident with a report.
    incident = wait_until(lambda: d.api("incidents", state="ready")["incidents"], 60, "an incident")[0]
    assert incident["target"]["instance"] == leaky
    report = d.get(f"/api/v1/incidents/{incident['id']}/report.md")
    assert report.status_code == 200 and "main.Session" in report.text

    check_rules_are_healthy(prom)
    check_dashboard(prom)

    # What is not watched any more does not leak: resolved by the next round.
    d.config_path.write_text(CONFIG.format(alertmanager=am, shy=shy, targets=[]))
    assert requests.post(d.url + "/-/reload", timeout=10).status_code == 200
    wait_until(lambda: not alerts_of(am, team="checkout"), 60, "the pushed alert resolved")


# ---- the gate ----

def test_the_gate_stops_a_larger_build(daemon, go_target):
    stable = go_target("sessionlru", "-rate=40000000").address
    larger = go_target("sessionlru", "-rate=40000000", "-max-bytes=40000000").address
    d = daemon(f"""
global: {{scrape_interval: 200ms, scrape_timeout: 200ms}}
gate: {{min_samples: 20, min_baseline_samples: 20, min_age: 1s}}
scrape_configs:
  - job_name: shop
    static_configs:
      - {{targets: ["{stable}"], labels: {{version: v1}}}}
      - {{targets: ["{larger}"], labels: {{version: v2}}}}
""")

    def gate(**params):
        return d.get("/api/v1/gate", params={"job": "shop", **params})

    # Before the first scrapes it is too early; then it is clear which is which.
    assert gate(build="v3").status_code == 425
    wait_until(lambda: gate(build="v2").status_code == 409, 60, "a fail")
    data = gate(build="v2").json()["data"]
    assert data["result"] == "fail" and data["baseline"]["build"] == "v1"
    assert data["checks"][0]["check"] == "inuse" and data["checks"][0]["result"] == "fail"
    assert any("of the stable build's" in reason for reason in data["reasons"])
    assert gate(build="v2", soft="1").status_code == 200
    wait_until(lambda: gate(build="v1", baseline="v2").status_code != 425, 60, "enough data")
    assert gate(build="v1", baseline="v2").json()["data"]["result"] == "pass"


def test_the_gate_stops_a_build_that_collects_more_often(daemon, go_target):
    """Two builds that hold as much, of which one throws away twenty times as much."""
    stable = go_target("sessionlru", "-rate=2000000").address
    wasteful = go_target("sessionlru", "-rate=40000000").address
    d = daemon(f"""
global: {{scrape_interval: 200ms, scrape_timeout: 200ms}}
gate: {{min_samples: 10, min_baseline_samples: 10, min_age: 1s}}
scrape_configs:
  - job_name: shop
    memory_interval: 400ms
    static_configs:
      - {{targets: ["{stable}"], labels: {{version: v1}}}}
      - {{targets: ["{wasteful}"], labels: {{version: v2}}}}
""")

    def check():
        data = d.get("/api/v1/gate", params={"job": "shop", "build": "v2", "soft": "1"}).json()["data"]
        found = {c["check"]: c for c in data["checks"]}["gc_frequency"]
        return found if found["result"] == "fail" else None

    found = wait_until(check, 60, "more cycles of the collector")
    assert found["value"] > 2 * found["baseline"] > 0, found
    assert "GCs a minute" in found["text"]
    assert d.get("/api/v1/gate", params={"job": "shop", "build": "v2"}).status_code == 409


# ---- webhooks by hand ----

def payload(number, instance, status="firing"):
    return {"version": "4", "status": status, "receiver": "leakwatchd", "truncatedAlerts": 0,
            "alerts": [{"status": status, "fingerprint": f"{number:016x}",
                        "startsAt": "2026-11-21T12:00:00Z", "endsAt": "0001-01-01T00:00:00Z",
                        "labels": {"alertname": "High", "job": "shop", "instance": instance},
                        "annotations": {"summary": "memory is high " * 20}}]}


QUIET_CONFIG = """
scrape_configs:
  - job_name: shop
    static_configs: [{targets: ["127.0.0.1:1", "127.0.0.1:2"]}]
"""


def test_an_alert_captures_its_target(daemon, go_target):
    """An alert about anything, here not a leak: what is captured is where it points to."""
    target = go_target("sessionlru").address
    d = daemon(f"""
global: {{scrape_interval: 1s}}
capture: {{cpu_seconds: 0, trace_seconds: 0}}
scrape_configs:
  - job_name: shop
    static_configs: [{{targets: ["{target}"]}}]
""")
    d.wait_up(target)
    url = d.url + "/api/v1/webhook/alertmanager"
    answer = requests.post(url, json=payload(1, target), timeout=10)
    assert answer.json()["data"]["captured"] == 1, answer.text
    incident = wait_until(lambda: d.api("incidents", state="ready")["incidents"], 60, "an incident")[0]
    assert incident["trigger"] == "webhook" and incident["target"]["instance"] == target
    report = d.get(f"/api/v1/incidents/{incident['id']}/report.md")
    assert report.status_code == 200 and target in report.text
    # The same alert again, as a second Alertmanager sends it; then another one within the cooldown.
    again = requests.post(url, json=payload(1, target), timeout=10).json()["data"]
    assert (again["repeated"], again["captured"]) == (1, 0)
    other = requests.post(url, json=payload(2, target), timeout=10).json()["data"]
    assert other["refused"] == 1 and other["alerts"][0]["why"].startswith("cooldown")
    assert len(d.api("incidents", state="any")["incidents"]) == 1


def test_answers_to_webhooks(daemon):
    d = daemon(QUIET_CONFIG)

    def post(**kwargs):
        return requests.post(d.url + "/api/v1/webhook/alertmanager", timeout=10, **kwargs)

    wait_until(lambda: len(d.targets()) == 2, 10, "two targets")
    answer = post(json=payload(1, "127.0.0.1:1"))
    assert answer.status_code == 200
    assert answer.json()["data"]["alerts"][0]["target"]["instance"] == "127.0.0.1:1"
    assert post(json=payload(2, "nobody:1")).json()["data"]["unmatched"] == 1
    assert post(json=payload(1, "127.0.0.1:1", "resolved")).json()["data"]["resolved"] == 1
    json_type = {"Content-Type": "application/json"}
    assert post(data="{", headers=json_type).status_code == 400
    assert post(data=json.dumps(payload(3, "127.0.0.1:2"))).status_code == 415  # as a form could
    assert post(json={"version": "3", "alerts": []}).status_code == 422
    assert post(data=b" " * ((1 << 20) + 1), headers=json_type).status_code == 413
    assert d.get("/api/v1/webhook/alertmanager").status_code == 405

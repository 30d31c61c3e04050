"""Real Go daemons as targets, and a real Prometheus that scrapes us."""

import subprocess

import pytest
import requests

from harness import free_port, program, query, wait_until


@pytest.fixture
def node_exporter(service):
    port = free_port()
    return service("prometheus-node-exporter", port, f"--web.listen-address=127.0.0.1:{port}")


@pytest.fixture
def prometheus(service, tmp_path):
    """Starts a Prometheus that scrapes these host:ports; returns its own."""
    def start(*targets):
        port = free_port()
        config = tmp_path / "prometheus.yml"
        config.write_text(f"""
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: leakwatchd
    honor_labels: true
    static_configs: [{{targets: {list(targets)!r}}}]
""")
        return service("prometheus", port, f"--config.file={config}",
                       f"--storage.tsdb.path={tmp_path / 'tsdb'}",
                       f"--web.listen-address=127.0.0.1:{port}")
    return start


def large_heap(daemon, instance):
    heap = daemon.target(instance)["heap"]
    return heap if heap["sites"] > 20 else None


def test_daemons_watch_each_other(daemon, node_exporter, prometheus):
    config = """
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: node
    static_configs: [{{targets: ["{node}"]}}]
  - job_name: prometheus
    static_configs: [{{targets: ["{prometheus}"]}}]
"""
    # They need each other's address: the second is known to the first by a reload.
    d = daemon(config.format(node=node_exporter, prometheus="127.0.0.1:1"))
    us = d.url.removeprefix("http://")
    prom = prometheus(us, node_exporter)
    d.config_path.write_text(config.format(node=node_exporter, prometheus=prom))
    assert requests.post(d.url + "/-/reload", timeout=10).status_code == 200

    for instance in node_exporter, prom:
        d.wait_up(instance)
        heap = wait_until(lambda: large_heap(d, instance), 60, f"twenty sites of {instance}")
        assert heap["inuse_bytes"] > 100_000
        assert heap["verdict"] not in ("growing", "leak")

    # Prometheus reads the OpenMetrics form, strictly.
    wait_until(lambda: [r for r in query(prom, f'up{{instance="{us}"}}') if r["value"][1] == "1"],
               20, "leakwatchd up in Prometheus")
    for job in "node", "prometheus":
        inuse = wait_until(
            lambda: query(prom, f'leakwatch_target_inuse_bytes{{job="{job}"}}'), 20,
            f"the in-use bytes of {job} in Prometheus")
        assert len(inuse) == 1 and float(inuse[0]["value"][1]) > 100_000
        assert query(prom, f'{{__name__=~"leakwatch_site_.*", job="{job}"}}')
    assert query(prom, "leakwatch_build_info")


def test_promtool_has_nothing_to_say(daemon, node_exporter):
    d = daemon(f"""
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: node
    static_configs: [{{targets: ["{node_exporter}"]}}]
""")
    d.wait_up(node_exporter)
    text = d.get("/metrics").text
    assert "leakwatch_site_" in text
    result = subprocess.run([program("promtool"), "check", "metrics"], input=text,
                            capture_output=True, text=True, timeout=30)
    assert (result.returncode, result.stdout + result.stderr) == (0, "")


def test_openmetrics_form(daemon):
    d = daemon("scrape_configs: []\n")
    answer = d.get("/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0"})
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert answer.text.endswith("# EOF\n")
    assert "Accept" in answer.headers["Vary"]
    plain = d.get("/metrics", headers={"Accept": "image/png"})
    assert plain.headers["Content-Type"].startswith("text/plain; version=0.0.4")

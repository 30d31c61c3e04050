"""Configuration: checked before it counts, reloaded without loss, shown without secrets."""

import json
import os
import signal
import subprocess

import pytest
import requests

from harness import free_port, wait_until

CONFIG = """
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: one
    static_configs: [{{targets: ["{address}"]}}]
"""


def check(program, path):
    return subprocess.run([program, "--check-config", f"--config.file={path}"],
                          capture_output=True, text=True, timeout=20)


def test_check_config_accepts(daemon_program, tmp_path):
    path = tmp_path / "good.yml"
    path.write_text(CONFIG.format(address="localhost:6060"))
    assert check(daemon_program, path).returncode == 0


@pytest.mark.parametrize("text, line, complaint", [
    ("global:\n  scrape_interval: 10\n", 2, "scrape_interval"),
    ("global: {}\nscrape_config: []\n", 2, "scrape_config"),
    ("scrape_configs:\n  - job_name: a\n  - job_name: a\n", 3, "a"),
    ("global:\n  scrape_interval: 1s\n  scrape_interval: 2s\n", 3, "scrape_interval"),
    ("scrape_configs: [\n", 2, ""),
])
def test_check_config_refuses(daemon_program, tmp_path, text, line, complaint):
    path = tmp_path / "bad.yml"
    path.write_text(text)
    result = check(daemon_program, path)
    said = result.stdout + result.stderr
    assert result.returncode == 2
    assert f"bad.yml:{line}:" in said and complaint in said


def test_check_config_without_file(daemon_program, tmp_path):
    result = check(daemon_program, tmp_path / "none.yml")
    assert result.returncode == 2
    assert "none.yml" in result.stdout + result.stderr


@pytest.mark.parametrize("arg", [
    "--no-such-flag", "--log.level=loud", "--web.listen-address=nowhere", "stray"])
def test_bad_flags(daemon_program, tmp_path, arg):
    config = tmp_path / "good.yml"
    config.write_text(CONFIG.format(address="localhost:6060"))
    result = subprocess.run(
        [daemon_program, f"--config.file={config}", f"--storage.path={tmp_path / 'storage'}", arg],
        capture_output=True, text=True, timeout=20)
    assert result.returncode == 2
    assert arg.split("=")[-1].lstrip("-") in result.stderr


def test_help_and_version(daemon_program):
    for flag, word in ("--help", "--config.file"), ("--version", "leakwatchd"):
        result = subprocess.run([daemon_program, flag], capture_output=True, text=True, timeout=20)
        assert result.returncode == 0
        assert word in result.stdout


def reload_by_signal(daemon):
    daemon.child.send_signal(signal.SIGHUP)


def reload_by_http(daemon):
    requests.post(daemon.url + "/-/reload", timeout=10)


@pytest.mark.parametrize("reload", [reload_by_signal, reload_by_http])
def test_reload(daemon, go_target, reload):
    first, second = go_target("plain").address, go_target("plain").address
    d = daemon(CONFIG.format(address=first))
    d.errors_expected = True
    d.wait_up(first)
    assert d.metric("leakwatch_config_last_reload_successful") == 1

    d.config_path.write_text(CONFIG.format(address=second))
    reload(d)
    d.wait_up(second)
    assert set(d.targets()) == {second}

    d.config_path.write_text("scrape_configs: nonsense\n")
    reload(d)
    wait_until(lambda: d.metric("leakwatch_config_last_reload_successful") == 0, 10,
               "the failed reload in the metrics")
    assert set(d.targets()) == {second}, "a bad file must leave the old configuration at work"
    scrapes = d.metric("leakwatch_scrapes_total", outcome="ok")
    wait_until(lambda: d.metric("leakwatch_scrapes_total", outcome="ok") > scrapes, 10,
               "another scrape under the old configuration")

    d.config_path.write_text(CONFIG.format(address=first))
    reload(d)
    wait_until(lambda: d.metric("leakwatch_config_last_reload_successful") == 1, 10,
               "the good reload in the metrics")
    d.wait_up(first)


def test_reloads_do_not_disturb_the_end(daemon):
    """A stop writes down what was seen and says 0, whatever is sent meanwhile."""
    d = daemon(CONFIG.format(address="127.0.0.1:1"))
    d.child.send_signal(signal.SIGTERM)
    while d.child.poll() is None:
        d.child.send_signal(signal.SIGHUP)
    assert d.child.returncode == 0


def test_reload_answers(daemon):
    d = daemon(CONFIG.format(address="127.0.0.1:1"))
    d.errors_expected = True
    assert requests.post(d.url + "/-/reload", timeout=10).status_code == 200
    assert requests.put(d.url + "/-/reload", timeout=10).status_code == 200
    assert d.get("/-/reload").status_code == 405
    d.config_path.write_text("global:\n  no_such_key: 1\n")
    answer = requests.post(d.url + "/-/reload", timeout=10)
    assert answer.status_code == 500
    assert "failed to reload config" in answer.text
    assert f"{d.config_path.name}:2:" in answer.text and "no_such_key" in answer.text


def test_secrets_are_hidden(daemon):
    d = daemon("""
scrape_configs:
  - job_name: basic
    basic_auth: {username: reader, password: hunter2}
    static_configs: [{targets: ["127.0.0.1:1"]}]
  - job_name: bearer
    authorization: {credentials: s3cr3t-token}
""")
    shown = d.api("status/config")["yaml"]
    assert "<secret>" in shown and "reader" in shown
    for secret in "hunter2", "s3cr3t-token":
        assert secret not in shown
        assert secret not in d.log()
        assert secret not in json.dumps(d.api("targets"))


def test_credentials_reach_the_target_only(daemon, hostile):
    """What is shown as the scrape URL carries no user and no password."""
    d = daemon(f"""
scrape_configs:
  - job_name: basic
    scrape_interval: 1s
    basic_auth: {{username: reader, password: hunter2}}
    profile_path_prefix: /good/debug/pprof
    static_configs: [{{targets: ["{hostile.address}"]}}]
""")
    assert d.wait_up(hostile.address)["scrapeUrl"] == (
        f"http://{hostile.address}/good/debug/pprof/heap")


def write_atomically(path, text):
    new = path.with_suffix(".new")
    new.write_text(text)
    os.rename(new, path)


def test_file_sd_follows_the_file(daemon, go_target, tmp_path):
    first, second = go_target("plain").address, go_target("plain").address
    groups = tmp_path / "targets.json"
    write_atomically(groups, json.dumps([{"targets": [first], "labels": {"team": "a"}}]))
    d = daemon(f"""
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: found
    file_sd_configs: [{{files: ["{groups}"], refresh_interval: 1s}}]
""")
    d.errors_expected = True
    assert d.wait_up(first)["labels"]["team"] == "a"

    write_atomically(groups, json.dumps([{"targets": [first, second]}]))
    d.wait_up(second)

    write_atomically(groups, "[{")
    wait_until(lambda: d.metric("leakwatch_file_sd_failing_files") == 1, 15, "the bad file noticed")
    assert set(d.targets()) == {first, second}, "a bad file must leave the last good targets"

    write_atomically(groups, json.dumps([{"targets": [second]}]))
    wait_until(lambda: set(d.targets()) == {second}, 15, "the removed target gone")


def test_port_in_use(daemon, daemon_program, tmp_path):
    d = daemon(CONFIG.format(address="127.0.0.1:1"))
    result = subprocess.run(
        [daemon_program, f"--config.file={d.config_path}", f"--storage.path={tmp_path / 'other'}",
         f"--web.listen-address={d.url.removeprefix('http://')}"],
        capture_output=True, text=True, timeout=20)
    assert result.returncode == 1
    assert d.url.rpartition(":")[2] in result.stderr


def test_several_listen_addresses(daemon, daemon_program):
    port = free_port()
    d = daemon(CONFIG.format(address="127.0.0.1:1"), f"--web.listen-address=127.0.0.1:{port}")
    assert d.get("/-/healthy").status_code == 200
    assert requests.get(f"http://127.0.0.1:{port}/-/healthy", timeout=10).status_code == 200

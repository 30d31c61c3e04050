"""A service whose goroutines never end: they are counted, named and joined to what they hold, and the
time until its memory limit is told."""

import pytest

from harness import wait_until

CONFIG = """
global: {{scrape_interval: 500ms}}
trend: {{base_block: 400ms}}
scrape_configs:
  - job_name: shop
    memory_limit: 8GB
    memory_interval: 1s
    goroutine_interval: 500ms
    static_configs:
      - targets: ["{address}"]
"""
GO_LIMIT = 1 << 40


@pytest.fixture
def service(go_target, monkeypatch):
    monkeypatch.setenv("GOMEMLIMIT", "1TiB")
    return go_target("leaks", "-rate=1048576", "goroutine")


def leaking_groups(daemon, target_id):
    groups = daemon.api(f"targets/{target_id}/goroutines")["groups"]
    return [g for g in groups if g["verdict"] == "leak"]


def leaking_target(daemon, instance):
    """The target, once one of its sites leaks: its total may be told a moment before."""
    target = daemon.target(instance)
    return target if target["leak"] and target["leak"]["sites"] else None


def check_group(group):
    assert group["wait"] == "chan send"
    assert group["responsible"]["function"] == "main.Search.func1"
    assert group["stack"][-1]["function"] == "main.Search.func1"
    assert group["count"] > 100
    assert group["growthPerHour"] > 3600
    assert any(join["type"] == "[]uint8" for join in group["joins"]), group["joins"]


def check_memory(daemon, target_id):
    memory = daemon.api(f"targets/{target_id}/memory")
    assert memory["rss"] > 10 << 20  # the process was found on this host
    assert memory["inuse"] > 10 << 20
    assert memory["stacks"] > 1 << 20  # of all those goroutines
    assert memory["limit"] == 8 << 30
    assert memory["gomemlimit"] == GO_LIMIT
    assert memory["residentPerLive"] > 0
    assert memory["history"]


def check_left(target):
    left = target["timeToLimit"]
    assert 0 < left["lo"] <= left["seconds"]
    assert left["hi"] is None or left["seconds"] <= left["hi"]
    assert target["limit"] == {"bytes": 8 << 30, "source": "config"}
    assert target["leak"]["sites"] >= 1
    assert target["onset"]["from"] < target["onset"]["to"]
    assert target["firstSeenIn"]["buildId"] == target["build"]["id"]
    assert target["firstSeenIn"]["absentIn"] is None
    assert target["goroutines"]["count"] > 100


@pytest.mark.slow(63)
def test_goroutines_that_never_end_are_named(daemon, service):
    d = daemon(CONFIG.format(address=service.address))
    target_id = d.wait_up(service.address)["id"]
    wait_until(lambda: leaking_groups(d, target_id), 240, "goroutines that leak")
    target = wait_until(lambda: leaking_target(d, service.address), 120, "a site that leaks")
    groups = wait_until(
        lambda: [g for g in leaking_groups(d, target_id) if g["joins"]], 60, "joins")
    assert len(groups) == 1
    check_group(groups[0])
    check_memory(d, target_id)
    check_left(target)
    instance = service.address
    assert d.metric("leakwatch_target_goroutines", instance=instance) > 100
    assert d.metric("leakwatch_target_goroutines_growth_per_second", instance=instance) > 1
    assert d.metric("leakwatch_target_memory_bytes", instance=instance, part="rss") > 10 << 20
    assert d.metric("leakwatch_target_time_to_limit_seconds", instance=instance) > 0
    assert "goroutines" in d.log() and "chan send" in d.log()

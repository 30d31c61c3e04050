"""The reason to exist: the leaking service is named, its healthy twin is not."""

import time

import pytest

from harness import wait_until

RATE = 512 << 10
CONFIG = """
global: {{scrape_interval: 2s}}
trend: {{base_block: 1s}}
storage: {{checkpoint_interval: 5s}}
scrape_configs:
  - job_name: shop
    static_configs:
      - targets: ["{leaky}", "{healthy}"]
"""
QUIET = {"warming", "healthy", "churn", "unresolvable", "load-coupled", "sawtooth", "step",
         "saturating", None}


@pytest.fixture
def twins(go_target):
    leaky = go_target("sessionleak", f"-rate={RATE}")
    healthy = go_target("sessionlru", f"-rate={RATE}")
    return leaky.address, healthy.address


def assert_quiet(daemon, healthy):
    """The healthy twin is no suspect of any kind, now."""
    assert healthy not in [s["target"]["instance"] for s in daemon.suspects()]
    target = daemon.target(healthy)
    if target and target["heap"]:
        assert target["heap"]["verdict"] in QUIET, target["heap"]


def find_leak(daemon, leaky, healthy):
    assert_quiet(daemon, healthy)
    return [s for s in daemon.suspects("leak") if s["target"]["instance"] == leaky and s["site"]]


def check_suspect(suspect):
    site = suspect["site"]
    assert site["responsible"]["function"] == "main.(*Store).Open"
    assert site["responsible"]["file"].endswith("sessionleak/main.go")
    assert suspect["type"] == "main.Session" and suspect["type_source"] == "binary"
    assert suspect["verdict"] == "leak"
    assert 0.6 * RATE <= suspect["growth_bytes_per_second"] <= 1.4 * RATE
    assert (suspect["growth_lower_bytes_per_second"] <= suspect["growth_bytes_per_second"]
            <= suspect["growth_upper_bytes_per_second"])
    assert suspect["retention_ratio"] > 0.8
    assert suspect["growing_since"] is not None
    judged = [g for g in suspect["gates"] if g["judged"]]
    assert len(judged) > 5
    assert len(suspect["sparkline"]) > 10


def check_metrics(daemon, leaky, healthy):
    site = [s for s in daemon.metrics()
            if s.name.startswith("leakwatch_site_") and s.labels.get("instance") == leaky
            and "main.(*Store).Open" in s.labels.values()]
    assert {"leakwatch_site_inuse_bytes"} <= {s.name for s in site}
    assert daemon.metric("leakwatch_target_inuse_bytes", instance=leaky) > 20 << 20
    assert 0 < daemon.metric("leakwatch_target_inuse_bytes", instance=healthy) < 20 << 20


def check_healthy_was_watched(daemon, healthy):
    """Silence means something only if the twin had the traffic and its site was followed."""
    target = daemon.target(healthy)
    sites = daemon.api(f"targets/{target['id']}/sites", sort="inuse")["sites"]
    opens = [s for s in sites if s["responsible"]["function"] == "main.(*Store).Open"]
    assert sum(s["alloc_bytes"] for s in opens) > 20 << 20
    assert any(s["followed"] for s in opens)


@pytest.mark.slow(119)
def test_leak_is_named_and_its_twin_is_not(daemon, twins):
    leaky, healthy = twins
    config = CONFIG.format(leaky=leaky, healthy=healthy)
    d = daemon(config)
    found = wait_until(lambda: find_leak(d, leaky, healthy), 180, "the leak among the suspects",
                       poll_s=1)
    check_suspect(found[0])
    check_metrics(d, leaky, healthy)
    check_healthy_was_watched(d, healthy)

    # The verdict outlives a restart, and the next scrapes do not take it back.
    assert d.stop() == 0
    again = daemon(config, storage=d.storage_dir)
    kept = wait_until(lambda: find_leak(again, leaky, healthy), 5, "the leak after the restart")
    assert kept[0]["since"] == found[0]["since"]
    scrapes = again.metric("leakwatch_scrapes_total", outcome="ok") or 0
    begin = time.monotonic()
    wait_until(lambda: again.metric("leakwatch_scrapes_total", outcome="ok") >= scrapes + 20, 60,
               "twenty more scrapes")
    assert find_leak(again, leaky, healthy), f"taken back within {time.monotonic() - begin:.0f} s"

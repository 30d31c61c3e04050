"""The page before a daemon that really watches: thousands of targets, and an incident from leak to mute."""

import json
import re

import pytest

from harness import Process, Target, free_port, wait_until
from test_types import rebuild
from test_web import (  # noqa: F401
    CONFIG, assert_accessible, assert_well_behaved, browser, traced, wait_for, wait_for_text)
from test_web_fleet import PAINTED, SCROLL, TYPE, assert_fluid

TARGETS = 3000
FLEET = """
global: {{scrape_interval: 30s}}
scrape_configs:
  - job_name: fleet
    file_sd_configs: [{{files: ["{file}"]}}]
"""
LEAK = """
global: {{scrape_interval: 1s}}
trend: {{base_block: 1s}}
capture: {{cpu_seconds: 0, trace_seconds: 0, cooldown: 1s}}
scrape_configs:
  - job_name: shop
    static_configs: [{{targets: ["{address}"]}}]
"""


@pytest.fixture
def large_fleet(targets_dir, tmp_path):
    """A file_sd file with TARGETS services that one process plays."""
    process = Process([targets_dir / "fleet", f"-targets={TARGETS}", "-sites=5"], tmp_path / "fleet.log")

    def addresses():
        found = re.findall(r"listening on http://(\S+)\n", process.log())
        return found if len(found) == TARGETS else None
    file = tmp_path / "fleet.json"
    file.write_text(json.dumps([{"targets": wait_until(addresses, 60, "the fleet")}]))
    yield file
    process.stop()


def asked_with_etag(browser):  # noqa: F811
    """How many requests for pages of targets named the answer that was known."""
    browser.requests()
    sent = [e["params"]["headers"] for e in browser.events
            if e["method"] == "Network.requestWillBeSentExtraInfo"]
    return len([h for h in sent if any(name.lower() == "if-none-match" for name in h)])


def test_a_real_fleet_stays_fluid(daemon, large_fleet, traced, record_property):  # noqa: F811
    d = daemon(FLEET.format(file=large_fleet))
    wait_until(lambda: len(d.api("targets", limit=5000)["activeTargets"]) == TARGETS, 30, "all targets known")
    traced.open(f"{d.url}/")
    wait_for_text(traced, f"{TARGETS:,} targets")
    wait_until(lambda: traced.run(PAINTED), 10, "the mark of the first useful paint")
    assert 0 < traced.run_async(SCROLL) < 100, "only what the window shows is in the page"
    traced.run("scrollTo(0, 0)")
    traced.run_async(TYPE)
    wait_for_text(traced, f"0 of {TARGETS:,} targets")

    pages = [url for url in traced.requests() if "/api/v1/targets?" in url]
    assert len(pages) == TARGETS // 500, "a large fleet is not asked for again at once"
    wait_until(lambda: asked_with_etag(traced) > 0, 30, "a request with If-None-Match")
    assert_well_behaved(traced, d.url)
    assert_fluid(traced, f"real fleet of {TARGETS}", record_property)


# ---- a deploy ----

def start_at(address, program, log):
    """A target at an address that another one has just left."""
    return Target(program, log, f"-listen={address}")


def grown(d, address, restarts):
    """The target, once it has restarted so often, and allocated so much that the next restart can be told."""
    target = d.target(address)
    heap = target["heap"]
    return target if heap["process_restarts"] == restarts and heap["alloc_bytes"] > 1 << 29 else None


@pytest.mark.slow(108)
def test_a_deploy_is_marked_on_the_chart(daemon, browser, tmp_path):  # noqa: F811
    """The same service, built again and deployed at the same address, and then restarted plainly."""
    address = f"127.0.0.1:{free_port()}"
    ids = ["0123456789abcdef" * 2, "fedcba9876543210" * 2]
    builds = [rebuild(tmp_path / f"shop-{i}", f"-ldflags=-B 0x{build_id}") for i, build_id in enumerate(ids)]
    process = start_at(address, builds[0], tmp_path / "0.log")
    try:
        d = daemon(CONFIG.format(address=address))
        d.wait_up(address)
        for i, program in enumerate([builds[1], builds[1]]):
            target = wait_until(lambda: grown(d, address, i), 90, f"the heap after {i} restarts")
            wait_until(lambda: d.target(address)["build"], 30, "the build")
            process.stop()
            process = start_at(address, program, tmp_path / f"{i + 1}.log")
        wait_until(lambda: grown(d, address, 2), 90, "the second restart")
        said = wait_until(lambda: (lambda ran: ran if len(ran) == 2 else None)(
            d.api(f"targets/{target['id']}")["builds"]), 30, "two builds")
        assert [run["id"] for run in said] == ids
        assert said[0]["from"] < said[0]["to"] < said[1]["from"] < said[1]["to"]
        series = d.api(f"targets/{target['id']}/series")
        assert series["earlier"] and series["earlier"][0]["start"] < series["blocks"][0]["start"]

        browser.open(f"{d.url}/#/target/{target['id']}")
        wait_for(browser, ".chart canvas")
        wait_for(browser, ".events .e-deploy")
        marks = browser.run("return [...document.querySelectorAll('.events li')].map(li => li.innerText)")
        assert len([m for m in marks if m.startswith(f"deploy of {ids[1][:12]}")]) == 1, marks
        assert len([m for m in marks if m.startswith("restart")]) == 1, marks
        assert_accessible(browser)
        assert_well_behaved(browser, d.url)
    finally:
        process.stop()


# ---- an incident ----

def click(browser, text):  # noqa: F811
    wait_until(lambda: browser.run(f"""
        const found = [...document.querySelectorAll("button")].find(
            (b) => b.innerText === {text!r} && !b.disabled);
        found?.click();
        return found !== undefined;"""), 20, f"the button {text!r}")


def fill_and_send(browser, **fields):  # noqa: F811
    wait_for(browser, "form")
    for name, value in fields.items():
        browser.run(f"document.querySelector('form [name={name}]').value = {value!r}")
    browser.run("document.querySelector('form').requestSubmit()")


DOWNLOAD = """
    const done = arguments[arguments.length - 1];
    Promise.all([...document.querySelectorAll("a[download]")].map(async ({href}) => {
        const answer = await fetch(href);
        return [answer.status, (await answer.arrayBuffer()).byteLength];
    })).then(done);
"""


@pytest.mark.slow(59)
def test_an_incident_from_the_leak_to_the_mute(daemon, go_target, browser):  # noqa: F811
    d = daemon(LEAK.format(address=go_target("sessionleak", "-rate=1048576").address))
    found = wait_until(lambda: [i for i in d.api("incidents", state="ready")["incidents"]
                                if i["trigger"] == "verdict"], 240, "an incident", poll_s=1)
    browser.open(f"{d.url}/#/incidents")
    wait_for(browser, f".incident a[href*='{found[0]['id']}']")
    assert_accessible(browser)
    browser.run(f"document.querySelector(\".incident a[href*='{found[0]['id']}']\").click()")
    wait_for_text(browser, "What it looks like")
    assert "main.(*Store).Open" in browser.text()
    wait_for(browser, ".flame canvas")
    wait_for(browser, ".top-rows tbody tr")
    files = browser.run_async(DOWNLOAD)
    assert len(files) >= 3 and all(status == 200 and size > 0 for status, size in files), files
    assert_accessible(browser)

    click(browser, "Acknowledge")
    fill_and_send(browser, by="ada", note="is looked at")
    wait_for_text(browser, "Acknowledged by ada")
    click(browser, "Mute")
    fill_and_send(browser, reason="fixed in v1.8.3")
    wait_for_text(browser, "Muted until")
    click(browser, "Pin")
    wait_for_text(browser, "Pinned")
    said = d.api(f"incidents/{found[0]['id']}")
    assert said["acknowledged"]["by"] == "ada" and said["muted"] and said["mutedUntil"] and said["pinned"]

    browser.run(f"location.hash = '#/target/{found[0]['target']['id']}'")
    click(browser, "Capture evidence")
    wait_for_text(browser, "Capturing: see the incident")
    browser.run("document.querySelector('.capture a').click()")
    wait_for_text(browser, "captured asked for")
    assert_well_behaved(browser, d.url)

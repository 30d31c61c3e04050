"""Every wrong answer has its own outcome, and none of them disturbs a good target."""

import time

import pytest

from harness import free_port, wait_until
from hostile import JOB, config_for

OUTCOMES = {
    "endless": "body_too_large",
    "drip": "timeout",
    "truncated": "truncated",
    "cut": "transfer",
    "html": "not_gzip",
    "empty": "not_gzip",
    "missing": "http_status",
    "broken": "http_status",
    "bomb": "inflated_too_large",
    "nested-bomb": "inflated_too_large",
    "negative": "not_heap",
    "garbage": "not_gzip",
    "gzipped-garbage": "not_profile",
    "cpu": "not_heap",
    "redirect": "redirect",
    "to-file": "redirect",
    "headers": "transfer",
    "hang": "timeout",
    "close": "transfer",
}


def by_job(daemon):
    return {t["labels"]["job"]: t for t in daemon.api("targets")["activeTargets"]}


def outcomes_of(daemon, target):
    return {k: n for k, n in daemon.api(f"targets/{target['id']}")["scrapes"].items() if n}


def test_each_wrong_answer_has_its_outcome(daemon, hostile, go_target):
    good = go_target("plain")
    refused = f"127.0.0.1:{free_port()}"
    more = (JOB.format(name="plain", prefix="/debug/pprof", address=good.address)
            + JOB.format(name="refused", prefix="/debug/pprof", address=refused)
            + JOB.format(name="tls", prefix="/debug/pprof", address=good.address)
            + "    scheme: https\n"
            + JOB.format(name="loop", prefix="/redirect/debug/pprof", address=hostile.address)
            + "    follow_redirects: true\n"
            + JOB.format(name="file", prefix="/to-file/debug/pprof", address=hostile.address)
            + "    follow_redirects: true\n"
            + JOB.format(name="credentials", prefix="/debug/pprof", address=good.address)
            + "    authorization: {credentials_file: /nonexistent/token}\n")
    expected = {**OUTCOMES, "refused": "connect", "tls": "tls", "credentials": "credentials",
                "loop": "redirect", "file": "transfer"}
    d = daemon(config_for(OUTCOMES, hostile, more))
    wait_until(lambda: by_job(d)["plain"]["health"] == "up", 20, "the good target up")
    begin, ok_before = time.monotonic(), outcomes_of(d, by_job(d)["plain"])["ok"]

    def all_scraped():
        targets = by_job(d)
        return all(sum(outcomes_of(d, targets[job]).values()) >= 5 for job in expected)
    wait_until(all_scraped, 60, "five scrapes of each hostile target", poll_s=1)

    targets = by_job(d)
    for job, outcome in expected.items():
        seen = outcomes_of(d, targets[job])
        assert set(seen) == {outcome}, f"{job}: {seen}, {targets[job]['lastError']}"
        assert targets[job]["health"] == "down"
        assert targets[job]["lastError"] != ""
    for outcome in set(expected.values()):
        assert d.metric("leakwatch_scrapes_total", outcome=outcome) > 0

    seen = outcomes_of(d, targets["plain"])
    elapsed = time.monotonic() - begin
    assert set(seen) == {"ok"}
    assert abs((seen["ok"] - ok_before) - elapsed) <= 2, "an interval of the good target was missed"


def test_an_error_says_what_came(daemon, hostile):
    d = daemon(config_for(["missing", "html", "cpu"], hostile))
    wait_until(lambda: all(t["lastError"] for t in by_job(d).values()), 20, "three errors")
    errors = {job: t["lastError"] for job, t in by_job(d).items()}
    assert "404" in errors["missing"]
    assert "HTML" in errors["html"]
    assert "cpu" in errors["cpu"] or "inuse_space" in errors["cpu"]


def test_foreign_names_are_quoted(daemon, hostile):
    """A site's name is foreign text: it must get through JSON and the exposition unharmed."""
    d = daemon(config_for(["nasty"], hostile))
    d.wait_up(hostile.address)
    target = d.target(hostile.address)
    sites = d.api(f"targets/{target['id']}/sites")["sites"]
    assert sites[0]["function"].startswith('evil.("<img src=x onerror=alert(1)>')
    d.metrics()  # parses: a raw newline or quote in a label would not


def test_absurd_numbers_are_borne(daemon, hostile):
    """Sums of the largest integers there are: shown, and nothing overflows on the way."""
    d = daemon(config_for(["largest"], hostile))
    d.wait_up(hostile.address)
    target = d.target(hostile.address)
    largest = (1 << 63) - 1
    sites = d.api(f"targets/{target['id']}/sites", limit=1000)["sites"]
    assert sites and {s["inuse_bytes"] for s in sites} == {largest}
    assert d.metric("leakwatch_target_inuse_bytes") == float(largest)


@pytest.mark.parametrize("kind", ["endless", "bomb", "nested-bomb"])
def test_a_large_answer_costs_no_memory(daemon, hostile, kind):
    d = daemon(config_for([kind], hostile))
    wait_until(lambda: d.metric("leakwatch_scrapes_total", outcome=OUTCOMES[kind]), 20,
               f"a scrape of {kind}")
    assert d.metric("process_resident_memory_bytes") < 128 << 20

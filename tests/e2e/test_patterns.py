"""Every way in which Go programs leak, live and at once, each named by what it is; and the services that
only look so, of which nothing may be said."""

import dataclasses

import pytest

from harness import wait_until

CONFIG = """
global: {{scrape_interval: 1s}}
trend: {{base_block: 1s}}
capture: {{cpu_seconds: 0, trace_seconds: 0, cooldown: 1s}}
scrape_configs:
"""
JOB = """
  - job_name: {name}
    goroutine_interval: 1s
    static_configs: [{{targets: ["{address}"]}}]
"""
TWINS = ("lru", "warm-up", "pool", "sawtooth", "daily", "ramp", "one-off", "restart", "finalizer",
         "parts")
SLOW_RATE = 100 << 10
FOUND_S = 900  # a guard: the slow one takes two to five minutes
TWIN_SCRAPES = 200  # seconds, in which all that the twins do has happened twice


@dataclasses.dataclass
class Named:
    """What the answer must say. type, site and pattern: any of these; evidence: each of these somewhere
    in the diagnosis."""
    type: tuple
    site: tuple
    pattern: tuple
    evidence: tuple
    rate: int = 512 << 10


# At the higher rate because what is characteristic, a closure or a boxed key, is small: of a few megabytes
# of them a handful of samples is all that Go takes.
LEAKS = {
    "closure-map": Named(
        ("[]uint8",), ("main.(*Callbacks).Subscribe",), ("closure-map",),
        ("among what they captured",), rate=1 << 20),
    "any-map": Named(
        ("main.Attributes", "map[string]interface {}"), ("main.(*Context).Set",), ("any-map",),
        ("the map map[string]interface {}", "main.Attributes is boxed")),
    "reflect-types": Named(
        (None, "[]uint8"), ("main.RowType",), ("reflect-types",),
        ("reflect.StructOf", "main.RowType", "made at run time")),
    "generic-registry": Named(
        ("[]main.Order", "[]go.shape"), ("main.NewPager",), ("generic-registry",),
        ("closures are made in main.NewPager",), rate=1 << 20),
    "syncmap-keys": Named(
        ("main.Presence",), ("main.(*Online).Enter",), ("syncmap-keys",),
        ("sync.(*Map).", "is boxed there, as a key or a value"), rate=1 << 20),
    "error-chain": Named(
        ("main.RetryError",), ("main.(*Connection).Retry",), ("error-chain",),
        ("so long is the chain",)),
    "ticker": Named(
        ("chan time.Time", "time.Ticker", "runtime.timeTimer"), ("main.NewPoller",), ("ticker",),
        ("called by main.NewPoller grows", "the type is")),
    "goroutine": Named(
        ("[]uint8",), ("main.Search.func1",), ("goroutine",),
        ("wait in main.Search.func1: chan send", "begun where the memory grows")),
    "http-body": Named(
        ("[]uint8",),
        ("net/http.(*Transport).dialConn", "bufio.NewReaderSize", "bufio.NewWriterSize"),
        ("http-body",), ("net/http.(*persistConn).readLoop", "net/http.(*Transport).dialConn")),
    "cache-unbounded": Named(
        ("main.Page",), ("main.(*Cache).Get",), ("cache-unbounded",), ("map[string]*main.Page",)),
    "subslice": Named(
        ("[]uint8",), ("main.(*Index).Receive",), ("subslice",),
        ("bytes each are kept ([]uint8)", "main.(*Index).Receive keeps a slice or string of 16 bytes of each")),
    "finalizer-cycle": Named(
        ("main.File",), ("main.OpenFile",), ("finalizer-cycle",),
        ("main.OpenFile gives objects of main.File a finalizer", "main.File.reader, main.Reader.file")),
    # 100 KiB a minute in a noisy heap of 1 GiB, a second being a minute: all that the daemon counts in
    # minutes is a second here (a block, a scrape, and Go's forced collection every two), and Go samples as
    # it always does. The list that holds them may have been sampled, or not.
    "slow": Named(
        ("main.AuditEntry",), ("main.(*Audit).Log",), ("slow", "cache-unbounded"),
        (), rate=SLOW_RATE),
}


@pytest.fixture
def fleet(go_target):
    """The address of each leak and each twin, by name."""
    targets = {name: go_target("leaks", f"-rate={named.rate}", name) for name, named in LEAKS.items()}
    targets |= {name: go_target("twins", name) for name in TWINS}
    return {name: target.address for name, target in targets.items()}


def leaking_jobs(daemon):
    return {suspect["target"]["job"] for suspect in daemon.suspects("leak")} | {
        target["labels"]["job"] for target in daemon.targets().values()
        if target["heap"]["verdict"] == "leak"}


def incidents_by_job(daemon):
    """The newest of each: noise in a large heap may look like urgent growth before the leak in it is found."""
    by_age = sorted(daemon.api("incidents")["incidents"], key=lambda i: i["openedAt"])
    return {i["target"]["job"]: i for i in by_age}


def say_nothing_of_twins(daemon):
    named = (leaking_jobs(daemon) | incidents_by_job(daemon).keys()) & set(TWINS)
    assert not named, f"healthy, and named as leaks: {sorted(named)}"


def all_found(daemon):
    say_nothing_of_twins(daemon)
    ready = {job for job, i in incidents_by_job(daemon).items() if i["state"] != "collecting"}
    return not LEAKS.keys() - ready and not LEAKS.keys() - leaking_jobs(daemon)


def twins_were_watched(daemon):
    say_nothing_of_twins(daemon)
    return all((daemon.metric("leakwatch_scrapes_total", job=twin, outcome="ok") or 0) >= TWIN_SCRAPES
               for twin in TWINS)


def is_one_of(name, wanted):
    """Of generic code only the beginning of a name counts: releases of Go differ in the rest."""
    return any(name == w or (name and w and "[" in name and name.startswith(w)) for w in wanted)


def wrong_with(incident, named):
    """What the answer does not say as it must: a list of words, empty when all is well."""
    diagnosis = incident["report"]["diagnosis"]
    told = " | ".join(words for candidate in diagnosis for words in candidate["evidence"])
    best = diagnosis[0] if diagnosis else {"pattern": None, "strength": None}
    checks = {
        "state": incident["state"] == "ready",
        "trigger": incident["trigger"] == "verdict",
        "type": is_one_of(incident["type"], named.type),
        "site": is_one_of(incident["site"], named.site),
        "pattern": best["pattern"] in named.pattern,
        "strength": best["strength"] in ("likely", "strong"),
        "incident's pattern": incident["pattern"] == best["pattern"],
        "rate": incident["rateLo"] is not None and 0 < incident["rateLo"] < incident["rateHi"],
    }
    checks |= {f"evidence {words!r}": words in told for words in named.evidence}
    return [word for word, is_right in checks.items() if not is_right]


@pytest.mark.slow(217)
def test_each_pattern_is_named_and_no_healthy_twin_is(daemon, fleet):
    jobs = "".join(JOB.format(name=name, address=address) for name, address in fleet.items())
    d = daemon(CONFIG.format() + jobs)
    wait_until(lambda: all_found(d), FOUND_S, "an incident for each leak", poll_s=2)
    wait_until(lambda: twins_were_watched(d), FOUND_S, "enough scrapes of the twins", poll_s=2)
    wrong = {}
    for name, named in LEAKS.items():
        incident = d.api("incidents/" + incidents_by_job(d)[name]["id"])
        best = (incident["report"]["diagnosis"] or [{}])[0]
        print(f"{name}: {incident['title']}; {incident['type']} in {incident['site']}; "
              f"{best.get('pattern')}, {best.get('strength')}: {best.get('evidence')}")
        if problems := wrong_with(incident, named):
            wrong[name] = problems
    assert not wrong

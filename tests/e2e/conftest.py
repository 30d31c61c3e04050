"""Fixtures: the daemon, the Go targets, the hostile server."""

import fcntl
import os
import pathlib
import subprocess

import pytest
import requests

from harness import SOURCE_DIR, Daemon, Process, Target, program, wait_until
from hostile import HostileServer


def pytest_configure(config):
    config.addinivalue_line("markers", "slow(seconds): waits for minutes; shared out first")


def pytest_collection_modifyitems(config, items):
    """The slow tests, marked with about how many seconds they take, are shared out evenly: xdist gives each worker a
    run of the list to begin with, and the rest as they go."""
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    run_length = max(len(items) // workers // 4, 2)
    seconds = {test: mark.args[0] for test in items if (mark := test.get_closest_marker("slow"))}
    quick = [test for test in items if test not in seconds]
    runs = [[] for _ in range(workers)]
    for test in sorted(seconds, key=seconds.get, reverse=True):
        min(runs, key=lambda run: sum(map(seconds.get, run))).append(test)
    for run in runs:
        while len(run) < run_length and quick:
            run.append(quick.pop(0))
    items[:] = sum(runs, []) + quick


@pytest.fixture(scope="session")
def daemon_program():
    """The daemon under test: $LW_DAEMON, else the one of a build directory of the source tree."""
    named = os.environ.get("LW_DAEMON")
    candidates = [pathlib.Path(named)] if named else [
        SOURCE_DIR / build / "leakwatchd" for build in ("build-check", "build", ".")]
    for program in candidates:
        if program.is_file():
            return program.resolve()
    pytest.fail(f"no leakwatchd at {', '.join(map(str, candidates))}: build it, or set LW_DAEMON")


@pytest.fixture(scope="session")
def targets_dir(tmp_path_factory):
    """The built Go targets, built once for all workers of a session. Never shared with another session, of
    another checkout perhaps: a program that is replaced while it runs is a case of its own."""
    base = tmp_path_factory.getbasetemp()
    out = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "targets"
    with open(f"{out}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run([SOURCE_DIR / "tests/targets/build", out], check=True)
    return out


@pytest.fixture
def go_target(targets_dir, tmp_path):
    """Starts a Go target: go_target("sessionleak", "-rate=1000")."""
    running = []

    def start(name, *args):
        log = tmp_path / f"{name}-{len(running)}.log"
        running.append(Target(targets_dir / name, log, *args))
        return running[-1]

    yield start
    for target in running:
        target.stop()


@pytest.fixture
def hostile():
    server = HostileServer()
    yield server
    server.close()


@pytest.fixture
def daemon(daemon_program, tmp_path):
    """Starts a daemon on a config text, ready to be asked: daemon(config). Another start with the same
    storage= is a restart. At the end each must stop with 0 and without a line of level ERROR, unless
    the test said errors_expected = True."""
    running = []

    def start(config, *args, storage=None, wait=True):
        number = len(running)
        config_path = tmp_path / f"leakwatchd-{number}.yml"
        config_path.write_text(config)
        d = Daemon(daemon_program, config_path, storage or tmp_path / f"storage-{number}",
                   tmp_path / f"leakwatchd-{number}.log", *args)
        running.append(d)
        return d.wait_ready() if wait else d

    yield start
    for d in running:
        print(f"--- {d.log_path.name}\n{d.log()}")  # shown when the test fails
    already_ended = [d.child.poll() is not None for d in running]
    status = [d.stop() for d in running]
    for d, ended, code in zip(running, already_ended, status):
        assert ended or code == 0, f"{d.log_path.name}: exit status {code}"
        assert d.errors_expected or not d.error_lines(), d.error_lines()


SAMPLE_OFTEN = {"GODEBUG": "memprofilerate=4096"}  # a young, idle daemon has few samples otherwise


@pytest.fixture
def service(tmp_path):
    """Starts a program that is told its address: service(name, port, "--flag=…"). Returns the address."""
    running = []

    def start(name, port, *args):
        process = Process([program(name), *args], tmp_path / f"{name}.log", env=SAMPLE_OFTEN)
        running.append(process)

        def answers():
            assert process.child.poll() is None, process.log()
            try:
                return requests.get(f"http://127.0.0.1:{port}/metrics", timeout=5).ok
            except requests.ConnectionError:
                return False
        wait_until(answers, 30, f"{name} answers")
        return f"127.0.0.1:{port}"

    yield start
    for process in running:
        process.stop()

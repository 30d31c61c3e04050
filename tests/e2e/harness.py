"""What the end-to-end tests are made of: processes, a running leakwatchd, its answers.

Nothing here sleeps to synchronise: whoever needs a state waits for it with wait_until().
"""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field

import requests

SOURCE_DIR = pathlib.Path(__file__).resolve().parents[2]


def wait_until(condition, timeout_s, what, poll_s=0.1):
    """Returns the first true value of condition(), asked every poll_s; fails after timeout_s."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"{what}: not within {timeout_s} s; last: {value!r}"
        time.sleep(poll_s)


def free_port():
    """A loopback port that was free a moment ago, for programs that cannot say which one they took."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def program(name):
    """The path of a program that ./check installs."""
    path = shutil.which(name)
    assert path, f"{name} is not installed: ./check installs it"
    return path


def query(prometheus, expression):
    answer = requests.get(f"http://{prometheus}/api/v1/query", params={"query": expression},
                          timeout=10).json()
    assert answer["status"] == "success", answer
    return answer["data"]["result"]


class Process:
    """A child process whose output goes to a file."""

    def __init__(self, argv, log_path, env=None):
        self.argv = [str(a) for a in argv]
        self.log_path = pathlib.Path(log_path)
        with open(self.log_path, "ab") as log:
            self.child = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, **(env or {})})

    @property
    def pid(self):
        return self.child.pid

    def log(self):
        return self.log_path.read_text(errors="replace")

    def wait_for_log(self, pattern, timeout_s=10):
        """Returns the match of a regular expression in the log, once it is there."""
        def found():
            match = re.search(pattern, self.log())
            if not match and self.child.poll() is not None:
                raise AssertionError(
                    f"{self.argv[0]} ended with {self.child.returncode}:\n{self.log()}")
            return match
        return wait_until(found, timeout_s, f"{pattern!r} in the log of {self.argv[0]}")

    def stop(self, signum=signal.SIGTERM, timeout_s=20):
        """Ends the child, if it still runs, and returns its exit status."""
        if self.child.poll() is None:
            self.child.send_signal(signum)
        try:
            return self.child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise AssertionError(f"{self.argv[0]} did not end within {timeout_s} s of {signum!r}")

    def kill(self):
        return self.stop(signal.SIGKILL)


class Target(Process):
    """A Go service of tests/targets; .address is its host:port."""

    def __init__(self, program, log_path, *args):
        super().__init__([program, *args], log_path)
        self.url = self.wait_for_log(r"listening on (http://\S+)")[1]
        self.address = self.url.removeprefix("http://")


@dataclass
class Sample:
    name: str
    labels: dict = field(default_factory=dict)
    value: float = 0.0


LINE = re.compile(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def parse_metrics(text):
    """The samples of a Prometheus text exposition (promtool judges the format; this only reads)."""
    samples = []
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, labels, value = LINE.fullmatch(line).groups()
            samples.append(Sample(name, dict(LABEL.findall(labels or "")), float(value)))
    return samples


class Daemon(Process):
    """A running leakwatchd."""

    def __init__(self, program, config_path, storage_dir, log_path, *args):
        super().__init__(
            [program, f"--config.file={config_path}", f"--storage.path={storage_dir}",
             "--web.listen-address=127.0.0.1:0", *args], log_path)
        self.config_path = config_path
        self.storage_dir = pathlib.Path(storage_dir)
        self.errors_expected = False
        self.url = None

    def wait_ready(self):
        self.url = self.wait_for_log(r'msg="listening on (http://127\.0\.0\.1:\d+)"')[1]
        wait_until(lambda: self.get("/-/ready").status_code == 200, 10, "ready")
        return self

    def get(self, path, **kwargs):
        return requests.get(self.url + path, timeout=10, **kwargs)

    def post(self, path, **kwargs):
        return requests.post(self.url + path, timeout=10, **kwargs)

    def api(self, path, **params):
        """The data of an API answer, which must be a success."""
        response = self.get("/api/v1/" + path, params=params)
        body = response.json()
        assert response.status_code == 200 and body["status"] == "success", body
        return body["data"]

    def targets(self):
        """The active targets by instance."""
        return {t["labels"]["instance"]: t for t in self.api("targets")["activeTargets"]}

    def target(self, instance):
        return self.targets().get(instance)

    def wait_up(self, instance, timeout_s=20):
        def up():
            target = self.target(instance)
            return target if target and target["health"] == "up" else None
        return wait_until(up, timeout_s, f"target {instance} up")

    def suspects(self, verdict="any"):
        return self.api("suspects", verdict=verdict)["suspects"]

    def metrics(self):
        response = self.get("/metrics")
        assert response.status_code == 200, response.text
        return parse_metrics(response.text)

    def samples(self, name, **labels):
        return [s for s in self.metrics()
                if s.name == name and labels.items() <= s.labels.items()]

    def metric(self, name, **labels):
        """The sum of the samples that match; None if there are none."""
        samples = self.samples(name, **labels)
        return sum(s.value for s in samples) if samples else None

    def error_lines(self):
        return [line for line in self.log().splitlines() if "level=ERROR" in line]

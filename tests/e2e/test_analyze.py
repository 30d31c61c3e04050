"""`leakwatchd analyze`: saved profiles and running services, judged without a daemon."""

import http.server
import json
import signal
import subprocess
import threading

import pytest
import requests

import hostile
from harness import SOURCE_DIR, wait_until
from test_types import rebuild

BUILD_ID = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def analyze(daemon_program):
    """Runs the command; the result has .json where it was asked for."""
    def run(*args, timeout=60):
        done = subprocess.run([daemon_program, "analyze", *map(str, args)], capture_output=True,
                              text=True, timeout=timeout, stdin=subprocess.DEVNULL)
        done.json = json.loads(done.stdout) if "--json" in args and done.stdout else None
        return done
    return run


def save_heap(target, path):
    path.write_bytes(requests.get(f"{target.url}/debug/pprof/heap", timeout=10).content)
    return path


def session_types(result):
    return [t for t in result.json["types"] if t["type"] == "main.Session"]


def test_real_profiles_are_listed(analyze):
    path = SOURCE_DIR / "tests/data/profiles/node-exporter-2.pb.gz"
    done = analyze("--json", "--top=3", "--sort=alloc", path)
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert done.json["mode"] == "profile" and done.json["site_count"] > 3
    allocated = [s["to"]["alloc_bytes"] for s in done.json["sites"]]
    assert len(allocated) == 3 and allocated == sorted(allocated, reverse=True)
    assert done.json["from"] == done.json["to"]
    table = analyze("--top=3", path)
    assert "Sites, by inuse" in table.stdout and "\x1b" not in table.stdout


def test_a_running_service_is_looked_at_with_its_types(analyze, go_target):
    target = go_target("sessionleak")
    done = wait_until(lambda: (lambda d: d if session_types(d) else None)(analyze("--json", target.url)),
                      30, "sessions in the heap")
    assert done.json["time_source"] == "scrape" and done.json["profiles"] == 1
    assert done.json["build"]["module"] == "leakwatch.test/targets"
    assert session_types(done)[0]["kind"] == "object"


def test_saved_profiles_get_types_from_the_program_they_name(analyze, go_target, tmp_path):
    program = rebuild(tmp_path / "shop", f"-ldflags=-B 0x{BUILD_ID}")
    target = go_target(program, "-rate=4194304")
    folder = tmp_path / "heaps"
    folder.mkdir()
    save_heap(target, folder / "heap-1.pb.gz")
    wait_until(lambda: session_types(analyze("--json", save_heap(target, folder / "heap-2.pb.gz"))),
               30, "sessions in the heap")
    done = analyze("--json", folder)
    assert done.json["mode"] == "diff" and session_types(done)[0]["change_bytes"] > 0
    # Elsewhere the program is not where it was: then it is named, or found by its build id.
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    program.rename(shelf / "released")
    assert not analyze("--json", folder).json["types"]
    assert session_types(analyze("--json", f"--binary={shelf / 'released'}", folder))
    assert session_types(analyze("--json", f"--binaries={shelf}", folder))


def test_a_program_of_another_build_is_refused(analyze, go_target, targets_dir, tmp_path):
    target = go_target("sessionleak")
    heap = wait_until(lambda: (lambda p: p if analyze("--json", p).json["sites"] else None)(
        save_heap(target, tmp_path / "heap")), 30, "a heap with sites")
    done = analyze(f"--binary={targets_dir / 'plain'}", heap)
    assert done.returncode == 0 and "No types: " in done.stdout and "not the one that runs" in done.stdout


@pytest.mark.slow(151)
def test_a_leak_is_found_in_minutes(analyze, go_target):
    target = go_target("sessionleak", "-rate=2097152")
    done = analyze("--json", "--for=150s", "--interval=1s", "--fail-on=leak", target.url, timeout=240)
    assert done.returncode == 3, done.stdout + done.stderr
    assert done.json["verdict"] == "leak" and done.json["base_block_seconds"] < 2
    session = session_types(done)[0]
    assert session["trend"]["verdict"] == "leak"
    assert session["trend"]["growth_lower_bytes_per_second"] < 2097152 * 1.3
    assert session["trend"]["growth_upper_bytes_per_second"] > 2097152 * 0.7


def test_an_interrupt_says_that_it_is_enough(daemon_program, go_target, tmp_path):
    target = go_target("sessionleak")
    scraped = threading.Event()
    front = Gate(target, scraped)
    child = subprocess.Popen([daemon_program, "analyze", "--json", "--for=1h", "--interval=1s", front.url],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert scraped.wait(30)  # the third request: two answers are in
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=30)
    finally:
        child.kill()
        front.close()
    assert child.returncode == 0, err
    assert json.loads(out)["profiles"] >= 2


class Gate:
    """A proxy in front of a target: asks for credentials, and tells of the third request."""

    def __init__(self, target, third=None, wants=None):
        count = 0

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                nonlocal count
                count += 1
                if third and count == 3:
                    third.set()
                if wants and self.headers.get("Authorization") != wants:
                    self.send_error(401)
                    return
                body = requests.get(target.url + self.path, timeout=10).content
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = "127.0.0.1:%d" % self.server.server_port
        self.url = f"http://{self.host}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.mark.parametrize("wants, user, has_token", [
    ("Basic bWU6cy9lY3JldA==", "me:s%2Fecret@", False), ("Bearer swordfish", "", True)], ids=["basic", "bearer"])
def test_credentials(analyze, go_target, tmp_path, wants, user, has_token):
    gate = Gate(go_target("plain"), wants=wants)
    token = tmp_path / "token"
    token.write_text("swordfish\n")
    flags = [f"--token-file={token}"] if has_token else []
    try:
        assert analyze("--json", *flags, f"http://{user}{gate.host}").returncode == 0
        refused = analyze("--json", gate.url)
        assert refused.returncode == 1 and "401" in refused.stderr
        assert "s/ecret" not in refused.stderr and "swordfish" not in refused.stderr
    finally:
        gate.close()


@pytest.mark.parametrize("kind", sorted(set(hostile.ANSWERS) - {"good", "largest", "nasty", "hang", "drip"}))
def test_answers_that_are_no_heap(analyze, hostile, kind):
    done = analyze("--json", f"http://{hostile.address}/{kind}/debug/pprof")
    assert done.returncode == 1 and not done.stdout
    assert done.stderr.startswith("leakwatchd: analyze: ") and hostile.address in done.stderr


def test_names_do_not_steer_the_terminal(analyze, hostile):
    done = analyze(f"http://{hostile.address}/nasty/debug/pprof")
    assert done.returncode == 0
    assert "evil" in done.stdout and not any(c in done.stdout for c in "\x1b\x07\x9b")

#!/usr/bin/env python3
"""The pictures of the README: the page in front of real Go services, one of which leaks.

usage: tests/web/pictures.py DAEMON [DIRECTORY]     (web/pictures unless another is named; takes minutes)
"""

import os
import pathlib
import subprocess
import sys
import tempfile

SOURCE_DIR = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE_DIR / "tests/e2e"))

from browser import Browser  # noqa: E402
from harness import Daemon, Target, wait_until  # noqa: E402

CONFIG = """
global: {{scrape_interval: 2s}}
trend: {{base_block: 1s}}
scrape_configs:
  - job_name: checkout
    memory_limit: 2GB
    memory_interval: 10s
    static_configs: [{{targets: [{leaking}]}}]
  - job_name: catalog
    static_configs: [{{targets: [{healthy}]}}]
"""
WIDTH = 1280


def started(scratch, daemon_program):
    """The daemon and what it watches: three services that leak and two that do not."""
    subprocess.run([SOURCE_DIR / "tests/targets/build", scratch / "bin", "sessionleak", "sessionlru"],
                   check=True, env={**os.environ, "GOFLAGS": "-trimpath"})
    names = ["sessionleak"] * 3 + ["sessionlru"] * 2
    targets = [Target(scratch / "bin" / name, scratch / f"{i}.log") for i, name in enumerate(names)]
    quoted = [f'"{target.address}"' for target in targets]
    config = scratch / "leakwatchd.yml"
    config.write_text(CONFIG.format(leaking=", ".join(quoted[:3]), healthy=", ".join(quoted[3:])))
    daemon = Daemon(daemon_program, config, scratch / "storage", scratch / "daemon.log")
    return daemon.wait_ready(), targets


def take(browser, url, view, ready, look, path):
    browser.look(WIDTH, look[0], look[1])
    browser.open("about:blank")
    browser.open(f"{url}/#/{view}")
    wait_until(lambda: browser.run(f"return document.querySelector({ready!r}) !== null"), 30, view or "fleet")
    wait_until(lambda: not browser.run("return document.querySelector('.loading')"), 30, f"all of {view}")
    browser.picture(path)
    print(path)


def leaks_of_all(daemon):
    """The leaking sites, once each of the three services has one."""
    leaks = [suspect for suspect in daemon.suspects("leak") if suspect["site"]]
    return leaks if len(leaks) >= 3 else None


def take_all(browser, daemon, directory):
    leaks = wait_until(lambda: leaks_of_all(daemon), 300, "three leaks", poll_s=1)
    ready = wait_until(lambda: daemon.api("incidents", state="ready")["incidents"], 120, "an incident", poll_s=1)
    target, site = leaks[0]["target"]["id"], leaks[0]["site"]["id"]
    take(browser, daemon.url, "", ".answer", (560, "light"), directory / "fleet.png")
    take(browser, daemon.url, f"target/{target}", ".rows .line", (900, "light"), directory / "target.png")
    take(browser, daemon.url, f"target/{target}/site/{site}", ".chart canvas", (860, "dark"), directory / "site.png")
    take(browser, daemon.url, f"incident/{ready[0]['id']}", ".flame canvas", (900, "light"), directory / "incident.png")


def main(daemon_program, directory=SOURCE_DIR / "web/pictures"):
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        daemon, targets = started(scratch, daemon_program)
        browser = Browser(scratch)
        try:
            browser.start()
            take_all(browser, daemon, directory)
        finally:
            browser.close()
            for process in [daemon, *targets]:
                process.stop()


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])

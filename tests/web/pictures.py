#!/usr/bin/env python3
"""The pictures of the README: the page in front of real Go services, some of which leak; one of them since
it was deployed anew.

usage: tests/web/pictures.py DAEMON [DIRECTORY]     (web/pictures unless another is named; takes minutes)
"""

import os
import pathlib
import subprocess
import sys
import tempfile
from datetime import datetime

SOURCE_DIR = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE_DIR / "tests/e2e"))

from browser import Browser  # noqa: E402
from harness import Daemon, Target, free_port, wait_until  # noqa: E402

CONFIG = """
global: {{scrape_interval: 2s}}
trend: {{base_block: 1s}}
scrape_configs:
  - job_name: checkout
    memory_limit: 2GB
    memory_interval: 10s
    static_configs: [{{targets: [{leaking}]}}]
  - job_name: shop
    memory_interval: 10s
    static_configs: [{{targets: [{deployed}]}}]
  - job_name: catalog
    static_configs: [{{targets: [{healthy}]}}]
"""
WIDTH = 1280
HEALTHY_S = 170  # a build that was watched for so long would have shown the leak (trend.base_block)


def started(scratch, daemon_program):
    """The daemon and what it watches: two services that leak and three that do not, of which the first is to
    be deployed anew."""
    subprocess.run([SOURCE_DIR / "tests/targets/build", scratch / "bin", "sessionleak", "sessionlru"],
                   check=True, env={**os.environ, "GOFLAGS": "-trimpath"})
    names = ["sessionlru", *["sessionleak"] * 2, *["sessionlru"] * 2]
    address = f"127.0.0.1:{free_port()}"
    targets = [Target(scratch / "bin" / name, scratch / f"{i}.log", *([] if i else [f"-listen={address}"]))
               for i, name in enumerate(names)]
    quoted = [f'"{target.address}"' for target in targets]
    config = scratch / "leakwatchd.yml"
    config.write_text(CONFIG.format(deployed=quoted[0], leaking=", ".join(quoted[1:3]),
                                    healthy=", ".join(quoted[3:])))
    daemon = Daemon(daemon_program, config, scratch / "storage", scratch / "daemon.log")
    return daemon.wait_ready(), targets


def watched_s(daemon, address):
    """For how long the target's build is known to have run."""
    builds = daemon.api(f"targets/{daemon.target(address)['id']}")["builds"]
    seconds = [datetime.fromisoformat(builds[0][end]).timestamp() for end in ("from", "to")] if builds else [0, 0]
    return seconds[1] - seconds[0]


def deploy(scratch, daemon, targets):
    """The first service, in a build that leaks."""
    address = targets[0].address
    wait_until(lambda: watched_s(daemon, address) > HEALTHY_S, 4 * HEALTHY_S, "a watch of the first build", poll_s=1)
    targets[0].stop()
    targets[0] = Target(scratch / "bin/sessionleak", scratch / "deployed.log", f"-listen={address}")
    return address


def take(browser, url, view, ready, look, path):
    browser.look(WIDTH, look[0], look[1])
    browser.open("about:blank")
    browser.open(f"{url}/#/{view}")
    wait_until(lambda: browser.run(f"return document.querySelector({ready!r}) !== null"), 30, view or "fleet")
    wait_until(lambda: not browser.run("return document.querySelector('.loading')"), 30, f"all of {view}")
    browser.picture(path)
    print(path)


def leak_of(daemon, address):
    """The leaking site of the target, once its two fellows leak, too."""
    leaks = [suspect for suspect in daemon.suspects("leak") if suspect["site"]]
    mine = [suspect for suspect in leaks if suspect["target"]["instance"] == address]
    return mine[0] if mine and len(leaks) >= 3 else None


def take_all(browser, daemon, address, directory):
    leak = wait_until(lambda: leak_of(daemon, address), 400, "three leaks", poll_s=1)
    ready = wait_until(lambda: daemon.api("incidents", state="ready")["incidents"], 120, "an incident", poll_s=1)
    target, site = leak["target"]["id"], leak["site"]["id"]
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
            address = deploy(scratch, daemon, targets)
            browser.start()
            take_all(browser, daemon, address, directory)
        finally:
            browser.close()
            for process in [daemon, *targets]:
                process.stop()


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])

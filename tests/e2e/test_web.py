"""The page, in a real browser: it shows what is known, keeps quiet, and asks nobody but us."""

import shutil

import pytest

from browser import Browser
from harness import wait_until
from hostile import config_for

CONFIG = """
global: {{scrape_interval: 2s}}
trend: {{base_block: 1s}}
scrape_configs:
  - job_name: shop
    static_configs: [{{targets: ["{address}"]}}]
"""


@pytest.fixture
def browser(tmp_path):
    for name in "chromium", "chromedriver":
        if not shutil.which(name):
            pytest.fail(f"{name} is not installed: ./check installs it")
    b = Browser(tmp_path)
    try:
        b.start()
        yield b
    finally:
        b.close()


def assert_well_behaved(browser, daemon):
    asked = browser.requests()
    assert daemon.url + "/" in asked
    assert [u for u in asked if not u.startswith((daemon.url + "/", "data:"))] == []
    assert [e for e in browser.console() if is_complaint(e)] == []


def is_complaint(entry):
    """Chromium writes each 404 down, also of what an older daemon does not have and the page does without."""
    return entry["level"] in ("SEVERE", "WARNING") and "status of 404" not in entry["message"]


def test_page_shows_targets(daemon, go_target, browser):
    address = go_target("sessionlru").address
    d = daemon(CONFIG.format(address=address))
    d.wait_up(address)
    browser.open(d.url + "/")
    wait_until(lambda: address in browser.text() and "shop" in browser.text(), 20,
               "the target on the page")
    assert_well_behaved(browser, d)


@pytest.mark.slow
def test_page_names_the_leak(daemon, go_target, browser):
    address = go_target("sessionleak").address
    d = daemon(CONFIG.format(address=address))
    browser.open(d.url + "/")
    wait_until(lambda: d.suspects("leak"), 180, "the leak", poll_s=1)
    wait_until(lambda: "main.(*Store).Open" in browser.text(), 30,
               "the leak on the page, which nobody reloaded")
    assert address in browser.text()
    assert_well_behaved(browser, d)


def test_page_shows_foreign_names_as_text(daemon, hostile, browser):
    d = daemon(config_for(["nasty"], hostile))
    d.wait_up(hostile.address)
    browser.open(f"{d.url}/")
    wait_until(lambda: browser.run("return document.querySelectorAll('.fleet a').length"), 20,
               "the target on the page")
    browser.run("document.querySelector('.fleet a').click()")
    wait_until(lambda: "<img src=x onerror=alert(1)>" in browser.text(), 20, "the name as text")
    assert browser.run("return document.querySelectorAll('img[src=x]').length") == 0
    assert_well_behaved(browser, d)

"""The page, in a real browser, with a real daemon: it shows what is known, keeps quiet, and asks nobody
but us."""

import shutil

import pytest

from browser import Browser
from harness import SOURCE_DIR, wait_until
from hostile import config_for

CONFIG = """
global: {{scrape_interval: 2s}}
trend: {{base_block: 1s}}
scrape_configs:
  - job_name: shop
    static_configs: [{{targets: ["{address}"]}}]
"""
AXE = SOURCE_DIR / "web/node_modules/axe-core/axe.min.js"


def started(tmp_path, **kwargs):
    for name in "chromium", "chromedriver":
        if not shutil.which(name):
            pytest.fail(f"{name} is not installed: ./check installs it")
    b = Browser(tmp_path, **kwargs)
    try:
        b.start()
        yield b
    finally:
        b.close()


@pytest.fixture
def browser(tmp_path):
    yield from started(tmp_path)


@pytest.fixture
def traced(tmp_path):
    """A browser that says in the end how long the page's tasks were."""
    yield from started(tmp_path, is_traced=True)


def wait_for_text(browser, text, timeout_s=20):
    wait_until(lambda: text in browser.text(), timeout_s, f"{text!r} on the page")


def wait_for(browser, selector, timeout_s=20):
    wait_until(lambda: browser.run(f"return document.querySelector({selector!r}) !== null"), timeout_s,
               f"{selector} on the page")


def assert_well_behaved(browser, url):
    asked = browser.requests()
    assert url + "/" in asked
    assert [u for u in asked if not u.startswith((url + "/", "data:"))] == []
    assert [e for e in browser.console() if e["level"] in ("SEVERE", "WARNING")] == []


def accessibility_violations(browser):
    """What axe-core finds wrong with what the page shows now."""
    browser.run(AXE.read_text() + "; window.axe = axe; return true")
    return browser.run_async("""
        const done = arguments[arguments.length - 1];
        axe.run(document).then(({violations}) => done(violations.map(
            ({id, nodes}) => [id, nodes.map(({target, failureSummary}) => [target, failureSummary])])));
        """)


def assert_accessible(browser):
    assert accessibility_violations(browser) == []


def test_page_shows_targets(daemon, go_target, browser):
    address = go_target("sessionlru").address
    d = daemon(CONFIG.format(address=address))
    d.wait_up(address)
    browser.open(d.url + "/")
    wait_until(lambda: address in browser.text() and "shop" in browser.text(), 20,
               "the target on the page")
    assert_accessible(browser)
    assert_well_behaved(browser, d.url)


@pytest.mark.slow(119)
def test_page_leads_to_the_leak(daemon, go_target, browser):
    """From / to the type that leaks, its history, its stack and its flame graph, with nobody reloading."""
    address = go_target("sessionleak").address
    d = daemon(CONFIG.format(address=address))
    browser.open(d.url + "/")
    wait_until(lambda: [s for s in d.suspects("leak") if s.get("site")], 180, "the leak", poll_s=1)
    wait_for_text(browser, "main.(*Store).Open", 30)
    wait_for(browser, ".answer.v-leak a[href*='/site/']")
    assert "main.Session" in browser.text()
    assert_accessible(browser)

    # The heap as a whole may be told of first.
    browser.run("document.querySelector('.answer a[href*=\"/site/\"]').click()")
    wait_for(browser, ".chart canvas")
    wait_for_text(browser, "Why this is a leak")
    assert "responsible" in browser.text()
    assert_accessible(browser)

    browser.run("document.querySelector('[data-up]').click()")
    wait_for_text(browser, "What it allocates")
    wait_for(browser, ".rows .line")
    assert address in browser.text()
    assert_accessible(browser)

    browser.run("location.hash += '/flame'")
    wait_for(browser, ".top-rows tbody tr")
    assert "main.(*Store).Open" in browser.text()
    assert_accessible(browser)
    assert_well_behaved(browser, d.url)


def test_page_shows_foreign_names_as_text(daemon, hostile, browser):
    d = daemon(config_for(["nasty"], hostile))
    d.wait_up(hostile.address)
    browser.open(f"{d.url}/")
    wait_for(browser, ".fleet a")
    browser.run("document.querySelector('.fleet a').click()")
    wait_for_text(browser, "What it allocates")
    browser.run("[...document.querySelectorAll('button')].find(b => b.innerText === 'by site').click()")
    wait_for_text(browser, "<img src=x onerror=alert(1)>")
    assert browser.run("return document.querySelectorAll('img[src=x]').length") == 0
    assert_well_behaved(browser, d.url)


def test_page_says_when_the_daemon_is_gone(daemon, go_target, browser):
    address = go_target("sessionlru").address
    d = daemon(CONFIG.format(address=address))
    d.wait_up(address)
    browser.open(d.url + "/")
    wait_for_text(browser, address)
    d.stop()
    wait_for_text(browser, "leakwatchd does not answer")
    assert address in browser.text(), "what was seen stays"

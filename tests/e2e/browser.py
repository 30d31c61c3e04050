"""A headless Chromium, spoken to in WebDriver: enough to load a page and see what it did."""

import base64
import json
import pathlib
import shutil

import requests

from harness import Process

ARGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--disable-background-networking", "--disable-component-update", "--no-first-run",
        "--remote-debugging-port=0"]
TRACED = ["--trace-startup=toplevel,blink.user_timing", "--trace-startup-duration=0", "--trace-startup-format=json"]


class Browser:
    """Chromium and its driver. The driver is told the browser's address as a number: left to start the
    browser itself, it looks for "localhost", which a bare chroot cannot resolve."""

    def __init__(self, tmp_path, is_traced=False):
        profile = tmp_path / "chromium"
        profile.mkdir()
        self.trace = tmp_path / "trace.json"
        traced = [*TRACED, f"--trace-startup-file={self.trace}"] if is_traced else []
        self.chromium = Process(
            [shutil.which("chromium"), *ARGS, *traced, f"--user-data-dir={profile}", "about:blank"],
            tmp_path / "chromium.log")
        self.driver = None
        self.logs = tmp_path
        self.session = None
        self.events = []

    def start(self):
        debugging = self.chromium.wait_for_log(r"DevTools listening on ws://127\.0\.0\.1:(\d+)", 30)[1]
        port = self.start_driver()
        self.session = f"http://127.0.0.1:{port}/session"
        answer = self.call("", {"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"debuggerAddress": f"127.0.0.1:{debugging}"},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}}})
        self.session += "/" + answer["sessionId"]

    def start_driver(self):
        """Returns the port of a driver. It takes a free one for IPv6 and fails when that is not free for
        IPv4, which happens where many tests run: then another one is started."""
        for attempt in range(5):
            log = self.logs / f"chromedriver-{attempt}.log"
            self.driver = Process([shutil.which("chromedriver"), "--port=0"], log)
            try:
                return self.driver.wait_for_log(r"started successfully on port (\d+)", 30)[1]
            except AssertionError:
                if attempt == 4 or "Address already in use" not in self.driver.log():
                    raise

    def call(self, path, body):
        answer = requests.post(self.session + path, json=body, timeout=60).json()["value"]
        assert not (isinstance(answer, dict) and "error" in answer), answer
        return answer

    def open(self, url):
        self.call("/url", {"url": url})

    def run(self, script):
        return self.call("/execute/sync", {"script": script, "args": []})

    def run_async(self, script):
        """As run(), for a script that answers by calling the last of its arguments."""
        return self.call("/execute/async", {"script": script, "args": []})

    def devtools(self, command, **params):
        return self.call("/goog/cdp/execute", {"cmd": command, "params": params})

    def look(self, width, height, colours="light"):
        """Makes the window as large as that, on a system whose colours are "light" or "dark"."""
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height,
                      deviceScaleFactor=1, mobile=False)
        self.devtools("Emulation.setEmulatedMedia",
                      features=[{"name": "prefers-color-scheme", "value": colours}])

    def picture(self, path):
        """Writes what the window shows as PNG."""
        data = self.devtools("Page.captureScreenshot", format="png")["data"]
        pathlib.Path(path).write_bytes(base64.b64decode(data))

    def press(self, key):
        """A key, by its name in the DOM, where the focus is."""
        params = {"key": key, "windowsVirtualKeyCode": {"Enter": 13, "Escape": 27}.get(key, 0)}
        text = {"text": key} if len(key) == 1 else {"text": "\r"} if key == "Enter" else {}
        self.devtools("Input.dispatchKeyEvent", type="keyDown", **params, **text)
        self.devtools("Input.dispatchKeyEvent", type="keyUp", **params)

    def text(self):
        """What a person can read on the page now."""
        return self.run("return document.body.innerText")

    def console(self):
        """What the page has written to the console since last asked."""
        return self.call("/se/log", {"type": "browser"})

    def requests(self):
        """The URLs the page has asked for since it was opened."""
        self.events += [json.loads(entry["message"])["message"]
                        for entry in self.call("/se/log", {"type": "performance"})]
        return [e["params"]["request"]["url"] for e in self.events
                if e["method"] == "Network.requestWillBeSent"]

    def end_trace(self, mark):
        """Closes a browser that is traced, which then writes the trace. Returns what the thread of the page
        that set the mark did: before the mark, and after it, each a list of milliseconds of CPU a task. The
        time that others had the CPU is not in them."""
        try:
            self.devtools("Browser.close")
        except (AssertionError, requests.ConnectionError):
            pass  # the driver misses its browser
        self.chromium.child.wait(60)
        events = json.loads(self.trace.read_text())["traceEvents"]
        marked = [e for e in events if e["name"] == mark and "blink.user_timing" in e["cat"]][-1]
        tasks = [e for e in events if e["name"] == "ThreadControllerImpl::RunTask" and "tdur" in e
                 and (e["pid"], e["tid"]) == (marked["pid"], marked["tid"])]
        assert len(tasks) > 100, "the trace has the tasks of the page"
        return tuple([t["tdur"] / 1000 for t in tasks if (t["ts"] < marked["ts"]) == is_before]
                     for is_before in (True, False))

    def close(self):
        if self.driver:
            self.driver.stop()
        self.chromium.stop()

"""A small client of the WebDriver protocol for headless Chromium; Python's standard library alone.

Source: W3C WebDriver, https://www.w3.org/TR/webdriver2/, and ChromeDriver's own log endpoint.
"""

import base64
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
KEYS = {
    "Tab": "\ue004",
    "Enter": "\ue007",
    "Escape": "\ue00c",
    "PageUp": "\ue00e",
    "PageDown": "\ue00f",
    "End": "\ue010",
    "Home": "\ue011",
    "Left": "\ue012",
    "Up": "\ue013",
    "Right": "\ue014",
    "Down": "\ue015",
    "Control": "\ue009",
    "Shift": "\ue008",
}
START_SECONDS = 60
TWO_FRAMES = """const [done] = arguments;
requestAnimationFrame(() => requestAnimationFrame(() => done(0)));"""


class BrowserError(Exception):
    pass


def find_program(name, package):
    path = shutil.which(name)
    if path is None:
        raise BrowserError(
            f"{name} is missing: install Debian's package {package} (./dev setup does)"
        )
    return path


class Driver:
    """A chromedriver on a port of its own choice, with a folder that goes away with it."""

    def __init__(self):
        program = find_program("chromedriver", "chromium-driver")
        find_program("chromium", "chromium")
        self.folder = tempfile.mkdtemp(prefix="millrace-browser-")
        self.log_path = os.path.join(self.folder, "chromedriver.log")
        with open(self.log_path, "wb") as log:
            # A session of its own: its browsers end with it.
            self.process = subprocess.Popen(
                [program, "--port=0"],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env={**os.environ, "TMPDIR": self.folder, "HOME": self.folder},
            )
        try:
            self.port = self.wait_for_port()
        except BrowserError:
            self.close()
            raise

    def wait_for_port(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with open(self.log_path, encoding="utf-8", errors="replace") as log:
                text = log.read()
            if "started successfully on port " in text:
                return int(text.split("started successfully on port ")[1].split(".")[0])
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise BrowserError(f"chromedriver did not start:\n{text}")

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            data,
            method=method,
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=120) as response:
                return json.load(response)["value"]
        except urllib.error.HTTPError as error:
            value = json.load(error)["value"]
            raise BrowserError(f"{value['error']}: {value['message']}") from None

    def close(self):
        try:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(timeout=10)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Browser:
    """A window of headless Chromium."""

    def __init__(self, driver):
        self.driver = driver
        arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--hide-scrollbars",
            "--no-first-run",
            # Without it the driver looks for the browser on a port of localhost, by that name.
            "--remote-debugging-pipe",
        ]
        options = {"binary": find_program("chromium", "chromium"), "args": arguments}
        wanted = {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"},
        }
        value = driver.call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self.path = f"/session/{value['sessionId']}"
        self.look()

    def look(self, width=1280, height=800, is_phone=False, is_dark=False):
        """The window's size, and the reader's wish for light or dark."""
        size = {"width": width, "height": height, "mobile": is_phone}
        size["deviceScaleFactor"] = 2 if is_phone else 1
        self.command("Emulation.setDeviceMetricsOverride", size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
        self.command("Emulation.setEmulatedMedia", {"features": [scheme]})

    def call(self, method, path, body=None):
        return self.driver.call(method, self.path + path, body)

    def command(self, name, parameters):
        """A command of Chromium's own protocol."""
        return self.call("POST", "/goog/cdp/execute", {"cmd": name, "params": parameters})

    def open(self, path):
        self.call("POST", "/url", {"url": f"file://{path}"})

    def run(self, script, *arguments):
        return self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def settle(self):
        """Waits until what was asked for is painted: two frames."""
        self.call("POST", "/execute/async", {"args": [], "script": TWO_FRAMES})

    def find(self, selector):
        """The element, which must be there."""
        return self.call("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def count(self, selector):
        return self.run("return document.querySelectorAll(arguments[0]).length", selector)

    def text(self, selector):
        return self.call("GET", f"/element/{self.find(selector)}/text")

    def click(self, selector):
        """As a user does: it must be in sight and not covered."""
        self.call("POST", f"/element/{self.find(selector)}/click", {})
        self.settle()

    def type(self, selector, text):
        self.call("POST", f"/element/{self.find(selector)}/value", {"text": text})
        self.settle()

    def press(self, *keys, settles=True):
        """Keys for whatever has the focus."""
        actions = []
        for key in keys:
            value = KEYS.get(key, key)
            actions += [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        self.call(
            "POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]}
        )
        if settles:
            self.settle()

    def point(self, selector, x, y, *kinds):
        """Moves to a place of the element, from its middle, and does pointerDown, pointerUp."""
        origin = {ELEMENT: self.find(selector)}
        actions = [{"type": "pointerMove", "duration": 0, "origin": origin, "x": x, "y": y}]
        actions += [{"type": kind, "button": 0} for kind in kinds]
        self.call(
            "POST",
            "/actions",
            {"actions": [{"type": "pointer", "id": "mouse", "actions": actions}]},
        )
        self.settle()

    def wheel(self, selector, down, with_control=False):
        """Turns the wheel over the middle of an element."""
        scroll = {"type": "scroll", "x": 0, "y": 0, "deltaX": 0, "deltaY": down, "duration": 0}
        scroll["origin"] = {ELEMENT: self.find(selector)}
        wheel = {"type": "wheel", "id": "wheel", "actions": [scroll]}
        sources = [wheel]
        if with_control:
            # Tick by tick: the key goes down, the wheel turns, the key comes up.
            pause = {"type": "pause", "duration": 0}
            key = {"value": KEYS["Control"]}
            keys = [{"type": "keyDown", **key}, pause, {"type": "keyUp", **key}]
            wheel["actions"] = [pause, scroll, pause]
            sources.append({"type": "key", "id": "keys", "actions": keys})
        self.call("POST", "/actions", {"actions": sources})
        self.settle()

    def complaints(self):
        """What the console holds since the last call, but for what is only told."""
        entries = self.call("POST", "/se/log", {"type": "browser"})
        return [entry["message"] for entry in entries if entry["level"] not in ("INFO", "DEBUG")]

    def screenshot(self, path):
        self.settle()
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("GET", "/screenshot")))

    def close(self):
        self.call("DELETE", "")

"""What the tests of the pages share: a browser, pages with data, and that nothing complains."""

import json
import os
import shutil
import tempfile
import unittest

from webdriver import Browser, Driver

PAGES = os.environ.get("MILLRACE_REPORT_PAGES", "")


def page_of(name, data):
    """The page with its data, as reports/page_file.cc puts it together."""
    with open(os.path.join(PAGES, f"{name}.html"), encoding="utf-8") as file:
        before, after = file.read().split("{{data}}")
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return before + text.replace("<", "\\u003c") + after


class PageCase(unittest.TestCase):
    """Opens pages in one browser; after each test its console must be empty."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="millrace-pages-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.driver = Driver()
        cls.addClassCleanup(cls.driver.close)
        cls.browser = Browser(cls.driver)

    def setUp(self):
        self.browser.complaints()

    def tearDown(self):
        self.assertEqual(self.browser.complaints(), [])

    @classmethod
    def write(cls, name, data):
        """Writes a page and returns its path."""
        path = os.path.join(cls.folder, f"{name}.html")
        with open(path, "w", encoding="utf-8") as file:
            file.write(page_of(data["page"], data))
        return path

    def open(self, path):
        self.browser.open(path)
        self.browser.settle()
        self.assertIn(self.body("ready"), ("run", "campaign"))

    def open_in(self, path, **look):
        """Opens a page in a window that looks otherwise."""
        self.browser.look(**look)
        self.addCleanup(self.browser.look)
        self.open(path)

    def body(self, name):
        return self.browser.run("return document.body.dataset[arguments[0]]", name)

    def texts(self, selector):
        return self.browser.run(
            "return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)",
            selector,
        )

    def is_in_sight(self, selector):
        """Whether all of an element lies within the window."""
        return self.browser.run(
            """const box = document.querySelector(arguments[0]).getBoundingClientRect();
            return box.width > 0 && box.height > 0 && box.top >= 0 && box.left >= 0 &&
                box.bottom <= innerHeight + 0.5 && box.right <= innerWidth + 0.5;""",
            selector,
        )

    def pixels_of(self, selector, variable):
        """How many pixels of a canvas have nearly a colour of the page."""
        return self.paint_of(selector, variable)["count"]

    def paint_of(self, selector, variable, left=0.0, right=1.0):
        """Where a canvas has nearly a colour of the page, between two shares of its width: how many
        pixels, and the first and last line of them."""
        return self.browser.run(
            """const canvas = document.querySelector(arguments[0]);
            const copy = document.createElement("canvas");
            copy.width = canvas.width;
            copy.height = canvas.height;
            const probe = copy.getContext("2d", { willReadFrequently: true });
            probe.fillStyle = getComputedStyle(canvas).getPropertyValue(`--${arguments[1]}`).trim();
            probe.fillRect(0, 0, 1, 1);
            const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
            probe.clearRect(0, 0, 1, 1);
            probe.drawImage(canvas, 0, 0);
            const { data } = probe.getImageData(0, 0, copy.width, copy.height);
            const found = { count: 0, top: canvas.height, below: 0 };
            for (let i = 0; i < data.length; i += 4) {
              const share = ((i / 4) % copy.width) / copy.width;
              if (share < arguments[2] || share > arguments[3]) continue;
              const isNear = Math.abs(data[i] - r) + Math.abs(data[i + 1] - g) +
                  Math.abs(data[i + 2] - b) < 24;
              if (!isNear || data[i + 3] <= 200) continue;
              const line = Math.floor(i / 4 / copy.width);
              ++found.count;
              found.top = Math.min(found.top, line);
              found.below = Math.max(found.below, line);
            }
            return found;""",
            selector,
            variable,
            left,
            right,
        )

    def assert_no_request(self):
        """The page is all there is to load."""
        count = self.browser.run("return performance.getEntriesByType('resource').length")
        self.assertEqual(count, 0)

    def assert_not_wider_than_window(self):
        width, window = self.browser.run(
            "return [document.documentElement.scrollWidth, innerWidth]"
        )
        self.assertLessEqual(width, window)

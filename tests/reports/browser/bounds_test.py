"""Pages of hostile runs and of very long ones."""

import unittest

from campaign_samples import hostile_campaign
from hostile_run import HOSTILE, hostile_run
from large_run import large_run
from page_case import PageCase

CANVAS = ".diagram-canvas"
TABS = (
    "evidence",
    "history",
    "plots",
    "knobs",
    "log",
    "causes",
    "neighbour",
    "checks",
    "reproduce",
)


class Hostile(PageCase):
    """Whatever the system under test says, it says it as text."""

    def assert_harmless(self):
        self.assertIsNone(self.browser.run("return window.hostile ?? null"))
        self.assertEqual(self.browser.count("img"), 0)
        self.assertEqual(self.browser.count("script"), 2)
        self.assertEqual(self.browser.count("a[href^=javascript]"), 0)
        self.assert_no_request()

    def test_a_run_shows_markup_as_text(self):
        self.open(self.write("hostile", hostile_run()))
        self.assertIn(HOSTILE, self.texts(".claim-text")[0])
        self.assertIn(HOSTILE, self.texts("h1")[0])
        self.browser.click("#only-related")
        for menu in ("machine", "key", "segment"):
            self.browser.click(f"[data-menu='{menu}'] > summary")
            self.assertIn(HOSTILE, self.texts(f"[data-menu='{menu}'] .choice")[0])
            self.browser.click(f"[data-menu='{menu}'] > summary")
        self.browser.click("#panel-evidence .table-row")
        for tab in TABS:
            self.browser.click(f"#tab-{tab}")
            # Plots say it in their titles, the others in their rows.
            self.assertIn(HOSTILE[:20], self.texts(f"#panel-{tab}")[0], tab)
        self.assert_harmless()

    def test_a_campaign_shows_markup_as_text(self):
        self.open(self.write("hostile-campaign", hostile_campaign()))
        self.assertIn(HOSTILE, self.texts("[data-table=groups]")[0])
        self.assertIn(HOSTILE, self.texts("#never-reached")[0])
        self.browser.run("document.querySelector('.runs-canvas').focus()")
        self.browser.press("Right")
        self.assertIn(HOSTILE, self.texts(".readout")[0])
        self.assert_harmless()

    def test_a_phone_is_not_made_wider_by_it(self):
        self.open_in(self.write("hostile", hostile_run()), width=390, height=844, is_phone=True)
        self.assert_not_wider_than_window()


class Large(PageCase):
    """With 100,000 events, what is built and painted at a time stays as small as the window."""

    NODES_MAX = 10_000
    CALLS_MAX = 1_500

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        data = large_run(100_000)
        cls.count = len(data["events"]["t"])
        cls.path = cls.write("large", data)

    def setUp(self):
        super().setUp()
        self.open(self.path)
        self.browser.click("#only-related")

    def diagram(self, name):
        return self.browser.run(
            "return document.querySelector(arguments[0]).dataset[arguments[1]]", CANVAS, name
        )

    def assert_bounded(self):
        self.assertLess(self.browser.count("*"), self.NODES_MAX)
        self.assertLess(int(self.diagram("calls")), self.CALLS_MAX)
        self.assertLess(int(self.diagram("labels")), 100)

    def test_every_event_is_shown_yet_few_are_built(self):
        self.assertGreaterEqual(self.count, 100_000)
        self.assertEqual(int(self.diagram("shown")), self.count)
        self.assert_bounded()

    def test_paints_densities_where_rows_are_narrower_than_pixels(self):
        self.assertEqual(self.diagram("mode"), "full")
        self.browser.click("[aria-label='fit the whole run']")
        self.assertEqual(self.diagram("mode"), "dense")
        self.assertEqual(int(self.diagram("rows")), self.count)
        self.assert_bounded()
        for _ in range(12):
            self.browser.click("[aria-label='zoom in']")
            self.assert_bounded()
        self.assertLess(int(self.diagram("rows")), self.count // 50)

    def test_stays_small_while_it_scrolls(self):
        self.browser.run("document.querySelector(arguments[0]).focus()", CANVAS)
        self.browser.press("Home")
        for _ in range(10):
            self.browser.wheel(CANVAS, 5_000)
            self.assert_bounded()
            self.assertEqual(self.diagram("mode"), "full")
        self.browser.click(".tools > .button")
        self.assert_bounded()

    def test_the_history_keeps_the_rows_in_sight_alone(self):
        self.browser.click("#tab-history")
        table = "[data-table=history]"
        self.assertEqual(
            self.browser.run("return document.querySelector(arguments[0]).dataset.rows", table),
            str(self.count),
        )
        for place in (0.25, 0.5, 1):
            self.browser.run(
                "const t = document.querySelector(arguments[0]);"
                "t.scrollTop = t.scrollHeight * arguments[1];",
                table,
                place,
            )
            self.browser.settle()
            self.assertLess(self.browser.count(f"{table} .table-row"), 60)
        last = self.texts(f"{table} .table-row [role=cell]:nth-child(5)")[-1]
        self.assertEqual(last, "final read of orders/0: k3#1 is missing")

    def test_the_history_is_sorted_and_searched_whole(self):
        self.browser.click("#tab-history")
        table = "[data-table=history]"
        self.browser.click(f"{table} [role=columnheader]:nth-child(2) button")
        self.browser.click(f"{table} [role=columnheader]:nth-child(2) button")
        first = self.texts(f"{table} .table-row [role=cell]:nth-child(5)")[0]
        self.assertEqual(first, "final read of orders/0: k3#1 is missing")
        self.browser.type("#panel-history input", "k14000, 16 B")
        self.assertEqual(self.browser.count(f"{table} .table-row"), 1)

    def test_plots_paint_every_operation_into_few_nodes(self):
        self.browser.click("#tab-plots")
        self.assertEqual(self.browser.count(".plot"), 4)
        self.assertGreater(self.pixels_of(".plot:nth-child(1) canvas", "green"), 5_000)
        self.assert_bounded()


if __name__ == "__main__":
    unittest.main()

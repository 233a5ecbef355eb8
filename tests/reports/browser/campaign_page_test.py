"""The page of a campaign."""

import unittest

from campaign_samples import campaign, clean_campaign
from page_case import PageCase


class CampaignPage(PageCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.path = cls.write("campaign", campaign())

    def setUp(self):
        super().setUp()
        self.open(self.path)

    def column(self, table, number):
        return self.texts(f"[data-table={table}] tbody tr > :nth-child({number})")

    def test_says_how_it_went_before_anything_else(self):
        head = self.browser.text("header")
        for text in ("FAIL", "4 of 1,400 seeds failed in 2 groups, 1 new", "1 inconclusive"):
            self.assertIn(text, head)
        self.assertIn("millrace campaign @default --seeds 1..200", head)
        notes = self.browser.text(".notes")
        for text in ("SEG-2 was never evaluated", "slow_everything --seed 131: 812", "GONE?",
                     "gone with 98.9 %, or rarer than 1 in 466"):  # fmt: skip
            self.assertIn(text, notes)
        self.assertEqual(notes.count("append.gap was reached"), 1)
        self.assert_no_request()

    def test_the_first_screen_has_verdict_coverage_speed_and_failures(self):
        for part in ("header", ".tiles", ".notes", "[data-table=groups]", "[data-table=scenarios]"):
            self.assertTrue(self.is_in_sight(part), part)
        tiles = self.browser.text(".tiles")
        for text in ("! 10 / 11", "! 11 / 12", "never: disk.stale_read", "! 6 / 8", "20.4 seeds/s"):
            self.assertIn(text, tiles)

    def test_groups_link_to_their_pages(self):
        links = self.browser.run(
            "return [...document.querySelectorAll('[data-table=groups] a')]"
            ".map((a) => a.getAttribute('href'))"
        )
        self.assertEqual(links, ["./failures/DUR-1-b71c09e2.html"])
        self.assertEqual(self.column("groups", 1), ["new", "known"])
        self.assertIn("since 2026-11-20 at 9e1f03d", self.column("groups", 2)[1])
        small, whole = self.column("groups", 7)
        self.assertIn("1 operation, 1 fault, 2 machines", small)
        self.assertIn("passes if fault 1 comes 4 events earlier", small)
        self.assertIn("900 operations, 31 faults, 8 machines, as it was found", whole)

    def test_a_link_leads_to_whatever_its_folder_is_called(self):
        data = campaign()
        data["groups"][0]["page"] = "../100% a#b?c/failures/DUR-1-b71c09e2.html"
        self.open(self.write("elsewhere", data))
        path = self.browser.run(
            "return decodeURIComponent(document.querySelector('[data-table=groups] a').pathname)"
        )
        self.assertTrue(path.endswith("/100% a#b?c/failures/DUR-1-b71c09e2.html"), path)

    def test_says_how_many_runs_were_not_the_same_twice(self):
        first = {"event": 5, "virtual_ns": 1_200_000_000, "machine": "store-1", "task": "flusher"}
        first |= {"first": "timer", "second": "deliver"}
        known = {"scenario": "quickstart", "seed": 12, "tool_error": None}
        differing = {"determinism_differing": 5, "status": 3}
        differing["determinism_differences"] = [known | {"first_difference": first}]
        self.open(self.write("differing", campaign() | differing))
        self.assertIn("TOOL FAILED", self.browser.text("header"))
        self.assertIn("5 differ", self.texts("[data-tile='run twice']")[0])
        notes = self.browser.text(".notes")
        for text in ("quickstart seed 12 ran differently the second time, first at event 5",
                     "(1.200 s, store-1, task flusher): timer; then deliver",
                     "4 more seeds ran differently"):  # fmt: skip
            self.assertIn(text, notes)

    def test_counts_the_plans_of_a_sweep_as_plans(self):
        self.open(self.write("sweep", campaign() | {"sweep": {"kind": "crash"}}))
        self.assertIn("4 of 1,400 plans failed", self.browser.text("header"))
        self.assertEqual(self.column("groups", 6), ["plan 187", "plan 9"])

    def test_scenarios_have_their_verdicts_as_numbers_and_bars(self):
        names = self.column("scenarios", 1)
        self.assertEqual(len(names), 7)
        self.assertEqual(self.column("scenarios", 5)[names.index("crash_storm")], "3")
        self.assertEqual(self.browser.count("[data-table=scenarios] .bar-fail"), 2)
        self.assertEqual(self.browser.count("[data-table=scenarios] .bar-inconclusive"), 1)

    def test_properties_are_sorted_by_what_they_compared(self):
        self.assertEqual(self.column("properties", 1)[0], "DUR-1 acked_is_durable")
        self.browser.click("[data-table=properties] thead th:nth-child(3) button")
        self.assertEqual(self.column("properties", 3)[0], "NEVER")
        self.browser.click("[data-table=properties] thead th:nth-child(3) button")
        counts = [int(text.replace(",", "")) for text in self.column("properties", 3)[:-1]]
        self.assertEqual(counts, sorted(counts, reverse=True))

    def test_what_never_happened_is_named(self):
        never = self.texts("#never-reached")[0]
        for text in ("segment.truncate_race", "wal.torn_tail", "explain MARK"):
            self.assertIn(text, never)
        kinds = self.column("faults", 1)
        effects = self.column("faults", 5)
        self.assertEqual(effects[kinds.index("disk.stale_read")], "NEVER")

    def test_strategies_say_what_each_found(self):
        self.assertEqual(self.column("strategies", 1), ["fifo", "random", "pct", "pos"])
        expected = ["·", "DUR-1 b71c09e2", "DUR-1 b71c09e2", "hang 7d10aa93"]
        self.assertEqual(self.column("strategies", 4), expected)

    def test_every_run_is_a_mark_that_can_be_read_out(self):
        self.assertGreater(self.pixels_of(".runs-canvas", "red"), 20)
        self.browser.run("document.querySelector('.runs-canvas').focus()")
        self.browser.press("Right")
        self.assertRegex(self.browser.text(".readout"), r"^quickstart seed 1: pass, ")
        self.browser.press("Right")
        self.assertRegex(self.browser.text(".readout"), r"^quickstart seed 2: pass, ")

    def test_a_campaign_without_failures_has_no_table_of_them(self):
        self.open(self.write("clean", clean_campaign()))
        self.assertIn("PASS", self.browser.text("header"))
        self.assertEqual(self.browser.count("[data-table=groups]"), 0)
        self.assertEqual(self.browser.count(".notes"), 0)
        self.assertEqual(self.browser.count("#never-reached"), 0)
        self.assertEqual(self.browser.count(".runs-canvas"), 0)

    def test_a_phone_is_wide_enough(self):
        self.open_in(self.path, width=390, height=844, is_phone=True)
        self.assert_not_wider_than_window()

    def test_is_dark_where_the_reader_is(self):
        self.open_in(self.path, is_dark=True)
        colour = self.browser.run(
            "return getComputedStyle(document.documentElement).backgroundColor"
        )
        self.assertEqual(colour, "rgb(16, 19, 23)")


if __name__ == "__main__":
    unittest.main()

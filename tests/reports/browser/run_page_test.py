"""The page of a run, as a reader uses it."""

import unittest

from page_case import PageCase
from run_builder import LATE, LOSS
from small_run import small_run

CANVAS = ".diagram-canvas"
HISTORY = "[data-table=history]"


class RunPageCase(PageCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.path = cls.write("small", small_run())

    def setUp(self):
        super().setUp()
        self.open(self.path)

    def diagram(self, name):
        """What the diagram says that it painted."""
        return self.browser.run(
            "return document.querySelector(arguments[0]).dataset[arguments[1]]", CANVAS, name
        )

    def number(self, name):
        return int(self.diagram(name))


class FirstScreen(RunPageCase):
    def test_needs_no_scrolling_at_1280_by_800(self):
        size = self.browser.run(
            "const {scrollWidth, scrollHeight} = document.documentElement; "
            "return [scrollWidth, scrollHeight]"
        )
        self.assertEqual(size, [1280, 800])
        for part in ("header", ".claim", ".plan", CANVAS, "#neighbour", "[role=tablist]", ".dock"):
            self.assertTrue(self.is_in_sight(part), part)

    def test_says_what_failed_and_where(self):
        head = self.browser.text("header")
        for text in ("FAIL", "DUR-1 acked_is_durable", "crash_storm", "187", "3 of 200 seeds"):
            self.assertIn(text, head)
        claim = self.browser.text(".claim")
        for text in ("Every acknowledged event", "SEEN", "no read returns it", "EXPECTED", "VIS-1"):
            self.assertIn(text, claim)

    def test_says_since_when_the_failure_is_known(self):
        group = {"status": "known", "count": 2, "seeds": 40, "noun": "plan"}
        group |= {"known_since": "2026-11-20T03:11:09Z", "known_commit": "9e1f03d"}
        self.open(self.write("known", small_run() | {"group": group}))
        expected = "known since 2026-11-20 at 9e1f03d, 2 of 40 plans"
        self.assertEqual(self.texts(".badge"), [expected])

    def test_has_the_plan_and_what_it_was_made_of(self):
        plan = self.browser.text(".plan")
        for text in ("Minimal plan", "power loss store-1", "at mark append.acked", "never met"):
            self.assertIn(text, plan)
        for text in ("1,204 operations", "49 runs, 6 s", "3 of 3 replays", "strategy fifo"):
            self.assertIn(text, plan)

    def test_loads_nothing_else(self):
        self.assert_no_request()

    def test_copies_the_command_and_the_token(self):
        permissions = {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
        self.browser.command("Browser.grantPermissions", permissions)
        for button, text in (("command", "millrace replay latest/"), ("token", "mr1.KLUv_SBa")):
            self.browser.click(f"#copy-{button}")
            self.browser.settle()
            self.assertEqual(self.browser.text(f"#copy-{button}"), "copied")
            copied = self.browser.run("return navigator.clipboard.readText()")
            self.assertTrue(copied.startswith(text), copied)

    def test_a_phone_has_everything_below_each_other(self):
        self.open_in(self.path, width=390, height=844, is_phone=True)
        self.assert_not_wider_than_window()
        tops = self.browser.run(
            "return arguments[0].map((s) => document.querySelector(s).getBoundingClientRect().top)",
            ["header", ".claim", ".plan", CANVAS, "#neighbour", ".dock"],
        )
        self.assertEqual(tops, sorted(tops))
        self.assertGreater(self.number("labels"), 5)

    def test_is_dark_where_the_reader_is(self):
        light = self.browser.run(
            "return getComputedStyle(document.documentElement).backgroundColor"
        )
        self.open_in(self.path, is_dark=True)
        dark = self.browser.run("return getComputedStyle(document.documentElement).backgroundColor")
        self.assertEqual((light, dark), ("rgb(244, 245, 247)", "rgb(16, 19, 23)"))
        self.assertGreater(self.pixels_of(CANVAS, "red"), 200)


class Diagram(RunPageCase):
    def test_shows_only_what_led_to_the_failure_until_told_otherwise(self):
        self.assertEqual(self.number("shown"), 10)
        self.browser.click("#only-related")
        self.assertEqual(self.number("shown"), 25)
        self.browser.click("#only-related")
        self.assertEqual(self.number("shown"), 10)

    def tick(self, menu, label):
        """Opens a menu, ticks a box, and closes it."""
        self.browser.click(f"[data-menu='{menu}'] > summary")
        index = self.texts(f"[data-menu='{menu}'] .choice").index(label)
        self.browser.click(f"[data-menu='{menu}'] .choice:nth-of-type({index + 1}) input")
        self.browser.click(f"[data-menu='{menu}'] > summary")

    def test_filters_by_machine_kind_segment_and_writer(self):
        self.browser.click("#only-related")
        self.browser.click("#tab-history")
        expected = (("machine", "reader-1", 7), ("kind", "fault", 4), ("segment", "orders/0", 9),
                    ("writer", "writer-1#1", 3))  # fmt: skip
        for menu, label, count in expected:
            with self.subTest(menu=menu):
                self.tick(menu, label)
                self.assertEqual(self.number("shown"), count)
                self.assertIn(f"{count} of 25 records", self.browser.text("#panel-history"))
                self.assertIn(f"{menu}: {label}", self.browser.text(f"[data-menu='{menu}']"))
                self.tick(menu, label)
                self.assertEqual(self.number("shown"), 25)

    def test_filters_narrow_each_other(self):
        self.browser.click("#only-related")
        self.tick("machine", "store-1")
        both = self.number("shown")
        self.tick("kind", "fault")
        self.assertLess(self.number("shown"), both)
        self.assertEqual(self.number("shown"), 2)

    def test_says_so_where_nothing_passes_the_filters(self):
        self.tick("machine", "reader-1")
        self.tick("kind", "disk")
        self.assertEqual(self.number("shown"), 0)
        self.assertTrue(self.is_in_sight(".diagram-empty"))

    def test_draws_lost_and_late_messages_otherwise_than_those_that_arrived(self):
        self.browser.click("#only-related")
        counts = [self.number(name) for name in ("messages", "lost", "late")]
        self.assertEqual(counts, [6, 1, 1])
        self.assertGreater(self.pixels_of(CANVAS, "accent"), 100)

    def test_marks_the_violation_the_faults_and_the_parting(self):
        for colour in ("red", "orange", "purple"):
            self.assertGreater(self.pixels_of(CANVAS, colour), 100, colour)

    def test_a_click_shows_a_record_with_its_causes_and_effects(self):
        # The rows are 26 pixels high; the fourth is the acknowledgement, event 45.
        height = self.browser.run(
            "return document.querySelector(arguments[0]).clientHeight", CANVAS
        )
        self.browser.point(CANVAS, 0, int(12 + 3.5 * 26 - height / 2), "pointerDown", "pointerUp")
        self.assertEqual(self.texts(".record h3"), ["Event 45"])
        self.assertIn("ack k3#1, length 16", self.browser.text(".record"))
        self.assertEqual(self.texts(".link-box.caused .event-link b"), ["43", "44"])
        self.assertEqual(self.texts(".link-box.led .event-link b"), ["48"])
        self.assertIn("event 45: caused by 43, 44; led to 48", self.texts(".causes-line")[0])

    def test_causes_are_followed(self):
        self.browser.click("#panel-evidence [data-row='11']")
        self.browser.click("#tab-causes")
        for event in ("43", "41"):
            self.browser.click(".link-box.caused .event-link")
            self.assertEqual(self.texts(".record h3"), [f"Event {event}"])
        self.browser.click(".link-box.led .event-link")
        self.assertEqual(self.texts(".record h3"), ["Event 43"])

    def test_an_entry_of_the_plan_leads_to_where_it_struck(self):
        self.browser.click(".plan .is-fault button")
        self.assertIn("POWER LOSS", self.browser.text(".record"))
        self.assertEqual(self.diagram("selected"), self.body("selected"))

    def test_points_out_what_a_record_says(self):
        height = self.browser.run(
            "return document.querySelector(arguments[0]).clientHeight", CANVAS
        )
        self.browser.point(CANVAS, 0, int(12 + 2.5 * 26 - height / 2))
        self.assertIn("frame 1 written to log.0", self.browser.text(".tip"))

    def test_shows_distances_in_time(self):
        self.browser.click("#only-related")
        before = self.number("labels")
        self.browser.click(".tools > .button")
        self.assertEqual(self.texts(".tools > .button[aria-pressed=true]"), ["by time"])
        # Much of it happened within 20 ms of 9 s, where there is no room for every label.
        self.assertLess(self.number("labels"), before)

    def test_zooms_by_buttons_wheel_and_fits_again(self):
        self.browser.click("#only-related")
        whole = self.number("rows")
        for _ in range(3):
            self.browser.click("[aria-label='zoom in']")
        near = self.number("rows")
        self.assertLess(near, whole)
        self.browser.wheel(CANVAS, 400, with_control=True)
        self.assertGreater(self.number("rows"), near)
        self.browser.click("[aria-label='fit the whole run']")
        self.assertEqual(self.number("rows"), whole)


    def test_says_what_its_signs_mean(self):
        self.browser.click("[data-menu=legend] > summary")
        self.assertTrue(self.is_in_sight("[data-menu=legend] .menu-box"))
        self.assertIn("one that was lost", self.browser.text("[data-menu=legend] .menu-box"))
        self.browser.click("[data-menu=legend] > summary")
        self.assertEqual(self.browser.count("details[open]"), 0)


class Keyboard(RunPageCase):
    def focus(self, selector):
        self.browser.run("document.querySelector(arguments[0]).focus()", selector)

    def test_walks_through_the_diagram(self):
        self.focus(CANVAS)
        self.browser.press("Down", "Down", "Down", "Down")
        self.assertIn("event 45:", self.texts(".causes-line")[0])
        self.browser.press("Left")
        self.assertIn("event 43:", self.texts(".causes-line")[0])
        self.browser.press("Right", "Right")
        self.assertNotIn("event 43:", self.texts(".causes-line")[0])

    def test_zooms_the_diagram(self):
        self.browser.click("#only-related")
        self.focus(CANVAS)
        whole = self.number("rows")
        self.browser.press("+", "+", "+")
        self.assertLess(self.number("rows"), whole)
        self.browser.press("0")
        self.assertEqual(self.number("rows"), whole)

    def test_walks_through_tabs_and_tables(self):
        self.focus("#tab-evidence")
        self.browser.press("Right")
        self.assertTrue(self.is_in_sight("#panel-history"))
        self.focus(HISTORY)
        self.browser.press("Down", "Down", "End")
        self.assertEqual(self.body("selected"), "24")
        self.browser.press("Home")
        self.assertEqual(self.body("selected"), "0")

    def test_reaches_every_control_and_shows_where_it_is(self):
        seen = []
        for _ in range(60):
            self.browser.press("Tab", settles=False)
            name, style, width = self.browser.run(
                """const at = document.activeElement;
                const { outlineStyle, outlineWidth } = getComputedStyle(at);
                return [at.id || at.className || at.tagName, outlineStyle, outlineWidth];"""
            )
            if name in seen and name in ("", "BODY", "copy-command"):
                break
            seen.append(name)
            if name != "BODY":
                self.assertNotEqual((style, width), ("none", "0px"), name)
        for name in (
            "copy-command",
            "only-related",
            "diagram-canvas",
            "tab-evidence",
            "grip",
            "table",
        ):
            self.assertIn(name, seen)

    def test_closes_a_menu(self):
        self.focus("[data-menu=machine] > summary")
        self.browser.press("Enter")
        self.assertEqual(self.browser.count("details[open]"), 1)
        self.browser.press("Escape")
        self.assertEqual(self.browser.count("details[open]"), 0)


class Details(RunPageCase):
    def column(self, table, number):
        return self.texts(f"[data-table={table}] .table-row [role=cell]:nth-child({number})")

    def test_evidence_has_signs_beside_colours(self):
        self.assertEqual(self.column("evidence", 1), ["", "", "", "◀", "", "!", "!", "", "", "X"])

    def test_history_is_searched_and_sorted(self):
        self.browser.click("#tab-history")
        self.assertEqual(self.column("history", 1)[0], "3")
        self.browser.click(f"{HISTORY} [role=columnheader]:nth-child(3) button")
        names = self.column("history", 3)
        self.assertEqual(names, sorted(names))
        self.browser.click(f"{HISTORY} [role=columnheader]:nth-child(3) button")
        names = self.column("history", 3)
        self.assertEqual(names, sorted(names, reverse=True))
        self.browser.type("#panel-history input", "append_acked")
        self.assertEqual(self.column("history", 5), ["append k3#1: ok"])

    def test_plots_are_painted_and_tell_what_lies_under_the_pointer(self):
        self.browser.click("#tab-plots")
        titles = self.texts(".plot figcaption > b")
        expected = ["Operations by outcome", "Latency", "unsynced bytes", "reader lag (events)"]
        self.assertEqual(titles, expected)
        for number, colour in ((1, "green"), (2, "green"), (3, "accent"), (4, "accent")):
            canvas = f".plot:nth-child({number}) canvas"
            self.assertGreater(self.pixels_of(canvas, colour), 0, titles[number - 1])
            self.assertGreater(self.pixels_of(canvas, "orange"), 50, "fault shading")
        self.browser.point(".plot:nth-child(3) .plot-box", 40, 0)
        self.assertRegex(
            self.browser.text(".plot:nth-child(3) .readout"), r"^\d\.\d+ s: store-1 0 B; CUT 2 s$"
        )

    def test_a_series_is_drawn_in_steps(self):
        data = small_run()
        # It changes often within one pixel, and then for seven seconds not at all.
        line = {"name": "tasks", "unit": "", "label": "store-1"}
        line |= {"t": [10**9, 10**9 + 1, 10**9 + 2, 10**9 + 3, 8 * 10**9], "v": [4, 9, 0, 5, 0]}
        self.open(self.write("steps", data | {"series": [line]}))
        self.browser.click("#tab-plots")
        canvas = ".plot:nth-child(3) canvas"
        burst = self.paint_of(canvas, "accent", 0.0, 0.3)
        self.assertGreater(burst["below"] - burst["top"], 60)
        # A level line is two pixels thick; a slanted one would touch more lines.
        level = self.paint_of(canvas, "accent", 0.3, 0.85)
        self.assertGreater(level["count"], 100)
        self.assertLessEqual(level["below"] - level["top"], 1)

    def test_knobs_are_all_there(self):
        self.browser.click("#tab-knobs")
        self.assertEqual(len(self.column("knobs", 1)), 5)
        self.assertEqual(
            self.texts("[data-table=knobs] .is-drawn [role=cell]")[1], "log_batch_bytes"
        )
        self.browser.type("#panel-knobs input", "cache")
        self.assertEqual(self.column("knobs", 2), ["cache_bytes"])

    def test_the_log_says_what_the_command_prints_and_is_cut_to_a_level(self):
        self.browser.click("#tab-log")
        rows = "return document.querySelector('[data-table=log]').dataset.rows"
        self.assertEqual(self.browser.run(rows), "25")
        self.assertIn("--log debug", self.browser.text("#panel-log code"))
        self.assertIn("append k3#1, 16 B at 0 -> store-1", self.column("log", 5))
        self.assertIn("hello <- writer-1", self.column("log", 5))
        self.browser.click("#panel-log select")
        self.browser.press("Down", "Down", "Enter")
        self.assertEqual(set(self.column("log", 4)), {"warn"})
        self.assertEqual(self.browser.run(rows), "5")
        self.browser.type("#panel-log input", "sector")
        self.assertEqual(self.column("log", 5), ["log.0 sector 1 dropped, never synced"])

    def test_what_is_late_is_no_loss(self):
        data = small_run()
        kinds = list(data["events"]["kind"])
        kinds[kinds.index(LOSS)] = LATE
        self.open(self.write("late", data | {"events": data["events"] | {"kind": kinds}}))
        self.browser.click("#tab-log")
        self.browser.type("#panel-log input", "frames lost")
        self.assertEqual(self.column("log", 4), ["debug"], "as the command has it")
        self.browser.click("#tab-history")
        self.browser.type("#panel-history input", "frames lost")
        self.assertEqual(self.column("history", 4), ["late"])

    def test_a_record_says_what_became_of_its_operation(self):
        self.browser.click("#tab-history")
        self.browser.type("#panel-history input", "append_acked")
        self.browser.click(f"{HISTORY} .table-row")
        self.browser.click("#tab-causes")
        self.assertIn("1 append k3#1, 16 B: ok, 5 ms", self.browser.text(".record"))

    def test_the_passing_run_stands_beside_it_and_the_parting_is_marked(self):
        self.browser.click("#neighbour button")
        self.assertTrue(self.is_in_sight("[data-table=neighbour]"))
        parting = self.texts("[data-table=neighbour] .is-parting [role=cell]")
        self.assertEqual((parting[0], parting[4]), ("45", "◀"))
        signs = self.column("neighbour", 5)
        # Equal up to the parting, and different from there on.
        self.assertEqual(set(signs[: signs.index("◀")]), {"="})
        self.assertIn("≠", signs[signs.index("◀") :])

    def test_the_passing_run_may_lack_its_beginning_and_either_run_its_end(self):
        data = small_run()
        whole, row = data["neighbour"], data["neighbour"]["row"]
        late = {name: column[6:] for name, column in whole["events"].items()}
        with self.subTest("it begins later"):
            cut = whole | {"events": late, "other_row": whole["other_row"] - 6}
            self.open(self.write("late", data | {"neighbour": cut}))
            self.browser.click("#neighbour button")
            signs = self.column("neighbour", 5)
            self.assertEqual(signs[: row - 6], ["="] * (row - 6))
            self.assertEqual(signs[row - 6], "◀")
        with self.subTest("it goes on where this one ends"):
            longer = {name: column + column[-1:] for name, column in data["events"].items()}
            other = whole | {"row": -1, "events": longer, "other_row": len(longer["t"]) - 1}
            self.open(self.write("longer", data | {"neighbour": other}))
            self.assertIn("nothing more", self.texts("#neighbour .ours")[0])
            self.assertNotEqual(self.texts("#neighbour .others")[0], "nothing more")

    def test_checks_have_evaluated_counts_faults_and_marks(self):
        self.browser.click("#tab-checks")
        text = self.browser.text("#panel-checks")
        for word in ("DUR-1", "17", "not judged: the run ended before", "machine.power_loss"):
            self.assertIn(word, text)
        self.browser.click("[data-table=marks] thead th:nth-child(2) button")
        self.assertEqual(self.texts("[data-table=marks] tbody td"), ["1", "2"])

    def test_everything_to_reproduce_it_is_there(self):
        self.browser.click("#tab-reproduce")
        commands = self.texts("#panel-reproduce .command code")
        self.assertEqual(len(commands), 5)
        self.assertIn("millrace run crash_storm --seed 187", commands)
        self.assertTrue(commands[-1].startswith("mr1."))
        self.assertIn("8c2e51d0a97f3344", self.browser.text("#facts"))

    def test_the_details_can_be_given_more_room(self):
        low = self.browser.run("return document.querySelector('.dock').offsetHeight")
        self.browser.click(".taller")
        self.assertGreater(
            self.browser.run("return document.querySelector('.dock').offsetHeight"), low
        )
        self.assertTrue(self.is_in_sight("header"))


if __name__ == "__main__":
    unittest.main()

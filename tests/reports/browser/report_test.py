"""The whole way: a program with a planted failure runs a campaign, and its pages are read."""

import glob
import os
import subprocess
import unittest

from campaign_samples import campaign
from page_case import PageCase
from small_run import small_run

CANVAS = ".diagram-canvas"
TOY = os.environ.get("MILLRACE_TOY", "")
TABS = ("history", "plots", "knobs", "log", "causes", "checks", "reproduce", "evidence")


# Objects whose fields are names of the system under test, and what only some runs have.
NAMED = ("marks", "situations", "runs_with_mark", "scenarios", "strategies")
RARE = ("peers",)


def fields_missing(sample, real, path=""):
    """Fields of a sample that what the program wrote does not have. Of what is empty or null there
    nobody can tell."""
    if isinstance(sample, dict):
        if not real or path.rpartition(".")[2] in NAMED:
            return []
        missing = [f"{path}.{name}" for name in sample if name not in real and name not in RARE]
        known = [name for name in sample if name in real]
        return missing + [
            field
            for name in known
            for field in fields_missing(sample[name], real[name], f"{path}.{name}")
        ]
    if isinstance(sample, list) and real and isinstance(real[0], dict):
        whole = {name: value for one in real for name, value in one.items() if value is not None}
        whole = {name: None for one in real for name in one} | whole
        return [field for one in sample for field in fields_missing(one, whole, f"{path}[]")]
    return []


class Report(PageCase):
    """The toy's `lossy` acknowledges before it has synced, and loses its power."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.out = os.path.join(cls.folder, "out")
        arguments = ["campaign", "lossy", "--seeds", "6", "--jobs", "1", "--out", cls.out, "-q"]
        cls.toy(1, *arguments)
        (cls.repro,) = glob.glob(os.path.join(cls.out, "failures", "TOY-1-*.repro.json"))

    @classmethod
    def toy(cls, status, *arguments):
        done = subprocess.run([TOY, *arguments], cwd=cls.folder, capture_output=True, check=False)
        if done.returncode != status:
            raise AssertionError(f"toy {arguments}: {done.returncode}\n{done.stderr.decode()}")

    def report(self, source, name):
        page = os.path.join(self.folder, name)
        self.toy(0, "report", source, "-o", page)
        return page

    def test_a_failure_is_a_page_of_its_own(self):
        self.open(self.report(self.repro, "failure.html"))
        self.assertEqual(self.body("ready"), "run")
        self.assertIn("TOY-1 stored_is_found", self.browser.text("header"))
        self.assertGreater(self.browser.count("[data-table=evidence] .is-violation"), 0)
        self.assertIn("POWER LOSS", " ".join(self.texts("[data-table=evidence] .what")))
        self.assertGreater(self.pixels_of(CANVAS, "red"), 200)
        self.assertGreater(self.browser.count(".plan .is-fault"), 0)
        for tab in TABS:
            self.browser.click(f"#tab-{tab}")
            self.assertTrue(self.is_in_sight(f"#panel-{tab}"), tab)
        self.assert_no_request()

    def test_the_samples_of_the_other_tests_are_like_it(self):
        data = "return JSON.parse(document.getElementById('data').textContent)"
        (page,) = glob.glob(os.path.join(self.out, "failures", "TOY-1-*.html"))
        self.open(page)
        self.assertEqual(fields_missing(small_run(), self.browser.run(data)), [])
        self.open(self.report(self.out, "campaign.html"))
        self.assertEqual(fields_missing(campaign(), self.browser.run(data)), [])

    def test_a_record_of_it_leads_to_its_cause(self):
        self.open(self.report(self.repro, "failure.html"))
        rows = self.texts("[data-table=evidence] .table-row [role=cell]:nth-child(5)")
        self.browser.click(f".table-body .table-row:nth-child({rows.index('deliver') + 1})")
        self.browser.click("#tab-causes")
        self.assertIn("deliver", self.browser.text(".record"))
        self.browser.click(".link-box.caused .event-link")
        self.assertIn("send", self.browser.text(".record"))

    def test_the_campaign_links_to_it(self):
        self.open(self.report(self.out, "campaign.html"))
        self.assertEqual(self.body("ready"), "campaign")
        self.assertIn("1 of 6 seeds failed in 1 group", self.browser.text("header"))
        self.assertIn("store.never", self.texts("#never-reached")[0])
        self.assertEqual(self.texts("[data-table=scenarios] tbody th"), ["lossy"])
        self.browser.click("[data-table=groups] a")
        self.assertEqual(self.body("ready"), "run")
        self.assertIn("TOY-1 stored_is_found", self.browser.text("header"))


if __name__ == "__main__":
    unittest.main()

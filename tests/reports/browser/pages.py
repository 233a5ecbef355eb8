"""Fills the pages that the build makes with data, as reports/ does."""

import json


def page_of(template, data):
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    before, after = template.split("{{data}}")
    return before + text + after

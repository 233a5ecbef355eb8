"""A picture of a page: screenshot.py PAGE.html PICTURE.png [dark] [phone] [SELECTOR to click]...

The pictures of the documentation are made by this, and a change of the pages is looked at by it.
"""

import os
import sys

from webdriver import Browser, Driver


def main(page, picture, *words):
    driver = Driver()
    try:
        browser = Browser(driver)
        size = {"width": 390, "height": 844} if "phone" in words else {}
        browser.look(is_phone="phone" in words, is_dark="dark" in words, **size)
        browser.open(os.path.abspath(page))
        browser.settle()
        for selector in words:
            if selector not in ("dark", "phone"):
                browser.click(selector)
        browser.screenshot(picture)
        for complaint in browser.complaints():
            print(complaint, file=sys.stderr)
    finally:
        driver.close()


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Every list of the navigation as a person sees it: wide, on a phone, in the dark."""

import pytest
from playwright.sync_api import Page
from windows import LOOKS, paths_in_navigation

pytestmark = pytest.mark.usefixtures("riot")


def is_wider_than_the_window(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1"))


def test_every_list_opens_empty_with_the_legal_notice_and_fits_the_window(sign_in):
    too_wide = []
    for look, window in LOOKS.items():
        page = sign_in(**window)
        paths = paths_in_navigation(page)
        assert len(paths) > 12
        for path in paths:
            answer = page.goto(path)
            assert answer is not None
            assert answer.status == 200, path
            assert "isn't endorsed by Riot Games" in page.locator("footer.rw-legal").inner_text()
            if is_wider_than_the_window(page):
                too_wide.append((look, path))
        background = page.evaluate("getComputedStyle(document.querySelector('#main')).backgroundColor")
        assert page.evaluate("document.documentElement.classList.contains('dark')") is window["dark"], background
    assert too_wide == []

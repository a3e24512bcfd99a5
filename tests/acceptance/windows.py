"""The browser's windows: their sizes in CSS pixels, and where their navigation leads."""

from playwright.sync_api import Page

WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
LOOKS = {
    "wide": {"size": WIDE, "dark": False},
    "dark": {"size": WIDE, "dark": True},
    "phone": {"size": PHONE, "dark": False},
}
"""One test goes through all of them: setting up its processes takes as long as looking."""


def paths_in_navigation(page: Page) -> list[str]:
    links = page.locator("#nav-sidebar-apps a")
    return [str(links.nth(number).get_attribute("href")) for number in range(links.count())]

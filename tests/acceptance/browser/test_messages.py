"""Messages as people set them up: a test that is seen to arrive, who hears of what, one player who is followed."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect
from windows import LOOKS

from riotwatch_messages import choosing
from riotwatch_players import tracking
from tests.messages.receiving import Mailbox, receiving


@pytest.fixture
def phone(stack, riot, settings) -> Iterator[Mailbox]:
    """A target that takes messages and one that does not; the web process is not there yet."""
    with receiving() as mailbox:
        settings.NOTIFY_URLS = {"phone": mailbox.url, "team": "json://127.0.0.1:9/"}
        stack.environment["NOTIFY_URLS"] = ",".join(f"{name}={url}" for name, url in settings.NOTIFY_URLS.items())
        yield mailbox


@pytest.fixture
def open_page(phone, request):
    """Sign in to a web process that knows the targets."""
    return request.getfixturevalue("sign_in")


def go_to_messages(page: Page) -> None:
    page.locator("#nav-sidebar-apps").get_by_text("Messages", exact=True).click()


def target(page: Page, name: str) -> Locator:
    return page.get_by_role("row", name=f"{name} json")


def test_a_test_message_is_seen_to_arrive_or_why_it_does_not(open_page, stack, phone):
    stack.housekeeping()
    page = open_page()
    go_to_messages(page)
    page.get_by_role("button", name="Send a test to phone").click()
    expect(target(page, "phone")).to_contain_text("arrives", timeout=20_000)
    expect(page.locator("#result_list")).to_contain_text(re.compile(r"\bSent\b", re.IGNORECASE))
    assert phone.texts == ["Messages to phone arrive. operator asked for this test."]
    page.get_by_role("button", name="Send a test to team").click()
    expect(target(page, "team")).to_contain_text("A Connection error", timeout=20_000)


def test_who_hears_of_what_is_chosen_and_a_player_is_followed(open_page, riot):
    page = open_page()
    go_to_messages(page)
    page.get_by_role("link", name="Who hears of what").click()
    page.get_by_label("Account worth a look: tell phone").uncheck()
    page.get_by_label("Job fails: runs").fill("5")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved: Account worth a look, Job fails")).to_be_visible()
    expect(page.get_by_label("Account worth a look: tell phone")).not_to_be_checked()

    person = riot.world.people[0]
    player = tracking.add_player(person.riot_id, platform=person.platform, now=timezone.now())
    page.goto(f"/admin/riotwatch_players/player/{player.pk}/change/")
    page.locator("summary").filter(has_text="Messages").click()
    page.get_by_label("phone").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("summary").filter(has_text="Messages to phone")).to_be_visible()
    assert choosing.followers(f"player:{player.pk}") == {"phone"}


def test_the_pages_of_messages_keep_nobody_out_and_fit_the_window(open_page):
    for look, window in LOOKS.items():
        page = open_page(**window)
        for path in ("/admin/riotwatch_messages/message/", "/admin/riotwatch_messages/message/choices/"):
            page.goto(path)
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1"), (look, path)
            broken = Axe().run(page).response["violations"]
            rules = [one for one in broken if {"wcag2a", "wcag2aa"} & set(one["tags"])]
            assert [(one["id"], one["nodes"][0]["html"][:200]) for one in rules] == [], (look, path)

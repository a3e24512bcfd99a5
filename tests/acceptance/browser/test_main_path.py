"""The main path as a newcomer clicks it: add a player, run the jobs, open a flagged account, read its factors."""

import re

import pytest
from playwright.sync_api import Page, expect

from riotwatch_players.models import Player

RUN_MS = 120_000
"""How long a run may take on a busy machine."""


@pytest.fixture
def working(stack):
    """A worker of every queue, and housekeeping."""
    stack.worker(concurrency=16)
    stack.housekeeping()


def go_to(page: Page, title: str) -> None:
    page.locator("#nav-sidebar-apps").get_by_text(title, exact=True).last.click()


def add(page: Page, riot_id: str, *, platform: str) -> None:
    go_to(page, "Players")
    page.get_by_role("link", name="Add a player").click()
    page.get_by_label("Riot ID").fill(riot_id)
    page.get_by_label("Platform").select_option(platform)
    page.get_by_role("button", name="Save", exact=True).click()


def run_now(page: Page, job: str) -> None:
    """Ask for a run on the job's page and watch its page until it has ended, without reloading."""
    go_to(page, "Jobs")
    page.get_by_role("link", name=job).first.click()
    page.get_by_role("button", name="Run now").click()
    page.get_by_role("link", name=re.compile(r"run \d+")).first.click()
    expect(page.get_by_role("status").get_by_text("Completed", exact=False)).to_be_visible(timeout=RUN_MS)


def test_from_adding_a_player_to_the_factors_of_a_flagged_account(sign_in, working, riot):
    page = sign_in()
    expect(page.get_by_text("Nobody is flagged")).to_be_visible()
    suggested = riot.world.showcase(3)
    for person in (suggested[0], suggested[2]):
        add(page, person.riot_id, platform=person.platform)
        expect(page.get_by_text(person.riot_id).first).to_be_visible()
    assert Player.objects.tracked().count() == 2

    for job in ("Tracked player updater", "Match fetcher", "Smurf analyzer"):
        run_now(page, job)

    go_to(page, "Home")
    flag = page.locator(".rw-flag").first
    expect(flag).to_contain_text("Why: ")
    flag.get_by_role("link").first.click()
    factors = page.get_by_role("table").filter(has_text="Win rate")
    # Other factors speak of win rates, too.
    expect(
        factors.get_by_role("rowheader").filter(has_text=re.compile(r"Win rate\s*\d+ of \d+ games won"))
    ).to_be_visible()
    assert factors.get_by_role("rowheader").count() >= 5

"""Whether people who cannot see, or use no mouse, get by: axe (WCAG 2.1 A and AA) on every page, and the keyboard."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Page, expect
from windows import LOOKS, paths_in_navigation

from riotwatch_jobs.models import Execution, JobConfiguration
from riotwatch_players.models import Player

RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
COLORS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
JOBS = ("tracked_player_updater", "match_fetcher", "smurf_analyzer")


@pytest.fixture
def history(stack, riot):
    """Two tracked players with matches and verdicts, and the runs that made them."""
    suggested = riot.world.showcase(3)
    for person in (suggested[0], suggested[2]):
        told = stack.manage("track_player", person.riot_id, "--platform", person.platform)
        assert told.returncode == 0, told.stderr
    for job in JOBS:
        told = stack.manage("trigger_job", job, "--inline", timeout_s=300)
        assert told.returncode == 0, told.stderr


def pages_with_something_on_them(page: Page) -> list[str]:
    run = Execution.objects.latest("pk")
    player = Player.objects.filter(analyses__isnull=False).latest("pk")
    return [
        *paths_in_navigation(page),
        reverse("admin:riotwatch_jobs_execution_change", args=[run.pk]),
        reverse("admin:riotwatch_jobs_jobconfiguration_change", args=[run.job_id]),
        reverse("admin:riotwatch_players_player_change", args=[player.pk]),
        reverse("admin:riotwatch_players_player_add"),
        reverse("admin:riotwatch_players_player_erase", args=[player.pk]),
        f"{reverse('admin:riotwatch_players_player_changelist')}?q=Nobody%23EUW",
        reverse("admin:django_celery_beat_periodictask_add"),
        reverse("admin:password_change"),
    ]


def violations(page: Page, rules: dict[str, object]) -> list[str]:
    """Each as rule, impact and the elements that break it."""
    found = Axe().run(page, options=rules).response["violations"]
    return [f"{one['id']} ({one['impact']}): {[node['html'][:160] for node in one['nodes']][:4]}" for one in found]


@pytest.mark.usefixtures("history")
def test_no_page_keeps_anybody_out(sign_in):
    found = []
    for look, window in LOOKS.items():
        page = sign_in(**window)
        rules = COLORS if window["dark"] else RULES  # nothing but colors differs in the dark
        for path in pages_with_something_on_them(page):
            page.goto(path)
            found += [f"{look}: {path} {broken}" for broken in violations(page, rules)]
    assert found == []


# --- The keyboard alone -----------------------------------------------------------------------------------------------


def focused(page: Page) -> str:
    """The text of what has the focus."""
    return str(page.evaluate("(document.activeElement.innerText || document.activeElement.ariaLabel || '').trim()"))


def tab_to(page: Page, text: str, *, within: int = 120) -> None:
    for _ in range(within):
        page.keyboard.press("Tab")
        if text in focused(page):
            return
    pytest.fail(f"{text!r} is not reached with {within} times Tab")


def test_a_job_is_paused_with_the_keyboard_alone(sign_in, stack):
    page = sign_in()
    page.goto(reverse("admin:riotwatch_jobs_jobconfiguration_change", args=["ban_checker"]))
    tab_to(page, "Pause")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    assert page.evaluate("document.querySelector('dialog').contains(document.activeElement)")
    page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()
    assert "Pause" in focused(page)
    page.keyboard.press("Enter")
    expect(dialog).to_be_visible()
    page.keyboard.type("it is being looked at")
    page.keyboard.press("Enter")
    expect(page.get_by_text("it is being looked at").first).to_be_visible()
    assert JobConfiguration.objects.get(pk="ban_checker").paused_reason == "it is being looked at"


FOCUS = """(() => {
    const one = document.activeElement, at = getComputedStyle(one), box = one.getBoundingClientRect();
    return {
        name: one.outerHTML.slice(0, 120),
        ring: at.outlineStyle !== "none" || at.boxShadow !== "none",
        there: box.width > 0 && box.height > 0,
    };
})()"""


def test_what_has_the_focus_can_be_seen(sign_in, riot):
    page = sign_in()
    unseen = []
    for _ in range(60):
        page.keyboard.press("Tab")
        style = page.evaluate(FOCUS)
        if style["there"] and not style["ring"]:
            unseen.append(style["name"])
    assert unseen == []

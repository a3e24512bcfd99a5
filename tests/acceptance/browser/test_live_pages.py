"""Pages that follow what they show: nothing jumps, nothing is asked in vain, and without scripts they work, too."""

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect
from windows import PHONE

from riotwatch_jobs import dispatch
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import Execution, Trigger

pytestmark = pytest.mark.usefixtures("riot")


@pytest.fixture
def run(stack) -> Execution:
    """A run that no worker takes."""
    wanted = dispatch.Request(job_id="ban_checker", trigger=Trigger.CLI)
    return dispatch.request(wanted, now=database_now())[0]


def address_of(run: Execution) -> str:
    return reverse("admin:riotwatch_jobs_execution_change", args=[run.pk])


def become(run: Execution, **values: object) -> None:
    Execution.objects.filter(pk=run.pk).update(**values)


def test_a_page_takes_what_is_new_and_leaves_focus_scroll_and_elements_alone(sign_in, run):
    page = sign_in(size=PHONE)
    page.goto(address_of(run))
    cancel = page.get_by_role("button", name="Cancel")
    cancel.focus()
    page.evaluate("document.activeElement.marked = true; document.querySelector('#rw-state').marked = true")
    page.mouse.wheel(0, 200)
    page.wait_for_timeout(300)
    scrolled = page.evaluate("document.scrollingElement.scrollTop")
    become(run, reason="it waits for the test")
    expect(page.get_by_text("it waits for the test")).to_be_visible()
    assert page.evaluate("document.activeElement.marked && document.querySelector('#rw-state').marked")
    assert page.evaluate("document.scrollingElement.scrollTop") == scrolled


def requests_of(page: Page, path: str) -> list[str]:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if path in request.url else None)
    return asked


HIDE = "Object.defineProperty(document, 'hidden', { get: () => %s, configurable: true });" + (
    "document.dispatchEvent(new Event('visibilitychange'))"
)


def test_a_page_that_nobody_looks_at_asks_for_nothing_and_is_up_to_date_when_looked_at(sign_in, run):
    page = sign_in()
    page.goto(address_of(run))
    asked = requests_of(page, "live")
    page.evaluate(HIDE % "true")
    become(run, reason="told while hidden")
    page.wait_for_timeout(5_000)
    assert asked == []
    page.evaluate(HIDE % "false")
    expect(page.get_by_text("told while hidden")).to_be_visible()


def test_a_run_that_has_ended_is_asked_for_no_more(sign_in, run):
    page = sign_in()
    page.goto(address_of(run))
    become(run, state="COMPLETED", started_at=run.queued_at, finished_at=run.queued_at)
    expect(page.get_by_role("status").get_by_text("Completed", exact=False)).to_be_visible()
    asked = requests_of(page, "live")
    page.wait_for_timeout(5_000)
    assert asked == []


def test_without_scripts_a_run_is_cancelled_all_the_same(
    sign_in: Callable[..., Page], chromium: Browser, web: str, run: Execution
):
    session = sign_in().context.storage_state()
    context = chromium.new_context(base_url=web, java_script_enabled=False, storage_state=session)
    page = context.new_page()
    page.goto(address_of(run))
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="Cancel")).to_be_visible()
    page.locator("form#rw-question").get_by_role("button").first.click()
    expect(page.get_by_text("Cancelled").first).to_be_visible()
    run.refresh_from_db()
    context.close()
    assert run.state == "CANCELLED"

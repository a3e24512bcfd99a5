"""Items, log lines and workers in the admin."""

from datetime import timedelta

import pytest
from admin_pages import a_line, a_run, a_worker, change_page, page, text_of

from riotwatch_jobs import leases
from riotwatch_jobs.models import ExecutionLog, ItemState, WorkerLease, WorkItem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("synced")]


def test_workers_are_live_or_dead_since_when_and_say_what_they_work_on(admin_client):
    busy, dead = a_worker(node="busy@a"), a_worker(node="dead@b")
    WorkerLease.objects.filter(pk=dead.pk).update(renewed_at=leases.database_now() - timedelta(minutes=5))
    run = a_run(items=6)
    run.items.exclude(key="item5").update(state=ItemState.RUNNING, owner_id=busy.pk)
    text = text_of(admin_client.get(page(WorkerLease)))
    for expected in ("live", "dead, last seen 5 min ago", "toy item0 , toy item1 , toy item2 and 2 more", "nothing"):
        assert expected in text
    assert "toy item0" in text_of(admin_client.get(change_page(busy)))


def test_a_worker_in_which_items_hang_says_so(admin_client):
    WorkerLease.objects.filter(pk=a_worker(node="slow@a").pk).update(
        hanging=2, hanging_since=leases.database_now() - timedelta(minutes=5)
    )
    assert "live, 2 of its items hang, the first begun 5 min ago" in text_of(admin_client.get(page(WorkerLease)))


def test_workers_can_be_chosen_by_life(admin_client):
    a_worker(node="live@a")
    dead = a_worker(node="dead@b")
    WorkerLease.objects.filter(pk=dead.pk).update(renewed_at=leases.database_now() - timedelta(minutes=5))
    for state in ("live", "dead"):
        shown = admin_client.get(page(WorkerLease), {"state": state}).context["cl"].result_list
        assert [lease.node.partition("@")[0] for lease in shown] == [state]


def test_an_item_leads_to_its_run_and_shows_its_log_and_its_folded_traceback(admin_client):
    run = a_run(items=1)
    item = run.items.get()
    WorkItem.objects.filter(pk=item.pk).update(state=ItemState.FAILED, traceback="Traceback: boom", is_error=True)
    a_line(run, "<b>tried</b>", item=item)
    response = admin_client.get(change_page(item))
    page_text = response.content.decode()
    assert f'href="{change_page(run)}"' in page_text
    assert "&lt;b&gt;tried" in page_text
    assert "<details><summary>Show</summary>" in page_text
    assert "failed" in text_of(response)


def test_log_lines_are_searched_by_text_and_chosen_by_level(admin_client):
    run = a_run()
    a_line(run, "apples are fine", level=20)
    a_line(run, "apples are gone", level=40)
    shown = admin_client.get(page(ExecutionLog), {"q": "apples", "level": "40"}).context["cl"].result_list
    assert [line.message for line in shown] == ["apples are gone"]

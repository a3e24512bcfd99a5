"""Runs: the list, a run's page that follows it, cancel, retry and fail."""

import re
from datetime import timedelta

import pytest
from admin_pages import a_line, a_run, a_worker, act, audit_of, buttons_of, change_page, page, text_of, told
from django.urls import reverse

from riotwatch_jobs import leases
from riotwatch_jobs.models import Execution, ExecutionState, ItemState, WorkItem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("synced")]


def live(client, run, **query):
    return client.get(reverse("admin:riotwatch_jobs_execution_live", args=(run.pk,)), query)


# --- Acting ----------------------------------------------------------------------------------------------------------


def test_open_runs_are_cancelled_with_a_trace_and_ended_ones_stay(admin_client):
    open_run, ended = a_run(items=3), a_run(ExecutionState.COMPLETED, scope="other")
    response = act(admin_client, "cancel_runs", open_run, ended, reason="")
    for run in (open_run, ended):
        run.refresh_from_db()
    assert f"Cancelled run {open_run.pk}." in told(response)
    assert any(f"run {ended.pk} has already ended" in text for text in told(response))
    assert (open_run.state, open_run.reason) == ("CANCELLED", "cancelled (by admin)")
    assert set(open_run.items.values_list("state", flat=True)) == {ItemState.CANCELLED}
    assert ended.state == "COMPLETED"
    assert audit_of(open_run) == [("admin", "Ended the run as CANCELLED: cancelled.")]
    assert audit_of(ended) == []


def test_an_action_asks_first_and_says_in_advance_what_cannot_be_done(admin_client):
    open_run, ended = a_run(items=1), a_run(ExecutionState.COMPLETED, scope="other")
    response = act(admin_client, "cancel_runs", open_run, ended)
    text = text_of(response)
    assert "Cancel runs?" in text
    assert f"run {ended.pk} has already ended" in text
    open_run.refresh_from_db()
    assert open_run.state == "IN_PROGRESS"


def test_filters_survive_an_action(admin_client):
    run = a_run(items=1)
    response = act(admin_client, "cancel_runs", run, query="?state=IN_PROGRESS", reason="")
    assert response.redirect_chain[-1][0].endswith("?state=IN_PROGRESS")


def test_a_button_of_a_page_leads_back_to_the_page_and_nowhere_else(admin_client):
    run = a_run(items=1)
    response = act(admin_client, "cancel_runs", run, reason="", next=change_page(run))
    assert response.redirect_chain[-1][0] == change_page(run)
    other = a_run(scope="other")
    response = act(admin_client, "cancel_runs", other, reason="", next="https://example.org/")
    assert response.redirect_chain[-1][0] == page(Execution)


def test_an_ended_run_is_retried_with_its_settings(admin_client):
    run = a_run(ExecutionState.FAILED, items=2, items_failed=2)
    run.items.update(state=ItemState.FAILED)
    response = act(admin_client, "retry_runs", run, confirmed="yes")
    again = Execution.objects.get(retry_of=run.pk)
    assert told(response) == [f"Run {again.pk} repeats run {run.pk}."]
    assert (again.trigger, again.triggered_by, again.config) == ("retry", "admin", {"apples": 3})
    assert f"run {run.pk}" in text_of(admin_client.get(change_page(again)))


def test_a_retry_that_cannot_happen_is_not_offered_and_says_why(admin_client):
    run = a_run(ExecutionState.COMPLETED, items_done=2)
    response = act(admin_client, "retry_runs", run)
    assert "left nothing undone" in text_of(response)
    assert response.context["all_refused"]
    assert any("left nothing undone" in text for text in told(act(admin_client, "retry_runs", run, confirmed="yes")))
    assert Execution.objects.count() == 1


def test_failing_by_hand_takes_a_reason(admin_client):
    run = a_run(items=2)
    response = act(admin_client, "fail_runs", run, reason=" ")
    assert "This field is required." in text_of(response)
    act(admin_client, "fail_runs", run, reason="it hangs")
    run.refresh_from_db()
    assert run.state == "FAILED"
    assert "it hangs" in run.reason
    assert ("admin", "Ended the run as FAILED: it hangs.") in audit_of(run)


def test_buttons_are_those_that_make_sense(admin_client):
    assert buttons_of(admin_client, a_run()) == ["Cancel", "Fail by hand", "Abandon"]
    assert buttons_of(admin_client, a_run(ExecutionState.FAILED, scope="other")) == ["Retry"]


def test_nobody_edits_or_deletes_a_run(admin_client):
    run = a_run()
    assert admin_client.post(change_page(run), {"state": "COMPLETED"}).status_code == 403
    assert admin_client.post(page(Execution, "delete", run.pk), {"post": "yes"}).status_code == 403
    run.refresh_from_db()
    assert run.state == "IN_PROGRESS"


# --- A run's page ----------------------------------------------------------------------------------------------------


def test_a_run_shows_progress_log_and_items_and_escapes_what_libraries_logged(admin_client):
    run = a_run(items=4)
    run.items.filter(key="item0").update(state=ItemState.DONE)
    a_line(run, "<script>alert(1)</script>")
    response = admin_client.get(change_page(run))
    assert "1 of 4 items ended" in text_of(response)
    assert "&lt;script&gt;alert(1)" in response.content.decode()
    assert "<script>alert(1)" not in response.content.decode()
    assert "item3" in text_of(response)


def test_an_ended_run_shows_its_result_its_settings_and_its_folded_traceback(admin_client):
    run = a_run(ExecutionState.FAILED, result={"worked": 7}, traceback="Traceback: boom", reason="all failed")
    response = admin_client.get(change_page(run))
    text = text_of(response)
    for expected in ("worked 7", "apples 3", "all failed", "Traceback: boom"):
        assert expected in text
    assert "<details" in response.content.decode()
    assert "data-rw-ended" in response.content.decode()


def test_an_open_run_is_followed_until_it_has_ended(admin_client):
    run = a_run(items=2)
    run.items.filter(key="item0").update(state=ItemState.DONE, api_requests_made=3)
    shown = admin_client.get(change_page(run)).content.decode()
    assert f'data-rw-live="{reverse("admin:riotwatch_jobs_execution_live", args=(run.pk,))}"' in shown
    assert "data-rw-ended" not in shown
    response = live(admin_client, run)
    assert "1 of 2 items ended" in text_of(response)
    assert "3 API requests" in text_of(response)
    assert "Cancel" in text_of(response)
    Execution.objects.filter(pk=run.pk).update(state=ExecutionState.COMPLETED)
    ended = live(admin_client, run)
    assert "data-rw-ended" in ended.content.decode()
    assert "Retry" in text_of(ended)


def test_a_run_that_has_not_changed_is_not_sent_again(admin_client):
    run = a_run(ExecutionState.COMPLETED, finished_at=leases.database_now())
    address = reverse("admin:riotwatch_jobs_execution_live", args=(run.pk,))
    tag = admin_client.get(address)["ETag"]
    again = admin_client.get(address, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    run.items.create(key="more", queue="players", available_at=leases.database_now())
    assert admin_client.get(address, headers={"If-None-Match": tag}).status_code == 200


def test_a_run_that_waits_for_budget_says_until_when(admin_client):
    run = a_run(items=1)
    until = leases.database_now() + timedelta(minutes=4)
    run.items.update(waits_for_budget=True, available_at=until)
    assert f"waiting for budget until {until:%Y-%m-%d %H:%M:%S} UTC" in text_of(live(admin_client, run))


def test_phases_are_named(admin_client):
    run = a_run(job_id="player_analyzer", phase=1)
    assert "phase 2 of 3: analyze" in text_of(live(admin_client, run))


def test_items_are_open_and_failed_ones_first_and_can_be_chosen_by_state(admin_client):
    run = a_run(items=4)
    for key, state in (("item3", ItemState.DONE), ("item0", ItemState.FAILED), ("item1", ItemState.RUNNING)):
        run.items.filter(key=key).update(state=state)
    keys = [item.key for item, _ in live(admin_client, run).context["items"]]
    assert keys == ["item1", "item0", "item2", "item3"]
    chosen = admin_client.get(change_page(run), {"items": "FAILED"})
    assert [item.key for item, _ in chosen.context["items"]] == ["item0"]
    assert "?items=FAILED" in chosen.content.decode()


def test_the_page_of_a_run_with_very_many_items_shows_the_first_fifty_and_leads_to_all(admin_client):
    run = a_run(items=130)
    response = admin_client.get(change_page(run))
    assert len(re.findall(r">\s*item\d+\s*<", response.content.decode())) == 50
    assert f"{page(WorkItem)}?execution__id__exact={run.pk}" in response.content.decode()
    assert admin_client.get(page(WorkItem), {"execution__id__exact": run.pk}).context["cl"].result_count == 130


def test_the_log_is_capped_with_the_newest_line_last(admin_client):
    run = a_run()
    for number in range(205):
        a_line(run, f"line {number}", level=40 if number == 204 else 20)
    lines = live(admin_client, run).context["lines"]
    assert [entry.line.message for entry in (lines[0], lines[-1])] == ["line 5", "line 204"]
    assert lines[-1].level == "error"


def test_a_run_is_compared_with_those_before_it_of_its_scope(admin_client):
    now = leases.database_now()
    for seconds in (60, 180, 300):
        a_run(ExecutionState.COMPLETED, started_at=now - timedelta(seconds=seconds), finished_at=now)
    a_run(ExecutionState.COMPLETED, scope="elsewhere", started_at=now - timedelta(hours=9), finished_at=now)
    run = a_run()
    text = text_of(admin_client.get(change_page(run)))
    assert "the last 4 runs, this one rightmost; the median is 3 min" in text
    assert "Durations" not in text_of(admin_client.get(change_page(a_run(scope="first"))))


def test_a_run_is_abandoned_with_a_reason_unless_a_living_worker_is_at_it(admin_client):
    run = a_run(items=1)
    worker = a_worker()
    run.items.update(state=ItemState.RUNNING, owner_id=worker.pk)
    response = act(admin_client, "abandon_runs", run, reason="its machine burned")
    assert f"a living worker is at work on run {run.pk}: cancel it, or fail it" in told(response)
    worker.delete()
    act(admin_client, "abandon_runs", run, reason="its machine burned")
    run.refresh_from_db()
    assert (run.state, run.reason) == ("ABANDONED", "its machine burned (by admin)")


def test_a_run_leads_to_the_run_before_it(admin_client):
    before, run = a_run(ExecutionState.COMPLETED), a_run()
    assert f'href="{change_page(before)}"' in admin_client.get(change_page(run)).content.decode()


def test_what_changes_is_shown_to_nobody_who_may_not_see_it(client, viewer, django_user_model):
    run = a_run(items=1)
    assert live(viewer, run).status_code == 200
    viewer.logout()
    assert live(viewer, run).status_code == 403
    viewer.force_login(django_user_model.objects.create_user("nobody", is_staff=True))
    assert live(viewer, run).status_code == 403


def test_a_run_of_a_job_without_code_can_still_be_opened(admin_client):
    run = a_run(job_id="gone")
    assert admin_client.get(change_page(run)).status_code == 200
    assert live(admin_client, run).status_code == 200


# --- The list --------------------------------------------------------------------------------------------------------


def test_the_list_tells_state_progress_who_and_how_long(admin_client):
    now = leases.database_now()
    a_run(
        ExecutionState.COMPLETED,
        items_done=3,
        items_failed=1,
        triggered_by="ann",
        started_at=now - timedelta(seconds=65),
        finished_at=now,
    )
    text = text_of(admin_client.get(page(Execution)))
    for expected in ("partial", "3 done, 1 failed", "cli, ann", "1 min 5 s"):
        assert expected in text


def test_a_list_of_many_runs_takes_a_fixed_number_of_queries(admin_client, django_assert_max_num_queries):
    for number in range(40):
        a_run(ExecutionState.COMPLETED, scope=f"s{number}", items=2)
    with django_assert_max_num_queries(15):
        admin_client.get(page(Execution))


def test_what_was_chosen_across_pages_is_acted_on_and_nothing_that_came_later(admin_client):
    chosen = [a_run(scope=f"s{number}") for number in range(3)]
    data = {"action": "cancel_runs", "_selected_action": [chosen[0].pk], "select_across": "1"}
    asked = admin_client.post(page(Execution), data)
    later = a_run(scope="later")
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', asked.content.decode())
    keys = [value for name, value in fields if name == "_selected_action"]
    answer = dict(fields) | {"_selected_action": keys, "reason": ""}
    admin_client.post(page(Execution), {name: answer[name] for name in answer if name != "csrfmiddlewaretoken"})
    assert set(Execution.objects.filter(state="CANCELLED")) == set(chosen)
    later.refresh_from_db()
    assert later.state == "IN_PROGRESS"

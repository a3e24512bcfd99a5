"""Keys, roles and sessions: who gets in, and what they may do there."""

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.db import DatabaseError, DataError, InterfaceError, OperationalError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from riotwatch.api import api
from riotwatch_api import keys
from riotwatch_api.models import ApiKey, Role
from riotwatch_jobs import leases
from riotwatch_jobs.models import Execution, ScheduleOwner, Trigger
from riotwatch_messages import telling
from riotwatch_players import champion_index, patches
from riotwatch_players.ingest import store_match
from tests.api.callers import Caller, account, caller, key_of, problem
from tests.players import factories

KEYS = reverse("admin:riotwatch_api_apikey_changelist")
NEW_KEY = reverse("admin:riotwatch_api_apikey_add")

# --- Every operation, for every role ---------------------------------------------------------------------------------

BODIES: dict[str, Any] = {
    "change_job": {"config": {"apples": 4}},
    "trigger_job": {},
    "pause_job": {"reason": "because"},
    "add_schedule": {"schedule": "every 2h"},
    "change_schedule": {"enabled": True},
    "cancel_run": {},
    "fail_run": {"reason": "because"},
    "stop_everything": {"reason": "because"},
    "set_riot_key": {"key": "RGAPI-of-nobody-at-all"},
    "add_player": {"riot_id": "Ada#EUW", "platform": "euw1"},
    "add_players": {"lines": "Ada#EUW"},
    "refresh_player": {},
    "analyze_player": {},
    "send_test_message": {"target": "phone"},
}


QUERIES = {"search_players": "?q=ada", "export_rows": "?part=matches"}
OTHERWISE = {
    "remove_schedule": {404},  # by a role before
    "set_riot_key": {503},  # Riot is not there to be asked
    "add_player": {503},
}
"""What somebody who may is answered as well, where it is neither success nor a conflict."""


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    schema = api.get_openapi_schema(path_prefix="")
    return [(path, method, about) for path, all_ in schema["paths"].items() for method, about in all_.items()]


@pytest.fixture
def addresses(toy, ada, settings) -> dict[str, object]:
    """A value for each name in an address; what is somebody's, is the superuser's whose keys are tried."""
    settings.NOTIFY_URLS = {"phone": "json://127.0.0.1:9/"}
    message = telling.test("phone", by="ann")
    now = leases.database_now()
    run = Execution.objects.create(job_id="toy", trigger=Trigger.CLI, timeout_s=9, deadline_s=9, queued_at=now)
    row = PeriodicTask.objects.get(name="toy")
    store_match(ada.source, "EUW1_7000000001", factories.body(), now=factories.NOW, discover=None)
    champion_index.count(days=60, now=factories.NOW)
    patches.learn(now=factories.NOW)
    own = {"job_id": "toy", "run_id": run.pk, "schedule_id": row.pk, "champion_id": 1}
    return own | {"puuid": ada.puuid, "message_id": message.pk}


def test_every_operation_asks_for_its_role(addresses):
    owner = account("root", Role.ADMIN)
    ScheduleOwner.objects.create(schedule_id=addresses["schedule_id"], owner=owner)
    callers = {role: Caller(key_of(owner, role, role.value)[1]) for role in Role}
    wrong = []
    for path, method, about in sorted(operations(), key=lambda one: one[2]["operationId"] == "erase_player"):
        needed, body = Role(about["x-role"]), BODIES.get(about["operationId"])
        assert (body is not None) == ("requestBody" in about), about["operationId"]
        query = QUERIES.get(about["operationId"], "")
        for role, one in [(None, Caller()), *callers.items()]:
            status = one.send(method.upper(), path.format(**addresses) + query, body).status_code
            expected = 401 if role is None else 200 if role.covers(needed) else 403
            # What a role before has done already is a conflict.
            fine = {*range(200, 300), 409, *OTHERWISE.get(about["operationId"], ())} if expected == 200 else {expected}
            if status not in fine:
                wrong.append((method, path, role, status))
    assert wrong == []
    assert len(operations()) > 30


def test_what_only_reads_is_for_viewers_and_nothing_that_changes_is():
    for _, method, about in operations():
        assert (about["x-role"] == Role.VIEWER) == (method == "get"), about["operationId"]


# --- Keys ------------------------------------------------------------------------------------------------------------


def test_a_key_is_stored_as_its_hash_and_told_apart_by_its_beginning(db):
    key, text = key_of(account("anna", Role.ADMIN), Role.OPERATOR)
    assert text.startswith(f"rw_{key.prefix}_")
    stored = str(vars(ApiKey.objects.get()))
    assert text not in stored
    assert text.rpartition("_")[2] not in stored
    assert keys.find(text, now=timezone.now()) == key
    for wrong in (text[:-1], text + "x", text.replace("rw_", "xx_"), f"rw_{key.prefix}_", "", "rw__", "x" * 5000, "é"):
        assert keys.find(wrong, now=timezone.now()) is None


def test_use_is_noted_once_a_minute(db):
    _, text = key_of(account("anna", Role.ADMIN), Role.VIEWER)
    now = timezone.now()
    for seconds, noted in ((0, 0), (59, 0), (61, 61), (62, 61)):
        keys.find(text, now=now + timedelta(seconds=seconds))
        assert ApiKey.objects.get().last_used_at == now + timedelta(seconds=noted)


def test_a_revoked_key_and_one_of_an_inactive_owner_open_nothing(transactional_db):
    owner = account("anna", Role.ADMIN)
    key, text = key_of(owner, Role.VIEWER)
    assert Caller(text).get("/jobs").status_code == 200
    User.objects.update(is_active=False)
    assert Caller(text).get("/jobs").status_code == 401
    User.objects.update(is_active=True)
    assert keys.revoke(key, by=owner, now=timezone.now())
    assert not keys.revoke(key, by=owner, now=timezone.now())
    assert Caller(text).get("/jobs").status_code == 401


def test_a_key_never_does_more_than_its_owner(transactional_db):
    owner = account("otto", Role.OPERATOR)
    with pytest.raises(keys.BadKeyRequest, match="choose a lower role"):
        key_of(owner, Role.ADMIN)
    _, text = key_of(owner, Role.OPERATOR)
    assert Caller(text).post("/emergency/resume").status_code == 200
    owner.user_permissions.set(Permission.objects.filter(codename__in=["view_execution", "view_player"]))
    assert Caller(text).post("/emergency/resume").status_code == 403
    assert Caller(text).get("/jobs").status_code == 200
    owner.user_permissions.clear()
    assert Caller(text).get("/jobs").status_code == 401


def test_a_wrong_key_is_refused_though_somebody_is_signed_in(transactional_db, client):
    client.force_login(account("anna", Role.ADMIN))
    assert client.get("/api/v1/jobs").status_code == 200
    refused = client.get("/api/v1/jobs", headers={"X-API-Key": "rw_wrong_wrong"})
    assert problem(refused)["status"] == 401
    assert "X-API-Key" in refused.headers["WWW-Authenticate"]


# --- Sessions --------------------------------------------------------------------------------------------------------


def test_a_session_needs_a_csrf_token_to_change_something(transactional_db):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(account("anna", Role.ADMIN))
    assert browser.get("/api/v1/jobs").status_code == 200
    assert problem(browser.post("/api/v1/emergency/resume"))["status"] == 403
    page = browser.get("/api/v1/docs").content.decode()
    token = re.search(r'data-csrf-token="(\w+)"', page)[1]
    assert browser.post("/api/v1/emergency/resume", headers={"X-CSRFToken": token}).status_code == 200


def test_a_session_does_what_the_person_may_in_the_admin(transactional_db, client):
    for name, role in (("vera", Role.VIEWER), ("otto", Role.OPERATOR)):
        client.force_login(account(name, role))
        assert client.get("/api/v1/jobs").status_code == 200
        assert (client.post("/api/v1/emergency/resume").status_code == 200) == (role == Role.OPERATOR)
    client.force_login(User.objects.create_user("nobody", is_staff=True))
    assert problem(client.get("/api/v1/jobs"))["status"] == 401
    client.force_login(User.objects.create_user("outside", is_superuser=True))
    assert client.get("/api/v1/jobs").status_code == 401, "who may not enter the admin has no session here"


@pytest.mark.parametrize("page", ["docs", "openapi.json"])
def test_the_documentation_needs_a_login_or_a_key(transactional_db, client, viewer, page):
    refused = client.get(f"/api/v1/{page}")
    assert (refused.status_code, refused.url) == (302, f"/admin/login/?next=/api/v1/{page}")
    assert Caller("rw_wrong_wrong").get(f"/{page}").status_code == 401
    assert viewer.get(f"/{page}").status_code == 200
    client.force_login(account("anna", Role.ADMIN))
    assert client.get(f"/api/v1/{page}").status_code == 200


# --- The command -----------------------------------------------------------------------------------------------------


def make_key(*arguments: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("create_api_key", *arguments, stdout=out, stderr=err)
    return out.getvalue().strip(), err.getvalue()


def test_the_command_prints_the_key_alone_on_standard_output(transactional_db):
    account("anna", Role.ADMIN)
    text, told = make_key("backup", "--role", "operator")
    assert Caller(text).get("/jobs").status_code == 200
    assert "backup" in told
    assert text not in told
    assert (ApiKey.objects.get().role, LogEntry.objects.get().change_message) == ("operator", "Made as operator.")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["backup", "--role", "viewer", "--owner", "nobody"], "createsuperuser"),
        (["backup", "--role", "admin", "--owner", "otto"], "choose a lower role"),
        (["taken", "--role", "viewer", "--owner", "otto"], "choose another name"),
    ],
)
def test_what_cannot_be_made_ends_with_2_and_the_remedy(db, arguments, said):
    key_of(account("otto", Role.OPERATOR), Role.VIEWER, "taken")
    with pytest.raises(CommandError, match=said) as ended:
        make_key(*arguments)
    assert ended.value.returncode == 2


# --- The admin's pages -----------------------------------------------------------------------------------------------


def test_a_key_made_in_the_admin_is_shown_once(transactional_db, admin_client):
    shown = admin_client.post(NEW_KEY, {"name": "laptop", "role": "viewer"})
    (text,) = re.findall(r"rw_[0-9a-f]{12}_[\w-]{43}", shown.content.decode())
    assert Caller(text).get("/jobs").status_code == 200
    assert "no-store" in shown.headers["Cache-Control"]
    assert ApiKey.objects.get().owner.username == "admin"
    assert text not in admin_client.get(KEYS).content.decode()
    again = admin_client.post(NEW_KEY, {"name": "laptop", "role": "viewer"})
    assert "choose another name" in again.content.decode()
    assert LogEntry.objects.count() == 1


def test_keys_are_revoked_in_the_admin_and_never_edited(transactional_db, admin_client):
    key, text = key_of(User.objects.get(username="admin"), Role.VIEWER)
    data = {"action": "revoke", "_selected_action": [key.pk]}
    assert "Revoked: test" in admin_client.post(KEYS, data, follow=True).content.decode()
    assert Caller(text).get("/jobs").status_code == 401
    assert "revoked" in admin_client.get(KEYS).content.decode()
    change = reverse("admin:riotwatch_api_apikey_change", args=[key.pk])
    assert admin_client.post(change, {"name": "x"}).status_code == 403
    assert admin_client.post(reverse("admin:riotwatch_api_apikey_delete", args=[key.pk])).status_code == 403


def test_other_peoples_keys_are_not_there(transactional_db, client):
    key, text = key_of(account("anna", Role.ADMIN), Role.VIEWER, "annas")
    otto = account("otto", Role.OPERATOR)
    otto.user_permissions.add(*Permission.objects.filter(content_type__app_label="riotwatch_api"))
    client.force_login(otto)
    assert "annas" not in client.get(KEYS).content.decode()
    client.post(KEYS, {"action": "revoke", "_selected_action": [key.pk]})
    assert Caller(text).get("/jobs").status_code == 200
    refused = client.post(NEW_KEY, {"name": "mine", "role": "admin"}).content.decode()
    assert "choose a lower role" in refused
    assert client.post(NEW_KEY, {"name": "mine", "role": "operator"}).status_code == 200
    assert ApiKey.objects.get(name="mine").owner == otto


def test_without_the_right_there_is_no_page_of_keys(transactional_db, client):
    client.force_login(account("vera", Role.VIEWER))
    assert client.get(KEYS).status_code == 403
    assert client.post(NEW_KEY, {"name": "mine", "role": "viewer"}).status_code == 403
    assert not ApiKey.objects.exists()


# --- Errors ----------------------------------------------------------------------------------------------------------


def test_errors_that_nobody_wrote_have_the_same_form(transactional_db):
    viewer = caller("vera", Role.VIEWER)
    assert "/api/v1/docs" in problem(viewer.get("/nowhere"))["detail"]
    told = viewer.send("DELETE", "/jobs")
    assert problem(told)["status"] == 405
    assert told.headers["Allow"] == "GET"
    operator = caller("otto", Role.OPERATOR)
    broken = operator.client.post("/api/v1/emergency/stop", "{", content_type="application/json")
    assert problem(broken)["status"] == 400


def test_a_body_over_the_limit_is_the_callers_to_shorten(transactional_db, settings, caplog):
    told = caller("otto", Role.OPERATOR).post("/emergency/stop", {"reason": "x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE})
    assert problem(told)["status"] == 400
    assert "send less" in problem(told)["detail"]
    assert "api_error" not in caplog.text


@pytest.mark.parametrize(
    ("kind", "status"), [(OperationalError, 503), (InterfaceError, 503), (DatabaseError, 503), (DataError, 500)]
)
def test_a_database_that_went_away_is_worth_another_try_and_one_that_refuses_is_not(
    transactional_db, monkeypatch, kind, status
):
    def lost(**_):
        raise kind("server closed the connection unexpectedly")

    monkeypatch.setattr("riotwatch_jobs.api.jobs.overview.all_jobs", lost)
    told = Caller(key_of(account("vera", Role.VIEWER), Role.VIEWER)[1], raise_request_exception=False).get("/jobs")
    assert problem(told)["status"] == status


def test_a_bug_is_logged_and_not_told(transactional_db, monkeypatch, logged):
    def broken(**_):
        raise RuntimeError("a secret in a message")

    monkeypatch.setattr("riotwatch_jobs.api.jobs.overview.all_jobs", broken)
    told = Caller(key_of(account("vera", Role.VIEWER), Role.VIEWER)[1], raise_request_exception=False).get("/jobs")
    assert problem(told)["status"] == 500
    assert "secret" not in told.content.decode()
    (line,) = logged("api_error")
    assert "api_error method=GET route=api/v1/jobs" in line
    assert "a secret in a message" in line

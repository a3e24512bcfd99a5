"""Choosing who hears of what."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.urls import reverse

from riotwatch_messages import choosing, telling
from riotwatch_messages.events import ACCOUNT_FLAGGED, JOB_FAILED
from riotwatch_messages.models import EventSetting, Follow, Message
from riotwatch_messages.telling import News

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("targets")]

PAGE = reverse("admin:riotwatch_messages_message_choices")
TAKEN_OUT = "tell-account_flagged-phone"


def filled(client, **changes) -> dict[str, str]:
    """What a browser would post: the page as it stands, with some fields changed (None: a box that is not ticked)."""
    form = client.get(PAGE).context["form"]
    values = {name: form[name].value() for name in form.fields} | changes
    return {name: "on" if value is True else str(value) for name, value in values.items() if value not in (None, False)}


def text_of(response) -> str:
    return response.content.decode()


def flag() -> set[str]:
    telling.tell(ACCOUNT_FLAGGED, [News("player:1", "Ada#EUW: likely smurf.")])
    return set(Message.objects.filter(event="account_flagged").values_list("target", flat=True))


def test_a_target_is_taken_out_of_an_event_and_hears_of_it_no_more(admin_client):
    answer = admin_client.post(PAGE, filled(admin_client, **{TAKEN_OUT: None}), follow=True)
    assert "Saved: Account worth a look" in text_of(answer)
    assert flag() == {"team"}
    entry = LogEntry.objects.get()
    assert (entry.object_repr, entry.change_message) == ("Account worth a look", "Heard by team.")
    admin_client.post(PAGE, filled(admin_client, **{TAKEN_OUT: True}))
    assert flag() == {"phone", "team"}


def test_a_threshold_is_chosen_within_bounds(admin_client):
    bad = admin_client.post(PAGE, filled(admin_client, **{"from-job_failed": "0"}))
    assert "greater than or equal to 1" in text_of(bad)
    assert telling.threshold(JOB_FAILED) == 3
    admin_client.post(PAGE, filled(admin_client, **{"from-job_failed": "5"}))
    assert telling.threshold(JOB_FAILED) == 5
    assert LogEntry.objects.get().change_message == "Heard by phone, team, from 5 runs on."
    admin_client.post(PAGE, filled(admin_client, **{"from-job_failed": "3"}))
    assert EventSetting.objects.get(pk="job_failed").threshold is None


def test_saving_without_a_change_leaves_no_trace(admin_client):
    assert "Nothing was different" in text_of(admin_client.post(PAGE, filled(admin_client), follow=True))
    assert not LogEntry.objects.exists()
    assert not EventSetting.objects.exists()


def test_who_saves_second_is_told_and_overwrites_nothing(admin_client):
    stale = filled(admin_client, **{"from-job_failed": "7"})
    admin_client.post(PAGE, filled(admin_client, **{TAKEN_OUT: None}))
    answer = admin_client.post(PAGE, stale)
    assert "Somebody else changed this while the page was open" in text_of(answer)
    assert (telling.threshold(JOB_FAILED), flag()) == (3, {"team"})
    again = {name: value for name, value in stale.items() if name != "version"}
    again["version"] = answer.context["form"]["version"].value()
    admin_client.post(PAGE, again)
    assert telling.threshold(JOB_FAILED) == 7


def test_a_new_target_hears_of_everything_and_one_that_is_away_for_a_while_keeps_its_choices(admin_client, settings):
    admin_client.post(PAGE, filled(admin_client, **{TAKEN_OUT: None}))
    both = settings.NOTIFY_URLS
    settings.NOTIFY_URLS = {"team": both["team"], "chat": "json://127.0.0.1:9/"}
    admin_client.post(PAGE, filled(admin_client, **{"tell-account_flagged-team": None}))
    assert flag() == {"chat"}
    settings.NOTIFY_URLS = both
    Message.objects.all().delete()
    assert flag() == set()


def test_who_may_only_look_sees_the_choices_and_changes_nothing(client, django_user_model):
    viewer = django_user_model.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client.force_login(viewer)
    page = client.get(PAGE)
    assert "disabled" in text_of(page)
    assert ">Save<" not in text_of(page)
    assert client.post(PAGE, filled(client, **{TAKEN_OUT: None})).status_code == 403
    client.force_login(django_user_model.objects.create_user("staff", is_staff=True))
    assert client.get(PAGE).status_code == 403


def test_following_is_chosen_per_target(settings):
    assert choosing.follow("player:1", ["phone", "nobody"]) is True
    assert choosing.followers("player:1") == {"phone"}
    assert choosing.follow("player:1", ["phone"]) is False
    Follow.objects.create(subject="player:1", target="away")
    assert choosing.follow("player:1", ["team"]) is True
    assert choosing.followers("player:1") == {"team"}
    settings.NOTIFY_URLS |= {"away": "json://127.0.0.1:9/"}
    assert choosing.followers("player:1") == {"team", "away"}

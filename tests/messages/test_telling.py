"""Who hears of what, and that nothing is told that did not happen."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from riotwatch.env import Environment
from riotwatch_messages import telling
from riotwatch_messages.events import ACCOUNT_FLAGGED, JOB_FAILED, Level
from riotwatch_messages.models import EventSetting, Follow, Message
from riotwatch_messages.telling import News

pytestmark = pytest.mark.django_db

ADA = News("player:1", "Ada#EUW: likely smurf.")


def told() -> set[tuple[str, str]]:
    return set(Message.objects.values_list("event", "target"))


def test_every_target_hears_of_everything_unless_it_opted_out(targets):
    EventSetting.objects.create(event="job_failed", except_targets=["phone"])
    assert telling.tell(ACCOUNT_FLAGGED, [ADA]) == 2
    telling.tell(JOB_FAILED, [News("job:toy", "toy failed", Level.FAILURE)])
    assert told() == {("account_flagged", "phone"), ("account_flagged", "team"), ("job_failed", "team")}


def test_who_follows_a_player_hears_of_that_player_alone(targets):
    EventSetting.objects.create(event="account_flagged", except_targets=["phone", "team"])
    Follow.objects.create(subject="player:1", target="phone")
    telling.tell(ACCOUNT_FLAGGED, [ADA, News("player:2", "Bela#EUW: likely smurf.")])
    assert list(Message.objects.values_list("target", "subject", "text")) == [("phone", "player:1", ADA.text)]


def test_without_targets_nothing_is_written_and_nothing_is_asked(django_assert_num_queries, settings):
    settings.NOTIFY_URLS = {}
    with django_assert_num_queries(0):
        assert telling.tell(ACCOUNT_FLAGGED, [ADA]) == 0


def test_what_is_taken_back_was_never_told(targets):
    with transaction.atomic():
        telling.tell(ACCOUNT_FLAGGED, [ADA])
        transaction.set_rollback(True)
    assert told() == set()


def test_many_are_told_with_few_statements(targets, django_assert_num_queries):
    with django_assert_num_queries(3):
        telling.tell(ACCOUNT_FLAGGED, [News(f"player:{number}", "likely smurf") for number in range(500)])
    assert Message.objects.count() == 1000


def test_a_long_text_of_several_lines_becomes_one_line_that_fits(targets):
    telling.tell(ACCOUNT_FLAGGED, [News("player:1", "Why:\n\n" + "so " * 400)])
    text = Message.objects.first().text
    assert text.startswith("Why: so so")
    assert (len(text), text[-1]) == (500, "…")


# --- NOTIFY_URLS -----------------------------------------------------------------------------------------------------


def named(value: str) -> dict[str, str]:
    return Environment({"NOTIFY_URLS": value}).named_urls("NOTIFY_URLS", example="phone=ntfy://topic")


@pytest.mark.parametrize("between", [",", " ", ", ", "\n", ",\n  "])
def test_names_and_addresses_are_read_and_an_address_may_hold_commas(between):
    mail = "mailto://me:pa=ss@example.org?to=a@example.org,b@example.org"
    value = between.join(["phone=ntfy://topic", f"the-team={mail}", "chat=slack://A/B/C"])
    assert named(value) == {"phone": "ntfy://topic", "the-team": mail, "chat": "slack://A/B/C"}
    assert named("") == {}


@pytest.mark.parametrize(
    "value", ["ntfy://secret", "phone", "phone=secret", "=ntfy://secret", "a b=ntfy://secret", "a=x://secret,a=y://1"]
)
def test_a_list_that_cannot_be_read_names_the_variable_and_not_the_address(value):
    with pytest.raises(ImproperlyConfigured, match=r"NOTIFY_URLS.*phone=ntfy://topic") as refused:
        named(value)
    assert "secret" not in str(refused.value)

"""Schedules in plain words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riotwatch_jobs import describing, slots


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("60", "every minute"),
        ("every 15m", "every 15 minutes"),
        ("every 90s", "every 90 seconds"),
        ("every 36h", "every 36 hours"),
        ("every 7d", "every 7 days"),
        ("*/15 * * * *", "every 15 minutes"),
        ("7,37 * * * *", "at 7 and 37 minutes past the hour"),
        ("20 3 * * *", "daily at 03:20 (UTC)"),
        ("daily 23:59 Europe/Berlin", "daily at 23:59 (Europe/Berlin)"),
        ("weekly sunday 23:59", "weekly on Sunday at 23:59 (UTC)"),
        ("0 */6 * * *", "every 6 hours"),
        ("30 2 * * mon-fri", "at 02:30, Monday through Friday (UTC)"),
        ("after match_fetcher", "after each completed run of match_fetcher"),
    ],
)
def test_a_schedule_is_told_in_plain_words(text, words):
    assert describing.describe(slots.parse_any(text)) == words


def test_the_words_are_english_whatever_the_language_of_the_process(monkeypatch):
    monkeypatch.setattr("locale.getlocale", lambda: ("de_DE", "UTF-8"))
    assert describing.describe(slots.parse("0 3 1 * *")) == "at 03:00, on day 1 of the month (UTC)"


@given(st.lists(st.text("0123456789*,/-", min_size=1, max_size=6), min_size=5, max_size=5))
def test_every_crontab_that_is_read_can_be_told(fields):
    try:
        schedule = slots.parse(" ".join(fields))
    except slots.BadSchedule:
        return
    assert describing.describe(schedule)

"""Instants on pages: UTC as sent, and what the script needs to tell them in the reader's own time."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.template import Context, Template

from riotwatch_pages import times

AT = datetime(2026, 3, 28, 23, 5, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("day", "2026-03-28 UTC"),
        ("minute", "2026-03-28 23:05 UTC"),
        ("second", "2026-03-28 23:05:09 UTC"),
        ("clock", "23:05:09 UTC"),
        ("weekday", "Sat 2026-03-28 23:05:09 UTC"),
    ],
)
def test_an_instant_is_told_in_utc_with_all_of_it_at_the_pointer(form, text):
    html = times.instant(AT.astimezone(timezone(timedelta(hours=5))), form)
    assert f">{text}</time>" in html
    assert 'title="2026-03-28 23:05:09 UTC"' in html
    assert f'data-rw-time="{form}"' in html


def test_no_instant_is_nothing_so_that_a_default_can_stand_in():
    template = Template('{% load times %}{{ at|instant|default:"not yet" }}, {{ at|age|default:"never" }}')
    assert template.render(Context({"at": None})) == "not yet, never"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "now"), (-59, "59 s ago"), (240, "in 4 min"), (-3 * 3600 - 59, "3 h ago")]
)
def test_how_far_away_an_instant_is(seconds, text):
    assert f">{text}</time>" in times.age(AT + timedelta(seconds=seconds), AT)


@pytest.mark.parametrize(("seconds", "text"), [(4.21, "4.2 s"), (185, "3 min 5 s"), (7200, "2 h"), (-1, "0.0 s")])
def test_spans_are_told_in_their_two_largest_units(seconds, text):
    assert times.span(seconds) == text

"""Columns over time: scale, geometry and the same figures as text."""

from datetime import UTC, datetime, timedelta

import pytest
from django.template.loader import render_to_string

from riotwatch_pages.plots import nice, plot

STARTS = [datetime(2026, 3, 28, hour, tzinfo=UTC) for hour in range(4)]


@pytest.mark.parametrize(("value", "end"), [(0, 1), (0.4, 1), (1.2, 2), (37, 50), (50, 50), (51, 100), (7301, 10_000)])
def test_a_scale_ends_at_the_next_round_number(value, end):
    assert nice(value) == end


def drawn(values):
    return plot("p", "Matches", text="7 in all", values=values, starts=STARTS, form="{:,.0f}", length="4 hours")


def test_a_column_stands_where_something_is_known_and_a_zero_is_told_but_not_drawn():
    shown = drawn({STARTS[1]: 1, STARTS[2]: 0, STARTS[3]: 2})
    assert shown.path == "M25.00 100V50.0h20.00V100zM75.00 100V0.0h20.00V100z"
    assert [(column.since, column.text) for column in shown.columns] == [
        (STARTS[3], "2"),
        (STARTS[2], "0"),
        (STARTS[1], "1"),
    ]


def test_who_does_not_see_the_drawing_reads_title_text_and_figures():
    html = render_to_string("riotwatch_pages/plot.html", {"plot": drawn({STARTS[0]: 7})})
    assert '<title id="p-title">Matches</title>' in html
    assert '<desc id="p-text">7 in all</desc>' in html
    assert "2026-03-28 00:00 UTC</time></td><td>7</td>" in html


def test_nothing_known_draws_nothing_and_offers_no_figures():
    html = render_to_string("riotwatch_pages/plot.html", {"plot": drawn({})})
    assert 'd=""' in html
    assert "<details>" not in html


def test_a_value_above_a_given_top_does_not_leave_the_drawing():
    over = plot("p", "t", text="", values={STARTS[0]: 1.2}, starts=STARTS[:1], form="{:.0%}", length="", top=1.0)
    assert over.path == "M0.00 100V0.0h80.00V100z"
    assert over.columns[0].since + timedelta(hours=1) == STARTS[1]
    assert over.columns[0].text == "120%"

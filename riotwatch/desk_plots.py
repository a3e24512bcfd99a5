"""What the home page draws: how the key's budget was used, and how much was fetched and judged."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from riotwatch_pages.plots import Plot, plot
from riotwatch_players import budget_history
from riotwatch_players.budget_history import HostUse
from riotwatch_players.models import Analysis, Match
from riotwatch_players.slices import Span, per_slice

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Choice:
    """A span that can be looked at."""

    key: str
    title: str
    length: timedelta
    slice: timedelta


CHOICES = (
    Choice("24h", "24 hours", 24 * HOUR, HOUR),
    Choice("7d", "7 days", 7 * 24 * HOUR, 6 * HOUR),
)


def chosen(key: str | None) -> Choice:
    """The span of this key; the shortest for any other."""
    return next((choice for choice in CHOICES if choice.key == key), CHOICES[0])


def budget(choice: Choice, *, now: datetime) -> list[Plot]:
    """A plot per host: the share of what was possible."""
    span = Span.up_to(now, length=choice.length, slice=choice.slice)
    return [_budget(use, choice, span) for use in budget_history.of_hosts(span)]


def _budget(use: HostUse, choice: Choice, span: Span) -> Plot:
    blocked = f"; nothing was granted in {use.minutes_blocked} min" if use.minutes_blocked else ""
    return plot(
        f"rw-budget-{use.host}",
        use.host,
        text=f"{use.mean:.0%} of what was possible were taken on average, {use.peak:.0%} at most{blocked}",
        values=use.slices,
        starts=span.starts,
        form="{:.0%}",
        length=choice.title,
        top=1.0,
    )


def throughput(choice: Choice, *, now: datetime) -> list[Plot]:
    """Matches stored and analyses made, per hour."""
    span = Span.up_to(now, length=choice.length, slice=choice.slice)
    return [
        _rate("rw-matches", "Matches stored per hour", per_slice(Match, "stored_at", span), choice, span),
        _rate("rw-analyses", "Analyses per hour", per_slice(Analysis, "analyzed_at", span), choice, span),
    ]


def _rate(identity: str, title: str, counts: dict[datetime, int], choice: Choice, span: Span) -> Plot:
    total, hours = sum(counts.values()), choice.slice / HOUR
    return plot(
        identity,
        title,
        text=f"{total:,} in {choice.title}, {total / (choice.length / HOUR):,.0f} per hour",
        values={start: count / hours for start, count in counts.items()},
        starts=span.starts,
        form="{:,.0f}",
        length=choice.title,
    )

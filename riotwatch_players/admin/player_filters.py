"""What the list of players can be narrowed to: the product's words, each one a named set of players."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.http import HttpRequest
from django.utils import timezone

from riotwatch_players.detection.words import Verdict
from riotwatch_players.labels import words
from riotwatch_players.models import PlayerQuerySet, Stage
from riotwatch_players.models.players import STUCK_AFTER
from riotwatch_players.riot.routing import PLATFORMS

Narrowing = Callable[[PlayerQuerySet], PlayerQuerySet]


class NamedSets(SimpleListFilter):
    """A filter whose values are named sets; a value that there is not, narrows to nobody."""

    sets: Mapping[str, tuple[str, Narrowing]]
    """Value to what people read and what it narrows to."""

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        """The values on offer."""
        del request, model_admin
        return [(value, title) for value, (title, _) in self.sets.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:  # noqa: ANN401 - a PlayerQuerySet
        """Narrow down."""
        del request
        value = self.value()
        if value is None:
            return queryset
        _, narrow = self.sets.get(value, ("", PlayerQuerySet.none))
        return narrow(queryset)


class WatchedFilter(NamedSets):
    """How players are watched."""

    title = "state"
    parameter_name = "watched"
    sets = {
        "tracked": ("Tracked", PlayerQuerySet.tracked),
        "discovered": ("Discovered", PlayerQuerySet.discovered),
        "known": ("Merely known", PlayerQuerySet.merely_known),
        "paused": ("Paused", PlayerQuerySet.paused),
        "unavailable": ("Account unavailable", PlayerQuerySet.unavailable),
        "not_resolving": ("Account does not resolve", PlayerQuerySet.not_resolving),
    }


def _with_verdict(verdict: str) -> Narrowing:
    return lambda players: players.filter(verdict=verdict)


class VerdictFilter(NamedSets):
    """What the newest analysis recommends."""

    title = "verdict"
    parameter_name = "verdict"
    sets = {
        "flagged": ("Flagged", PlayerQuerySet.flagged),
        **{one.value: (words(one.value).capitalize(), _with_verdict(one.value)) for one in Verdict},
        "none": ("Not analyzed", _with_verdict("")),
    }


def _in_stage(stage: Stage) -> Narrowing:
    return lambda players: players.in_stage(stage)


class StageFilter(NamedSets):
    """How far players have come."""

    title = "stage"
    parameter_name = "stage"
    sets = {
        Stage.MATCHES: ("Waiting for matches", _in_stage(Stage.MATCHES)),
        Stage.RANK: ("Waiting for rank", _in_stage(Stage.RANK)),
        Stage.ANALYSIS: ("Waiting for analysis", _in_stage(Stage.ANALYSIS)),
        Stage.ANALYZED: ("Analyzed", _in_stage(Stage.ANALYZED)),
    }


class StuckFilter(NamedSets):
    """Who has been waiting for too long."""

    title = "stuck"
    parameter_name = "stuck"
    sets = {"1": (f"Waiting for more than {STUCK_AFTER.days} days", lambda players: players.stuck(now=timezone.now()))}


def _on(platform: str) -> Narrowing:
    return lambda players: players.filter(platform=platform)


class PlatformFilter(NamedSets):
    """Where players play."""

    title = "platform"
    parameter_name = "platform"
    sets = {name: (name, _on(name)) for name in PLATFORMS}


QUICK_FILTERS = (
    ("Tracked", "watched=tracked"),
    ("Discovered", "watched=discovered"),
    ("Flagged", "verdict=flagged"),
    ("Stuck", "stuck=1"),
    ("Not resolving", "watched=not_resolving"),
)
"""What people look for most, a click away."""

FILTERS = (WatchedFilter, VerdictFilter, StageFilter, StuckFilter, PlatformFilter)

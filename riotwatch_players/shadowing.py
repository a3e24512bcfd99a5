"""How a model that judges in the shadow differs from those whose verdicts were given."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Avg, Count, F, Max, Min
from django.db.models.functions import Abs

from riotwatch_players.models import DetectionModel


@dataclass(frozen=True)
class Change:
    """So many analyses would have come to another verdict; a player may have several."""

    given: str
    shadow: str
    analyses: int


@dataclass(frozen=True)
class Difference:
    """Between two scores of the same history, in points of 100."""

    mean: float
    largest: float


@dataclass(frozen=True)
class Comparison:
    """Over all analyses beside which the shadow judged."""

    judged: int
    since: datetime
    changes: tuple[Change, ...]
    """The most frequent first."""
    smurf: Difference | None
    boosted: Difference | None
    """None where no history was long enough for scores."""

    @property
    def changed(self) -> int:
        """Analyses with another verdict."""
        return sum(one.analyses for one in self.changes)


def comparison(model: DetectionModel) -> Comparison | None:
    """What the model's shadow came to; None before it judged anybody."""
    rows = model.shadow_judgements.order_by()
    names = {f"{name}_score": Abs(F(f"{name}_score") - F(f"analysis__{name}_score")) for name in ("smurf", "boosted")}
    found = rows.aggregate(
        judged=Count("pk"),
        since=Min("analysis__analyzed_at"),
        **{f"{name}_mean": Avg(difference) for name, difference in names.items()},
        **{f"{name}_largest": Max(difference) for name, difference in names.items()},
    )
    if not found["judged"]:
        return None
    changed = rows.exclude(verdict=F("analysis__verdict")).values_list("analysis__verdict", "verdict")
    counted = changed.annotate(analyses=Count("pk")).order_by("-analyses", "analysis__verdict", "verdict")
    return Comparison(
        judged=found["judged"],
        since=found["since"],
        changes=tuple(Change(*row) for row in counted),
        smurf=_difference(found["smurf_score_mean"], found["smurf_score_largest"]),
        boosted=_difference(found["boosted_score_mean"], found["boosted_score_largest"]),
    )


def _difference(mean: float | None, largest: float | None) -> Difference | None:
    return None if mean is None or largest is None else Difference(mean, largest)

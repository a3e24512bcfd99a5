"""The model card: everything that turns signals into a verdict, as one immutable, versioned document.

A card is a JSON object (its schema: `ModelCard.model_json_schema()`). `cards` reads, checks and writes it.
"""

from collections.abc import Mapping
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, field_validator, model_validator

from riotwatch_players.detection.baseline import Baseline, BaselineTable

REFERENCE_PRIOR = 0.20
"""Scores are shown as if one account in five were of the kind: with nothing known a score is about 20."""

KNOTS = (-4.0, -1.0, 0.0, 1.0, 2.0, 4.0)
"""Where terms bend, in standardized signals."""
FEW, MANY = 20, 100
"""Games after which a bias is told."""

Share = Annotated[float, Field(gt=0, lt=1)]
Score = Annotated[float, Field(ge=0, le=100)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Term(_Part):
    """What one signal s adds to the log-odds: a line through `values` at x = KNOTS, where x = (s - mean) / scale.

    Below the first and above the last knot it goes no further: nothing alone decides. At 0, the neutral value, it adds
    nothing. A signal that is not known adds `missing` instead, which is never positive: being told less never speaks
    against an account.
    """

    mean: FiniteFloat
    scale: Annotated[FiniteFloat, Field(gt=0)]
    values: Annotated[tuple[FiniteFloat, ...], Field(min_length=len(KNOTS), max_length=len(KNOTS))]
    missing: Annotated[FiniteFloat, Field(le=0)] = 0.0

    @field_validator("values")
    @classmethod
    def _neutral(cls, values: tuple[float, ...]) -> tuple[float, ...]:
        if values[KNOTS.index(0.0)] != 0:
            raise ValueError("what is usual (x = 0) must add nothing")
        return values


class Pair(_Part):
    """Two signals that say more together than each alone: adds weight · √(a · b), a and b being their x above 0.

    Half of it counts as each signal's contribution. Where one of them is not known, nothing is added.
    """

    signals: tuple[str, str]
    weight: Annotated[FiniteFloat, Field(ge=0)]


class Bias(_Part):
    """Log-odds of an account that nothing speaks for or against: after FEW and after MANY games, else between.

    In between by the logarithm of the number of games, and not beyond.
    """

    few: FiniteFloat
    many: FiniteFloat


class Thresholds(_Part):
    """Scores from which on a verdict is given, by the share of the simulated ladder's negatives above them."""

    watch: Score
    """5 % of the accounts that are not of the kind reach it."""
    likely: Score
    """1 %."""
    strong: Score
    """0.1 %."""

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if not self.watch <= self.likely <= self.strong:
            raise ValueError("watch, likely and strong must not fall")
        return self


class Platt(_Part):
    """Calibration on a split that was not trained on: log-odds = slope · raw + offset."""

    slope: Annotated[FiniteFloat, Field(gt=0)]
    offset: FiniteFloat


class Target(_Part):
    """One question that is asked about an account."""

    bias: Bias
    terms: Annotated[Mapping[str, Term], Field(min_length=1)]
    """By signal."""
    pairs: tuple[Pair, ...] = ()
    platt: Platt
    prevalence: Share
    """Of such accounts in the training mix; probabilities are at this prior."""
    thresholds: Thresholds

    @model_validator(mode="after")
    def _pairs_of_terms(self) -> Self:
        for pair in self.pairs:
            for name in pair.signals:
                if name not in self.terms:
                    raise ValueError(f"pairs: {name!r} has no term")
        return self


class LevelBand(_Part):
    """What ranks are usual at a summoner level, in tiers above Iron IV."""

    below: Annotated[int, Field(gt=0)]
    """The band reaches up to this level, exclusively, from the band before."""
    mean: FiniteFloat
    sd: Annotated[FiniteFloat, Field(gt=0)]


class Golden(_Part):
    """A vector of signals whose scores a card must reproduce, so that a card and the code that reads it agree."""

    signals: Mapping[str, FiniteFloat | None]
    games: Annotated[int, Field(ge=1)]
    smurf_score: Score
    boosted_score: Score
    smurf_p: Annotated[float, Field(ge=0, le=1)]
    boosted_p: Annotated[float, Field(ge=0, le=1)]


class ModelCard(_Part):
    """One model. Compare cards by `version_hash`, never by counts or dates."""

    schema_version: Literal[2]
    """1 had other terms; such a card cannot be used any more."""
    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,23}$")]
    version: Annotated[str, Field(pattern=r"^\d{1,4}\.\d{1,4}\.\d{1,4}$")]
    created: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    created_by: str
    smurf: Target
    boosted: Target
    level_bands: Annotated[tuple[LevelBand, ...], Field(min_length=1)]
    baseline_table: BaselineTable
    min_games: Annotated[int, Field(ge=1)] = 20
    """With fewer games there is no verdict."""
    min_games_likely: Annotated[int, Field(ge=1)] = 30
    """With fewer the verdict is `watch` at most."""
    hysteresis: Annotated[float, Field(gt=0, le=1)] = 0.7
    """A verdict is left only below this share of the score that it was entered at."""
    metrics: Mapping[str, Any]
    """Measured when the card was made, on the simulated ladder: per world, and the worst."""
    limits: tuple[str, ...]
    """What the model must not be used for, and what it has not been measured on."""
    golden: Golden
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """Of the document without this key, as `cards.canonical` writes it."""

    @field_validator("level_bands")
    @classmethod
    def _rising(cls, bands: tuple[LevelBand, ...]) -> tuple[LevelBand, ...]:
        if any(lower.below >= upper.below for lower, upper in pairwise(bands)):
            raise ValueError("each band must reach further up than the one before")
        return bands

    @property
    def name(self) -> str:
        """`<id>-<version>`, which another document may share."""
        return f"{self.id}-{self.version}"

    @property
    def version_hash(self) -> str:
        """Name and the beginning of the hash: equal for equal documents only; analyses store it (≤ 60 characters)."""
        return f"{self.name}+{self.sha256[:8]}"

    @cached_property
    def baseline(self) -> Baseline:
        """The baseline table as arrays."""
        return Baseline(self.baseline_table)

    def with_baseline(self, table: BaselineTable, *, level_bands: tuple[LevelBand, ...] | None = None) -> "ModelCard":
        """The same model over another baseline, and usual ranks; name and hash stay those of the model."""
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        own = {"baseline_table": table, "level_bands": level_bands or self.level_bands}
        # A copy of the instance would keep what `baseline` has cached.
        return self.model_construct(**fields | own)

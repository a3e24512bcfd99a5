"""A span of time up to now in slices of one length, and counting rows by them in the database."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Count, DateTimeField, F, Func, Model, Value

EPOCH = datetime(2000, 1, 3, tzinfo=UTC)
"""Slices begin at whole multiples of their length from here, so that they stay while the span moves on."""


@dataclass(frozen=True)
class Span:
    """From `since` to `until`, both at the border of a slice; the last slice is not over yet."""

    since: datetime
    until: datetime
    slice: timedelta

    @classmethod
    def up_to(cls, now: datetime, *, length: timedelta, slice: timedelta) -> "Span":  # noqa: A002 - what it is
        """The last `length`, with the slice that `now` is in."""
        until = EPOCH + ((now - EPOCH) // slice + 1) * slice
        return cls(until - length, until, slice)

    @property
    def starts(self) -> list[datetime]:
        """Where the slices begin."""
        return [self.since + number * self.slice for number in range((self.until - self.since) // self.slice)]

    def slice_of(self, field: str) -> Func:
        """In SQL, the beginning of the slice that a field's instant is in."""
        terms = (Value(self.slice), F(field), Value(EPOCH))
        return Func(*terms, function="date_bin", output_field=DateTimeField())


def per_slice(model: type[Model], field: str, span: Span) -> dict[datetime, int]:
    """How many rows each slice holds; slices without rows are absent."""
    within = model._default_manager.filter(**{f"{field}__gte": span.since, f"{field}__lt": span.until})
    sliced = within.order_by().annotate(slice=span.slice_of(field)).values_list("slice")
    return dict(sliced.annotate(rows=Count("pk")))

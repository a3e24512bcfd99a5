"""Pages by cursor: where the last one ended, not how many rows to skip, so rows that come meanwhile shift nothing."""

import base64
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

import pydantic
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from ninja import Schema

from riotwatch_api.problems import Problem, bad_field

LONGEST_PAGE = 200
DEFAULT_PAGE = 50
_REMEDY = "this is no cursor of this list: send `next_cursor` of the page before as it was, or leave it out"

T = TypeVar("T")
Limit = Annotated[int, pydantic.Field(ge=1, le=LONGEST_PAGE, description="Most rows of a page.")]
CursorText = Annotated[
    str, pydantic.Field(max_length=300, description="`next_cursor` of the page before; empty: from the beginning.")
]


class Paging(Schema):
    """Which page of a list."""

    limit: Limit = DEFAULT_PAGE
    cursor: CursorText = ""


class Page(Schema, Generic[T]):
    """Some rows of a list, and how to go on."""

    items: list[T]
    next_cursor: str | None = pydantic.Field(None, description="For the page after this one; null: there is none.")


def page_of(
    rows: QuerySet[Any],
    paging: Paging,
    show: Callable[[Any], T],
    *,
    by: Sequence[str] = ("id",),
    newest_first: bool = True,
) -> dict[str, Any]:
    """One page of rows, ordered by the fields `by`, which together tell rows apart; raises Problem."""
    sign, comparison = ("-", "lt") if newest_first else ("", "gt")
    if paging.cursor:
        rows = rows.filter(_behind(_values(rows.model, by, paging.cursor), comparison))
    found = list(rows.order_by(*(f"{sign}{name}" for name in by))[: paging.limit + 1])
    more = len(found) > paging.limit
    shown = found[: paging.limit]
    return {"items": [show(row) for row in shown], "next_cursor": _cursor(shown[-1], by) if more else None}


def _behind(values: dict[str, Any], comparison: str) -> Q:
    """(a, b) < (x, y) in a form that any index on (a, b) serves."""
    behind, equal = Q(), Q()
    for name, value in values.items():
        behind |= equal & Q(**{f"{name}__{comparison}": value})
        equal &= Q(**{name: value})
    return behind


def _cursor(row: Model, by: Sequence[str]) -> str:
    text = json.dumps([str(getattr(row, name)) for name in by])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _values(model: type[Model], by: Sequence[str], cursor: str) -> dict[str, Any]:
    try:
        texts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise _not_ours()
        values = [model._meta.get_field(name).to_python(text) for name, text in zip(by, texts, strict=True)]  # type: ignore[union-attr]
    except (ValueError, ValidationError):
        raise _not_ours() from None
    if any(value is None for value in values):
        raise _not_ours()
    return dict(zip(by, values, strict=True))


def _not_ours() -> Problem:
    return bad_field("cursor", _REMEDY)

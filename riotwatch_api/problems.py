"""Every error of the API, in the form of RFC 9457 (`application/problem+json`)."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import pydantic
from django.http import HttpResponse

MEDIA_TYPE = "application/problem+json"
URN = "urn:riotwatch:problem:"
KINDS = {
    "bad-request": (HTTPStatus.BAD_REQUEST, "The request cannot be read"),
    "unauthenticated": (HTTPStatus.UNAUTHORIZED, "No valid API key"),
    "forbidden": (HTTPStatus.FORBIDDEN, "Your role does not allow this"),
    "not-found": (HTTPStatus.NOT_FOUND, "There is no such thing"),
    "method-not-allowed": (HTTPStatus.METHOD_NOT_ALLOWED, "This address has no such method"),
    "conflict": (HTTPStatus.CONFLICT, "It cannot be done as things stand"),
    "bad-input": (HTTPStatus.UNPROCESSABLE_ENTITY, "Something in the request is not accepted"),
    "error": (HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong here"),
    "riot-unavailable": (HTTPStatus.SERVICE_UNAVAILABLE, "Riot cannot be asked now"),
    "unavailable": (HTTPStatus.SERVICE_UNAVAILABLE, "The system cannot answer now"),
}


class FieldError(pydantic.BaseModel):
    """What is wrong with one field, and what to do about it."""

    field: str = pydantic.Field(examples=["config.tracked_depth"])
    message: str = pydantic.Field(examples=["Input should be less than or equal to 5000"])


class ProblemOut(pydantic.BaseModel):
    """RFC 9457: what went wrong, and what to do about it."""

    type: str = pydantic.Field(examples=[f"{URN}bad-input"], description="Stable; one for each kind of problem.")
    title: str = pydantic.Field(examples=["Something in the request is not accepted"])
    status: int = pydantic.Field(examples=[422])
    detail: str = pydantic.Field(description="This occurrence, with the remedy.")
    errors: list[FieldError] = pydantic.Field(default=[], description="By field, where fields are the problem.")


class Problem(Exception):
    """Raise it anywhere below a handler; it becomes the response."""

    def __init__(
        self, kind: str, detail: str, *, errors: Sequence[FieldError] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        """`kind` is one of KINDS."""
        self.kind = kind
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        super().__init__(detail)

    @property
    def status(self) -> int:
        """The HTTP status."""
        return KINDS[self.kind][0].value

    def response(self) -> HttpResponse:
        """As it is sent."""
        _, title = KINDS[self.kind]
        body = ProblemOut(
            type=URN + self.kind, title=title, status=self.status, detail=self.detail, errors=list(self.errors)
        )
        return HttpResponse(body.model_dump_json(), status=self.status, content_type=MEDIA_TYPE, headers=self.headers)


def bad_field(field: str, message: str) -> Problem:
    """One field is not accepted."""
    return Problem("bad-input", f"{field}: {message}", errors=[FieldError(field=field, message=message)])


def of_validation(errors: Sequence[Mapping[str, Any]]) -> Problem:
    """From the errors of pydantic; what was sent is never repeated, for it may be a secret."""
    found = [FieldError(field=_field_of(error["loc"]), message=_message_of(error)) for error in errors]
    text = "; ".join(f"{one.field}: {one.message}" for one in found)
    return Problem("bad-input", text, errors=found)


def _field_of(location: Sequence[object]) -> str:
    """Without where it stood and what our parameter is called: `config.apples`, not `body.wanted.config.apples`."""
    parts = [str(part) for part in location]
    own = parts[2:] if parts[:1] == ["body"] and len(parts) > 2 else parts[1:]
    return ".".join(own) or "body"


def _message_of(error: Mapping[str, Any]) -> str:
    message = str(error["msg"])
    if error["type"] == "extra_forbidden":
        return "no such field here: leave it out, or see the documentation for the fields there are"
    return message.removeprefix("Value error, ")


def is_problem(response: Any) -> bool:  # noqa: ANN401 - any of Django's responses
    """Whether a response has this form already."""
    return bool(response.headers.get("Content-Type", "").startswith(MEDIA_TYPE))


def kind_of_status(status: int) -> str:
    """For errors that Django itself answers."""
    for kind, (known, _) in KINDS.items():
        if known == status:
            return kind
    return "error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "bad-request"


def example(kind: str, detail: str) -> dict[str, Any]:
    """For the documentation."""
    example_of: dict[str, Any] = json.loads(Problem(kind, detail).response().content)
    return example_of

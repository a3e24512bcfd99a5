"""Messages to people: what was told to whom and what became of it; tests; sending again."""

from datetime import datetime
from http import HTTPStatus
from typing import Any, Literal

import pydantic
from django.http import Http404, HttpRequest, HttpResponse
from ninja import Query, Router, Schema

from riotwatch_api.access import allow
from riotwatch_api.application import needs
from riotwatch_api.fields import RowId, Text, Wanted
from riotwatch_api.models import Role
from riotwatch_api.paging import Page, Paging, page_of
from riotwatch_api.problems import Problem, bad_field
from riotwatch_messages import operating, targets
from riotwatch_messages.models import Message

router = Router(tags=["Messages"])

StateText = Literal["pending", "sent", "failed"]


class MessageOut(Schema):
    """One message to one target."""

    id: int
    event: str = pydantic.Field(examples=["account_flagged"])
    level: str = pydantic.Field(examples=["warning"])
    subject: str = pydantic.Field(description="What it is about.", examples=["player:12"])
    text: str
    target: str = pydantic.Field(description="A name of NOTIFY_URLS; addresses are never told.", examples=["phone"])
    state: StateText
    attempts: int
    why: str = pydantic.Field(description="What the last attempt met; empty: nothing, or it was sent.")
    created_at: datetime
    next_try_at: datetime
    sent_at: datetime | None


class MessageFilter(Paging):
    """Which messages."""

    state: StateText | None = None
    event: Text | None = pydantic.Field(None, max_length=40)
    target: Text | None = pydantic.Field(None, max_length=40)
    subject: Text | None = pydantic.Field(None, max_length=120, examples=["job:match_fetcher"])


class TestIn(Wanted):
    """Whom to."""

    target: Text = pydantic.Field(max_length=40, examples=["phone"])


@router.get("/messages", response=Page[MessageOut], summary="List messages to people", openapi_extra=needs(Role.VIEWER))
def list_messages(request: HttpRequest, chosen: Query[MessageFilter]) -> dict[str, Any]:
    """Newest first; they are kept for 30 days."""
    allow(request, Role.VIEWER)
    given = chosen.model_dump(include={"state", "event", "target", "subject"}, exclude_none=True)
    return page_of(Message.objects.filter(**given), chosen, MessageOut.from_orm)


@router.post(
    "/messages/test", response={202: MessageOut}, summary="Send a test message", openapi_extra=needs(Role.OPERATOR)
)
def send_test_message(request: HttpRequest, response: HttpResponse, wanted: TestIn) -> Message:
    """Housekeeping sends it within seconds: ask for the message to see whether it arrived."""
    caller = allow(request, Role.OPERATOR)
    if wanted.target not in targets.configured():
        names = ", ".join(targets.configured()) or "none"
        raise bad_field("target", f"NOTIFY_URLS has no target of this name; there are: {names}")
    response.status_code = HTTPStatus.ACCEPTED
    return operating.send_test(wanted.target, by=caller.name, user_id=caller.user.pk)


@router.get(
    "/messages/{message_id}", response=MessageOut, summary="Look at a message", openapi_extra=needs(Role.VIEWER)
)
def get_message(request: HttpRequest, message_id: RowId) -> Message:
    """And what became of it."""
    allow(request, Role.VIEWER)
    return _message(message_id)


@router.post(
    "/messages/{message_id}/retry",
    response={202: MessageOut},
    summary="Send a failed message again",
    openapi_extra=needs(Role.OPERATOR),
)
def send_message_again(request: HttpRequest, response: HttpResponse, message_id: RowId) -> Message:
    """As if it were new; one that waits or was sent is refused."""
    caller = allow(request, Role.OPERATOR)
    _message(message_id)
    if not operating.send_again(Message.objects.filter(pk=message_id), user_id=caller.user.pk):
        raise Problem("conflict", "only a message that has failed is sent again")
    response.status_code = HTTPStatus.ACCEPTED
    return _message(message_id)


def _message(message_id: int) -> Message:
    found = Message.objects.filter(pk=message_id).first()
    if found is None:
        raise Http404(f"there is no message {message_id}")
    return found

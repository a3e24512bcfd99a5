"""Who asks, and what they may: a key in `X-API-Key`, or a session of the admin with CSRF.

Handlers begin with `allow(request, role)`: nothing else lets anybody do anything.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from ninja.security import APIKeyCookie, APIKeyHeader
from ninja.utils import check_csrf

from riotwatch_api import keys
from riotwatch_api.models import ApiKey, Role
from riotwatch_api.problems import Problem

HEADER = "X-API-Key"
_REMEDY = f"send a key in the header {HEADER}: manage.py create_api_key makes one, and so does the admin under API keys"


@dataclass(frozen=True)
class Caller:
    """Who asks."""

    user: User
    role: Role
    key: ApiKey | None
    """None: signed in to the admin."""

    @property
    def name(self) -> str:
        """As it is shown beside what they did."""
        return f"{self.user.get_username()} (API key {self.key.name})" if self.key else self.user.get_username()

    @property
    def is_admin(self) -> bool:
        """Whether they see and change what belongs to others."""
        return self.role == Role.ADMIN


def allow(request: HttpRequest, role: Role) -> Caller:
    """Who asks, if they may do what `role` may; raises Problem."""
    caller = getattr(request, "auth", None)
    if not isinstance(caller, Caller):
        raise Problem("unauthenticated", _REMEDY)
    if not caller.role.covers(role):
        raise Problem("forbidden", f"this takes the role {role.value}; {caller.name} is {caller.role.value}")
    return caller


def unauthenticated() -> Problem:
    """Nobody is known by what was sent."""
    return Problem("unauthenticated", _REMEDY, headers={"WWW-Authenticate": f'ApiKey header="{HEADER}"'})


class KeyInHeader(APIKeyHeader):
    """Somebody's key; a wrong one is refused, whoever is signed in beside it."""

    param_name = HEADER
    openapi_description = "A key from `manage.py create_api_key` or from the admin, under API keys."

    def authenticate(self, request: HttpRequest, key: str | None) -> Caller | None:
        """The key's owner, with no more than the owner's rights."""
        if key is None:
            return None
        found = keys.find(key, now=timezone.now())
        caller = _caller(found.owner, found) if found else None
        if caller is None:
            raise unauthenticated()
        request.user = caller.user
        return caller


class SessionOfAdmin(APIKeyCookie):
    """Somebody signed in to the admin, as in the browsable documentation."""

    def __init__(self) -> None:
        """What changes something takes a CSRF token as well."""
        super().__init__(csrf=True)

    def __call__(self, request: HttpRequest) -> Caller | None:
        """Who is signed in; without anybody there is nothing to forge."""
        user = request.user
        caller = _caller(user, None) if isinstance(user, User) and user.is_staff else None
        if caller is not None and check_csrf(request) is not None:
            raise Problem("forbidden", "a session needs a CSRF token in X-CSRFToken; or use an API key")
        return caller

    def authenticate(self, request: HttpRequest, key: str | None) -> Caller | None:
        """As `__call__`."""
        del key
        return self(request)


def _caller(user: User, key: ApiKey | None) -> Caller | None:
    own = keys.role_of(user)
    if own is None:
        return None
    given = Role(key.role) if key else own
    return Caller(user, given if own.covers(given) else own, key)


KEY_IN_HEADER, SESSION_OF_ADMIN = KeyInHeader(), SessionOfAdmin()


def for_known_people(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A view for whoever has a key or is signed in; others are sent to the login."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # noqa: ANN401 - any view's
        try:
            caller = KEY_IN_HEADER(request) or SESSION_OF_ADMIN(request)
        except Problem as problem:
            return problem.response()
        return view(request, *args, **kwargs) if caller else redirect_to_login(request.get_full_path())

    return guarded

"""Clients of the API, each with a key."""

import json
from typing import Any

from django.contrib.auth.models import Permission, User
from django.test import Client

from riotwatch_api import keys
from riotwatch_api.models import ApiKey, Role

ROOT = "/api/v1"
RIGHTS = {
    Role.VIEWER: ["view_execution", "view_player"],
    Role.OPERATOR: ["view_execution", "view_player", "change_jobconfiguration", "change_player"],
}


class Caller:
    """Django's test client that sends a key and speaks JSON."""

    def __init__(self, key: str = "", **defaults: Any) -> None:
        self.client = Client(headers={"X-API-Key": key} if key else {}, **defaults)

    def get(self, path: str, headers: dict[str, str] | None = None, **query: Any) -> Any:
        return self.client.get(ROOT + path, query, headers=headers)

    def send(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        data = "" if body is None else json.dumps(body)
        return self.client.generic(method, ROOT + path, data, content_type="application/json", headers=headers)

    def post(self, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        return self.send("POST", path, body, headers)


def account(name: str, role: Role) -> User:
    """Somebody whose rights in the admin amount to a role."""
    if role == Role.ADMIN:
        return User.objects.create_superuser(name)
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=RIGHTS[role]))
    return user


def key_of(owner: User, role: Role, name: str = "test") -> tuple[ApiKey, str]:
    return keys.create(name, role=role, owner=owner, by=owner)


def caller(name: str, role: Role) -> Caller:
    """Somebody new with a key of this role."""
    return Caller(key_of(account(name, role), role)[1])


def problem(response: Any) -> dict[str, Any]:
    """The body of an error, after a look at its form."""
    assert response.headers["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = json.loads(response.content)
    assert body["status"] == response.status_code
    assert body["type"].startswith("urn:riotwatch:problem:")
    assert body["title"]
    assert body["detail"]
    return body

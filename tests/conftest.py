from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission

from riotwatch import log_lines


@pytest.fixture
def admin_user(db, django_user_model):
    """Who `admin_client` is; without a password, whose hashing would take longer than most tests."""
    return django_user_model.objects.create_superuser("admin")


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Callable[[str], list[str]]:
    """A function: what was logged so far with this word in it, as `event field=value`."""
    lines = log_lines.run_lines()
    return lambda word: [line for line in map(lines.format, caplog.records) if word in line]


@pytest.fixture
def viewer(client, django_user_model):
    """A client of somebody who may see everything and change nothing."""
    user = django_user_model.objects.create_user("viewer", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client.force_login(user)
    return client

"""The two addresses for machines."""

import pytest
from django.db import connection, connections

pytestmark = pytest.mark.django_db(transaction=True)

DEAD = "redis://127.0.0.1:9/0"


def test_a_process_that_answers_is_alive(client):
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")


def test_with_database_and_broker_it_is_ready(client):
    response = client.get("/readyz")
    assert (response.status_code, response.content) == (200, b"ready\n")


@pytest.mark.parametrize("address", [DEAD, "unix:///nowhere/at/all.sock", "redis://127.0.0.1:9/not-a-number"])
def test_without_a_broker_it_is_alive_but_not_ready_and_states_no_facts(client, settings, address):
    settings.REDIS_URL = address
    assert client.get("/healthz").status_code == 200
    response = client.get("/readyz")
    assert (response.status_code, response.content) == (503, b"not ready\n")


def test_without_its_tables_it_is_not_ready_and_ready_again_with_them(client):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE job_executions RENAME TO elsewhere")
    try:
        assert client.get("/readyz").status_code == 503
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE elsewhere RENAME TO job_executions")
    assert client.get("/readyz").status_code == 200


def test_after_the_database_dropped_its_connections_it_recovers_by_itself(client):
    connection.ensure_connection()
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
    finally:
        other.close()
    assert client.get("/readyz").status_code == 503
    connection.close_if_unusable_or_obsolete()  # as Django does between requests
    assert client.get("/readyz").status_code == 200


def test_with_a_connection_that_is_closed_already_it_is_not_ready_rather_than_broken(client):
    connection.ensure_connection()
    connection.connection.close()
    assert client.get("/readyz").status_code == 503
    connections.close_all()
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_nothing_is_cached_nothing_can_be_posted_and_nobody_must_sign_in(client, path):
    assert "no-store" in client.get(path)["Cache-Control"]
    assert client.head(path).status_code == 200
    assert client.post(path).status_code == 405
    assert "Set-Cookie" not in client.get(path)


def test_the_root_leads_to_the_admin(client):
    assert client.get("/", follow=True).redirect_chain[0] == ("/admin/", 302)

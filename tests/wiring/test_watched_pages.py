"""Pages that must answer: housekeeping asks, everybody reads."""

from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from listening import listening

from riotwatch import watched_pages
from riotwatch.env import Environment
from riotwatch_jobs import leases
from riotwatch_jobs.models import Heartbeat

pytestmark = pytest.mark.django_db

NOBODY = "http://127.0.0.1:9/"


@pytest.fixture
def look(settings):
    """What is found ill after housekeeping has asked; `later_s` after it last did."""

    def asked(*urls: str, later_s: float = 0):
        settings.WATCHED_URLS = list(urls)
        Heartbeat.objects.update(at=leases.database_now() - timedelta(seconds=later_s))
        leases.beat_heart("housekeeping")
        watched_pages.ask()
        return {finding.part: finding for finding in watched_pages.pages(leases.database_now())}

    return asked


def test_a_page_that_has_not_answered_for_half_a_minute_is_ill_since_it_last_did(look):
    with listening() as (url, _):
        assert not look(f"web={url}")["web"].ill
    assert not look(f"web={NOBODY}", later_s=20)["web"].ill
    found = look(f"web={NOBODY}", later_s=31)["web"]
    assert "does not answer" in found.ill
    assert found.since == Heartbeat.objects.get(kind="page web").at
    assert found.remedy == "start it: web in the Procfile"
    with listening() as (url, _):
        assert not look(f"web={url}")["web"].ill


@pytest.mark.parametrize(("status", "is_ill"), [(401, False), (302, False), (502, True)])
def test_any_answer_of_the_page_itself_counts(look, status, is_ill):
    with listening(status) as (url, _):
        look(f"flower={url}")
        assert bool(look(f"flower={url}", later_s=31)["flower"].ill) is is_ill


def test_while_housekeeping_is_away_nobody_knows(look):
    look(f"web={NOBODY}")
    Heartbeat.objects.update(at=leases.database_now() - timedelta(seconds=300))
    assert [finding.ill for finding in watched_pages.pages(leases.database_now())] == [""]


def test_a_page_that_is_not_watched_any_more_is_forgotten(look):
    assert set(look(f"web={NOBODY}", f"flower={NOBODY}")) == {"web", "flower"}
    assert set(look(f"web={NOBODY}")) == {"web"}
    assert look() == {}


@pytest.mark.parametrize("value", ["web", "web=ftp://somewhere", "http://127.0.0.1/", "web=http://a,flower"])
def test_a_list_that_cannot_be_read_names_the_variable(value):
    with pytest.raises(ImproperlyConfigured, match=r"WATCHED_URLS.*web=http"):
        Environment({"WATCHED_URLS": value}).matching_words(
            "WATCHED_URLS", pattern=r"\w{1,20}=https?://.+", example="web=http://web:8000/healthz"
        )

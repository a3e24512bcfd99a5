"""The path above a page, from its application down to itself."""

import re
from html import unescape

import pytest
from django.urls import reverse
from django.utils.html import strip_tags

from riotwatch_jobs.models import Execution, JobConfiguration
from tests.players import factories

pytestmark = pytest.mark.django_db


def path_of(client, name, *arguments):
    """The names in the path, and the address behind each that is a link."""
    response = client.get(reverse(f"admin:{name}", args=arguments))
    assert response.status_code == 200
    heading = re.search(r"<h1\b.*?</h1>", response.content.decode(), flags=re.DOTALL)
    assert heading
    parts = re.split(r"<span[^>]*>chevron_right</span>", heading[0])
    links = [re.search(r'href="([^"]+)"', part) for part in parts]
    names = [unescape(strip_tags(part)).strip() for part in parts]
    return names, [link and link[1] for link in links]


def test_the_page_of_choices_is_below_the_messages(admin_client):
    names, links = path_of(admin_client, "riotwatch_messages_message_choices")
    assert names == ["Messages", "Who hears of what"]
    assert links == [reverse("admin:riotwatch_messages_message_changelist"), None]


def test_a_run_is_called_by_the_id_of_its_job(admin_client):
    run = Execution.objects.create(
        job_id="ban_checker", trigger="cli", state="COMPLETED", queued_at=factories.NOW, timeout_s=90, deadline_s=90
    )
    names, _ = path_of(admin_client, "riotwatch_jobs_execution_change", run.pk)
    assert names == ["Jobs", "Runs", f"ban_checker run {run.pk}"]


def test_jobs_and_players_are_called_what_they_are_called(admin_client):
    job = JobConfiguration.objects.create(job_id="ban_checker")
    assert path_of(admin_client, "riotwatch_jobs_jobconfiguration_change", job.pk)[0] == ["Jobs", "ban_checker"]
    player = factories.known("ada")
    assert path_of(admin_client, "riotwatch_players_player_change", player.pk)[0] == ["Players", "ada#EUW"]


def test_a_list_of_another_name_stands_below_its_application(admin_client):
    assert path_of(admin_client, "auth_group_changelist")[0] == ["Authentication and Authorization", "Groups"]

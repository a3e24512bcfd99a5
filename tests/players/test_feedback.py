"""What people say about analyses: kept, shown, audited, and read as judgements with their truth."""

import json
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from riotwatch_players import feedback
from riotwatch_players.models import Analysis, DetectionLabel, LabelSource, Question, Says
from tests.players.factories import NOW, known
from tests.players.pages import page, text_of, told

pytestmark = pytest.mark.django_db


def analyzed(player, verdict="likely_smurf", *, score=90.0, days=0):
    return Analysis.objects.create(
        player=player,
        analyzed_at=NOW + timedelta(days=days),
        games_used=40,
        verdict=verdict,
        confidence=0.5,
        smurf_score=score,
        boosted_score=10.0,
        smurf_p=score / 100,
        boosted_p=0.1,
        model_version="made-1.0.0+00000000",
        factors=[],
    )


@pytest.fixture
def flagged():
    return analyzed(known("Ada"))


@pytest.fixture
def moderator(client, django_user_model):
    user = django_user_model.objects.create_user("mo", password="secret", is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(codename__in=["add_detectionlabel", "view_player", "view_analysis"])
    )
    client.force_login(user)
    return client


def say_address(analysis):
    return reverse("admin:riotwatch_players_detectionlabel_say", args=[analysis.pk])


def said(**changes):
    return {"question": "smurf", "says": "wrong", "source": "admin", "note": "a main who came back", **changes}


def test_a_label_is_kept_with_who_said_it_and_shown_on_both_pages_and_in_the_history(moderator, flagged):
    where = page(type(flagged.player), "change", flagged.player_id)
    response = moderator.post(say_address(flagged), said(next=where), follow=True)
    assert response.redirect_chain == [(where, 302)]
    label = DetectionLabel.objects.get()
    assert (label.player, label.analysis, label.question, label.says) == (flagged.player, flagged, "smurf", "wrong")
    assert (label.by.username, label.source, label.note) == ("mo", "admin", "a main who came back")
    entry = LogEntry.objects.get()
    assert entry.object_id == str(flagged.player_id)
    assert "wrong" in entry.change_message
    for text in (text_of(response), text_of(moderator.get(page(Analysis, "change", flagged.pk)))):
        assert "a main who came back" in text
    assert "smurf" not in " ".join(told(response))  # the account is not called names


def test_who_may_not_add_labels_has_no_buttons_and_is_refused(viewer, flagged):
    assert say_address(flagged) not in text_of(viewer.get(page(Analysis, "change", flagged.pk)))
    assert viewer.post(say_address(flagged), said()).status_code == 403
    assert not DetectionLabel.objects.exists()


def test_nobody_labels_without_signing_in_by_a_link_or_without_the_token(client, moderator, flagged, django_user_model):
    assert Client().post(say_address(flagged), said()).status_code == 302
    assert moderator.get(say_address(flagged)).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(django_user_model.objects.get())
    assert strict.post(say_address(flagged), said()).status_code == 403
    assert not DetectionLabel.objects.exists()


@pytest.mark.parametrize(
    ("changes", "told_of"), [({"question": "both"}, "question"), ({"says": ""}, "says"), ({"note": "x" * 1001}, "note")]
)
def test_bad_input_is_named_and_nothing_is_kept(moderator, flagged, changes, told_of):
    response = moderator.post(say_address(flagged), said(**changes), follow=True)
    assert [text.startswith(f"Nothing was kept: {told_of}: ") for text in told(response)] == [True]
    assert not DetectionLabel.objects.exists()


def test_a_foreign_address_to_return_to_is_not_followed(moderator, flagged):
    response = moderator.post(say_address(flagged), said(next="https://example.org/"))
    assert response.url == page(Analysis, "change", flagged.pk)


def test_an_analysis_that_answered_nothing_cannot_be_labeled(moderator):
    short = analyzed(known("Bela"), "insufficient_data")
    response = moderator.post(say_address(short), said(), follow=True)
    assert "too few games" in told(response)[0]
    assert not DetectionLabel.objects.exists()


@pytest.mark.parametrize(
    ("verdict", "question", "says", "truth"),
    [
        ("likely_smurf", Question.SMURF, Says.CONFIRMED, True),
        ("likely_smurf", Question.SMURF, Says.WRONG, False),
        ("likely_smurf", Question.BOOSTED, Says.CONFIRMED, False),
        ("mixed", Question.BOOSTED, Says.WRONG, False),
        ("watch", Question.SMURF, Says.WRONG, True),
        ("normal", Question.BOOSTED, Says.CONFIRMED, False),
    ],
)
def test_the_truth_follows_from_what_the_analysis_answered(admin_user, verdict, question, says, truth):
    labeled(analyzed(known("Ada"), verdict), admin_user, question=question, says=says)
    assert [one.truth for one in feedback.labeled_judgements()] == [truth]


def test_the_newest_label_holds_and_the_newest_analysis_is_measured_by_it(admin_user):
    first = analyzed(known("Ada"), "likely_smurf", score=90.0)
    labeled(first, admin_user, says=Says.CONFIRMED)
    labeled(first, admin_user, says=Says.WRONG, days=1)
    analyzed(first.player, "normal", score=12.0, days=2)
    analyzed(first.player, "insufficient_data", days=3)
    (one,) = feedback.labeled_judgements()
    assert (one.score, one.probability, one.answered, one.truth) == (12.0, 0.12, False, False)
    assert (one.question, one.source, one.model_version) == ("smurf", "admin", "made-1.0.0+00000000")


def labeled(analysis, user, *, question=Question.SMURF, says, days=0):
    now = NOW + timedelta(days=days)
    return feedback.label(analysis, question, says, source=LabelSource.ADMIN, note="", by=user, now=now)


def test_the_command_measures_the_newest_analyses_by_what_people_said(admin_user, capsys):
    for name, verdict, score, says in (
        ("Ada", "likely_smurf", 90.0, Says.CONFIRMED),
        ("Bela", "likely_smurf", 80.0, Says.WRONG),
        ("Cleo", "normal", 30.0, Says.WRONG),
        ("Dana", "normal", 10.0, Says.CONFIRMED),
    ):
        labeled(analyzed(known(name), verdict, score=score), admin_user, says=says)
    call_command("evaluate_detection", "--labels", "--json")
    found = json.loads(capsys.readouterr().out)
    assert found["smurf"] == {
        "labels": 4,
        "positives": 2,
        "flagged": 2,
        "auc": 0.75,
        "precision": 0.5,
        "recall": 0.5,
    }
    assert (found["boosted"]["labels"], found["boosted"]["auc"], found["boosted"]["recall"]) == (0, None, None)
    call_command("evaluate_detection", "--labels")
    assert [line.split() for line in capsys.readouterr().out.splitlines()[2:]] == [
        ["smurf", "4", "2", "2", "0.750", "0.500", "0.500"],
        ["boosted", "0", "0", "0", "-", "-", "-"],
    ]

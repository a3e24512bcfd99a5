"""The pages of detection models: bringing in, comparing, activating, rolling back; who may, and what is left behind."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from riotwatch_players import model_cards
from riotwatch_players.models import Analysis, DetectionModel, ModelState, ShadowJudgement
from tests.players.factories import NOW, known
from tests.players.model_files import brought_in, card_text
from tests.players.pages import page, text_of, told

pytestmark = pytest.mark.django_db


def address(name, *arguments):
    return reverse(f"admin:riotwatch_players_detectionmodel_{name}", args=arguments)


def file(text, name="made.json"):
    return {"card": SimpleUploadedFile(name, text if isinstance(text, bytes) else text.encode())}


def state_of(row):
    return DetectionModel.objects.get(pk=row.pk).state


def test_a_model_is_uploaded_activated_and_rolled_back_with_an_audit(admin_client):
    response = admin_client.post(address("upload"), file(card_text("1.0.0")), follow=True)
    first = DetectionModel.objects.get()
    assert response.redirect_chain[-1][0] == address("change", first.pk)
    assert (first.origin, first.brought_in_by, first.file, first.state) == ("admin", "admin", "made.json", "available")
    second = brought_in("1.0.1")
    for row in (first, second):
        admin_client.post(address("activate", row.pk))
    assert (state_of(first), state_of(second)) == (ModelState.PREVIOUS, ModelState.ACTIVE)
    assert "Roll back" in text_of(admin_client.get(page(DetectionModel)))
    (back,) = re.findall(r'action="([^"]*/back/)"', text_of(admin_client.get(page(DetectionModel))))
    for _ in "sent", "sent again":
        admin_client.post(back)
        assert (state_of(first), state_of(second)) == (ModelState.ACTIVE, ModelState.PREVIOUS)
    of_first = LogEntry.objects.filter(object_id=str(first.pk)).order_by("pk")
    assert [entry.change_message for entry in of_first] == [
        "brought in",
        "activated",
        "activated again (rolled back)",
    ]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{}", "made.json: sha256"),
        (card_text(min_games_likely="many"), "made.json: min_games_likely"),
        (b"\xff\xff", "made.json: no UTF-8 text"),
        (b" " * (model_cards.MOST_BYTES + 1), "made.json: larger than"),
        (b"", "Choose a file"),
    ],
)
def test_a_file_that_is_no_card_is_refused_with_the_reason(admin_client, content, why):
    response = admin_client.post(address("upload"), file(content), follow=True)
    assert len(told(response)) == 1
    assert why in told(response)[0]
    assert not DetectionModel.objects.exists()


def test_what_cannot_be_done_is_said_and_changes_nothing(admin_client):
    row = brought_in()
    model_cards.activate(row, by="ann", now=NOW)
    for name in (
        address("activate", row.pk),
        address("shadow", row.pk),
        address("end_shadow", row.pk),
        address("back", row.pk),
    ):
        response = admin_client.post(name, follow=True)
        assert told(response)[0].startswith("Nothing was changed: ")
    assert state_of(row) == ModelState.ACTIVE


def test_who_may_only_look_changes_nothing_and_links_do_nothing(viewer, admin_client):
    row = brought_in()
    posted = [address("upload"), *(address(verb, row.pk) for verb in ("activate", "back", "shadow"))]
    for name in posted:
        assert viewer.post(name, file(card_text("2.0.0"))).status_code == 403
        assert admin_client.get(name).status_code == 405
    text = text_of(viewer.get(page(DetectionModel, "change", row.pk)))
    assert address("activate", row.pk) not in text
    assert address("upload") not in text_of(viewer.get(page(DetectionModel)))
    assert state_of(row) == ModelState.AVAILABLE
    assert DetectionModel.objects.count() == 1


def test_the_previous_model_is_not_offered_as_a_shadow(admin_client):
    rows = [brought_in(f"1.0.{number}") for number in range(3)]
    for row in rows:
        model_cards.activate(row, by="ann", now=NOW)
    available, previous = rows[:2]
    assert address("shadow", available.pk) in text_of(admin_client.get(page(DetectionModel, "change", available.pk)))
    assert address("shadow", previous.pk) not in text_of(admin_client.get(page(DetectionModel, "change", previous.pk)))


def test_a_shadow_is_compared_with_the_verdicts_that_were_given(admin_client):
    row = brought_in()
    admin_client.post(address("shadow", row.pk))
    assert "Nobody was judged" in text_of(admin_client.get(page(DetectionModel, "change", row.pk)))
    judged(row, given=("normal", 20.0, 10.0), shadow=("watch", 50.0, 12.0))
    judged(row, given=("normal", 30.0, 10.0), shadow=("normal", 20.0, 10.0))
    judged(row, given=("insufficient_data", None, None), shadow=("insufficient_data", None, None))
    response = admin_client.get(page(DetectionModel, "change", row.pk))
    found = response.context["comparison"]
    assert (found.judged, found.changed) == (3, 1)
    assert [(one.given, one.shadow, one.analyses) for one in found.changes] == [("normal", "watch", 1)]
    assert (found.smurf.mean, found.smurf.largest) == (20.0, 30.0)
    assert (found.boosted.mean, found.boosted.largest) == (1.0, 2.0)
    assert "20.0 points apart" in text_of(response)
    admin_client.post(address("end_shadow", row.pk))
    assert state_of(row) == ModelState.AVAILABLE
    assert admin_client.get(page(DetectionModel, "change", row.pk)).context["comparison"] == found


def test_a_model_that_this_code_cannot_use_says_why_and_offers_nothing(admin_client):
    row = brought_in()
    row.document = row.document.replace('"limits"', '"limit"')
    row.save()
    text = text_of(admin_client.get(page(DetectionModel, "change", row.pk)))
    assert "cannot use it: sha256" in text
    assert address("activate", row.pk) not in text


def judged(model, *, given, shadow):
    number = Analysis.objects.count()
    verdict, smurf, boosted = given
    analysis = Analysis.objects.create(
        player=known(f"P{number}"),
        analyzed_at=NOW,
        games_used=30,
        verdict=verdict,
        smurf_score=smurf,
        boosted_score=boosted,
        confidence=0.5,
        factors=[],
    )
    verdict, smurf, boosted = shadow
    ShadowJudgement.objects.create(
        analysis=analysis, model=model, verdict=verdict, smurf_score=smurf, boosted_score=boosted
    )

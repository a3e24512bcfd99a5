"""The page of messages: what became of each, tests, sending again; and who may."""

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from riotwatch_messages import telling
from riotwatch_messages.events import ACCOUNT_FLAGGED
from riotwatch_messages.models import Message
from riotwatch_messages.telling import News
from tests.messages.receiving import TOKEN

pytestmark = pytest.mark.django_db

LIST = reverse("admin:riotwatch_messages_message_changelist")
LIVE = reverse("admin:riotwatch_messages_message_live")
TEST = reverse("admin:riotwatch_messages_message_test")


def text_of(response) -> str:
    return response.content.decode()


def test_without_targets_the_page_says_how_to_name_some(admin_client, settings):
    settings.NOTIFY_URLS = {}
    assert "NOTIFY_URLS=phone=ntfy://topic" in text_of(admin_client.get(LIST))


def test_a_test_is_asked_for_sent_and_seen_to_arrive(admin_client, deliver, phone):
    page = text_of(admin_client.get(LIST))
    assert page.count("nothing was sent yet") == 2
    answer = admin_client.post(TEST, {"target": "phone"}, follow=True)
    assert "A test for phone is on its way" in text_of(answer)
    deliver()
    assert phone.texts == ["Messages to phone arrive. admin asked for this test."]
    rows = text_of(admin_client.get(reverse("admin:riotwatch_messages_message_live_rows")))
    assert "Messages to phone arrive. admin asked" in rows
    page = text_of(admin_client.get(LIVE))
    assert (page.count("arrives"), page.count("nothing was sent yet")) == (1, 1)
    entry = LogEntry.objects.get()
    assert (entry.user.get_username(), entry.change_message) == ("admin", "Sent a test message to phone.")


def test_what_did_not_arrive_is_told_with_the_reason_and_sent_again(admin_client, deliver, phone, settings):
    settings.NOTIFY_URLS |= {"phone": f"nosuch://{TOKEN}"}
    telling.tell(ACCOUNT_FLAGGED, [News("player:1", "Ada#EUW: likely smurf.")])
    deliver()
    page = text_of(admin_client.get(LIST))
    assert "does not arrive" in page
    assert page.count("Apprise cannot read the address of this target") == 2
    assert TOKEN not in page
    settings.NOTIFY_URLS |= {"phone": phone.url}
    chosen = {"action": "send_again", "_selected_action": list(Message.objects.values_list("pk", flat=True))}
    assert "Sent again: 1" in text_of(admin_client.post(LIST, chosen, follow=True))
    deliver()
    assert phone.texts == ["Ada#EUW: likely smurf."]
    assert LogEntry.objects.get().change_message == "Sent again."
    assert "None of them has failed" in text_of(admin_client.post(LIST, chosen, follow=True))


def test_the_list_is_narrowed_by_state_event_and_target(admin_client, deliver, phone):
    telling.tell(ACCOUNT_FLAGGED, [News("player:1", "Ada#EUW: likely smurf.")])
    telling.test("phone", by="ann")
    for query, count in (({"state": "pending"}, 3), ({"event": "test"}, 1), ({"target": "team"}, 1), ({"q": "Ada"}, 2)):
        assert admin_client.get(LIST, query).context["cl"].result_count == count


def test_a_message_has_a_page_and_no_form(admin_client, targets):
    message = telling.test("phone", by="ann")
    page = admin_client.get(reverse("admin:riotwatch_messages_message_change", args=[message.pk]))
    assert "Messages to phone arrive. ann asked for this test." in text_of(page)
    assert "_save" not in text_of(page)


def test_who_may_only_look_can_make_nothing_be_sent(viewer, targets):
    message = telling.test("phone", by="ann")
    Message.objects.update(state="failed")
    assert "Send a test" not in text_of(viewer.get(LIST))
    assert viewer.post(TEST, {"target": "phone"}).status_code == 403
    again = viewer.post(LIST, {"action": "send_again", "_selected_action": [message.pk]})
    assert again.status_code == 403
    assert list(Message.objects.values_list("state", flat=True)) == ["failed"]


def test_a_test_is_posted_and_only_to_a_target_there_is(admin_client, targets):
    assert admin_client.get(TEST).status_code == 405
    assert "NOTIFY_URLS has no target fax" in text_of(admin_client.post(TEST, {"target": "fax"}, follow=True))
    assert not Message.objects.exists()


def test_who_may_not_see_messages_sees_none(client, django_user_model, targets):
    client.force_login(django_user_model.objects.create_user("staff", is_staff=True))
    assert client.get(LIST).status_code == 403
    assert client.get(LIVE).status_code == 403


def test_a_message_leads_to_what_it_is_about(admin_client, targets):
    subjects = ("player:7", "job:match_fetcher", "schedule:3", "part:broker", "key")
    telling.tell(ACCOUNT_FLAGGED, [News(subject, "something happened") for subject in subjects])
    page = text_of(admin_client.get(LIST))
    for address in ("riotwatch_players/player/7", "riotwatch_jobs/jobconfiguration/match_fetcher"):
        assert page.count(f'href="/admin/{address}/change/"') == 2
    assert page.count('href="/admin/django_celery_beat/periodictask/3/change/"') == 2
    assert "part:broker" in page

"""The list of who did what."""

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils.html import strip_tags

from riotwatch_jobs import audit


def test_what_people_did_is_told_in_words(admin_client, admin_user):
    group = Group.objects.create(name="operators")
    changes = [{"changed": {"fields": ["Permissions"]}}]
    LogEntry.objects.log_actions(admin_user.pk, [group], CHANGE, change_message=changes, single_object=True)
    audit.record(audit.person(admin_user), group, "Paused the job.")
    text = strip_tags(admin_client.get(reverse("admin:admin_logentry_changelist")).content.decode())
    assert "Changed Permissions." in text
    assert "Paused the job." in text

"""What is told to whom, and what became of it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from riotwatch_messages import events
from riotwatch_messages.events import Level

TEXT_MAX = 500
SUBJECT_MAX = 120
WHY_MAX = 300


class MessageState(models.TextChoices):
    """Where a message stands."""

    PENDING = "pending", "waiting"
    SENT = "sent", "sent"
    FAILED = "failed", "failed"


class MessageQuerySet(models.QuerySet["Message"]):
    """Named sets of messages."""

    def pending(self) -> "MessageQuerySet":
        """Neither sent nor given up."""
        return self.filter(state=MessageState.PENDING)

    def send_again(self) -> int:
        """Those that were given up are tried as if they were new; returns how many."""
        failed = self.filter(state=MessageState.FAILED)
        return failed.update(state=MessageState.PENDING, attempts=0, tried_at=None, next_try_at=Now())


class Message(models.Model):
    """One thing that happened, told to one target. It is PENDING until it is SENT, or FAILED after the last attempt."""

    event = models.CharField(max_length=40, help_text="What kind of thing happened.")
    level = models.CharField(max_length=8, choices=[(one.value, one.value) for one in Level])
    subject = models.CharField(max_length=SUBJECT_MAX, blank=True, help_text="What it is about, such as player:12.")
    text = models.CharField(max_length=TEXT_MAX)
    target = models.CharField(max_length=40, help_text="A name of NOTIFY_URLS.")
    state = models.CharField(max_length=8, choices=MessageState, default=MessageState.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    why = models.CharField("why not", max_length=WHY_MAX, blank=True, default="", help_text="What the last try met.")
    created_at = models.DateTimeField(db_default=Now())
    next_try_at = models.DateTimeField(db_default=Now(), help_text="Nobody tries it before.")
    tried_at = models.DateTimeField(null=True, blank=True, help_text="The same for all that were sent as one.")
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        db_table = "messages"
        ordering = ["-id"]
        permissions = [("test_message", "Can send test messages, and failed ones again")]
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(state="pending"), name="messages_pending"),
            models.Index(fields=["target", "-tried_at"], name="messages_tried"),
            models.Index(fields=["subject"], name="messages_subject"),
            models.Index(fields=["created_at"], name="messages_created"),
        ]

    def __str__(self) -> str:
        return f"{events.title_of(self.event, self.level)}, to {self.target}"


class EventSetting(models.Model):
    """What people chose for an event; without a row its defaults hold: every target hears of it."""

    event = models.CharField(max_length=40, primary_key=True)
    except_targets = ArrayField(models.CharField(max_length=40), default=list, help_text="They hear nothing of it.")
    threshold = models.PositiveIntegerField(null=True, help_text="Empty: the default.")

    class Meta:
        db_table = "message_settings"
        verbose_name = "choice of messages"
        verbose_name_plural = "choices of messages"
        default_permissions = ("change", "view")

    def __str__(self) -> str:
        return events.title_of(self.event)


class Follow(models.Model):
    """A target hears whatever is told of one subject, whether or not it hears of such events in general."""

    subject = models.CharField(max_length=SUBJECT_MAX)
    target = models.CharField(max_length=40)

    class Meta:
        db_table = "message_follows"
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["subject", "target"], name="one_follow_per_target")]

    def __str__(self) -> str:
        return f"{self.target} follows {self.subject}"

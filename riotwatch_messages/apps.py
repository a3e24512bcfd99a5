"""The application of messages to people."""

from django.apps import AppConfig


class MessagesConfig(AppConfig):
    """Rows of what is told to whom, and their delivery."""

    name = "riotwatch_messages"
    label = "riotwatch_messages"  # Django has a `messages` of its own
    verbose_name = "Messages"

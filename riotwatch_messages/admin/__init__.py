"""Messages in the admin: what was told, whether it arrived, and who hears of what."""

from riotwatch_messages.admin import messages

__all__ = ["messages"]

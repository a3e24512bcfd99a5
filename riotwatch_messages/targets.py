"""Whom messages go to: the named addresses of NOTIFY_URLS. Only what sends reads an address, for it is a secret."""

from dataclasses import dataclass, field

from django.conf import settings


@dataclass(frozen=True)
class Target:
    """A name that people choose, and where Apprise sends what goes to it."""

    name: str
    url: str = field(repr=False)

    @property
    def service(self) -> str:
        """What kind of address it is, such as slack or mailto."""
        return self.url.partition("://")[0]


def configured() -> dict[str, Target]:
    """By name, in the order of the setting."""
    return {name: Target(name, url) for name, url in settings.NOTIFY_URLS.items()}

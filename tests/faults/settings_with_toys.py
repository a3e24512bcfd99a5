"""The project's settings with one more app: the toys."""

from riotwatch.settings import *  # noqa: F403
from riotwatch.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "fault_toys"]

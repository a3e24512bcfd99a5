"""The same with a broker that delivers again what is not acknowledged for some seconds."""

from settings_with_toys import *  # noqa: F403
from settings_with_toys import CELERY_BROKER_TRANSPORT_OPTIONS

CELERY_BROKER_TRANSPORT_OPTIONS = {
    **CELERY_BROKER_TRANSPORT_OPTIONS,
    "visibility_timeout": 3,
    "unacked_restore_interval": 1,
}

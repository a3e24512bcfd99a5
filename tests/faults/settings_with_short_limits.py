"""The same with a pool's time limits cut to seconds."""

from settings_with_toys import *  # noqa: F403

CELERY_TASK_TIME_LIMIT = 8
CELERY_TASK_SOFT_TIME_LIMIT = 2

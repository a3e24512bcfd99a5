"""All settings, and the only reader of the environment (`.env.example` documents every variable).

Importing this has no side effects: nothing is created, started or connected to. Where `DATABASE_URL` or `REDIS_URL` is
unset, the addresses of the embedded servers are computed here; `manage.py up` and pytest start them.
"""

import hashlib
import re
from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from riotwatch.embedded import Layout
from riotwatch.env import Environment
from riotwatch.skin import UNFOLD  # noqa: F401 - a setting that django-unfold reads

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment.load(BASE_DIR / ".env")

# --- Riot ------------------------------------------------------------------------------------------------------------
RIOT_PUBLIC_URL = "https://{host}.api.riotgames.com"
PORT = env.integer("PORT", 8000, least=1, most=65_533)
FLOWER_PORT = env.integer("FLOWER_PORT", PORT + 1, least=1, most=65_535)
SIMULATOR_PORT = env.integer("SIMULATOR_PORT", PORT + 2, least=1, most=65_535)

RIOT_API_KEY = env.text("RIOT_API_KEY")
_api_url = env.url("RIOT_API_URL", "", schemes=("http", "https"))
# Nothing said about Riot at all: the demo, with the simulator in Riot's place.
DEMO = not RIOT_API_KEY and not _api_url
if DEMO:
    RIOT_API_URL = f"http://127.0.0.1:{SIMULATOR_PORT}/{{host}}"
    RIOT_API_KEY = "RGAPI-demo-00000000-0000-4000-8000-000000000000"  # opens nothing but the local simulator
else:
    RIOT_API_URL = _api_url or RIOT_PUBLIC_URL
if RIOT_API_URL.count("{host}") != 1:
    raise ImproperlyConfigured(f"RIOT_API_URL must hold {{host}} exactly once, as in {RIOT_PUBLIC_URL}.")


def _installation_name() -> str:
    """The data folder's name: one per RIOT_API_URL, so that demo data and real data never share a database."""
    if DEMO:
        return "demo"
    if RIOT_API_URL == RIOT_PUBLIC_URL:
        return "riot"
    readable = re.sub(r"[^a-z0-9]+", "-", RIOT_API_URL.partition("://")[2].lower()).strip("-")
    return f"{readable[:40]}-{hashlib.sha256(RIOT_API_URL.encode()).hexdigest()[:6]}"


# --- Servers ---------------------------------------------------------------------------------------------------------
DATA_FOLDER = Path(env.text("RIOTWATCH_DATA_DIR", str(BASE_DIR / "var"))).expanduser().resolve() / _installation_name()
EMBEDDED_LAYOUT = Layout(DATA_FOLDER)
PG_BIN = env.text("RIOTWATCH_PG_BIN") or None

DATABASE_URL = env.url("DATABASE_URL", "", schemes=("postgresql", "postgres"))
REDIS_URL = env.url("REDIS_URL", "", schemes=("redis", "rediss", "unix"))
EMBEDDED_POSTGRES = not DATABASE_URL
EMBEDDED_VALKEY = not REDIS_URL
# Each thread keeps a connection, and the embedded server accepts 200 (docs/scaling.md).
WORKERS = env.integer("WORKERS", 2, least=1, most=9 if EMBEDDED_POSTGRES else 64)
DATABASE_URL = DATABASE_URL or EMBEDDED_LAYOUT.database_url
REDIS_URL = REDIS_URL or EMBEDDED_LAYOUT.redis_url

STATEMENT_TIMEOUT_S = 60
LOCK_TIMEOUT_S = 15
IDLE_IN_TRANSACTION_TIMEOUT_S = 60

# Every process keeps one connection per thread and checks it before use: Celery would close them before and after each
# task, and a connection whose server restarted would fail a task.
_database = dj_database_url.parse(DATABASE_URL, conn_max_age=None, conn_health_checks=True)
_database["OPTIONS"] = {
    "application_name": "riotwatch",  # as pg_stat_activity shows it; ?application_name= of the address goes before
    **_database.get("OPTIONS", {}),
    "connect_timeout": 5,
    "options": (
        f"-c statement_timeout={STATEMENT_TIMEOUT_S}s -c lock_timeout={LOCK_TIMEOUT_S}s"
        f" -c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_TIMEOUT_S}s"
    ),
}
DATABASES = {"default": _database}

# --- Django ----------------------------------------------------------------------------------------------------------
DEBUG = env.flag("DEBUG", default=False)
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", ("localhost", "127.0.0.1", "[::1]"))
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
SECRET_KEY_FILE = DATA_FOLDER / "secret_key"


def _secret_key() -> str:
    """From the environment, else this installation's own, which `manage.py up` makes once."""
    if from_environment := env.text("SECRET_KEY"):
        return from_environment
    try:
        return SECRET_KEY_FILE.read_text().strip()
    except OSError:
        return ""


SECRET_KEY = _secret_key()

INSTALLED_APPS = [
    "riotwatch",
    "riotwatch_jobs",
    "riotwatch_players",
    "riotwatch_messages",
    "riotwatch_api",
    "riotwatch_pages",
    "ninja",  # its copies of the documentation's scripts and styles: none comes from elsewhere
    "django_celery_beat",
    "unfold",  # before the admin, whose site it replaces by its own
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
]
MIDDLEWARE = [
    "riotwatch.request_ids.RequestIds",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "riotwatch_api.http.ApiResponses",
]
ROOT_URLCONF = "riotwatch.urls"
WSGI_APPLICATION = "riotwatch.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "riotwatch" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True
DATETIME_FORMAT = "Y-m-d H:i"
DATE_FORMAT = "Y-m-d"
STATIC_URL = "static/"
# Static files are served from the packages themselves: nothing to collect before the first start.
WHITENOISE_USE_FINDERS = True

# Behind TLS (HTTPS=true) cookies and redirects are strict; plain http on a laptop would otherwise lock people out.
HTTPS = env.flag("HTTPS", default=False)
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# --- Jobs ------------------------------------------------------------------------------------------------------------
JOB_SCHEDULER_ENABLED = env.flag("JOB_SCHEDULER_ENABLED", default=True)
# Asked once a minute while all is well; a service that notices when it is not asked any more raises the alarm.
HEALTH_PING_URL = env.url("HEALTH_PING_URL", "", schemes=("http", "https"))
# Asked by housekeeping every ten seconds; which ones do not answer is told to everybody.
WATCHED_URLS = env.matching_words(
    "WATCHED_URLS", pattern=r"\w{1,20}=https?://.+", example="web=http://web:8000/healthz"
)
# Whom messages go to, by names that people choose from; the addresses are Apprise's, and secret.
NOTIFY_URLS = env.named_urls("NOTIFY_URLS", example="phone=ntfy://topic,team=slack://TokenA/TokenB/TokenC")
# Read by Prometheus at /metrics; without a token this machine alone may read it.
METRICS_TOKEN = env.text("METRICS_TOKEN")
JOB_INTERVAL_SECONDS = env.optional_integer("JOB_INTERVAL_SECONDS", least=10, most=7 * 86_400)
JOB_TIMEOUT_SECONDS = env.integer("JOB_TIMEOUT_SECONDS", 90, least=5, most=3_600)
MAX_TRACKED_PLAYERS = env.integer("MAX_TRACKED_PLAYERS", 40 if DEMO else 10, least=1, most=1_000_000)
PROCFILE = BASE_DIR / "Procfile"

# --- Detection -------------------------------------------------------------------------------------------------------
_models_dir = env.text("DETECTION_MODELS_DIR")
DETECTION_MODELS_DIR = Path(_models_dir).expanduser().resolve() if _models_dir else None

# --- Archives --------------------------------------------------------------------------------------------------------
ARCHIVE_DIR = Path(env.text("ARCHIVE_DIR", str(DATA_FOLDER / "archives"))).expanduser().resolve()

# --- Celery ----------------------------------------------------------------------------------------------------------
# Messages are hints, rows are the truth (docs/decisions/0001): no result backend, late acknowledgement, small prefetch.
# kombu names a socket, and the database behind it, in its own way.
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=")
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_EXPIRES = None
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 900
CELERY_TASK_SOFT_TIME_LIMIT = 840
CELERY_TASK_DEFAULT_QUEUE = "control"
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20.0
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = True
CELERY_WORKER_ETA_TASK_LIMIT = 1000
CELERY_WORKER_DIRECT = True  # a queue of its own, into which each worker's test messages go
CELERY_WORKER_SEND_TASK_EVENTS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_TASK_SEND_SENT_EVENT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# A broker that answers and refuses (MISCONF on a full disk, READONLY while a replica takes over) is waited for as well;
# without this a worker ends at the first such answer.
CELERY_BROKER_CHANNEL_ERROR_RETRY = True
# Longer than the hard time limit and than any countdown, or a message would be delivered twice.
VISIBILITY_TIMEOUT_S = 1200
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": VISIBILITY_TIMEOUT_S,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 3,
    "socket_keepalive": True,
    "health_check_interval": 25,
}
# A request that publishes fails in a fraction of a second when the broker is down; the row is sent later.
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.1}
CELERY_REDIS_SOCKET_TIMEOUT = 5.0
CELERY_REDIS_SOCKET_CONNECT_TIMEOUT = 3.0
CELERY_BEAT_SCHEDULER = "riotwatch_jobs.beat:SlotScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 1
CELERY_BEAT_SYNC_EVERY = 1
CELERY_TIMEZONE = "UTC"
DJANGO_CELERY_BEAT_TZ_AWARE = True
CELERY_DB_REUSE_MAX = 10**9
# Each worker's own guard, in Celery's notation, far above what the shared limiter grants so that it never binds.
TASK_RATE_LIMIT = env.matching("TASK_RATE_LIMIT", "1000/s", pattern=r"\d+(\.\d+)?/[smh]", example="500/s")
CELERY_TASK_ANNOTATIONS = {"riotwatch_jobs.tasks.run_item": {"rate_limit": TASK_RATE_LIMIT}}

# --- Logs ------------------------------------------------------------------------------------------------------------
LOG_LEVEL = env.text("LOG_LEVEL", "INFO").upper()
LOG_FORMAT = env.matching("LOG_FORMAT", "console", pattern="json|console", example="json")
LOGGING_CONFIG = "riotwatch.log_lines.configure"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "riotwatch.log_lines.lines_for", "reader": LOG_FORMAT},
        "run": {"()": "riotwatch.log_lines.run_lines"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "level": LOG_LEVEL},
        # What is logged while an item runs, by us or by a library, is also kept with its run.
        "execution": {"class": "riotwatch_jobs.capture.ExecutionLogHandler", "formatter": "run"},
        "nowhere": {"class": "logging.NullHandler"},
    },
    "loggers": {
        # Both may name addresses with passwords and tokens in them: Apprise's lines are read by what sends
        # (riotwatch_messages.sending), urllib3 tells at DEBUG every path that is asked for.
        "apprise": {"handlers": ["nowhere"], "propagate": False},
        "urllib3": {"level": "INFO"},
    },
    "root": {"handlers": ["console", "execution"], "level": "DEBUG" if LOG_LEVEL == "DEBUG" else "INFO"},
}

"""How the admin looks and what its navigation offers: the settings of django-unfold.

Plain data and functions of a request, so that settings can import it before Django is ready.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy

Permission = Callable[[HttpRequest], bool]


def may(permission: str) -> Permission:
    """Whether the signed-in person has a permission, asked when the navigation is drawn."""
    return lambda request: request.user.has_perm(permission)


def _page(title: str, icon: str, model: str, query: str = "") -> dict[str, Any]:
    """A link to a model's list, for those who may see it; `model` is "app_label.modelname"."""
    app, _, name = model.partition(".")
    address = reverse_lazy(f"admin:{app}_{name}_changelist")
    return {
        "title": title,
        "icon": icon,
        "link": (lambda request: f"{address}?{query}") if query else address,
        "permission": may(f"{app}.view_{name}"),
    }


def environment(request: HttpRequest) -> tuple[str, str] | None:
    """A label in every page's header: demo data must not be taken for real people."""
    del request
    return ("Demo: simulated players", "info") if settings.DEMO else None


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "riotwatch",
    "SITE_HEADER": "riotwatch",
    "SITE_SYMBOL": "visibility",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("riotwatch/icon.svg")},
    ],
    "SITE_URL": None,  # there is no other site to return to
    "SHOW_VIEW_ON_SITE": False,
    "ENVIRONMENT": "riotwatch.skin.environment",
    "DASHBOARD_CALLBACK": "riotwatch.desk.home",
    "SCRIPTS": [lambda request: static("riotwatch_pages/pages.js")],
    "STYLES": [
        lambda request: static("riotwatch/desk.css"),
        lambda request: static("riotwatch_players/players.css"),
        lambda request: static("riotwatch_jobs/jobs.css"),
    ],
    "BORDER_RADIUS": "6px",
    "COLORS": {
        # Teal: neither the red of failures nor the green of success, and readable on both grounds.
        "primary": {
            "50": "oklch(98.4% .014 180.72)",
            "100": "oklch(95.3% .051 180.801)",
            "200": "oklch(91% .096 180.426)",
            "300": "oklch(85.5% .138 181.071)",
            "400": "oklch(77.7% .152 181.912)",
            "500": "oklch(70.4% .14 182.503)",
            "600": "oklch(51.1% .096 186.391)",
            "700": "oklch(43.7% .078 188.216)",
            "800": "oklch(38.6% .063 188.416)",
            "900": "oklch(32% .05 188.5)",
            "950": "oklch(27.7% .046 192.524)",
        },
    },
    "SIDEBAR": {
        "show_search": False,
        "navigation": [
            {"items": [{"title": "Home", "icon": "home", "link": reverse_lazy("admin:index")}]},
            {
                "title": "Players",
                "items": [
                    _page("Players", "group", "riotwatch_players.player"),
                    _page("Analyses", "troubleshoot", "riotwatch_players.analysis"),
                    _page("What people say", "rate_review", "riotwatch_players.detectionlabel"),
                    _page("Matches", "swords", "riotwatch_players.match"),
                    _page("Champions", "shield_person", "riotwatch_players.championrecord"),
                    _page("Ranks", "leaderboard", "riotwatch_players.ranksnapshot"),
                    _page("Account checks", "person_off", "riotwatch_players.bancheck"),
                    _page("Match backlog", "pending", "riotwatch_players.backlogmatch"),
                ],
            },
            {
                "title": "Jobs",
                "items": [
                    _page("Jobs", "work", "riotwatch_jobs.jobconfiguration"),
                    _page("Schedules", "schedule", "django_celery_beat.periodictask"),
                    _page("Runs", "play_circle", "riotwatch_jobs.execution"),
                    _page("Items", "checklist", "riotwatch_jobs.workitem"),
                    _page("Logs", "article", "riotwatch_jobs.executionlog"),
                    _page("Workers", "memory", "riotwatch_jobs.workerlease"),
                    _page("Emergency stop", "front_hand", "riotwatch_jobs.emergencystop"),
                ],
            },
            {
                "title": "System",
                "items": [
                    _page("Messages", "notifications", "riotwatch_messages.message"),
                    _page("Detection models", "model_training", "riotwatch_players.detectionmodel"),
                    _page("Archives", "archive", "riotwatch_players.archive"),
                    _page("Riot keys", "key", "riotwatch_players.riotkey"),
                    _page("API keys", "api", "riotwatch_api.apikey"),
                    _page("Accounts", "manage_accounts", "auth.user"),
                    _page("Roles", "admin_panel_settings", "auth.group"),
                    _page("Audit", "history", "admin.logentry"),
                ],
            },
        ],
    },
}

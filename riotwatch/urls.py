"""Every address of the web application."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from riotwatch import desk
from riotwatch.api import api
from riotwatch.health import healthz, readyz
from riotwatch.metrics import metrics
from riotwatch_jobs.jobs import player_pages

admin.site.site_header = admin.site.site_title = "riotwatch"
admin.site.index_title = "Operating riotwatch"

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("api/v1/", api.urls),
    desk.live(),
    path("admin/", include(player_pages.urls())),
    path("admin/", admin.site.urls),
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
]

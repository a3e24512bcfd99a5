"""Changes that a button posts: who may, only by POST, then off to the page that shows what became of it."""

from collections.abc import Callable
from typing import Any

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed, HttpResponseRedirect

May = Callable[[HttpRequest], bool]
View = Callable[..., HttpResponseBase]


def posted(site: AdminSite, may: May, do: Callable[..., str]) -> View:
    """A view that does something for whoever may; `do` takes what the address holds and returns where to go."""

    def view(request: HttpRequest, **where: Any) -> HttpResponseBase:  # noqa: ANN401 - from the address
        if not may(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        return HttpResponseRedirect(do(request, **where))

    return site.admin_view(view)

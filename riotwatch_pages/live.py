"""Parts of pages that follow what they show: the page's script asks for them again and again (`pages.js`).

The answer is the part's HTML with an ETag, so that what has not changed is not sent. It holds no form's token, which
would change with every answer: its buttons belong to forms outside (`riotwatch_jobs/action_forms.html`).
"""

from collections.abc import Callable
from typing import Any

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.cache import get_conditional_response, patch_cache_control, set_response_etag

from riotwatch_pages.posting import May, View

Part = tuple[str, dict[str, Any]]
"""A template and its context."""


def part(site: AdminSite, may: May, show: Callable[..., Part]) -> View:
    """A view of a part for whoever may see it; others get a 403, for a redirect would end up inside the page."""

    def view(request: HttpRequest, **where: Any) -> HttpResponseBase:  # noqa: ANN401 - from the address
        if not site.has_permission(request) or not may(request):
            raise PermissionDenied
        template, context = show(request, **where)
        response = render(request, template, context)
        patch_cache_control(response, private=True, no_cache=True)
        set_response_etag(response)
        return get_conditional_response(request, etag=response["ETag"], response=response) or response

    return view

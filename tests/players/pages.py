"""Addresses of the admin's pages, and what they say."""

from typing import Any

from django.contrib import admin
from django.urls import reverse

MODELS = [model for model in admin.site._registry if model._meta.app_label == "riotwatch_players"]


def page(model: Any, action: str = "changelist", *arguments: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{action}", args=arguments)


def told(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def text_of(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content.decode())

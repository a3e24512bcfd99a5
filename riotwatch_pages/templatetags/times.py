"""`{{ at|instant }}`, `{{ at|instant:"second" }}`, `{{ at|age }}`: instants in the reader's own time."""

from django import template

from riotwatch_pages import times

register = template.Library()

register.filter("instant", times.instant)
register.filter("age", times.age)

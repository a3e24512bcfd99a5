"""A Django app that brings toy jobs into every process of the fault tests, as somebody's own jobs would come."""

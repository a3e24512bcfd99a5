"""What all endpoints of the REST API share: keys and roles, problems, pages, repeated requests.

It knows neither jobs nor players; their endpoints stand with them, and `riotwatch.api` puts them together.
"""

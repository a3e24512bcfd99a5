"""Messages to people: what happened is told to the targets of NOTIFY_URLS, by rows that housekeeping sends.

Whoever changes something that people want to hear of calls `telling.tell` in the same transaction; knows neither jobs
nor players.
"""

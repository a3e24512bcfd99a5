"""Whole ladders of accounts with known truth, as arrays: thousands of accounts x 100 ranked games in seconds.

What the rest of the simulator plays match by match behind Riot's API is drawn here for all accounts at once, because a
detector has to be trained, calibrated and tested on tens of thousands of accounts. NumPy; no Django, no detection.
"""

"""Judgement: histories in, verdicts with their reasons out. Plain Python and NumPy: no Django, no I/O, no clock.

history → signals → factors → verdict, over many players at once (arrays of players x games x metrics with masks).
Parameters stand in a versioned `card`; what is not known counts as nothing, never as a zero.
"""

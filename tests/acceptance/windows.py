"""Sizes of the window, in CSS pixels."""

WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}

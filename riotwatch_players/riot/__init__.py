"""Riot's API as a small library: HTTP, typed answers and one budget shared by every process that uses the key."""

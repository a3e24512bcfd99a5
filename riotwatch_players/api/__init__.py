"""The REST API of players, matches, the key and its budget. What starts work about a player stands with the jobs."""

"""A server that behaves as Riot's API does: a seeded world behind Riot's endpoints, limits and errors.

It is a second, independent reading of the wire format, so it imports nothing of the client it is tested with.
`world.World` is the world, `server.serve` starts it, `app` lists what it answers.
"""

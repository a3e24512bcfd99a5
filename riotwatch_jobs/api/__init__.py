"""The REST API of jobs: a file per resource. What they do is done by the functions that all surfaces share."""

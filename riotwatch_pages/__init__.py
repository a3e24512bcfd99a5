"""What the pages of all applications share: times, plots, live parts, posted changes, records that are only read."""

"""What the pages of all applications share: times, plots, live parts, posted changes, read-only records, who acts."""

"""Discord's markdown, read into what no platform writes and written out again."""

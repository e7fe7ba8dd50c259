"""Matrix's HTML, read into what no platform writes and written out again."""

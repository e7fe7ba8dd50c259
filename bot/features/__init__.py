"""What Plein can do: a file or a folder each. Their list is in `bot/main/features.py`."""

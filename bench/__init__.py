"""What Plein costs, each figure beside what it is compared with, measured in turn in the same run.

A figure says something about our code and nothing about a disk: CPU is compared with CPU, of all threads of
the process; what a disk would decide is measured in a folder in memory; and the rest stands beside what a
person would write instead (`usual_way.py`, `minimal_bot.py`, `minimal_discord.py`). `community.py` has what
the others share. What is bounded in milliseconds alone is what people or platforms wait for.
"""

"""Who is at a meeting, and how it was: checking in by a code that is said in the room, and a rating of which
nobody can tell whose it is.

    records.py   who is there, and what must be kept of it
    lines.py     what a meeting's board and its list of people say of it
    here.py      checking in, with the code or by a button
    rate.py      saying how it was, and what came of it
    feature.py   what all this is
"""

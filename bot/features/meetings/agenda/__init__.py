"""The agenda of a meeting: whoever takes part puts something on it, and says what they want too.

records.py   what an item is, and what must be kept of agendas
words.py     how long an item takes, as people type it
change.py    adding, wanting too, putting in order, dropping
show.py      the agenda
lines.py     what a meeting's board shows of it
feature.py   the value of all this
"""

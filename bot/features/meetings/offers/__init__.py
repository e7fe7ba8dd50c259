"""What people offer: music, a hall, soup; for a meeting, or for whoever in a theme looks for it.

records.py   what an offer is, and what must be kept of them
change.py    offering, again too, and withdrawing
show.py      the list, and finding one by its words
lapse.py     a word before it is withdrawn by itself, and that
lines.py     what a meeting's board shows of them
feature.py   the value of all this
"""

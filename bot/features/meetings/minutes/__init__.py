"""Minutes: what is said in a meeting, written down in the chat by those who are there.

Nothing is listened to: what stands in the minutes somebody handed in. Whoever chairs approves them, and by
that they are a version, which stays as it is.

    records.py  what a line, a version and a promise are, and what must be kept of them
    lines.py    how they are shown, and what a meeting's board says of them
    write.py    writing down, mending, taking back
    show.py     reading them, and the board
    approve.py  making a version of them
    export.py   taking them along
    words.py    who is to do something and by when, as people type it
    promise.py  noting what somebody is to do
    open.py     what is still to be done, and in which meeting it comes back
    find.py     which promise somebody means, and whether it is theirs to settle
    settle.py   the list; done, dropped, taken on, open after all
    remind.py   telling people of what they promised, and everybody once it is done
    feature.py  what all this is
"""

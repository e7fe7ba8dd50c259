"""Transcripts played on real platforms: the residents type and press there what the transcript says.

    play.py      the same lines in the console and on the stages, and what was heard on either
    stage.py     what a stage is, and what all of them share
    discord.py   the adapter on the double of Discord
    matrix.py    the adapter on a real homeserver
    sealed.py    the same, in rooms that are encrypted
    plain.py     one form for lines to type, however a platform has them typed

The console plays along: what it says is what stands in the transcript, and what it was made of is known.
A stage says how the same must look where it plays (`Stage.shows`), and what was really heard there.
"""

"""Drawing who chairs a meeting and who takes its notes, among those who come: who had no turn goes first.

The list and the number are said in the theme together with who it is, and are in a file, so that anybody can
repeat it (`bot/lot`).

    records.py   what a draw is, and what must be kept of turns
    run.py       drawing, and the file
    feature.py   the value of all this
"""

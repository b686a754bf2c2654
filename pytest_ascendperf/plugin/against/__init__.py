"""``--ascendperf-against``: base and head measured side by side, in the same run.

:mod:`.request` says what was asked for and refuses what cannot be done, :mod:`.base` finds the base's tree and
interpreter, :mod:`.process` and :mod:`.pair` start the processes that measure and lead them, :mod:`.decision` takes one
test to its verdicts, and :mod:`.gate` holds pytest's hooks. :mod:`.worker` and :mod:`.imports` run in those processes.
"""

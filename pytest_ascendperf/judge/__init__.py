"""From measured numbers to a verdict: pure functions over model values, no I/O and no clock.

:mod:`.validity` says whether rounds may be judged at all, :mod:`.error_rate` how often a verdict may be wrong,
:mod:`.latency` compares sessions, :mod:`.reasons` puts the outcome in words and :mod:`.verdict` assembles verdicts.
"""

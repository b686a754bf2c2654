"""Pure numbers in and out: order statistics, trend, Student's t, ranks and power. No clock, no I/O, no model values.

What measuring needs (:mod:`.order`, :mod:`.series`, :mod:`.trend`, :mod:`.evidence`) is plain Python, so that a process
that measures never loads scipy; what only judging needs (:mod:`.student`, :mod:`.power`, :mod:`.proportion`) imports it
where it is used.
"""

"""Pure numbers in and out: order statistics, trend, Student's t, ranks and power. No clock, no I/O, no model values.

What measuring needs (:mod:`.order`, :mod:`.series`, :mod:`.trend`) is plain Python, so that a measuring process never
loads scipy; what only judging needs (:mod:`.student`, :mod:`.power`) imports it where it is used.
"""

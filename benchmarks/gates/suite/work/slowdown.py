"""How much more work this revision does than the base: the only line in which the two differ."""

EXTRA_PERCENT = 0

"""Frozen values: what was measured, where, what it is compared with and what came out. No I/O and no clock here.

Every value that leaves the process has one codec beside it: ``to_dict`` gives plain JSON types, ``from_dict``
checks them and raises :class:`~pytest_ascendperf.errors.InvalidDataError` naming the field.
"""

"""Where calls run and are timed: one module per kind of device behind the :class:`~.base.Device` protocol.

:mod:`.registry` opens a device by name and :mod:`.lock` keeps two processes from measuring on the same one at once.
Only this package imports torch, and only inside functions.
"""

"""One case measured in one process: calibration, warm-up, sampling, and the session that comes out.

:func:`.call.measure_call` is the way in; the other modules are its steps in order, and :mod:`.comparison` measures two
calls in turns by the same steps. They see the device only through :class:`~pytest_ascendperf.devices.base.Device` and
know neither pytest nor torch.
"""

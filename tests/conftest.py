"""What all tests share."""

from importlib.util import find_spec

pytest_plugins = ("pytester",)

if find_spec("hypothesis") is not None:  # the environments of the simulated NPU and of the contract are without it
    from hypothesis import settings

    # An example may take as long as a loaded machine needs: no test is about time.
    settings.register_profile("any-machine", deadline=None)
    settings.load_profile("any-machine")

"""Performance-regression gate for models on Ascend NPUs, as a pytest plugin.

PYTEST_DONT_REWRITE: no test assertions here, and a fresh process loads the package before pytest could rewrite it.
"""

"""The tests of the plugin: every one runs pytest on a suite of its own."""

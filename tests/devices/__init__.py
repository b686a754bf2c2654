"""Tests of the devices. A package, as some of them lay out the same trees of CANN."""

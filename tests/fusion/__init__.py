"""Tests of fusion. A package, as they share the traces that they make by hand."""

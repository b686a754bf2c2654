"""Tests of the store. A package, as some of them start processes that share its builders."""

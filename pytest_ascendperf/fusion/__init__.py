"""Which fusions took effect: a catalogue of patterns as data, and functions that find them among kernels.

``patterns.toml`` says what each pattern looks like, fused and not; :mod:`.catalogue` reads it and a user's own files.
:mod:`.matcher` finds the places in a trace, :mod:`.explicit` answers a test that names a pattern, :mod:`.losses` tells
which fusions a table of kernels has lost against another one. Only :mod:`.catalogue` touches files.
"""

from __future__ import annotations

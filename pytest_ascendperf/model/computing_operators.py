"""Which of a host's operators compute: one row per piece of work, as kernels are on an accelerator.

torch records every operator that is called, and operators call one another: ``aten::linear`` calls ``aten::t``, which
only describes memory anew, and ``aten::addmm``, which multiplies. What stands for a kernel is the innermost operator
that computes. Operators that describe or allocate memory are left out, and so are those that only call others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pytest_ascendperf.model.kernel_columns import KernelColumns

# fmt: off
_DESCRIBE = frozenset(
    {
        "T", "alias", "as_strided", "broadcast_tensors", "broadcast_to", "chunk", "contiguous", "detach",
        "detach_", "diagonal", "empty", "empty_like", "empty_strided", "expand", "expand_as", "flatten",
        "is_nonzero", "item", "lift", "lift_fresh", "mT", "movedim", "narrow", "new_empty",
        "new_empty_strided", "numpy_T", "permute", "real", "requires_grad_", "reshape", "reshape_as",
        "resize_", "resize_as_", "resolve_conj", "resolve_neg", "result_type", "select", "set_", "slice",
        "split", "split_with_sizes", "squeeze", "squeeze_", "swapaxes", "swapdims", "t", "t_",
        "tensor_split", "to", "transpose", "transpose_", "type_as", "unbind", "unflatten", "unfold",
        "unsafe_chunk", "unsafe_split", "unsqueeze", "unsqueeze_", "view", "view_as", "view_as_complex",
        "view_as_real", "_nnpack_available", "_reshape_alias", "_unsafe_view", "_version",
    }
)
"""Operators of ``aten`` that describe memory, allocate it, or only choose which other operator is called."""

_COMPILED = frozenset({"TorchDynamo Cache Lookup", "Pregraph bytecode", "AOTDispatcher Runtime Wrapper Prologue"})
"""What torch.compile does before the compiled code runs. The compiled region itself computes where nothing within it
was recorded."""

_MOVE = frozenset(
    {
        "_to_copy", "clone", "copy_", "fill_", "full", "full_like", "new_full", "new_ones", "new_zeros",
        "ones", "ones_like", "zero_", "zeros", "zeros_like",
    }
)
# fmt: on
"""Operators that only write or copy: work of their own where a model calls them, a part of whoever else calls them."""


def computing_rows(columns: KernelColumns) -> NDArray[np.bool_]:
    """Per row, whether it is an innermost operator that computes, or one that moves data on its own account."""
    import numpy as np

    # Callers before callees: both may begin in the same nanosecond, and threads run beside one another.
    order = np.lexsort((columns.depth, -columns.duration_ns, columns.start_ns, columns.stream)).tolist()
    describes = [_describes(value or "") for value in columns.name.values]
    moves = [(value or "").removeprefix("aten::") in _MOVE for value in columns.name.values]
    codes, depths = columns.name.codes.tolist(), columns.depth.tolist()
    calls_computing = _callers_of_computing(order, depths, [not (describes[code] or moves[code]) for code in codes])
    keeps = np.zeros(len(columns), dtype=np.bool_)
    kept_above: list[bool] = []
    for row in order:
        del kept_above[depths[row] :]
        code = codes[row]
        if moves[code]:
            keeps[row] = not calls_computing[row] and not any(kept_above)
        else:
            keeps[row] = not describes[code] and not calls_computing[row]
        kept_above.append(bool(keeps[row]))
    return keeps


def _callers_of_computing(order: list[int], depths: list[int], computes: list[bool]) -> list[bool]:
    """Per row, whether an operator that computes was called from within it, at whatever depth."""
    calls = [False] * len(order)
    open_rows: list[int] = []
    for row in order:
        del open_rows[depths[row] :]
        if computes[row]:
            for caller in open_rows:
                calls[caller] = True
        open_rows.append(row)
    return calls


def _describes(name: str) -> bool:
    bare = name.removeprefix("aten::")
    return bare in _DESCRIBE or "autograd::" in name or bare.endswith(("Backward0", "Backward1")) or name in _COMPILED

"""Everything outside the code that changes what an NPU measurement means, and what makes one impossible.

Two tables and what reads them. Knobs go into the fingerprint: hard ones change which kernels run or what the host does
to start them, so measurements across them are never compared; soft ones may matter and are reported. Under what stands
in the second table no measurement is made at all.

The names and their meaning are those of torch_npu 2.1 to 2.14 and of CANN's environment variable reference.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from types import ModuleType


@dataclass(frozen=True, slots=True, kw_only=True)
class Knob:
    """An environment variable that belongs into the fingerprint."""

    variable: str
    is_hard: bool
    reason: str
    """What the variable changes."""
    default: str | None = None
    """The value that means the same as not being set; None where that depends on the chip or on CANN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """An environment variable under which nothing is measured."""

    variable: str
    applies: Callable[[str], bool]
    """Whether a value of the variable is in the way."""
    reason: str


def _hard(variable: str, reason: str, default: str | None = None) -> Knob:
    return Knob(variable=variable, is_hard=True, reason=reason, default=default)


def _soft(variable: str, reason: str, default: str | None = None) -> Knob:
    return Knob(variable=variable, is_hard=False, reason=reason, default=default)


KNOBS: tuple[Knob, ...] = (
    _hard("TASK_QUEUE_ENABLE", "how many host threads share the launching, and where workspaces are counted", "1"),
    _hard("PER_STREAM_QUEUE", "one launching thread per stream instead of one for all", "0"),
    _hard("CPU_AFFINITY_CONF", "which cores the launching threads run on", "0"),
    _hard("COMBINED_ENABLE", "pairs of operators run as one", "0"),
    _hard("TORCH_NPU_LAZY_FUSION", "small eager operators run as one fused kernel", "False"),
    _hard("TORCHINDUCTOR_NPU_BACKEND", "which compiler makes the kernels of torch.compile", "default"),
    _hard("TORCHINDUCTOR_ENABLE_MFUSION", "further fusion in torch.compile", "0"),
    _hard("TORCH_NPU_USE_COMPATIBLE_IMPL", "other kernels for gelu, matmul and pooling", "0"),
    _hard("TORCH_NPU_LEGACY_IMPL_LIST", "older kernels for the features listed"),
    _hard("TORCH_NPU_FALLBACK_CPU_DISABLE", "operators without a kernel fail instead of running on the CPU", "0"),
    _hard("ACL_OP_INIT_MODE", "whether operators of the older interface are there"),
    _hard("ACL_OP_COMPILER_CACHE_MODE", "whether compiled operators are kept", "enable"),
    _hard("ACLNN_CACHE_LIMIT", "how many prepared launches are kept; one that is not is prepared again"),
    _hard("INF_NAN_MODE_ENABLE", "how kernels treat overflow", "1"),
    _hard("INF_NAN_MODE_FORCE_DISABLE", "how kernels treat overflow", "0"),
    _hard("MULTI_STREAM_MEMORY_REUSE", "when memory used on several streams is free again", "1"),
    _hard("STREAMS_PER_DEVICE", "how many streams share the device", "32"),
    _hard("PYTORCH_NPU_ALLOC_CONF", "how device memory is split and grown"),
    _hard("PYTORCH_ALLOC_CONF", "how device memory is split and grown"),
    _hard("PYTORCH_NO_NPU_MEMORY_CACHING", "every tensor is allocated by the driver", "0"),
    _hard("OOM_SNAPSHOT_ENABLE", "every allocation records where it came from", "0"),
    _hard("NPU_ASD_ENABLE", "gradients are checked while they are computed", "0"),
    _hard("NPU_ASD_CONFIG", "gradients are checked while they are computed"),
    _hard("ASCEND_GLOBAL_LOG_LEVEL", "how much CANN writes to its logs for every launch", "3"),
    _hard("HCCL_ALGO", "how collectives are carried out"),
    _hard("HCCL_OP_EXPANSION_MODE", "which processor drives collectives"),
    _hard("HCCL_DETERMINISTIC", "deterministic reductions are slower", "false"),
    _hard("HCCL_BUFFSIZE", "device memory and the size of the pieces of a collective", "200"),
    _hard("TORCH_HCCL_BLOCKING_WAIT", "the host waits for every collective", "0"),
    _hard("TORCH_HCCL_ZERO_COPY", "collectives without copies inside the chip", "0"),
    _soft("OMP_NUM_THREADS", "threads of operators that run on the host"),
    _soft("OMP_PROC_BIND", "which cores those threads run on"),
    _soft("LD_PRELOAD", "allocators and interposed libraries"),
    _soft("ASCEND_RT_VISIBLE_DEVICES", "which of the host's devices is number 0"),
    _soft("TORCH_ACL_INIT_CONFIG_PATH", "options for the start of the runtime"),
)
"""What is recorded where it is set to something other than its default."""


def _is_on(value: str) -> bool:
    """Whether torch_npu takes ``value`` for on: it reads the digits in front, and any number but 0 is on."""
    number = re.match(r"\s*[+-]?\d+", value)
    return number is not None and int(number[0][:9]) != 0


_IS_PROFILED = "the process is being profiled, which slows the host and the device"
_IS_DYNAMIC = "a profiler may start at any optimizer step"

OBSTACLES: tuple[Obstacle, ...] = (
    Obstacle(
        variable="ASCEND_LAUNCH_BLOCKING",
        applies=_is_on,
        reason="every launch waits for the device, so a time is mostly the host's",
    ),
    Obstacle(variable="PROFILER_SAMPLECONFIG", applies=bool, reason=f"{_IS_PROFILED} (msprof)"),
    Obstacle(variable="PROFILING_MODE", applies=bool, reason=f"{_IS_PROFILED} (msprof, dynamic)"),
    Obstacle(variable="PROF_CONFIG_PATH", applies=bool, reason=_IS_DYNAMIC),
    Obstacle(variable="KINETO_USE_DAEMON", applies=_is_on, reason=_IS_DYNAMIC),
    Obstacle(variable="MSMONITOR_USE_DAEMON", applies=_is_on, reason=_IS_DYNAMIC),
    Obstacle(variable="GE_INIT_DISABLE", applies=_is_on, reason="operators are simulated one by one"),
    Obstacle(variable="ACL_DUMP_DATA", applies=_is_on, reason="operators write their data to files"),
)
"""Under what nothing is measured."""


def refusals(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Why nothing is measured under ``environ``: one sentence per variable, with what to do; empty where it is."""
    return tuple(
        f"{obstacle.variable}={environ[obstacle.variable]}: {obstacle.reason}; unset {obstacle.variable}"
        for obstacle in OBSTACLES
        if obstacle.applies(environ.get(obstacle.variable, ""))
    )


def hard_keys(environ: Mapping[str, str]) -> dict[str, str]:
    """The hard knobs that ``environ`` sets to other than their defaults, by variable."""
    return _keys(environ, is_hard=True)


def soft_keys(environ: Mapping[str, str]) -> dict[str, str]:
    """The soft knobs that ``environ`` sets to other than their defaults, by variable."""
    return _keys(environ, is_hard=False)


def _keys(environ: Mapping[str, str], *, is_hard: bool) -> dict[str, str]:
    keys: dict[str, str] = {}
    for knob in KNOBS:
        value = _normal(knob.variable, environ.get(knob.variable, ""))
        if knob.is_hard is is_hard and value and value != knob.default:
            keys[knob.variable] = value
    return keys


def _normal(variable: str, value: str) -> str:
    """``value`` without what makes no difference: space, the order of allocator options, the folders of libraries."""
    if variable.endswith("_ALLOC_CONF"):
        return ",".join(sorted(option.strip() for option in value.split(",") if option.strip()))
    if variable == "LD_PRELOAD":
        return " ".join(PurePosixPath(library).name for library in value.replace(":", " ").split())
    return value.strip()


_OPTIONS = {
    "ALLOW_INTERNAL_FORMAT": "internal_format",
    "ACL_PRECISION_MODE": "precision_mode",
    "ACL_OP_SELECT_IMPL_MODE": "op_select_impl_mode",
    "ACL_OP_COMPILER_CACHE_MODE": "op_compiler_cache_mode",
    "ACL_AICORE_NUM": "aicore_num",
    "CUBE_MATH_TYPE": "cube_math_type",
}
"""Options of torch_npu that a program sets, by their names there and in the fingerprint."""


def switches(torch: ModuleType) -> dict[str, str]:
    """What the program switched in torch_npu, as it stands now: hard keys. Initialises the NPU.

    ``torch`` is the module, with torch_npu imported. A switch that this torch_npu does not have is left out.
    """
    found = {
        "jit_compile": "off" if torch.npu.is_jit_compile_false() else "on",
        "matmul_hf32": "on" if torch.npu.matmul.allow_hf32 else "off",
        "conv_hf32": "on" if torch.npu.conv.allow_hf32 else "off",
    }
    task_queue = getattr(torch.npu, "get_task_queue_enable", None)
    if task_queue is not None:
        found["task_queue"] = str(task_queue())
    torch_npu = importlib.import_module("torch_npu")
    for option, name in _OPTIONS.items():
        value: bytes | None = torch_npu._C._npu_getOption(option)  # None where this torch_npu has no such option
        if value:
            found[name] = value.decode("utf-8", "replace")
    return found

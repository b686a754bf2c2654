"""One baseline file as a value: which entries it holds, each decoded only when it is asked for.

Opening a file finds the place of each entry and decodes none, so that thousands of entries in one file cost little
more memory than its size, and a bad entry does not keep the others from being used. Merging puts new entries beside the
text of all others, which therefore stay byte for byte what they were, fields included that this version does not know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from pytest_ascendperf.errors import InvalidDataError
from pytest_ascendperf.model import fields
from pytest_ascendperf.model.baseline import Baseline
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.environment import Environment
from pytest_ascendperf.store.schema import SCHEMA, check_schema
from pytest_ascendperf.store.strict_json import (
    Verbatim,
    decode_value,
    read_document,
    read_members,
    render_document,
    render_path,
    skip_value,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineDocument:
    """The content of one file."""

    module: str
    """The test module that the file belongs to."""
    content: bytes
    """The file, in UTF-8; the slices below point into it."""
    environments: Mapping[str, Environment]
    """By fingerprint."""
    environment_slices: Mapping[str, slice]
    entry_slices: Mapping[tuple[str, str], slice]
    """By test and case."""
    other_slices: Mapping[str, slice]
    """Top-level members that this version does not know."""

    @classmethod
    def empty(cls, module: str) -> BaselineDocument:
        """What a file that does not exist yet holds."""
        return cls(module=module, content=b"", environments={}, environment_slices={}, entry_slices={}, other_slices={})

    @classmethod
    def parse(cls, content: bytes) -> BaselineDocument:
        """The document in ``content``. Raises InvalidDataError; the inside of an entry is left to :meth:`find`."""
        index = _Index(content)
        read_document(content, index.read_top_level)
        return index.document()

    def find(self, case: CaseId) -> Baseline | None:
        """The baseline of ``case``, a case of this module; None if there is none. Raises InvalidDataError."""
        place = self.entry_slices.get((case.test, case.case))
        return None if place is None else self._decode(case, place)

    def cases(self) -> Iterator[CaseId]:
        """All cases of the file, in its order."""
        for test, case in self.entry_slices:
            yield CaseId(module=self.module, test=test, case=case)

    def merged(self, replacements: Mapping[CaseId, Baseline]) -> bytes:
        """The content of a file with ``replacements`` instead of what it holds of these cases, and all else as it was.

        Environments that no entry refers to any more are left out. Raises InvalidDataError if an entry that stays could
        not be read back: what cannot be understood is not written again.
        """
        tests: dict[str, dict[str, object]] = {}
        referenced: dict[str, object] = {}
        for case in self.cases():
            if case not in replacements:
                place = self.entry_slices[case.test, case.case]
                tests.setdefault(case.test, {})[case.case] = Verbatim(content=self.content[place])
                referenced |= self._environment_member(self._decode(case, place).environment)
        for case, baseline in replacements.items():
            tests.setdefault(case.test, {})[case.case] = baseline.to_dict()
            referenced |= self._environment_member(baseline.environment)
        others = {key: Verbatim(content=self.content[place]) for key, place in self.other_slices.items()}
        return render_document(
            {**others, "environments": referenced, "module": self.module, "schema": SCHEMA, "tests": tests}
        )

    def _decode(self, case: CaseId, place: slice) -> Baseline:
        with _inside(f"tests{render_path(case.test, case.case)}"):
            entry = fields.as_object(decode_value(self.content, place))
            return Baseline.from_dict(entry, case=case, environments=self.environments)

    def _environment_member(self, environment: Environment) -> dict[str, object]:
        fingerprint = environment.fingerprint
        place = self.environment_slices.get(fingerprint)
        return {fingerprint: environment.to_dict() if place is None else Verbatim(content=self.content[place])}


class _Index:
    """Collects where a document's parts stand while its text is walked.

    A file of a newer schema may be shaped differently, so a wrong shape is only noted on the way and judged after the
    schema. What no schema allows, such as a key that stands twice, is raised at once.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._plain: dict[str, object] = {}
        self._environments: dict[str, Environment] = {}
        self._environment_slices: dict[str, slice] = {}
        self._entry_slices: dict[tuple[str, str], slice] = {}
        self._other_slices: dict[str, slice] = {}
        self._missing = ["schema", "module", "environments", "tests"]
        self._faults: list[InvalidDataError] = []

    def read_top_level(self, key: str, start: int) -> int:
        """Take in one top-level member; see :func:`read_members`."""
        if key in self._missing:
            self._missing.remove(key)
        with _inside(key):
            if key == "environments":
                return self._read_object(start, key, self._read_environment)
            if key == "tests":
                return self._read_object(start, key, self._read_test)
            end = skip_value(self._content, start)
            value = decode_value(self._content, slice(start, end))
            if key in ("schema", "module"):
                self._plain[key] = value
            else:
                self._other_slices[key] = slice(start, end)
            return end

    def document(self) -> BaselineDocument:
        """What was collected. Raises the first InvalidDataError, a version that cannot be read before all others."""
        check_schema(fields.required(self._plain, "schema"))
        if self._missing:
            raise InvalidDataError(self._missing[0], "missing")
        if self._faults:
            raise self._faults[0]
        return BaselineDocument(
            module=fields.text(self._plain, "module"),
            content=self._content,
            environments=self._environments,
            environment_slices=self._environment_slices,
            entry_slices=self._entry_slices,
            other_slices=self._other_slices,
        )

    def _read_environment(self, fingerprint: str, start: int) -> int:
        end = skip_value(self._content, start)
        try:
            with _inside(f"environments{render_path(fingerprint)}"):
                value = decode_value(self._content, slice(start, end))
                environment = Environment.from_dict(fields.as_object(value))
                if environment.fingerprint != fingerprint:
                    raise InvalidDataError("", "was edited: its fingerprint no longer stands for its content")
            self._environments[fingerprint] = environment
            self._environment_slices[fingerprint] = slice(start, end)
        except InvalidDataError as fault:
            self._faults.append(fault)
        return end

    def _read_test(self, test: str, start: int) -> int:
        def read_case(case: str, start: int) -> int:
            end = skip_value(self._content, start)
            self._entry_slices[test, case] = slice(start, end)
            return end

        with _inside(render_path(test)):
            return self._read_object(start, f"tests{render_path(test)}", read_case)

    def _read_object(self, start: int, where: str, read_member: Callable[[str, int], int]) -> int:
        if self._content.startswith(b"{", start):
            return read_members(self._content, start, read_member)
        self._faults.append(InvalidDataError(where, "expected an object"))
        return skip_value(self._content, start)


@contextmanager
def _inside(outer: str) -> Iterator[None]:
    """Name the position of what goes wrong in the block from one level further out."""
    try:
        yield
    except InvalidDataError as error:
        raise error.inside(outer) from None

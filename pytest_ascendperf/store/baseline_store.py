"""The store: finds, and updates, the baselines below one folder.

``<root>/<chip>/<software stack>/<test module>.json``; see :mod:`~pytest_ascendperf.store.location` for the path,
:mod:`~pytest_ascendperf.store.schema` for the format and :mod:`~pytest_ascendperf.store.files` for locks and writing.
A file that cannot be used is never guessed at and never overwritten.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_ascendperf.errors import BaselineError
from pytest_ascendperf.model.baseline import Baseline
from pytest_ascendperf.model.case import CaseId
from pytest_ascendperf.model.environment import Environment
from pytest_ascendperf.store import files
from pytest_ascendperf.store.document import BaselineDocument
from pytest_ascendperf.store.failures import reading, storing, writing
from pytest_ascendperf.store.location import environment_folder, module_file
from pytest_ascendperf.store.recent_files import RecentFiles, read_file
from pytest_ascendperf.store.schema import as_stored, check_readable


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdatedCase:
    """One case of an update."""

    old: Baseline | None
    """What the file held; None for a case that is new."""
    new: Baseline
    """What it holds now."""

    @property
    def changed(self) -> bool:
        """Whether anything is different."""
        return self.old != self.new


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdatedFile:
    """One file of an update."""

    path: Path
    cases: tuple[UpdatedCase, ...]
    """Those that the update named, sorted by test and case."""

    @property
    def changed(self) -> bool:
        """Whether the file was written; it is left alone when no case changed."""
        return any(case.changed for case in self.cases)


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What an update did, file by file: one that fails does not hold up the others."""

    files: tuple[UpdatedFile, ...]
    """Files that hold what was asked for, sorted by path."""
    errors: tuple[BaselineError, ...]
    """Files that are as they were, and why. Whoever updates must report them: their new baselines are not stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """What other chips and software stacks have of a case."""

    baselines: tuple[Baseline, ...]
    """Those of the same chip first, then by chip and stack."""
    errors: tuple[BaselineError, ...]
    """Files of the same module that may hold one and cannot be used."""


class BaselineStore:
    """The baselines below ``root``.

    Nothing is kept in memory but the files of the module looked up last, and those are read again when they change.
    """

    def __init__(self, root: Path, *, lock_timeout_s: float = 60.0) -> None:
        self._root = root
        self._lock_timeout_s = lock_timeout_s
        self._recent = RecentFiles()

    @property
    def root(self) -> Path:
        """The folder."""
        return self._root

    def path_of(self, environment: Environment, module: str) -> Path:
        """The file of a test module, whether or not it exists.

        Raises BaselineError if the environment's chip or stack is not the name of a folder.
        """
        return environment_folder(self._root, environment) / module_file(module)

    def find(self, case: CaseId, environment: Environment) -> Baseline | None:
        """The baseline of ``case`` on this chip and stack, None if there is none.

        Whether it may be compared is for the caller to say: hard keys other than chip and stack may differ. Raises
        BaselineError if the file cannot be used.
        """
        return self._find(self.path_of(environment, case.module), case)

    def elsewhere(self, case: CaseId, environment: Environment) -> Elsewhere:
        """Baselines of ``case`` on other chips and stacks, to say what there is when :meth:`find` finds nothing."""
        own = environment_folder(self._root, environment)
        baselines: list[Baseline] = []
        errors: list[BaselineError] = []
        folders = [stack for chip in _subfolders(self._root, errors) for stack in _subfolders(chip, errors)]
        for folder in sorted(folders, key=lambda folder: (folder.parent != own.parent, folder)):
            try:
                found = None if folder == own else self._find(folder / module_file(case.module), case)
            except BaselineError as error:
                errors.append(error)
            else:
                baselines.extend([] if found is None else [found])
        return Elsewhere(baselines=tuple(baselines), errors=tuple(errors))

    def update(self, baselines: Iterable[Baseline], *, keep_anchors: bool = True) -> Update:
        """Store ``baselines``, each instead of what its file holds of the same case; all other entries stay as is.

        With ``keep_anchors`` each takes over the anchor that its file has (:meth:`Baseline.following`); without, it is
        stored as given, and one without an anchor is itself what drift is measured from.

        Each file is locked, read, merged and replaced at once, so updates of several processes add up. Raises
        BaselineError, before anything is written, for a case that is given twice or has no place in this folder.
        """
        groups: dict[Path, dict[CaseId, Baseline]] = {}
        for baseline in baselines:
            path = self.path_of(baseline.environment, baseline.case.module)
            group = groups.setdefault(path, {})
            if baseline.case in group:
                raise BaselineError(
                    str(path), f"{baseline.case} is given twice in one update", "Give each case one baseline."
                )
            group[baseline.case] = as_stored(baseline)
        updated: list[UpdatedFile] = []
        errors: list[BaselineError] = []
        for path, group in sorted(groups.items()):
            try:
                updated.append(self._update_file(path, group, keep_anchors=keep_anchors))
            except BaselineError as error:
                errors.append(error)
        return Update(files=tuple(updated), errors=tuple(errors))

    def _update_file(self, path: Path, group: Mapping[CaseId, Baseline], *, keep_anchors: bool) -> UpdatedFile:
        for case, baseline in group.items():
            with storing(path, case):
                check_readable(baseline)
        module = next(iter(group)).module
        target = Path(os.path.realpath(path))  # a link stays a link; what it leads to is replaced
        with writing(path), files.locked(target, self._lock_timeout_s):
            document = read_file(path, module) or BaselineDocument.empty(module)
            with reading(path):
                olds = {case: document.find(case) for case in sorted(group)}
                cases = tuple(
                    UpdatedCase(old=old, new=group[case].following(old) if keep_anchors else group[case])
                    for case, old in olds.items()
                )
                content = document.merged({case.new.case: case.new for case in cases if case.changed})
            updated = UpdatedFile(path=path, cases=cases)
            if updated.changed:
                files.replace(target, content)
        return updated

    def _find(self, path: Path, case: CaseId) -> Baseline | None:
        document = self._recent.read(path, case.module)
        with reading(path):
            return None if document is None else document.find(case)


def _subfolders(folder: Path, errors: list[BaselineError]) -> list[Path]:
    try:
        if not folder.exists():
            return []
        return [entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith(".")]
    except OSError as error:
        problem = f"the folder cannot be listed: {error.strerror}"
        errors.append(BaselineError(str(folder), problem, "Give this user access to it."))
        return []

"""One running system per data directory."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class DataDirectoryInUseError(RuntimeError):
    """Another `quill run` holds the data directory."""


@contextmanager
def data_directory(folder: Path) -> Iterator[None]:
    """Create `folder` if needed and hold it alone. Raises DataDirectoryInUseError, or OSError if it is not ours."""
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    path = folder / "run.lock"
    descriptor = _hold(path, folder)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def is_held(folder: Path) -> bool:
    """Whether a system runs on `folder` now."""
    try:
        descriptor = os.open(folder / "run.lock", os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _hold(path: Path, folder: Path) -> int:
    while True:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 20, 0).decode() or "unknown"
            os.close(descriptor)
            raise DataDirectoryInUseError(
                f"Quill already runs on {folder} (process {holder}); stop it first, or set QUILL_DATA_DIR"
            ) from None
        if _is_still(path, descriptor):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
            return descriptor
        os.close(descriptor)  # the holder before us removed this file between our open and our lock


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False

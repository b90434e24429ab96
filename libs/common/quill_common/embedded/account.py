"""As whom PostgreSQL runs: it refuses to run as root, so root lends it another account.

The directories above the data or the binaries may be closed to that account (a checkout in /root). It then
keeps one capability, DAC_OVERRIDE, instead of opening those directories: see capabilities(7), "ambient".
"""

import ctypes
import os
import pwd
import signal
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_ACCOUNTS: Final = ("postgres", "nobody")

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_KEEPCAPS: Final = 8
_PR_CAP_AMBIENT: Final = 47
_PR_CAP_AMBIENT_RAISE: Final = 2
_CAP_DAC_OVERRIDE: Final = 1
_CAPABILITY_VERSION_3: Final = 0x20080522

_libc: Final = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Account:
    """The user and group that own the data; `override` when paths to it are closed to them."""

    uid: int
    gid: int
    override: bool = False


def account_for(paths: Iterable[Path]) -> Account | None:
    """The account that root must use to reach `paths`, or None when this process may use its own."""
    if os.geteuid() != 0:
        return None
    entry = _first_known(_ACCOUNTS)
    open_to_all = all(parent.stat().st_mode & 0o001 for path in paths for parent in [path, *path.resolve().parents])
    return Account(entry.pw_uid, entry.pw_gid, override=not open_to_all)


def _first_known(names: Iterable[str]) -> pwd.struct_passwd:
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    for name in names:
        if name in known:
            return known[name]
    raise LookupError(f"PostgreSQL does not run as root, and there is no account to lend it: {', '.join(names)}")


def become(account: Account | None, *, stop_with_parent: signal.Signals | None = None) -> Callable[[], None]:
    """What a child does between fork and exec: take on `account`, and end when its parent ends."""
    parent = os.getpid()

    def prepare() -> None:
        if account is not None:
            _take_on(account)
        if stop_with_parent is not None:
            die_with_parent(parent, stop_with_parent)

    return prepare


def die_with_parent(parent: int, how: signal.Signals) -> None:
    """Have the kernel signal this process when `parent` ends, even by SIGKILL. Linux only."""
    if not sys.platform.startswith("linux"):
        return
    _libc.prctl(_PR_SET_PDEATHSIG, int(how), 0, 0, 0)
    if os.getppid() != parent:  # it ended between the fork and the request
        os.kill(os.getpid(), how)


def _take_on(account: Account) -> None:
    if account.override:
        _checked(_libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0))
    os.setgroups([])
    os.setgid(account.gid)
    os.setuid(account.uid)
    if account.override:
        _keep_override()


def _keep_override() -> None:
    bit = 1 << _CAP_DAC_OVERRIDE
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    data = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)  # effective, permitted, inheritable; low word, high word
    _checked(_libc.capset(header, data))
    _checked(_libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0))


def _checked(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), "PostgreSQL cannot be given the right to reach its files")

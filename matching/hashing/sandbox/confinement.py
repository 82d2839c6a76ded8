"""What a decoder process gives up before it sees its first byte of input (Linux).

Limits of memory, processor time, files and writes always hold. The rest is taken away as far as the
kernel permits: the network by a namespace of its own, and by a system call filter, which needs no
privilege, also files, programs and other processes.

PR_SET_PDEATHSIG is left out on purpose: it fires when the *thread* that started the child ends, and
request threads come and go. A child whose owner is gone reads the end of its connection instead.
"""

import ctypes
import errno
import platform
import resource
import struct
from typing import Final

PR_SET_DUMPABLE: Final = 4
PR_SET_SECCOMP: Final = 22
PR_SET_NO_NEW_PRIVS: Final = 38
SECCOMP_MODE_FILTER: Final = 2

CLONE_NEWUSER: Final = 0x10000000
CLONE_NEWNET: Final = 0x40000000

_MACHINES: Final = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""Column of the table below, and the audit number of the machine's system call table."""

_FORBIDDEN_CALLS: Final[dict[str, tuple[int | None, int | None]]] = {
    # A decoder's libraries are loaded, so there is no file it may want,
    "open": (2, None),
    "creat": (85, None),
    "openat": (257, 56),
    "openat2": (437, 437),
    "open_by_handle_at": (304, 265),
    # no connection beyond the one it has,
    "socket": (41, 198),
    "socketpair": (53, 199),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    "connect": (42, 203),
    "io_uring_setup": (425, 425),
    # no program, and no other process to look into or to end.
    "execve": (59, 221),
    "execveat": (322, 281),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
}

_X32_CALLS: Final = 0x40000000

_libc: Final = ctypes.CDLL(None, use_errno=True)


class _Program(ctypes.Structure):
    """`struct sock_fprog` of linux/filter.h."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def confine(*, memory_bytes: int, open_files: int) -> bool:
    """Give up everything that decoding does not need; whether the network is out of reach.

    Everything the process will ever import or open must be there already.
    """
    _limit(resource.RLIMIT_AS, memory_bytes)
    _limit(resource.RLIMIT_NOFILE, open_files)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    _libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    own_network = _leave_network()
    return _forbid_calls() or own_network


def renew_cpu_limit(seconds: int) -> None:
    """Let this process use `seconds` more of processor time; beyond them SIGXCPU ends it."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = usage.ru_utime + usage.ru_stime
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used) + seconds + 1, hard))


def _limit(kind: int, value: int) -> None:
    """Set soft and hard limit, or keep a stricter one that is already there."""
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(kind, (value, value))


def _leave_network() -> bool:
    """Move to a network namespace without interfaces; unprivileged only inside a user namespace."""
    return any(_libc.unshare(flags) == 0 for flags in (CLONE_NEWNET, CLONE_NEWUSER | CLONE_NEWNET))


def _forbid_calls() -> bool:
    """Install the system call filter; False where the kernel or the machine does not know it."""
    known = _MACHINES.get(platform.machine())
    if known is None:
        return False
    column, machine = known
    numbers = [call[column] for call in _FORBIDDEN_CALLS.values()]
    code = _filter_code(machine, [number for number in numbers if number is not None])
    buffer = ctypes.create_string_buffer(code, len(code))
    program = _Program(len(code) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    mode = ctypes.c_ulong(SECCOMP_MODE_FILTER)
    return bool(_libc.prctl(PR_SET_SECCOMP, mode, ctypes.byref(program), 0, 0) == 0)


def _filter_code(machine: int, calls: list[int]) -> bytes:
    """A classic BPF program: EPERM for `calls`, foreign system call tables included, else allow."""
    load, jump_equal, jump_at_least, answer = 0x20, 0x15, 0x35, 0x06
    allow, refuse = 0x7FFF0000, 0x00050000 | errno.EPERM
    to_refusal = len(calls) + 1
    steps = [
        (load, 0, 0, 4),  # seccomp_data.arch
        (jump_equal, 0, to_refusal + 2, machine),
        (load, 0, 0, 0),  # seccomp_data.nr
        (jump_at_least, to_refusal, 0, _X32_CALLS),
        *((jump_equal, to_refusal - 1 - at, 0, call) for at, call in enumerate(calls)),
        (answer, 0, 0, allow),
        (answer, 0, 0, refuse),
    ]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)

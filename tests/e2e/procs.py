"""Looks at processes through /proc, and provides a libexec folder for a
test."""
import os
import re
import shutil
import subprocess

from sim import wait_for
from worker import alive, children, process


def sanitized(program):
    """Whether it was built with a sanitizer."""
    told = subprocess.run(["ldd", program], capture_output=True, text=True,
                          check=False, timeout=60)
    return "libasan" in told.stdout or "libubsan" in told.stdout


def stamp(pid):
    """(pid, start time), which no later process shares; None if it is gone."""
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8",
                  errors="replace") as f:
            text = f.read()
    except (FileNotFoundError, ProcessLookupError):
        return None
    rest = text[text.rindex(")") + 2:].split()
    return None if rest[0] in "ZX" else (pid, int(rest[19]))


def zygotes(pid):
    """Pids of the zygotes of this supervisor."""
    return {p for p, name in children(pid).items() if name == "quali-zygote"}


def zygote(worker):
    """The one zygote of a worker, which names itself after its start."""
    (pid,) = wait_for(lambda: (lambda z: z if len(z) == 1 else None)(
        zygotes(worker.pid)), "one zygote", lambda: children(worker.pid))
    return pid


def another_zygote(worker, old):
    """The zygote that replaced an ended one."""
    wait_for(lambda: zygotes(worker.pid) - {old} and not alive(old),
             "another zygote", worker.stderr)
    return zygote(worker)


def tree(pid):
    """pid -> name of a process and all below it, without zombies."""
    p = process(pid)
    found = {pid: p[0]} if p and p[1] not in "ZX" else {}
    for child in children(pid):
        found.update(tree(child))
    return found


def zombies(parent):
    found = []
    for entry in os.listdir("/proc"):
        p = process(int(entry)) if entry.isdigit() else None
        if p and p[1] == "Z" and p[2] == parent:
            found.append(int(entry))
    return found


def descriptors(pid):
    """fd -> link target."""
    found = {}
    folder = "/proc/%d/fd" % pid
    for fd in os.listdir(folder):
        try:
            found[int(fd)] = os.readlink(os.path.join(folder, fd))
        except FileNotFoundError:
            pass
    return found


def private_kib(pid):
    """The process's own memory: (written, only read). The latter are pages of
    files; how many depends on who else has mapped them."""
    with open("/proc/%d/smaps_rollup" % pid, encoding="utf-8") as f:
        text = f.read()
    return tuple(int(re.search(r"^Private_%s: +(\d+) kB" % kind, text,
                               re.M).group(1)) for kind in ("Dirty", "Clean"))


def gone(stamps, what, state=lambda: ""):
    """Wait until all of these processes are gone."""
    wait_for(lambda: not any(stamp(s[0]) == s for s in stamps),
             what, state)


class Libexec:
    """A folder with the worker's helper programs."""

    def __init__(self, build, folder):
        self.build, self.folder = build, str(folder)
        os.symlink(os.path.join(build, "aws-credentials"),
                   os.path.join(self.folder, "aws-credentials"))

    @property
    def settings(self):
        return {"worker.libexec_dir": self.folder}

    @property
    def executor(self):
        return os.path.join(self.folder, "executor")

    def install(self, program):
        """Replace the executor by a program of the build folder, as a package
        manager does."""
        new = self.executor + ".new"
        shutil.copy(os.path.join(self.build, program), new)
        os.rename(new, self.executor)

    def modes(self, *words):
        """How the next executors of fakeexec behave, one word each."""
        with open(os.path.join(self.folder, "mode"), "w",
                  encoding="utf-8") as f:
            f.writelines(word + "\n" for word in words)

    def modes_left(self):
        try:
            with open(os.path.join(self.folder, "mode"),
                      encoding="utf-8") as f:
                return f.read().split()
        except FileNotFoundError:
            return []

    def release(self):
        """End all that hold."""
        with open(os.path.join(self.folder, "release"), "w",
                  encoding="utf-8"):
            pass

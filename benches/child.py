"""Runs a program and says how long it took and how much memory it held."""

import os
import subprocess
import sys
import time


def run(command, watch=None, **settings):
    """Exit status, seconds, processor seconds, peak resident megabytes. While it runs, `watch` is told of its process, again and again.

    On Linux the peak is the program's own high-water mark, read while it runs: `ru_maxrss` of a child begins at what its parent held when it
    was started, which in a benchmark that generated a table is more than the program itself needs.
    """
    started = time.time()
    child = subprocess.Popen([str(part) for part in command], **settings)
    peak = 0.0
    while True:
        done, status, used = os.wait4(child.pid, os.WNOHANG)
        if done:
            break
        peak = max(peak, high_water(child.pid))
        if watch:
            watch(child.pid)
        time.sleep(0.02)
    child.returncode = os.waitstatus_to_exitcode(status)
    if not sys.platform.startswith("linux"):
        peak = used.ru_maxrss / 1024**2
    return child.returncode, time.time() - started, used.ru_utime + used.ru_stime, peak


def high_water(process):
    try:
        with open(f"/proc/{process}/status", encoding="ascii", errors="replace") as lines:
            return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)
    except OSError:
        return 0.0

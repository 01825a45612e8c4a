"""Runs a command and writes what it took to a file, as JSON:  python3 rusage.py FILE COMMAND…

CPU time is that of the command and of the children it waited for; memory is that of the largest one of them.
"""

import json
import os
import sys
import time

out, command = sys.argv[1], sys.argv[2:]
began = time.perf_counter()
pid = os.fork()
if pid == 0:
    os.execvp(command[0], command)
_, status, used = os.wait4(pid, 0)
took = {
    "status": os.waitstatus_to_exitcode(status),
    "ms": (time.perf_counter() - began) * 1000,
    "cpuMs": (used.ru_utime + used.ru_stime) * 1000,
    "rssMb": used.ru_maxrss / 1024,
}
with open(out, "w", encoding="utf-8") as file:
    json.dump(took, file)

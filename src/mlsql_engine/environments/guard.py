"""Runs a command until it ends, or until whoever started this does; run as a file, by any Python 3.9.

    python guard.py COMMAND [ARGUMENT …]

Standard input is a pipe whose other end the starter holds: when it is closed, by a kill -9 too, the command and its
process group are ended, first politely. The exit status is the command's; 128 + n where signal n ended it, 127
where it could not be started.
"""

import os
import signal
import subprocess
import sys
import threading

_PATIENCE_SECONDS = 3.0
_NOT_STARTED = 127


def main() -> None:
    """Run the command line's command."""
    try:
        child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True)
    except OSError as error:
        sys.stderr.write(f"{sys.argv[1]} cannot be started: {error.strerror}\n")
        sys.exit(_NOT_STARTED)
    ending, ended = threading.Event(), threading.Event()
    watcher = threading.Thread(target=_end_with_starter, args=(child.pid, ending, ended), daemon=True)
    watcher.start()
    status = child.wait()
    ended.set()
    if ending.is_set():
        watcher.join()  # the command may have ended at once, and what it has started not
    os._exit(status if status >= 0 else 128 - status)


def _end_with_starter(group: int, ending: threading.Event, ended: threading.Event) -> None:
    while os.read(0, 1):
        pass
    ending.set()
    _signal(group, signal.SIGTERM)
    ended.wait(_PATIENCE_SECONDS)
    _signal(group, signal.SIGKILL)


def _signal(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    main()

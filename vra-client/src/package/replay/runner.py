"""Runs the handler of an action as the action runtime of vRA does, with a stand-in for its context.

The call comes as JSON on standard input; the report goes to standard output as JSON. What the action prints goes to standard
error, because its standard output belongs to this report.
"""

import importlib
import json
import os
import sys
import time
import traceback


class Context:
    """Stand-in for vRA: knows the link of the endpoint's credentials and nothing else."""

    def __init__(self, link, response):
        self._link = link
        # Kept as text, so that an action that changes its copy does not change the next one.
        self._response = json.dumps(response)

    def request(self, link, operation, body, *args, **kwargs):
        if self._link is not None and link == self._link and str(operation).upper() == "GET":
            return json.loads(self._response)
        return {"status": 404, "content": json.dumps({"message": "the replay has credentials only", "statusCode": 404})}


def limit_resources(memory_bytes):
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    # A core file would have the secrets.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def keep_modes(directory):
    """Makes a change of modes below the directory fail, as on a read-only file system."""
    chmod = os.chmod

    def refuse(path, *args, **kwargs):
        if os.path.abspath(path).startswith(directory + os.sep):
            raise OSError(30, "Read-only file system", path)
        return chmod(path, *args, **kwargs)

    os.chmod = refuse


def place(error, directory):
    """Returns the innermost place of the action in the traceback, without any values."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename.startswith(directory + os.sep):
            return "%s:%d in %s" % (os.path.relpath(frame.filename, directory), frame.lineno, frame.name)
    return None


def called(call):
    directory = call["directory"]
    sys.path.insert(0, directory)
    if call["read_only"]:
        keep_modes(directory)
    module, _, function = call["entrypoint"].rpartition(".")
    # Released on failure: the report of an action that used up its memory needs some.
    reserve = bytearray(1 << 20)
    begin = time.monotonic()
    try:
        handler = getattr(importlib.import_module(module), function)
        result = handler(Context(call["link"], call["response"]), call["inputs"])
    except BaseException as error:
        del reserve
        text = str(error)
        return {
            "raised": {
                "exception": type(error).__name__,
                "message": text[:16000],
                "out_of_memory": isinstance(error, MemoryError),
                "place": place(error, directory),
            },
            "seconds": time.monotonic() - begin,
        }
    seconds = time.monotonic() - begin
    try:
        # vRA reads JSON, which has neither NaN nor infinity.
        json.dumps(result, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        return {"not_json": str(error)[:1000], "seconds": seconds}
    return {"result": result, "seconds": seconds}


def main():
    report = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    if sys.version_info < (3, 7):
        outcome = {"too_old": ".".join(str(part) for part in sys.version_info[:3])}
    else:
        call = json.loads(sys.stdin.buffer.read().decode("utf-8"))
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        limit_resources(call["memory_bytes"])
        outcome = called(call)
    sys.stdout.flush()
    sys.stderr.flush()
    report.write(json.dumps(outcome).encode("utf-8"))
    report.flush()
    # Threads that the action left behind must not keep the process.
    os._exit(0)


main()

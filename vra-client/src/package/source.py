"""Runs one action of the IPAM plug-in contract.

vRealize Automation calls handler(context, inputs). The work is done by the program beside this file: this script fetches
the credentials of the endpoint, passes them to the program with the inputs on standard input, and returns the outputs that
the program prints. Secrets are never in arguments, in the environment or in a file.
"""

import json
import os
import shutil
import subprocess
import tempfile

ACTION = "@ACTION@"
PROGRAM = "@PROGRAM@"
# Shorter than the action's own limit, so that the program's end is known and told before the whole action is stopped.
TIMEOUT_SECONDS = @TIMEOUT@
# A failing program prints one line; more than this is not a message of ours.
MAX_MESSAGE = 4000


def handler(context, inputs):
    if isinstance(inputs, str):
        inputs = json.loads(inputs)
    call = {"inputs": inputs}
    link = _credentials_link(inputs)
    if link:
        call["credentials"] = context.request(link, "GET", "")
    return _run(json.dumps(call).encode("utf-8"))


def _credentials_link(inputs):
    # ValidateEndpoint has the link at the top; all other actions have it in the endpoint.
    endpoint = inputs.get("endpoint")
    return inputs.get("authCredentialsLink") or (endpoint or {}).get("authCredentialsLink")


def _run(call):
    with tempfile.TemporaryDirectory() as scratch:
        program = _executable(os.path.join(os.path.dirname(os.path.abspath(__file__)), PROGRAM), scratch)
        try:
            done = subprocess.run(
                [program, ACTION],
                input=call,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                timeout=TIMEOUT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            # Without "from None" the traceback would show the input, which has the credentials.
            raise Exception(
                "%s did not finish within %d seconds and was stopped; run it again: a repeated action completes or "
                "undoes what was begun" % (ACTION, TIMEOUT_SECONDS)
            ) from None
    if done.returncode != 0:
        raise Exception(_message(done)[:MAX_MESSAGE])
    return json.loads(done.stdout)


def _message(done):
    text = done.stderr.decode("utf-8", "replace").strip()
    try:
        return json.loads(text)["error"]["message"]
    except (ValueError, KeyError, TypeError):
        # Not an error that the program reported: it could not start, or was ended.
        if done.returncode < 0:
            return "%s was ended by signal %d. %s" % (ACTION, -done.returncode, text)
        return "%s failed with exit code %d. %s" % (ACTION, done.returncode, text)


def _executable(program, scratch):
    # The runtime may unpack an action without its file modes, and into a directory that cannot be written.
    if os.access(program, os.X_OK):
        return program
    try:
        os.chmod(program, 0o755)
        if os.access(program, os.X_OK):
            return program
    except OSError:
        pass
    copy = os.path.join(scratch, PROGRAM)
    shutil.copyfile(program, copy)
    os.chmod(copy, 0o700)
    return copy

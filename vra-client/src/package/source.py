"""Runs one action of the IPAM plug-in contract.

vRealize Automation calls handler(context, inputs). The work is done by the program beside this file: this script fetches
the credentials of the endpoint, passes them to the program with the inputs on standard input, and returns the outputs that
the program prints. Secrets are never in arguments, in the environment, in a file or in an exception.

Python 3.7 or later; nothing beside the standard library.
"""

import contextlib
import json
import os
import selectors
import shutil
import signal
import subprocess
import tempfile
import threading
import time

ACTION = "@ACTION@"
PROGRAM = "@PROGRAM@"
# Shorter than the action's own limit, so that the program's end is known and told before the whole action is stopped.
TIMEOUT_SECONDS = @TIMEOUT@
# What a program has to undo its work after it is told to stop; within the 15 s that its limit is shorter than the action's.
STOP_SECONDS = 8
# A failing program prints one line; more than this is not a message of ours.
MAX_MESSAGE = 4000
# Outputs of 1000 ranges, the largest page of vRA, have less than 1 MiB.
MAX_OUTPUT = 64 << 20
MAX_ERRORS = 64 << 10
CHUNK = 64 << 10


def handler(context, inputs):
    inputs = _object(inputs, "the inputs of the action")
    call = {"inputs": inputs}
    secrets = []
    link = _credentials_link(inputs)
    if link:
        call["credentials"] = _credentials(context, link)
        secrets = _secrets(call["credentials"])
    return _run(json.dumps(call).encode("utf-8"), secrets)


def _object(value, what):
    # Runtimes differ in whether they pass parsed or plain JSON.
    if isinstance(value, (str, bytes, bytearray)):
        try:
            value = json.loads(value)
        except ValueError:
            # The parser's error holds the whole text, which may have a secret.
            raise Exception("%s: %s is not JSON" % (ACTION, what)) from None
    if not isinstance(value, dict):
        raise Exception("%s: %s is not a JSON object" % (ACTION, what))
    return value


def _credentials_link(inputs):
    # ValidateEndpoint has the link at the top; all other actions have it in the endpoint.
    endpoint = inputs.get("endpoint")
    inner = endpoint.get("authCredentialsLink") if isinstance(endpoint, dict) else None
    return inputs.get("authCredentialsLink") or inner


def _credentials(context, link):
    response = _object(context.request(link, "GET", ""), "vRA's response with the credentials")
    status = response.get("status", 200)
    if str(status) != "200":
        raise Exception(
            "%s: vRA returned status %.20s for the credentials of the endpoint; save the credentials of the integration "
            "again" % (ACTION, status)
        )
    return response


def _secrets(response):
    # Only for hiding them in messages, so an unusual response is no error here: the program reads it and tells.
    content = response.get("content", response)
    if isinstance(content, (str, bytes, bytearray)):
        try:
            content = json.loads(content)
        except ValueError:
            return []
    secret = content.get("privateKey") if isinstance(content, dict) else None
    return [secret] if isinstance(secret, str) and secret else []


def _run(call, secrets):
    with contextlib.ExitStack() as stack:
        program = _executable(os.path.join(os.path.dirname(os.path.abspath(__file__)), PROGRAM), stack)
        pipe = subprocess.PIPE
        try:
            # In the group of this script: a runtime that ends the script's group ends the program, too.
            process = subprocess.Popen([program, ACTION], stdin=pipe, stdout=pipe, stderr=pipe)
        except OSError as error:
            problem = "%s: the program of the plug-in cannot be started: %s" % (ACTION, error.strerror)
            raise Exception(problem) from None
        with _ended(process):
            output, errors, stopped = _exchange(process, call)
    if stopped and process.returncode < 0:
        # A program that knows nothing of the signal.
        raise _too_late()
    if process.returncode == 0:
        return _outputs(output)
    text = errors.decode("utf-8", "replace").strip()
    failure = _failure(process.returncode, text, secrets)
    if process.returncode > 0 and output.strip():
        # The outputs are written when the action is done; what failed is the end of the session with the IPAM.
        outputs = _outputs(output)
        print("%s is done, but: %s" % (ACTION, failure))
        return outputs
    raise failure


def _outputs(output):
    try:
        return json.loads(output.decode("utf-8"))
    except ValueError:
        raise Exception("%s: the program of the plug-in printed something that is not JSON" % ACTION) from None


@contextlib.contextmanager
def _ended(process):
    """Makes sure that the program has ended when the block is left, in whatever way."""

    def kill():
        if process.poll() is None:
            process.kill()

    def on_terminate(number, frame):
        # The runtime ends the script; what it does at this signal happens afterwards.
        if process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
        kill()
        signal.signal(signal.SIGTERM, before)
        os.kill(os.getpid(), signal.SIGTERM)

    # Python allows handlers in the main thread only. A handler that C code has set is None and could not be put back.
    before = signal.getsignal(signal.SIGTERM)
    handles = before is not None and threading.current_thread() is threading.main_thread()
    if handles:
        signal.signal(signal.SIGTERM, on_terminate)
    try:
        yield
    finally:
        kill()
        process.wait()
        for pipe in (process.stdout, process.stderr, process.stdin):
            with contextlib.suppress(OSError):
                pipe.close()
        if handles:
            signal.signal(signal.SIGTERM, before)


def _exchange(process, call):
    """Writes the call and reads both outputs at once, so that no full pipe stops either side.

    At the limit the program is told to stop, so that it undoes what it has begun. Returns both outputs, and True if it was
    told so.
    """
    deadline = time.monotonic() + TIMEOUT_SECONDS
    stopped = False
    outputs = {process.stdout: bytearray(), process.stderr: bytearray()}
    sent = 0
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdin, selectors.EVENT_WRITE)
        for pipe in outputs:
            selector.register(pipe, selectors.EVENT_READ)
        for pipe in (process.stdin, process.stdout, process.stderr):
            os.set_blocking(pipe.fileno(), False)
        while selector.get_map():
            ready = selector.select(max(0, deadline - time.monotonic()))
            if time.monotonic() >= deadline:
                if stopped:
                    raise _too_late()
                process.terminate()
                stopped = True
                deadline += STOP_SECONDS
            for key, _ in ready:
                pipe = key.fileobj
                if pipe is process.stdin:
                    sent = _send(pipe, call, sent)
                    done = sent >= len(call)
                else:
                    done = not _receive(pipe, outputs[pipe], MAX_OUTPUT if pipe is process.stdout else MAX_ERRORS)
                if done:
                    selector.unregister(pipe)
                    pipe.close()
                if len(outputs[process.stdout]) > MAX_OUTPUT:
                    raise Exception("%s: the program of the plug-in printed more than %d bytes" % (ACTION, MAX_OUTPUT))
    try:
        process.wait(max(0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        if stopped:
            raise _too_late() from None
        process.terminate()
        stopped = True
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            raise _too_late() from None
    return outputs[process.stdout], outputs[process.stderr], stopped


def _send(pipe, call, sent):
    try:
        return sent + os.write(pipe.fileno(), call[sent : sent + CHUNK])
    except BlockingIOError:
        return sent
    except BrokenPipeError:
        # The program ended, or needs no more; its exit code and its message say which.
        return len(call)


def _receive(pipe, buffer, limit):
    try:
        chunk = os.read(pipe.fileno(), CHUNK)
    except BlockingIOError:
        return True
    # What is beyond the limit is read all the same: the program must not wait for a reader.
    buffer += chunk[: max(0, limit + 1 - len(buffer))]
    return bool(chunk)


def _too_late():
    return Exception(
        "%s did not finish within %d seconds and was stopped; run it again: a repeated action completes or undoes what "
        "was begun. Where the program was killed outright, a repeat may be refused as busy for up to three minutes, and "
        "succeeds then" % (ACTION, TIMEOUT_SECONDS)
    )


def _failure(code, text, secrets):
    # A program may write notes before its error.
    for candidate in (text, text[text.rfind("\n{") + 1 :]):
        try:
            message = json.loads(candidate)["error"]["message"]
        except (ValueError, KeyError, TypeError):
            continue
        return Exception(_shown(str(message), secrets))
    # Not an error that the program reported: it could not start, or was ended.
    text = _shown(text, secrets)
    if code == -signal.SIGABRT and "memory allocation of" in text:
        return MemoryError("%s ran out of memory; give the action more memory. %s" % (ACTION, text))
    if code == -signal.SIGKILL:
        return Exception(
            "%s was killed, as the system does with programs when no memory is left; give the action more memory. %s"
            % (ACTION, text)
        )
    if code < 0:
        return Exception("%s was ended by signal %s. %s" % (ACTION, _signal_name(-code), text))
    return Exception("%s failed with exit code %d. %s" % (ACTION, code, text))


def _signal_name(number):
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


def _shown(text, secrets):
    for secret in secrets:
        text = text.replace(secret, "REDACTED")
    return text[:MAX_MESSAGE]


def _executable(program, stack):
    # The runtime may unpack an action without its file modes, and into a directory that cannot be written.
    if os.access(program, os.X_OK):
        return program
    with contextlib.suppress(OSError):
        os.chmod(program, 0o755)
        if os.access(program, os.X_OK):
            return program
    try:
        scratch = stack.enter_context(tempfile.TemporaryDirectory())
        copy = os.path.join(scratch, PROGRAM)
        shutil.copyfile(program, copy)
        os.chmod(copy, 0o700)
    except OSError as error:
        problem = "%s: the program of the plug-in cannot be copied to where it may run: %s" % (ACTION, error.strerror)
        raise Exception(problem) from None
    return copy

"""Runs Guardian's command line."""

import json
import os
import subprocess
import tempfile

# Where the command line is, if it is not in PATH.
PROGRAM_VARIABLE = "GUARDIAN"

_program = None


class GuardianError(Exception):
    """A call that was not done.

    :ivar code: the reason, a word for programs (docs/reference/reasons.md)
    :ivar message: the reason, a sentence for people
    :ivar hint: the step that fixes it; None if there is none
    :ivar details: one line for each failed check
    """

    def __init__(self, code, message, hint=None, details=()):
        super().__init__("\n".join([message, *details, *([f"hint: {hint}"] if hint else [])]))
        self.code, self.message, self.hint, self.details = code, message, hint, list(details)


class Refused(GuardianError):
    """The room, its contract or a verification refused."""


class WrongUsage(GuardianError):
    """A name, a condition or a file is malformed."""


class Failed(GuardianError):
    """A file, a service or the network failed; the same call may succeed later."""


_KINDS = {1: Refused, 2: WrongUsage}


def install(program):
    """Tells the package where the command line is.

    :param program: the path of ``guardian``, or a list: the program and its first arguments
    """
    global _program
    _program = [program] if isinstance(program, (str, os.PathLike)) else list(program)


def run(arguments, rows=None):
    """Runs a command.

    :param arguments: the words after ``guardian``; ``--json`` is added
    :param rows: a function that writes the command's standard input to a text stream; None for no input
    :returns: the result
    :raises GuardianError: the command did not end with 0
    """
    command = [*(_program or [os.environ.get(PROGRAM_VARIABLE) or "guardian"]), *arguments, "--json"]
    # A file takes what the command says meanwhile: a full pipe would stop it while it still reads.
    with tempfile.TemporaryFile() as remarks:
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL if rows is None else subprocess.PIPE, stdout=subprocess.PIPE, stderr=remarks,
                encoding="utf-8")
        except OSError as failure:
            raise Failed(
                "not-installed", f"{command[0]} cannot be started: {failure}",
                f"install guardian, or name it in the variable {PROGRAM_VARIABLE}") from failure
        with process:
            try:
                _write(process, rows)
                output = process.stdout.read()
            except BaseException:
                process.kill()
                raise
        remarks.seek(0)
        said = remarks.read().decode("utf-8", "replace")
    return _read(process.returncode, output, said)


def _write(process, rows):
    if rows is None:
        return
    try:
        with process.stdin as stream:
            rows(stream)
    except BrokenPipeError:
        # The command has ended before it read everything, and says why.
        pass


def _read(code, output, said):
    try:
        result = json.loads(output.strip().splitlines()[-1])
    except (IndexError, ValueError):
        result = None
    if code == 0 and result is not None:
        return result
    kind = _KINDS.get(code, Failed)
    if isinstance(result, dict) and "error" in result:
        raise kind(result["error"], result["message"], result.get("hint"), result.get("details", ()))
    raise kind("no-result", said.strip() or f"guardian ended with {code} and said nothing")

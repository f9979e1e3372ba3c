"""Runs Guardian's command line as the user of the stock client."""

import json
import os
import subprocess

from osc_lib import exceptions

# Where Guardian's command line is, if it is not in PATH.
PROGRAM_VARIABLE = "GUARDIAN"

# Guardian's exit codes: done, and a result that is not complete or has problems.
DONE, PROBLEMS = 0, 1


def _environment(app):
    # The token is in the environment of the process and not among its arguments, which other users can read.
    config, client_manager = app.cloud.config, app.client_manager
    auth = config.get("auth", {})
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
    wanted = {
        "OS_AUTH_TYPE": "v3token",
        "OS_AUTH_URL": auth.get("auth_url"),
        "OS_TOKEN": client_manager.auth_ref.auth_token,
        "OS_PROJECT_ID": client_manager.auth_ref.project_id,
        "OS_REGION_NAME": config.get("region_name"),
        "OS_INTERFACE": config.get("interface"),
        "OS_CACERT": config.get("cacert"),
    }
    environment.update({name: value for name, value in wanted.items() if value})
    return environment


def run(app, arguments):
    """Runs a command.

    :param app: the stock client
    :param arguments: the words after ``guardian``; ``--json`` is added
    :returns: whether the result is complete, and the result
    """
    command = [os.environ.get(PROGRAM_VARIABLE, "guardian"), *arguments, "--json"]
    try:
        done = subprocess.run(command, env=_environment(app), stdout=subprocess.PIPE, check=False)
    except OSError as failure:
        raise exceptions.CommandError(f"{command[0]} cannot be started: {failure}; name it in the variable {PROGRAM_VARIABLE}")
    try:
        result = json.loads(done.stdout)
    except ValueError:
        result = {}
    if done.returncode not in (DONE, PROBLEMS) or "error" in result or not result:
        raise exceptions.CommandError(f"guardian {' '.join(arguments[:2])} ended with {done.returncode}")
    return done.returncode == DONE, result

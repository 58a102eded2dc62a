"""Look around inside of an image, run by its own Python, and print what it finds as JSON.

It runs on every interpreter that a row has, and imports nothing that an image must not bring.
"""

import json
import os
import shutil
import subprocess
import sys

BUILD_TOOLS = ("cc", "c++", "gcc", "g++", "clang", "make", "cmake", "ld", "as", "rustc", "cargo")
CACHES = ("/root/.cache", "/home/runtime/.cache", "/opt", "/var/cache/pip", "/var/lib/apt/lists")


def command(*arguments):
    """Return what a command prints, and its exit code; as a shell does, if there is none."""
    if not shutil.which(arguments[0]):
        return "", 127
    run = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return run.stdout.decode(), run.returncode


def files_below(folders):
    """List files, however deep."""
    return [os.path.join(at, name) for top in folders for at, _, ns in os.walk(top) for name in ns]


def constraints():
    """Read what derived images are held to; nothing where there is no such file."""
    path = os.environ.get("PIP_CONSTRAINT", "")
    if not os.path.isfile(path):
        return []
    with open(path, encoding="utf-8") as file:
        return file.read().split()


def main():
    """Print the facts."""
    packages = json.loads(command("pip", "list", "--format=json")[0])
    complaints, code = command("pip", "check")
    facts = {
        "python": "{}.{}".format(*sys.version_info),
        "packages": {package["name"]: package["version"] for package in packages},
        "conflicts": complaints.splitlines() if code else [],
        "constraints": constraints(),
        "command": command("serving-runtime", "--version")[0].strip(),
        "setuid": command("find", "/", "-xdev", "-perm", "/6000", "-type", "f")[0].split(),
        "build_tools": [tool for tool in BUILD_TOOLS if shutil.which(tool)],
        "caches": files_below(CACHES),
    }
    print(json.dumps(facts))


main()

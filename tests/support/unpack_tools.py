#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unpack Debian packages aside, without installing any of them.

Servers and mail programs that the tests talk to must not change the services
of the machine that they run on, and Postfix and Exim exclude each other as
packages. So each package of the list, with whatever it depends on that is not
on the system, is downloaded with apt-get and unpacked with dpkg into one tree.
No maintainer script runs. A package that is there already is left alone, so a
second run is quick and needs no network. What this release of Debian has not is
fetched from another's, by its digest.
"""

import argparse
import hashlib
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
LIST = HERE.parent / "packages.txt"

# Files only; what these depend on is of no use to anybody here.
DATA_ONLY = re.compile(
    r"libpython3\.\d+-testsuite|golang-github-jhillyerd-enmime-dev")


def default_tree() -> Path:
    """Where the tree is kept: readable to the users that servers run as."""
    named = os.environ.get("RESTANTE_TOOLS")
    if named:
        return Path(named)
    if os.geteuid() == 0:
        return Path("/var/cache/restante-tests/tools")
    base = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    return Path(base) / "restante-tests" / "tools"


def listed(path: Path) -> list[str]:
    """The packages of the lines `unpack NAME`."""
    lines = (line.split() for line in path.read_text().splitlines())
    return [words[1] for words in lines
            if len(words) == 2 and words[0] == "unpack"]


def fetched(path: Path) -> list[list[str]]:
    """NAME, URL and SHA256 of the lines `fetch`."""
    lines = (line.split() for line in path.read_text().splitlines())
    return [words[1:] for words in lines
            if len(words) == 4 and words[0] == "fetch"]


def there_is(package: str) -> bool:
    """Whether a package of that name can be had."""
    done = subprocess.run(["apt-cache", "show", package], check=False,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return done.returncode == 0


def first_of(names: str) -> str:
    """The first of `NAME|NAME` that there is in this release of Debian."""
    candidates = names.split("|")
    for package in candidates:
        if len(candidates) == 1 or there_is(package):
            return package
    raise SystemExit(f"none of {names} can be had (try apt-get update)")


def missing_on_system(package: str) -> list[str]:
    """The package and the dependencies that an installation would add."""
    if DATA_ONLY.fullmatch(package):
        return [package]
    done = subprocess.run(
        ["apt-get", "-s", "-q", "--no-install-recommends", "install", package],
        env={**os.environ, "LC_ALL": "C"}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise SystemExit(f"apt-get cannot resolve {package} "
                         f"(try apt-get update):\n{done.stdout}")
    # "Inst NAME (VERSION …" is new; "Inst NAME [OLD] (NEW …" an upgrade, and
    # then what is installed will do.
    new = re.findall(r"^Inst (\S+) \(", done.stdout, re.MULTILINE)
    return list(dict.fromkeys([package, *new]))


def unpack(package: str, tree: Path) -> None:
    """Download one package and unpack it into the tree."""
    stamps = tree / ".unpacked"
    stamp = stamps / package
    if stamp.exists():
        return
    debs = tree / ".debs" / package
    debs.mkdir(parents=True, exist_ok=True)
    # The sandbox user of apt may not write here; we are root or it is ours.
    subprocess.run(["apt-get", "-q", "-o", "APT::Sandbox::User=root",
                    "download", package],
                   cwd=debs, stdout=subprocess.DEVNULL, check=True)
    for deb in debs.glob("*.deb"):
        subprocess.run(["dpkg", "-x", str(deb), str(tree)], check=True)
        deb.unlink()
    stamps.mkdir(exist_ok=True)
    stamp.touch()


def fetch(name: str, url: str, sha256: str, tree: Path) -> None:
    """A package of another release; exactly that file, and no other."""
    stamp = tree / ".unpacked" / name
    if stamp.exists():
        return
    with urllib.request.urlopen(url, timeout=120) as answer:
        octets = answer.read()
    if hashlib.sha256(octets).hexdigest() != sha256:
        raise SystemExit(f"{url} is another file than it was")
    deb = tree / ".debs" / f"{name}.deb"
    deb.parent.mkdir(exist_ok=True)
    deb.write_bytes(octets)
    subprocess.run(["dpkg", "-x", str(deb), str(tree)], check=True)
    deb.unlink()
    stamp.parent.mkdir(exist_ok=True)
    stamp.touch()


def main() -> int:
    """Parse the arguments and unpack; the tree's path goes to stdout."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--tree", type=Path, default=default_tree(),
                        help="where to (default: $RESTANTE_TOOLS, "
                        "else %(default)s)")
    parser.add_argument("packages", nargs="*",
                        help=f"default: the unpack lines of {LIST.name}")
    args = parser.parse_args()
    tree = args.tree.resolve()
    tree.mkdir(parents=True, exist_ok=True)
    tree.chmod(0o755)
    wanted_packages = args.packages or listed(LIST)
    for name, url, sha256 in fetched(LIST):
        if args.packages and name not in args.packages:
            continue
        if name in wanted_packages:
            wanted_packages.remove(name)
        if there_is(name):
            wanted_packages.append(name)
        else:
            fetch(name, url, sha256, tree)
    for wanted in wanted_packages:
        if (tree / ".unpacked" / f"{wanted}.whole").exists():
            continue
        for package in missing_on_system(first_of(wanted)):
            unpack(package, tree)
        (tree / ".unpacked" / f"{wanted}.whole").touch()
    print(tree)
    return 0


if __name__ == "__main__":
    sys.exit(main())

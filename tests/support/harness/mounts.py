# SPDX-License-Identifier: GPL-3.0-or-later
"""Mounts in a namespace of our own: a small disk, private lists of users."""

import os
import socket
import stat
import subprocess
from pathlib import Path

from .place import Place
from .tools import TREE, library_folders


def mount(*args: object) -> None:
    """mount(8)."""
    subprocess.run(["mount", *map(str, args)], check=True,
                   stderr=subprocess.PIPE)


def add_users(place: Place, names: dict[str, int],
              group: int | None = None) -> None:
    """Let these users and groups exist, here and for our children alone: each
    in a group of its own, or all in one.
    """
    lines = {"passwd": "{name}:x:{id}:{group}::/nonexistent:/bin/false",
             "group": "{name}:x:{id}:"}
    for file, line in lines.items():
        private = place.root / file
        text = Path("/etc", file).read_text("utf-8")
        for name, number in names.items():
            if not any(row.startswith(f"{name}:") for row in text.split("\n")):
                text += line.format(name=name, id=number,
                                    group=group or number) + "\n"
        private.write_text(text)
        private.chmod(0o644)
        mount("--bind", private, f"/etc/{file}")


def add_hosts(place: Place, names: dict[str, str]) -> None:
    """Let these host names have these addresses, here and for our children."""
    private = place.root / "hosts"
    private.write_text(Path("/etc/hosts").read_text("utf-8") + "\n" +
                       "".join(f"{address} {name}\n"
                               for name, address in names.items()))
    private.chmod(0o644)
    mount("--bind", private, "/etc/hosts")


def lay_tree_under_usr() -> None:
    """Let programs with fixed paths find what the tree has of /usr.

    What the system has itself comes first. Nothing is written to either.
    """
    mount("-t", "overlay", "-o", f"lowerdir=/usr:{TREE}/usr", "overlay",
          "/usr")


def use_tree_libraries(place: Place) -> None:
    """Let the loader find the libraries of the unpacked tree.

    LD_LIBRARY_PATH does not reach a program that changes its user and then
    starts itself again, as Exim does.
    """
    conf, cache = place.root / "ld.so.conf", place.root / "ld.so.cache"
    folders = library_folders()
    conf.write_text("\n".join(["include /etc/ld.so.conf", *folders]) + "\n")
    subprocess.run(["ldconfig", "-X", "-C", str(cache), "-f", str(conf)],
                   check=True, stderr=subprocess.PIPE)
    mount("--bind", cache, "/etc/ld.so.cache")


def private_syslog(place: Place) -> socket.socket:
    """A /dev of our own whose log ends in this socket."""
    dev = place.root / "dev"
    dev.mkdir()
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", dev)
    for name in ("null", "zero", "full", "random", "urandom", "tty"):
        status = os.stat(f"/dev/{name}")
        os.mknod(dev / name, 0o666 | stat.S_IFCHR, status.st_rdev)
        (dev / name).chmod(0o666)
    log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    log.bind(str(dev / "log"))
    (dev / "log").chmod(0o666)
    mount("--bind", dev, "/dev")
    return log


def small_disk(place: Place, name: str, size: int,
               inodes: int = 4096) -> Path:
    """A file system of this many octets, ours to fill to the last block.

    Ext4 on a loop device; where there are no loop devices, a tmpfs.
    """
    point = place.root / name
    point.mkdir()
    image = place.root / f"{name}.ext4"
    with open(image, "wb") as file:
        file.truncate(size)
    try:
        subprocess.run(["mkfs.ext4", "-q", "-m", "0", "-N", str(inodes),
                        str(image)], check=True, stderr=subprocess.PIPE)
        mount("-o", "loop", image, point)
    except (subprocess.CalledProcessError, FileNotFoundError):
        mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", point)
    place.give(point)
    return point

# SPDX-License-Identifier: GPL-3.0-or-later
"""The web servers of the console: lighttpd as the unit has it, nginx and Apache
with the examples beside it, fcgiwrap. What is installed is used as it is, with
this instance's ports and files put in.
"""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from .certs import NAME
from .instance import Instance
from .servers import Server, free_port
from .tools import TREE, tool, tool_env

APACHE_MODULES = ["mpm_event", "alias", "authn_core", "authn_file",
                  "authz_core", "authz_user", "auth_basic", "headers", "proxy",
                  "proxy_http", "proxy_fcgi", "socache_shmcb", "ssl", "env",
                  "setenvif"]

APACHE_CONF = """
ServerRoot {root}
PidFile {root}/apache.pid
DefaultRuntimeDir {root}
ErrorLog {log}
ServerName {name}
Listen 127.0.0.1:{port}
{modules}
Include {conf}
"""

NGINX_CONF = """
daemon off;
pid {root}/nginx.pid;
error_log {log};
events {{ }}
http {{
	access_log off;
	client_body_temp_path {root}/body;
	proxy_temp_path {root}/proxy;
	fastcgi_temp_path {root}/fastcgi;
	uwsgi_temp_path {root}/uwsgi;
	scgi_temp_path {root}/scgi;
	include {conf};
}}
"""

LIGHTTPD_CONF = """
include "{web}/lighttpd.conf"
server.bind := "127.0.0.1"
server.port := {port}
ssl.pemfile := "{tls.certificate}"
ssl.privkey := "{tls.key}"
setenv.set-environment := ("RESTANTE_CONF" => "{conf}")
"""


def web_folder(instance: Instance) -> Path:
    """Where the examples are installed."""
    return instance.place.prefix / "share/restante/web"


def with_console(instance: Instance, **console: object) -> Instance:
    """Let the instance have a console with these settings."""
    state = instance.root / "console"
    state.mkdir(mode=0o700, exist_ok=True)
    instance.place.give(state)
    instance.configure(console={"admins": state / "admins", **console})
    return instance


class WebServer(Server):
    """One of them; its error log is in self.log."""

    def __init__(self, instance: Instance, name: str) -> None:
        super().__init__()
        self.instance = instance
        self.port = free_port()
        self.root = instance.root / f"{name}-{self.port}"
        self.root.mkdir(mode=0o755)
        instance.place.give(self.root)
        self.log = self.root / "log"
        self.log.touch()
        instance.place.give(self.log)

    def example(self, name: str, changes: dict[str, object]) -> Path:
        """An example with words of it changed."""
        text = (web_folder(self.instance) / name).read_text("utf-8")
        for old, new in changes.items():
            text = text.replace(old, str(new))
        path = self.root / name
        path.write_text(text, "utf-8")
        return path

    def run(self, command: Sequence[str], ports: Sequence[int]) -> None:
        """Start it as the instance's user."""
        with open(self.log, "ab") as log:
            self.started(subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=tool_env(command[0]), cwd=self.root,
                **self.instance.place.as_user), ports)

    def log_text(self) -> str:
        """What has been logged so far."""
        return self.log.read_text("utf-8", "replace")


class Lighttpd(WebServer):
    """The console's own, with lines of configuration on top."""

    def __init__(self, instance: Instance, extra: str = "",
                 conf: Path | None = None) -> None:
        super().__init__(instance, "lighttpd")
        file = self.root / "lighttpd.conf"
        file.write_text(LIGHTTPD_CONF.format(
            web=web_folder(instance), port=self.port, tls=instance.tls,
            conf=conf or instance.conf) + extra, "utf-8")
        self.run([tool("lighttpd"), "-D", "-f", str(file)], [self.port])


class Fcgiwrap(WebServer):
    """fcgiwrap as restante-console-fcgi.service starts it."""

    def __init__(self, instance: Instance) -> None:
        super().__init__(instance, "fcgiwrap")
        self.socket = self.root / "fcgi.sock"
        unit = (web_folder(instance) /
                "restante-console-fcgi.service").read_text("utf-8")
        command = next(line.partition("=")[2].split() for line in
                       unit.splitlines() if line.startswith("ExecStart="))
        program = tool(command[0])
        environment = [f"--setenv=LD_LIBRARY_PATH={folder}" for folder in
                       [tool_env(program).get("LD_LIBRARY_PATH")] if folder]
        self.run(["/usr/bin/systemd-socket-activate", *environment, "-l",
                  str(self.socket), program, *command[1:]], [0])

    def is_listening(self, port: int) -> bool:
        return self.socket.is_socket()


def _changes(instance: Instance, port: int,
             behind: "Lighttpd | Fcgiwrap") -> dict[str, object]:
    """What stands in the examples, and what this instance has instead."""
    etc = instance.place.prefix / "etc/restante"
    return {
        "listen 443": f"listen 127.0.0.1:{port}", "*:443": f"*:{port}",
        "mail.example.org": NAME,
        f"{etc}/tls/fullchain.pem": instance.tls.certificate,
        f"{etc}/tls/privkey.pem": instance.tls.key,
        f"{etc}/restante.conf": instance.conf,
        f"{etc}/console.htpasswd": instance.root / "console.htpasswd",
        "/etc/ssl/certs/ca-certificates.crt": instance.tls.ca,
        "127.0.0.1:8450": f"127.0.0.1:{behind.port}",
        "/run/restante-console/fcgi.sock":
            getattr(behind, "socket", "/nowhere"),
    }


class Nginx(WebServer):
    """nginx with one of the examples, in front of one of the others."""

    def __init__(self, instance: Instance, name: str,
                 behind: Lighttpd | Fcgiwrap) -> None:
        super().__init__(instance, "nginx")
        changes = _changes(instance, self.port, behind)
        params = self.example("nginx-params.conf", changes)
        changes[str(web_folder(instance) / params.name)] = params
        conf = self.root / "nginx.conf"
        conf.write_text(NGINX_CONF.format(
            root=self.root, log=self.log, conf=self.example(name, changes)))
        self.run([tool("nginx"), "-e", str(self.log), "-c", str(conf)],
                 [self.port])


def _apache_modules() -> str:
    folder = "usr/lib/apache2/modules"
    found = Path("/", folder)
    if not (found / "mod_ssl.so").exists():
        found = TREE / folder
    return "\n".join(f"LoadModule {name}_module {found}/mod_{name}.so"
                     for name in APACHE_MODULES)


class Apache(WebServer):
    """Apache with one of the examples, in front of one of the others."""

    def __init__(self, instance: Instance, name: str,
                 behind: Lighttpd | Fcgiwrap) -> None:
        super().__init__(instance, "apache")
        changes = _changes(instance, self.port, behind)
        params = self.example("apache-params.conf", changes)
        changes[str(web_folder(instance) / params.name)] = params
        conf = self.root / "apache.conf"
        conf.write_text(APACHE_CONF.format(
            root=self.root, log=self.log, name=NAME, port=self.port,
            modules=_apache_modules(), conf=self.example(name, changes)))
        self.run([tool("apache2"), "-D", "FOREGROUND", "-f", str(conf)],
                 [self.port])

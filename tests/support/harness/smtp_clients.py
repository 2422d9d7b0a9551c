# SPDX-License-Identifier: GPL-3.0-or-later
"""Real SMTP clients that log in and submit, with the certificate checked."""

import os
import smtplib
import subprocess
from pathlib import Path

from .instance import Instance
from .place import Place
from .report import check
from .tools import tool, tool_env


class SmtpClients:
    """How each is started; who logs in where is set before it is."""

    def __init__(self, place: Place, instance: Instance) -> None:
        self.place = place
        self.instance = instance
        self.port = 0
        self.implicit = False
        self.user, self.password = "", ""
        self.mechanism = "PLAIN"
        self.sender = ""
        self.recipients: list[str] = []

    def run(self, command: list[str], content: bytes = b"",
            want: int = 0) -> str:
        """Run a client; what it says."""
        done = subprocess.run(command, input=content, timeout=300, check=False,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT,
                              env=tool_env(command[0],
                                           HOME=str(self.place.root)))
        said = done.stdout.decode("utf-8", "replace")
        check(done.returncode == want, f"{Path(command[0]).name} ended with "
              f"{done.returncode}: {said[-800:]}")
        return said

    def file(self, name: str, content: bytes) -> str:
        """The path of a file with this content."""
        path = self.place.root / name
        path.write_bytes(content)
        return str(path)

    def msmtp(self, content: bytes, want: int = 0) -> str:
        """Msmtp, a sendmail for users: it asks for every mechanism."""
        password = self.file("msmtp.password", self.password.encode())
        os.chmod(password, 0o600)
        return self.run(
            [tool("msmtp"), "--host=localhost", f"--port={self.port}",
             "--tls=on", f"--tls-starttls={'off' if self.implicit else 'on'}",
             f"--tls-trust-file={self.instance.tls.ca}",
             f"--auth={self.mechanism.lower()}", f"--user={self.user}",
             f"--passwordeval=cat {password}", f"--from={self.sender}",
             *self.recipients], content.replace(b"\r\n", b"\n"), want)

    def swaks(self, content: bytes, want: int = 0) -> str:
        """Swaks, a tester's tool; it adds a line end of its own."""
        path = self.file("swaks.eml", content.removesuffix(b"\r\n"))
        return self.run(
            [tool("swaks"), "--server", "localhost", "--port", str(self.port),
             "--tls-on-connect" if self.implicit else "--tls", "--tls-verify",
             "--tls-ca-path", str(self.instance.tls.ca),
             "--auth", self.mechanism, "--auth-user", self.user,
             "--auth-password", self.password, "--from", self.sender,
             "--to", ",".join(self.recipients), "--data", f"@{path}"],
            want=want)

    def curl(self, content: bytes, want: int = 0) -> str:
        """Curl knows tokens, too."""
        scheme = "smtps" if self.implicit else "smtp"
        secret = ["user = \"{}:{}\"".format(self.user, self.password)]
        if self.mechanism in ("XOAUTH2", "OAUTHBEARER"):
            secret = [f'user = "{self.user}:"',
                      f'oauth2-bearer = "{self.password}"']
        recipients = [word for address in self.recipients
                      for word in ("--mail-rcpt", address)]
        return self.run(
            [tool("curl"), "-sS", "--ssl-reqd", "--cacert",
             str(self.instance.tls.ca), "--login-options",
             f"AUTH={self.mechanism}",
             "-K", self.file("curl.conf", "\n".join(secret).encode()),
             f"{scheme}://localhost:{self.port}/curl.example",
             "--mail-from", self.sender, *recipients,
             "--upload-file", self.file("curl.eml", content)], want=want)

    def connect(self) -> smtplib.SMTP:
        """Python's own client, logged in; it says EHLO again after that."""
        if self.implicit:
            smtp = smtplib.SMTP_SSL("localhost", self.port,
                                    context=self.instance.context)
        else:
            smtp = smtplib.SMTP("localhost", self.port)
            smtp.starttls(context=self.instance.context)
        smtp.login(self.user, self.password)
        smtp.ehlo()
        return smtp

    def smtplib(self, content: bytes, want: int = 0) -> str:
        """Python's own client."""
        with self.connect() as smtp:
            refused = smtp.sendmail(self.sender, self.recipients, content)
        check(len(refused) == want, f"smtplib: {refused}")
        return str(refused)

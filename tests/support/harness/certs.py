# SPDX-License-Identifier: GPL-3.0-or-later
"""A small certification authority and one certificate for localhost."""

import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

NAME = "journal.restante.test"
EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
RSA = ("-newkey", "rsa:2048", "-nodes")
DAYS = 90  # scanners call less than 60 too few
OURSELVES = (f"DNS:{NAME}", "DNS:localhost", "IP:127.0.0.1", "IP:10.77.0.2")


@dataclass
class Certificate:
    """Files in PEM: the authority's certificate, ours, and its key."""

    ca: Path
    certificate: Path
    key: Path


def _openssl(*args: object) -> None:
    subprocess.run(["openssl", *map(str, args)], check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.PIPE)


def make_certificate(folder: Path, names: Sequence[str] = OURSELVES,
                     authority: str = "Restante test authority",
                     kind: Sequence[str] = EC) -> Certificate:
    """Make both in this folder, for the names of a subjectAltName."""
    ca_key, request = folder / "ca-key.pem", folder / "request.pem"
    made = Certificate(folder / "ca.pem", folder / "certificate.pem",
                       folder / "key.pem")
    # RFC 5280 4.2.1.3: an authority says that it may sign certificates; from
    # 3.13 on Python's ssl asks for that.
    _openssl("req", "-x509", *kind, "-keyout", ca_key, "-out", made.ca,
             "-days", DAYS, "-subj", f"/CN={authority}",
             "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    _openssl("req", *kind, "-keyout", made.key, "-out", request,
             "-subj", f"/CN={NAME}")
    extensions = folder / "extensions"
    extensions.write_text(f"subjectAltName={','.join(names)}\n"
                          "subjectKeyIdentifier=hash\n"
                          "authorityKeyIdentifier=keyid\n")
    _openssl("x509", "-req", "-in", request, "-CA", made.ca, "-CAkey", ca_key,
             "-CAcreateserial", "-days", DAYS, "-extfile", extensions,
             "-out", made.certificate)
    return made


SELF_SIGNED = """[ca]
default_ca = this
[this]
database = {folder}/index
serial = {folder}/serial
new_certs_dir = {folder}
default_md = sha256
policy = names
x509_extensions = extensions
unique_subject = no
[names]
commonName = supplied
[extensions]
subjectAltName = DNS:{host}
"""


def sign_itself(folder: Path, key: Path, begin: float, end: float,
                name: str = NAME, host: str = NAME) -> Path:
    """A certificate that this key signs for itself, good from then to then;
    the folder is there and for nothing else.
    """
    conf, request, made = (folder / file for file in
                           ("ca.conf", "request", "certificate.pem"))
    conf.write_text(SELF_SIGNED.format(folder=folder, host=host))
    (folder / "index").write_text("")
    (folder / "serial").write_text("01\n")
    when = [time.strftime("%Y%m%d%H%M%SZ", time.gmtime(at))
            for at in (begin, end)]
    _openssl("req", "-new", "-key", key, "-subj", f"/CN={name}", "-out",
             request)
    _openssl("ca", "-batch", "-selfsign", "-notext", "-config", conf,
             "-keyfile", key, "-in", request, "-out", made,
             "-startdate", when[0], "-enddate", when[1])
    made.chmod(0o644)
    return made

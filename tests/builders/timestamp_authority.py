"""A timestamp authority of its own, made of ``openssl ts``."""

import subprocess
from pathlib import Path

_CONFIG = """
[tsa]
default_tsa = tsa_config
[tsa_config]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
[ext]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[req]
distinguished_name = name
[name]
"""


class Authority:
    """A timestamp authority of its own in a folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        (folder / "config").write_text(_CONFIG.format(folder=folder))
        (folder / "serial").write_text("01\n")
        self._openssl(
            *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "root.key", "-out", "root.pem"),
            *("-days", "3650", "-subj", f"/CN=Root of {folder.name}", "-config", "config"),
            *("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign"),
        )
        self._openssl(
            *("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "tsa.key", "-out", "tsa.csr"),
            *("-subj", f"/CN=Stamps of {folder.name}", "-config", "config"),
        )
        self._openssl(
            *("x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-set_serial", "7"),
            *("-days", "3650", "-out", "tsa.pem", "-extfile", "config", "-extensions", "ext"),
        )

    @property
    def root(self) -> Path:
        return self.folder / "root.pem"

    def _openssl(self, *words: str) -> None:
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True, timeout=60)

    def answer(self, query: bytes) -> bytes:
        (self.folder / "query").write_bytes(query)
        self._openssl("ts", "-reply", "-config", "config", "-queryfile", "query", "-out", "reply")
        return (self.folder / "reply").read_bytes()

    def send_chain(self) -> None:
        """Send the whole chain with each token, in its own order, which is not that of DER for one of the two."""
        for order in (("tsa.pem", "root.pem"), ("root.pem", "tsa.pem")):
            (self.folder / "chain.pem").write_text("".join((self.folder / one).read_text() for one in order))
            config = _CONFIG.replace("signer_key", "certs = {folder}/chain.pem\nsigner_key")
            (self.folder / "config").write_text(config.format(folder=self.folder))
            if not is_readable(self.token(b"content")):
                return
        raise AssertionError("every order is that of DER")

    def token(self, content: bytes) -> bytes:
        (self.folder / "content").write_bytes(content)
        self._openssl("ts", "-query", "-data", "content", "-sha256", "-cert", "-out", "asked")
        return self.answer((self.folder / "asked").read_bytes())


def is_readable(token: bytes) -> bool:
    """Whether the library reads a token as it is."""
    import rfc3161_client

    try:
        rfc3161_client.decode_timestamp_response(token)
    except ValueError:
        return False
    return True

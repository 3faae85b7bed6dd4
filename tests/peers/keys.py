"""One hash for one private key, however a program wrapped it.

keys.py pem FILE | der-base64 TEXT | bks FILE PASSWORD | p12 FILE PASSWORD
"""

import base64
import hashlib
import sys

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12


def from_bks(path, password):
    import jks

    store = jks.bks.BksKeyStore.load(path, password)
    for entry in store.entries.values():
        if isinstance(entry, jks.bks.BksSealedKeyEntry):
            if not entry.is_decrypted():
                entry.decrypt(password)
            return serialization.load_der_private_key(entry.nested.pkey_pkcs8, None)
    raise SystemExit("no sealed key in the store")


def from_p12(path, password):
    with open(path, "rb") as file:
        return pkcs12.load_key_and_certificates(file.read(), password.encode())[0]


def main(kind, *arguments):
    if kind == "pem":
        with open(arguments[0], "rb") as file:
            key = serialization.load_pem_private_key(file.read(), None)
    elif kind == "der-base64":
        key = serialization.load_der_private_key(base64.b64decode(arguments[0]), None)
    elif kind == "bks":
        key = from_bks(*arguments)
    else:
        key = from_p12(*arguments)
    plain = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    print(hashlib.sha256(plain).hexdigest())


main(*sys.argv[1:])

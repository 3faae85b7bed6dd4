"""Reads and writes keystores with pyjks as a plan says; see tests/java/Stores.java for its lines."""

import hashlib
import sys

import jks
from jks.util import KeystoreException


def main(plan):
    with open(plan, encoding="ascii") as lines:
        for line in lines:
            words = line.rstrip("\n").split("\t")
            try:
                if words[0] == "write":
                    write(words)
                read(words)
            except (KeystoreException, ValueError, EOFError, TypeError) as error:
                reason = " ".join(f"{type(error).__name__}: {error}".split())
                print(words[3], "refused", reason, sep="\t")


def write(words):
    _, kind, _, file, store_password, key_password, alias, key, *certificates = words
    chain = [contents(certificate) for certificate in certificates]
    entry = jks.PrivateKeyEntry.new(text(alias), chain, contents(key), "pkcs8")
    entry.encrypt(text(key_password))
    trusted = jks.TrustedCertEntry.new("ca", chain[-1])
    store = jks.KeyStore.new(kind.lower(), [entry, trusted])
    store.save(file, text(store_password))


def read(words):
    _, kind, _, file, store_password, key_password, *_ = words
    loader = {"BKS": jks.bks.BksKeyStore, "UBER": jks.bks.UberKeyStore}.get(kind, jks.KeyStore)
    store = loader.load(file, text(store_password), try_decrypt_keys=False)
    for alias, entry in store.entries.items():
        what, material = shown(entry, text(key_password))
        chain = [hashed(certificate_of(link)) for link in entry.__dict__.get("cert_chain") or []]
        alias = alias.encode("utf-16-be", "surrogatepass").hex()
        # pyjks reads dates as if they had no sign.
        date = (entry.timestamp + (1 << 63)) % (1 << 64) - (1 << 63)
        print(file, alias, what, date, material, ",".join(chain), sep="\t")


def shown(entry, password):
    if isinstance(entry, (jks.TrustedCertEntry, jks.bks.BksTrustedCertEntry)):
        return "cert", hashed(entry.cert)
    try:
        entry.decrypt(password)
    except Exception:  # one wrong password in 256 ends in good padding, and what follows is no key
        return "sealed", ""
    if isinstance(entry, jks.SecretKeyEntry):
        return "secret", hashed(entry.key)
    if hasattr(entry, "pkey_pkcs8"):
        return "private", hashed(material(entry.pkey_pkcs8))
    if hasattr(entry, "public_key_info"):
        return "public", hashed(entry.public_key_info)
    return "secret", hashed(entry.key)


def certificate_of(link):
    return link.cert if isinstance(link, jks.TrustedCertEntry) else link[1]


def material(encoded):
    """What is the same in every encoding: the scalar of an EC key, the seed of an Ed25519 key."""
    for before in (b"\x02\x01\x01\x04\x20", b"\x02\x01\x01\x04\x30", b"\x04\x22\x04\x20"):
        at = encoded.find(before)
        if 0 <= at < 60:
            return encoded[at + len(before) :][: before[-1]]
    return encoded


def text(words):
    return bytes.fromhex(words).decode("utf-8")


def contents(file):
    with open(file, "rb") as stream:
        return stream.read()


def hashed(data):
    return hashlib.sha256(data).hexdigest()


sys.stdout.reconfigure(encoding="utf-8")
main(sys.argv[1])

"""Reads and writes PKCS#12 with the cryptography package.

read FILE PASSWORD · write FILE PASSWORD VARIANT KEY.pem LEAF.pem CA.pem
"""

import hashlib
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs12


def main(command, file, password, *more):
    if command == "write":
        write(file, password, *more)
    else:
        read(file, password)


def read(file, password):
    with open(file, "rb") as stream:
        store = pkcs12.load_pkcs12(stream.read(), password.encode())
    encoded = store.key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    print("key", hashed(material(encoded)))
    for found in [store.cert, *store.additional_certs]:
        der = found.certificate.public_bytes(serialization.Encoding.DER)
        print("certificate", hashed(der))


def write(file, password, variant, key, leaf, ca):
    key = serialization.load_pem_private_key(contents(key), None)
    leaf = x509.load_pem_x509_certificate(contents(leaf))
    ca = x509.load_pem_x509_certificate(contents(ca))
    builder = serialization.PrivateFormat.PKCS12.encryption_builder()
    secret = password.encode()
    schemes = {
        "best": serialization.BestAvailableEncryption(secret),
        "pbes1": builder.kdf_rounds(2000)
        .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
        .hmac_hash(hashes.SHA1())
        .build(secret),
        "pbes2": builder.kdf_rounds(2000)
        .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
        .hmac_hash(hashes.SHA512())
        .build(secret),
    }
    store = pkcs12.serialize_key_and_certificates(b"phone", key, leaf, [ca], schemes[variant])
    with open(file, "wb") as stream:
        stream.write(store)


def material(encoded):
    """What is the same in every encoding: the scalar of an EC key, the seed of an Ed25519 key."""
    for before in (b"\x02\x01\x01\x04\x20", b"\x02\x01\x01\x04\x30", b"\x04\x22\x04\x20"):
        at = encoded.find(before)
        if 0 <= at < 60:
            return encoded[at + len(before) :][: before[-1]]
    return encoded


def contents(file):
    with open(file, "rb") as stream:
        return stream.read()


def hashed(data):
    return hashlib.sha256(data).hexdigest()


main(*sys.argv[1:])

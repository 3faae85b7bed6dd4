"""A TLS client as strict as Python 3.13 is by default; prints CONNACK's return code.

strict_tls.py HOST PORT CA CERT KEY
"""

import socket
import ssl
import sys

host, port, ca, cert, key = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
context.load_cert_chain(cert, key)
with socket.create_connection((host, int(port)), timeout=10) as plain:
    with context.wrap_socket(plain, server_hostname=host) as tls:
        tls.sendall(bytes([0x10, 18, 0, 4]) + b"MQTT" + bytes([4, 2, 0, 30, 0, 6]) + b"strict")
        answer = tls.recv(4)
        assert answer[0] == 0x20, answer
        print("CONNACK", answer[3])
        tls.sendall(bytes([0xE0, 0]))

"""paho-mqtt publishes a message and waits for it to come back.

paho_echo.py HOST PORT CA CERT KEY
"""

import queue
import sys

import paho.mqtt.client as mqtt

host, port, ca, cert, key = sys.argv[1:]
messages = queue.Queue()
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
client.tls_set(ca_certs=ca, certfile=cert, keyfile=key)
client.on_connect = lambda client, *_: client.subscribe("paho/echo", qos=1)
client.on_subscribe = lambda client, *_: client.publish("paho/echo", "hello", qos=1)
client.on_message = lambda _client, _data, message: messages.put(message.payload.decode())
client.connect(host, int(port), keepalive=30)
client.loop_start()
print("echo", messages.get(timeout=20))
client.disconnect()
client.loop_stop()

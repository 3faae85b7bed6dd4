// mqtt.js publishes a message and waits for it to come back.
//
// node_echo.js HOST PORT CA CERT KEY
const fs = require('fs');
const mqtt = require('mqtt');

const [host, port, ca, cert, key] = process.argv.slice(2);
const client = mqtt.connect({
  protocol: 'mqtts', host, port: Number(port), reconnectPeriod: 0,
  ca: fs.readFileSync(ca), cert: fs.readFileSync(cert), key: fs.readFileSync(key),
});
const fail = (why) => { console.error(String(why)); process.exit(1); };
setTimeout(() => fail('no answer within 20 s'), 20000).unref();
client.on('error', fail);
client.on('connect', () => client.subscribe('node/echo', { qos: 1 }, (error) => {
  if (error) fail(error);
  client.publish('node/echo', 'hello', { qos: 1 });
}));
client.on('message', (_topic, payload) => {
  console.log(`echo ${payload}`);
  client.end(() => process.exit(0));
});

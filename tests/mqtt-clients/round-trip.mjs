// node round-trip.mjs URL VERSION QOS SIZE...: subscribes with mqtt.js, publishes a message of each size in bytes, prints the sizes as the
// messages come back, and ends. Exit code 1 when anything fails.
import mqtt from "mqtt";

const [url, version, qos, ...sizes] = process.argv.slice(2);
const fail = (error) => {
  console.error(error);
  process.exit(1);
};

const client = await mqtt
  .connectAsync(url, { protocolVersion: Number(version), reconnectPeriod: 0, ca: process.env.CA && [process.env.CA] })
  .catch(fail);
client.on("error", fail);
client.on("close", () => fail("The connection was closed."));

const options = { qos: Number(qos) };
const content = (size) => Buffer.alloc(Number(size), (_, index) => index % 251);
let left = sizes.length;
const done = new Promise((resolve) =>
  client.on("message", (topic, payload) => {
    console.log(payload.equals(content(payload.length)) ? payload.length : "changed");
    if (--left === 0) resolve();
  }),
);

try {
  await client.subscribeAsync("round/trip", options);
  for (const size of sizes) await client.publishAsync("round/trip", content(size), options);
  await done;
  client.removeAllListeners("close");
  await client.endAsync();
} catch (error) {
  fail(error);
}

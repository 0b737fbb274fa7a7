// node burst.mjs URL VERSION COUNT: publishes COUNT messages of each QoS at once with mqtt.js, without waiting for any, and prints how many came back.
import mqtt from "mqtt";

const [url, version, count] = process.argv.slice(2);
const fail = (error) => {
  console.error(error);
  process.exit(1);
};

const client = await mqtt.connectAsync(url, { protocolVersion: Number(version), reconnectPeriod: 0 }).catch(fail);
client.on("error", fail);
client.on("close", () => fail("The connection was closed."));
let left = 3 * Number(count);
const done = new Promise((resolve) => client.on("message", () => --left === 0 && resolve()));

try {
  await client.subscribeAsync("burst/#", { qos: 2 });
  await Promise.all(
    Array.from({ length: Number(count) }, (_, i) => [0, 1, 2].map((qos) => client.publishAsync(`burst/${i}`, "x".repeat(100), { qos }))).flat(),
  );
  await done;
  console.log("all came");
  client.removeAllListeners("close");
  await client.endAsync();
} catch (error) {
  fail(error);
}

// node features.mjs URL: subscribes and publishes with mqtt.js and MQTT 5, and prints what came of topic aliases that the server sets,
// shared subscriptions, subscription identifiers and properties, a line each. Exit code 1 when anything fails.
import mqtt from "mqtt";

const [url] = process.argv.slice(2);
const fail = (error) => {
  console.error(error);
  process.exit(1);
};

const open = async (properties = {}) => {
  const client = await mqtt.connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0, properties }).catch(fail);
  client.on("error", fail);
  client.received = [];
  client.packets = [];
  client.on("packetreceive", (packet) => packet.cmd === "publish" && client.packets.push(packet.topic));
  client.on("message", (topic, payload, packet) => client.received.push({ topic, payload: payload.toString(), properties: packet.properties ?? {} }));
  return client;
};

// Answers may overtake the messages of the same turn, and QoS 2 takes two: after some turns everything has come.
const settle = async (...clients) => {
  for (let turn = 0; turn < 4; turn++) for (const client of clients) await client.subscribeAsync(`settle/${turn}`);
};

const publisher = await open();
const aliases = await open({ topicAliasMaximum: 5 });
await aliases.subscribeAsync("alias/#", { qos: 1, properties: { subscriptionIdentifier: 7 } });
for (const text of ["1", "2", "3"]) await publisher.publishAsync("alias/long/topic", text, { qos: 1 });
await settle(publisher, aliases);
console.log("topics sent", aliases.packets.map((topic) => topic || "-").join(" "));
console.log("topics seen", aliases.received.map(({ topic, payload }) => `${topic}=${payload}`).join(" "));
console.log("identifiers", aliases.received.map(({ properties }) => properties.subscriptionIdentifier).join(" "));

const members = [await open(), await open()];
for (const member of members) await member.subscribeAsync("$share/group/jobs/+", { qos: 1 });
for (let number = 0; number < 10; number++) await publisher.publishAsync(`jobs/${number}`, "x", { qos: 1 });
await settle(publisher, ...members);
console.log("jobs", members.map((member) => member.received.length).join(" "));

await publisher.publishAsync("alias/props", "x", {
  qos: 2,
  properties: { contentType: "text/plain", responseTopic: "r", correlationData: Buffer.from("c"), userProperties: { a: ["1", "2"], b: "3" } },
});
await settle(publisher, aliases);
const { contentType, responseTopic, correlationData, userProperties } = aliases.received.at(-1).properties;
console.log("properties", contentType, responseTopic, correlationData.toString(), JSON.stringify(userProperties));
await Promise.all([publisher, aliases, ...members].map((client) => client.endAsync()));

// node sparkplug.mjs URL: an edge node with one device, as Eclipse Tahu encodes it: births, data by alias, a host's state.
import mqtt from "mqtt";
import sparkplug from "sparkplug-payload";

const client = await mqtt.connectAsync(process.argv[2], { protocolVersion: 5, reconnectPeriod: 0 });
const { encodePayload } = sparkplug.get("spBv1.0");
const publish = (topic, payload) => client.publishAsync(`spBv1.0/${topic}`, payload, { qos: 1 });

await publish("STATE/host", JSON.stringify({ online: true, timestamp: 1700000000000 }));
await publish(
  "plant/NBIRTH/node",
  encodePayload({
    timestamp: 1700000000000,
    seq: 0,
    metrics: [
      { name: "bdSeq", type: "UInt64", value: 0 },
      { name: "Node Control/Rebirth", alias: 1, type: "Boolean", value: false },
    ],
  }),
);
await publish(
  "plant/DBIRTH/node/device",
  encodePayload({
    timestamp: 1700000000000,
    seq: 1,
    metrics: [
      { name: "temperature", alias: 2, type: "Int16", value: 20, properties: { engUnit: { type: "String", value: "°C" } } },
      {
        name: "table",
        alias: 3,
        type: "DataSet",
        value: { numOfColumns: 2, columns: ["at", "open"], types: ["Int64", "Boolean"], rows: [[1700000000000, true]] },
      },
      {
        name: "valve",
        alias: 4,
        type: "Template",
        value: {
          isDefinition: false,
          templateRef: "Valve",
          version: "v1",
          metrics: [{ name: "open", type: "Double", value: 0.5 }],
          parameters: [{ name: "size", type: "Int32", value: 7 }],
        },
      },
      { name: "note", alias: 5, type: "Text", value: null },
    ],
  }),
);

// Tahu always writes the type, which §6.4.6 advises against: by hand { seq: 2, metrics: [{ alias: 2, int_value: 0xFFF6 }] }.
await publish("plant/DDATA/node/device", Buffer.from("1206100250f6ff031802", "hex"));
await client.endAsync();

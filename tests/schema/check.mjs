// node check.mjs SCHEMA FILE...: a line for each mistake, FILE POINTER MESSAGE. Exit code 1 when there is one, 2 when the schema itself is wrong.
import { readFileSync } from "node:fs";
import Ajv2020 from "ajv/dist/2020.js";

const [schema, ...files] = process.argv.slice(2);
const read = (file) => JSON.parse(readFileSync(file, "utf8"));

let validate;
try {
  validate = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true }).compile(read(schema));
} catch (error) {
  console.error(`${schema} ${error.message}`);
  process.exit(2);
}

for (const file of files) {
  if (validate(read(file))) continue;
  process.exitCode = 1;
  for (const { instancePath, message, params } of validate.errors) console.log(`${file} ${instancePath} ${message} ${JSON.stringify(params)}`);
}

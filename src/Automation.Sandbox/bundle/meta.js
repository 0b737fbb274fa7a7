// Prints the code that checks schemas by the meta-schema of draft 2020-12: ajv would take a third of a second to make it.
import Ajv from "ajv/dist/2020.js";
import standalone from "ajv/dist/standalone/index.js";

const ajv = new Ajv.default({ allErrors: true, ownProperties: true, strict: false, code: { source: true, esm: true } });
console.log(standalone.default(ajv, ajv.getSchema("https://json-schema.org/draft/2020-12/schema")));

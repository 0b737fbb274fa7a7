// JSON Schema, draft 2020-12, by ajv. It makes functions of text, so it lives in a realm of its own in which that is allowed, and only
// text and numbers cross. A schema is compiled once for each program; checking one against the meta-schema is only for load.
import vm from "node:vm";
import { ajvBundle } from "./ajv.bundle.js";
import { Problem } from "./compile.ts";

// deno-lint-ignore no-explicit-any
type Any = any;

/** A compiled schema: JSON text of a value to JSON text of the list of its errors. */
export type Schema = (value: string) => string;

/** Compiles a schema, a JSON text. Throws a Problem. */
export function compileSchema(text: string): Schema {
  const made = schemas().compile(text);
  if (typeof made === "function") return made;
  throw new Problem(String(made), null);
}

/** Throws a Problem, whose pointer is within the schema, for what is no schema. */
export function checkSchema(text: string): void {
  const [message, pointer] = JSON.parse(schemas().check(text)) as string[];
  if (message) throw new Problem(message, null, false, pointer);
}

let realm: { compile(text: string): Any; check(text: string): string } | undefined;

function schemas() {
  if (realm) return realm;
  const context = vm.createContext((vm.constants as Any).DONT_CONTEXTIFY, { codeGeneration: { strings: true, wasm: false } });
  const run = (source: unknown) => new vm.Script(`(${source})`, { filename: "schemas" }).runInContext(context);
  return realm = run(schemaRealm)(run(ajvBundle)()) as NonNullable<typeof realm>;
}

// Runs inside the realm: it must not refer to anything outside of the function.
function schemaRealm({ Ajv, formats, isSchema }: { Ajv: Any; formats: Any; isSchema: Any }) {
  const draft = "https://json-schema.org/draft/2020-12/schema";
  const mostErrors = 100, mostChars = 65536;

  /** A function, or why there is none. */
  function compile(text: string): ((value: string) => string) | string {
    try {
      // An instance for each schema: "$id"s of different ones must not meet.
      const ajv = new Ajv({ allErrors: true, ownProperties: true, logger: false, validateSchema: false, strictTypes: false, strictTuples: false, strictRequired: false });
      formats(ajv);
      const validate = ajv.compile(JSON.parse(text));
      return validate.$async ? '"$async" is no part of JSON Schema.' : (value) => validate(JSON.parse(value)) ? "[]" : told(validate.errors);
    } catch (error) {
      return String((error as Error).message);
    }
  }

  function told(errors: Any[]): string {
    let all = "";
    for (const { instancePath, keyword, message, params } of errors.slice(0, mostErrors)) {
      const one = JSON.stringify({ pointer: instancePath, keyword, message, params });
      if (all !== "" && all.length + one.length > mostChars) break;
      all += (all === "" ? "" : ",") + one;
    }
    return "[" + all + "]";
  }

  /** [message, pointer within the schema]; [] for a good one. */
  function check(text: string): string {
    let schema: Any;
    try {
      schema = JSON.parse(text);
      const named = schema?.$schema;
      if (named !== undefined && named !== draft && named !== draft + "#") return JSON.stringify([`Schemas are of draft 2020-12; remove "$schema", or write "${draft}".`, "/$schema"]);
      if (!isSchema(schema)) {
        const { instancePath, message, params } = isSchema.errors[0];
        return JSON.stringify([message + (params.allowedValues ? ": " + params.allowedValues.join(", ") : ""), instancePath]);
      }
    } catch (error) {
      return JSON.stringify([String((error as Error).message), ""]);
    }
    const made = compile(text);
    if (typeof made === "function") return "[]";
    return JSON.stringify([made.replace(/^strict mode: /, ""), / at path "#([^"]*)"/.exec(made)?.[1] ?? ""]);
  }

  return { compile, check };
}

// The loaded programs. A program is compiled unit by unit when first called, so loading cannot fail and costs next to nothing.
import vm from "node:vm";
import { compileExpression, compileFunction, compileModule, evaluateModule, Unit } from "./compile.ts";
import { webCrypto, WebUrl } from "./host.ts";
import { Realm, realm } from "./realm.ts";
import { realmConsole } from "./realm-console.ts";
import { realmWeb } from "./realm-web.ts";
import { compileSchema } from "./schemas.ts";

// deno-lint-ignore no-explicit-any
type Any = any;

/** The edition of one workflow: its units and the realm that they share. */
export class Program {
  readonly context = vm.createContext((vm.constants as Any).DONT_CONTEXTIFY, { codeGeneration: { strings: false, wasm: false } });
  readonly realm: Realm;
  readonly takeLog: () => string | undefined;
  private readonly compiled: Any[] = [];

  constructor(readonly units: Unit[], limits: { logLines: number; logChars: number }) {
    const { takeLog, show } = consoleScript.runInContext(this.context)(limits.logLines, limits.logChars);
    this.takeLog = takeLog;
    webScript.runInContext(this.context)(randomBytes, changeUrl);
    this.realm = realmScript.runInContext(this.context)(show);
  }

  /** The function, for expressions the list of functions, for a schema a Schema. Throws a Problem, or a Thrown. */
  function(index: number): Any {
    return this.compiled[index] ??= this.compile(index);
  }

  private compile(index: number): Any {
    const unit = this.units[index]!;
    if (unit.kind === "schema") return compileSchema(unit.code!);
    if (unit.kind === "function") return compileFunction(unit.code!, file(index)).runInContext(this.context);
    if (unit.kind === "module") return evaluateModule(compileModule(unit.code!, file(index), this.context));
    const list = this.realm.list();
    unit.expressions!.forEach((e, k) => {
      try {
        this.realm.add(list, compileExpression(e.code, file(index, k)).runInContext(this.context));
      } catch (error) {
        throw Object.assign(error as Error, { expression: k });
      }
    });
    return list;
  }
}

/** The name of a unit in stack frames; calls.ts puts the author's name in its place. */
export const file = (unit: number, expression?: number) => expression === undefined ? `unit:${unit}` : `unit:${unit}/${expression}`;

const consoleScript = new vm.Script(`(${realmConsole})`, { filename: "realm" });
const webScript = new vm.Script(`(${realmWeb})`, { filename: "realm" });
const realmScript = new vm.Script(`(${realm})`, { filename: "realm" });

function randomBytes(count: number): string {
  let hex = "";
  for (const byte of webCrypto.getRandomValues(new Uint8Array(count))) hex += (byte < 16 ? "0" : "") + byte.toString(16);
  return hex;
}

// The parts of an address as JSON, after one of them was changed if `part` is not empty; "" for what is no address.
function changeUrl(href: string, base: string, part: string, value: string): string {
  const url = WebUrl.parse(href, base === "" ? undefined : base) as Any;
  if (url === null) return "";
  if (part === "href") return changeUrl(value, "", "", "");
  if (part !== "") url[part] = value;
  const { protocol, username, password, host, hostname, port, pathname, search, hash, origin } = url;
  return JSON.stringify({ href: url.href, protocol, username, password, host, hostname, port, pathname, search, hash, origin });
}

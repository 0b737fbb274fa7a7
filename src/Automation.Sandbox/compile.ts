// Source text of the author to functions of a realm. The author's text keeps its lines and columns: what is put before it
// is subtracted by columnOffset, and removing types leaves spaces.
import { stripTypeScriptTypes } from "node:module";
import vm from "node:vm";
import { placeOf, promiseState, runMicrotasks } from "./host.ts";

/** Line and column of the author's text, both from 1. */
export interface Place {
  line: number;
  column: number;
}

/** Why a text cannot be compiled. `untranslated`: TypeScript that is malformed, said with the words of JavaScript. `pointer`: within a schema. */
export class Problem extends Error {
  constructor(message: string, readonly place: Place | null, readonly untranslated = false, readonly pointer?: string) {
    super(message);
  }
}

/** One unit of a program as the server sends it. */
export interface Unit {
  kind: "expressions" | "function" | "module" | "schema";
  id: string;
  name?: string;
  code?: string;
  expressions?: { pointer: string; code: string }[];
}

// deno-lint-ignore no-explicit-any
type Any = any;

const { SourceTextModule } = vm as Any;
const names = "event,input,steps,vars,run,env,item,index,state";

/** Gives the expression's function when run in a realm; `file` is the name its stack frames get. Throws a Problem. */
export function compileExpression(code: string, file: string): vm.Script {
  const before = `(function(${names}){"use strict";return(`;
  // "a);b((" is a program between parentheses, but not between brackets as well: only an expression is both.
  parse(`[`, code, `\n]`, file);
  return parse(before, code, `\n)})`, file);
}

/** Gives the function when run in a realm, async only if its text has `await` in it: promises cost. Throws a Problem. */
export function compileFunction(code: string, file: string): vm.Script {
  const js = stripped(code, (raw) => new vm.Script(`(async()=>{${raw}\n})`, { columnOffset: -11 }));
  const before = `(${/\bawait\b/.test(js) ? "async " : ""}function(${names}){"use strict";`;
  parse("[" + before.slice(1), js, "\n}]", file);
  return parse(before, js, "\n})", file);
}

/** A module of the realm, linked and not evaluated. Throws a Problem. */
export function compileModule(code: string, file: string, context: vm.Context): Any {
  const parseHere = (text: string) => new SourceTextModule(text, { identifier: file });
  const js = stripped(code, parseHere);
  let module: Any;
  try {
    module = new SourceTextModule(js, { identifier: file, context });
  } catch {
    // Again in this realm, without running it, because only here the place of the error can be read.
    throw problemOf(() => parseHere(js), code);
  }
  const [first] = module.dependencySpecifiers as string[];
  if (first !== undefined) {
    throw new Problem(`The script imports "${first}", but scripts cannot import; everything it needs has to be in its own file.`, placeIn(code, first));
  }
  settle(module.link(() => {}));
  if (!Object.getOwnPropertyNames(module.namespace).includes("default")) {
    throw new Problem("The script has no `export default function`; that function is what a step calls.", { line: 1, column: 1 });
  }
  return module;
}

/** What a module's own statements threw. It belongs to the realm: hand it back there, do not look at it. */
export class Thrown {
  constructor(readonly reason: unknown) {}
}

/** Runs the module's own statements and gives its default export. Throws a Problem, or a Thrown. */
export function evaluateModule(module: Any): Any {
  settle(module.evaluate());
  const main = module.namespace.default;
  if (typeof main !== "function") throw new Problem("The script's default export is not a function.", { line: 1, column: 1 });
  return main;
}

// Asks the engine, never the promise: its methods are the realm's, and a script may have put its own in their place.
function settle(promise: Promise<unknown>): void {
  runMicrotasks();
  const [state, reason] = promiseState(promise);
  if (state === 0) throw new Problem("The script waits at its top level for a promise that never settles.", null);
  if (state === 2) throw new Thrown(reason);
}

function parse(before: string, js: string, after: string, file: string): vm.Script {
  try {
    return new vm.Script(before + js + after, { filename: file, columnOffset: -before.length });
  } catch {
    throw problemOf(() => new vm.Script(before + js + after, { filename: file, columnOffset: -before.length }), js);
  }
}

function stripped(code: string, parseRaw: (code: string) => void): string {
  try {
    return stripTypeScriptTypes(code);
  } catch (error) {
    const message = String((error as Error).message);
    const at = / at file:.*?:(\d+):(\d+)$/s.exec(message);
    if (!at) throw problemOf(() => parseRaw(code), code, true);
    const what = message.slice(0, at.index).replace(/ is not supported in strip-only mode$/, "");
    throw new Problem(`${what} is not supported: it would have to be translated, and only types are removed.`, { line: Number(at[1]), column: Number(at[2]) });
  }
}

// Fails once more, now with an empty stack: only then the place of a syntax error can be read.
function problemOf(fail: () => void, code: string, untranslated = false): Problem {
  const depth = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    fail();
    return new Problem("The text is neither JavaScript nor TypeScript.", null, untranslated);
  } catch (error) {
    const place = placeOf(error);
    const lines = code.split("\n");
    if (place && place.line > lines.length) {
      // the program's own closing bracket was met too early
      return new Problem("Unexpected end of the text: something is not closed or missing.", { line: lines.length, column: lines.at(-1)!.length + 1 }, untranslated);
    }
    return new Problem((error as Error).message, place, untranslated);
  } finally {
    Error.stackTraceLimit = depth;
  }
}

function placeIn(code: string, specifier: string): Place | null {
  const lines = code.split("\n");
  const line = lines.findIndex((text) => /^\s*(import|export)\b/.test(text) && text.includes(specifier));
  return line < 0 ? null : { line: line + 1, column: lines[line]!.search(/\S/) + 1 };
}

/**
 * Says where TypeScript is malformed, which removing the types does not tell: the loader's own parser does. The text is
 * never run: its first statement imports what does not exist, and a module runs only after all its imports were found.
 */
export async function placeByLoader(code: string): Promise<Problem | null> {
  const guard = `import "never:";`;
  try {
    await import("data:application/typescript," + encodeURIComponent(guard + code));
    return null;
  } catch (error) {
    const message = String((error as Error).message);
    const what = /^SyntaxError: (.*)/.exec(message)?.[1], at = /:(\d+):(\d+)$/.exec(message);
    if (!what || !at) return null;
    const line = Number(at[1]), column = Number(at[2]);
    return new Problem(what.replace("'<eof>'", "the end of the text"), { line, column: line === 1 ? column - guard.length : column });
  }
}

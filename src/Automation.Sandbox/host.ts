// The parts of the runtime that the program keeps for itself, taken before anything else runs. `Deno.internal` is not a
// public interface of Deno; package.json pins the exact version it was tried with.

// deno-lint-ignore no-explicit-any
type Any = any;

const deno = (globalThis as Any).Deno;
const core = deno[deno.internal].core;

export const args: string[] = [...deno.args];
export const stdin: { readSync(into: Uint8Array): number | null } = deno.stdin;
export const stdout: { writeSync(bytes: Uint8Array): number } = deno.stdout;
export const webCrypto: Crypto = crypto;
export const WebUrl: typeof URL = URL;
export const nextTurn: (then: () => void) => void = (then) => later(then, 0);
const later = setTimeout;

/** Runs all promise reactions that are due, and those they make due. Works only outside of a promise reaction. */
export const runMicrotasks: () => void = core.runMicrotasks;

/** [0] while pending, [1, value] fulfilled, [2, reason] rejected. */
export const promiseState: (promise: Promise<unknown>) => [number, unknown] = core.getPromiseDetails;

/** Where V8 found a syntax error: needs an error of the outer realm whose stack is empty. */
export function placeOf(error: unknown): { line: number; column: number } | null {
  const frame = core.destructureError(error).frames[0];
  return frame && frame.lineNumber ? { line: frame.lineNumber, column: frame.columnNumber } : null;
}

/** Nothing a script left behind unhandled may end the process or be told to the next call. */
core.setUnhandledPromiseRejectionHandler(() => true);

/**
 * Removes from the outer realm what is not ECMAScript. Scripts never run here; this is for one that found a way out of its
 * realm: the process has no permission, and `Worker`, which needs none, is gone.
 */
export function removePowers(): void {
  const language = new Set(
    ("Object Function Array Number parseFloat parseInt Infinity NaN undefined Boolean String Symbol Date Promise RegExp Error " +
      "AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError SuppressedError globalThis JSON Math Intl " +
      "ArrayBuffer Uint8Array Int8Array Uint16Array Int16Array Uint32Array Int32Array BigUint64Array BigInt64Array " +
      "Uint8ClampedArray Float16Array Float32Array Float64Array DataView Map BigInt Set Iterator WeakMap WeakSet WeakRef Proxy " +
      "Reflect decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape isFinite isNaN TextEncoder TextDecoder " +
      // Deno's own code looks these up when it loads modules and builds errors
      "Event EventTarget ErrorEvent PromiseRejectionEvent DOMException").split(" "),
  );
  for (const name of Reflect.ownKeys(globalThis)) {
    if (typeof name === "string" && !language.has(name)) Reflect.deleteProperty(globalThis, name);
  }
}

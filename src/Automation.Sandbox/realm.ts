// Runs inside a realm: its text is compiled there, so it must not refer to anything outside of the function.
// It keeps its own references to the built-ins it needs before a script can replace them. Scripts see none of its variables;
// the program gets and gives only text and numbers through the functions that it returns.

// deno-lint-ignore no-explicit-any
type Any = any;

/** What the program can ask of a realm. */
export interface Realm {
  /** Calls one script. Scope values are JSON texts, or undefined when not given. */
  run(fn: Any, asModule: boolean, ...scope: (string | undefined)[]): void;
  /** Evaluates all expressions of a step; the result is a JSON array. */
  evaluate(fns: Any, ...scope: (string | undefined)[]): void;
  /** Of the call made last: its JSON text, undefined while its promise is pending, or -1: see error(). */
  result(): string | undefined | -1;
  /** Of the call made last, once it has a result: the state as JSON text if the script changed it. */
  state(): string | undefined;
  /** JSON { message, name, stack, index } of the call that failed; index is the expression's, or -1. */
  error(): string;
  /** Makes the reason why a module did not load the error of the call. */
  fail(reason: unknown): void;
  list(): Any;
  add(list: Any, fn: Any): void;
}

export function realm(show: (value: unknown, budget: number) => string): Realm {
  "use strict";
  const g = globalThis as Any;
  const { parse, stringify } = JSON;
  const { apply, deleteProperty, defineProperty } = Reflect;
  const isError = (Error as Any).isError;
  const PromiseHere = Promise, resolve = Promise.resolve, then = Promise.prototype.then;
  const slice = String.prototype.slice, errorText = Error.prototype.toString;
  const cut = (s: string, length: number) => s.length > length ? apply(slice, s, [0, length]) + "…" : s;

  for (const name of ["WebAssembly", "SharedArrayBuffer", "Atomics", "FinalizationRegistry", "queueMicrotask", "escape", "unescape"]) {
    deleteProperty(g, name);
  }
  const define = (name: string, value: unknown) => defineProperty(g, name, { value, writable: true, enumerable: false, configurable: true });

  // --- calls -------------------------------------------------------------------------------------------------------------
  let serial = 0, settled: string | undefined | -1, failure: unknown, failedAt = -1, changed: string | undefined;

  const read = (s: string | undefined) => s === undefined ? undefined : parse(s);

  function keep(value: unknown): void {
    if (typeof value === "function" || typeof value === "symbol") throw new TypeError("The result is a " + typeof value + ", which JSON cannot hold.");
    let json;
    try {
      json = stringify(value);
    } catch (error) {
      throw new TypeError("The result cannot be written as JSON: " + cut(said(error), 1000));
    }
    settled = json === undefined ? "null" : json;
  }

  function keepState(state: unknown, before: string | undefined): void {
    if (before === undefined) return;
    let after;
    try {
      after = stringify(state);
    } catch (error) {
      throw new TypeError("The state cannot be written as JSON: " + cut(said(error), 1000));
    }
    if (after !== before) changed = after;
  }

  function lose(reason: unknown): void {
    settled = -1;
    failure = reason;
  }

  function run(fn: Any, asModule: boolean, e?: string, i?: string, s?: string, v?: string, r?: string, n?: string, t?: string, x?: string, z?: string): void {
    const mine = ++serial;
    settled = changed = undefined;
    failedAt = -1;
    try {
      const event = read(e), input = read(i), steps = read(s), vars = read(v), run = read(r), env = read(n), item = read(t), index = read(x), state = read(z);
      const value = asModule
        ? fn({ event, input, steps, vars, run, env, item, index, state })
        : fn(event, input, steps, vars, run, env, item, index, state);
      if (value === null || typeof value !== "object" || typeof value.then !== "function") {
        keepState(state, z);
        return keep(value);
      }
      apply(then, apply(resolve, PromiseHere, [value]), [
        (late: unknown) => {
          if (mine !== serial || settled !== undefined) return;
          try {
            keepState(state, z);
            keep(late);
          } catch (error) {
            lose(error);
          }
        },
        (error: unknown) => {
          if (mine === serial && settled === undefined) lose(error);
        },
      ]);
    } catch (error) {
      lose(error);
    }
  }

  function evaluate(fns: Any, e?: string, i?: string, s?: string, v?: string, r?: string, n?: string, t?: string, x?: string, z?: string): void {
    serial++;
    settled = changed = undefined;
    failedAt = -1;
    try {
      const event = read(e), input = read(i), steps = read(s), vars = read(v), run = read(r), env = read(n), item = read(t), index = read(x), state = read(z);
      let all = "[";
      for (let k = 0; k < fns.length; k++) {
        failedAt = k;
        const fn = fns[k];
        const value = fn(event, input, steps, vars, run, env, item, index, state);
        if (value !== null && typeof value === "object" && typeof value.then === "function") {
          throw new TypeError("An expression cannot wait for a promise; use a script step.");
        }
        keep(value);
        all += k === 0 ? settled : "," + settled;
      }
      settled = all + "]";
    } catch (error) {
      lose(error);
    }
  }

  // --- errors ------------------------------------------------------------------------------------------------------------
  function said(error: unknown): string {
    try {
      if (isError(error)) {
        const message = (error as Any).message;
        return typeof message === "string" && message !== "" ? message : apply(errorText, error, []);
      }
      if (typeof error === "string") return error;
      return "The script threw " + show(error, 2000) + ", which is not an Error.";
    } catch {
      return "The script threw a value that cannot be shown.";
    }
  }

  function error(): string {
    const message = cut(said(failure), 4000);
    let name = "", stack = "";
    try {
      if (isError(failure)) {
        const { name: n, stack: s } = failure as Any;
        name = typeof n === "string" ? cut(n, 100) : "";
        stack = typeof s === "string" ? cut(s, 16000) : "";
      }
    } catch {
      // an error whose properties throw: the message has to do
    }
    const index = failedAt;
    failure = undefined;
    return '{"message":' + stringify(message) + ',"name":' + stringify(name) + ',"stack":' + stringify(stack) + ',"index":' + index + "}";
  }

  define("queueMicrotask", function queueMicrotask(fn: Any) {
    if (typeof fn !== "function") throw new TypeError("queueMicrotask needs a function.");
    apply(then, apply(resolve, PromiseHere, [undefined]), [() => void fn()]);
  });

  return {
    run,
    evaluate,
    result: () => settled,
    state: () => changed,
    error,
    fail: (reason) => {
      failedAt = -1;
      lose(reason);
    },
    list: () => [],
    add: (list, fn) => {
      defineProperty(list, list.length, { value: fn });
    },
  };
}

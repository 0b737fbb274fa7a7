// Runs inside a realm, before realm.ts: its text is compiled there, so it must not refer to anything outside of the function.

// deno-lint-ignore no-explicit-any
type Any = any;

/** The realm's console, and how a value is shown to people. */
export interface RealmConsole {
  /** JSON [[level, text]], or undefined when nothing was logged since the last time. */
  takeLog(): string | undefined;
  /** JSON-like, for people; never longer than the budget by more than a few characters. */
  show(value: unknown, budget: number): string;
}

/** Puts `console` into the realm. Past maxLines lines or maxChars characters a call's lines are counted, not kept. */
export function realmConsole(maxLines: number, maxChars: number): RealmConsole {
  "use strict";
  const { stringify } = JSON;
  const { apply, ownKeys, defineProperty } = Reflect;
  const isArray = Array.isArray, isError = (Error as Any).isError, text = String;
  const slice = String.prototype.slice, wellFormed = String.prototype.toWellFormed, errorText = Error.prototype.toString, dateText = Date.prototype.toISOString;
  const isMap = Map.prototype.has, isSet = Set.prototype.has;
  const mapEach = Map.prototype.forEach, setEach = Set.prototype.forEach;
  const cut = (s: string, length: number) => s.length > length ? apply(slice, s, [0, length]) + "…" : s;

  let lines = "", count = 0, chars = 0, dropped = 0;

  function log(level: string, values: unknown[]): void {
    if (count >= maxLines || chars >= maxChars) {
      dropped++;
      return;
    }
    let line = "";
    for (let k = 0; k < values.length && line.length < maxChars - chars; k++) {
      const value = values[k];
      line += (k === 0 ? "" : " ") + (typeof value === "string" ? value : show(value, maxChars - chars - line.length));
    }
    line = apply(wellFormed, cut(line, maxChars - chars), []); // half of a surrogate pair is no text to the server
    count++;
    chars += line.length;
    lines += (lines === "" ? "" : ",") + "[" + stringify(level) + "," + stringify(line) + "]";
  }

  function takeLog(): string | undefined {
    if (count === 0 && dropped === 0) return undefined;
    if (dropped > 0) lines += (lines === "" ? "" : ",") + '["warn","' + dropped + ' more lines were not kept."]';
    const all = "[" + lines + "]";
    lines = "";
    count = chars = dropped = 0;
    return all;
  }

  const levels = { __proto__: null, log: "info", info: "info", warn: "warn", error: "error", debug: "debug", trace: "debug" } as Any;
  const console = {} as Any;
  for (const name of ["log", "info", "warn", "error", "debug", "trace"]) {
    const level = levels[name];
    console[name] = { [name](...values: unknown[]) { log(level, values); } }[name];
  }
  defineProperty(globalThis, "console", { value: console, writable: true, enumerable: false, configurable: true });

  function show(value: unknown, budget: number): string {
    let left = budget;
    const open: unknown[] = [];

    function one(v: Any, depth: number): string {
      if (left <= 0) return "…";
      const s = form(v, depth);
      left -= 4;
      return s;
    }
    function leaf(s: string): string {
      const kept = cut(s, left);
      left -= kept.length;
      return kept;
    }
    function form(v: Any, depth: number): string {
      if (typeof v === "string") return leaf(stringify(cut(v, left)));
      if (typeof v === "bigint") return leaf(text(v) + "n");
      if (typeof v === "function") return leaf("[function " + text(v.name) + "]");
      if (v === null || typeof v !== "object") return leaf(text(v));
      for (let k = 0; k < open.length; k++) if (open[k] === v) return leaf("[circular]");
      if (depth > 5) return leaf(isArray(v) ? "[…]" : "{…}");
      if (isError(v)) return leaf(apply(errorText, v, []));
      try {
        return leaf(apply(dateText, v, []));
      } catch {
        // not a date, or an invalid one
      }
      open.length++;
      open[open.length - 1] = v;
      try {
        return inside(v, depth);
      } finally {
        open.length--;
      }
    }
    function inside(v: Any, depth: number): string {
      let s = "", first = true;
      const next = (part: string) => {
        s += (first ? "" : ", ") + part;
        first = false;
      };
      if (isArray(v)) {
        for (let k = 0; k < v.length && left > 0; k++) next(one(v[k], depth + 1));
        return "[" + s + "]";
      }
      try {
        apply(isMap, v, [0]);
        apply(mapEach, v, [(value: unknown, key: unknown) => left > 0 && next(one(key, depth + 1) + " => " + one(value, depth + 1))]);
        return "Map {" + s + "}";
      } catch {
        // not a map
      }
      try {
        apply(isSet, v, [0]);
        apply(setEach, v, [(value: unknown) => left > 0 && next(one(value, depth + 1))]);
        return "Set {" + s + "}";
      } catch {
        // not a set
      }
      const keys = ownKeys(v);
      for (let k = 0; k < keys.length && left > 0; k++) {
        const key = keys[k];
        if (typeof key === "string") next(leaf(stringify(key)) + ": " + one(v[key], depth + 1));
      }
      return "{" + s + "}";
    }
    try {
      return one(value, 0);
    } catch {
      return "[a value that cannot be shown]";
    }
  }

  return { takeLog, show };
}

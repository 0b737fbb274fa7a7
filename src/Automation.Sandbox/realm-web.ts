// Runs inside a realm: its text is compiled there, so it must not refer to anything outside of the function.
// What needs the outer realm goes through two functions of text to text, which no script can reach.

// deno-lint-ignore no-explicit-any
type Any = any;

/** Puts URL, URLSearchParams, TextEncoder, TextDecoder, atob, btoa, structuredClone and crypto into the realm. */
export function realmWeb(randomBytes: (count: number) => string, url: (href: string, base: string, part: string, value: string) => string): void {
  "use strict";
  const { parse } = JSON;
  const { apply, defineProperty } = Reflect;
  const { fromCharCode } = String;
  const code = String.prototype.charCodeAt, slice = String.prototype.slice;
  const encode = encodeURIComponent, decode = decodeURIComponent;
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const define = (name: string, value: unknown) => defineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true });

  // An error of the outer realm (its stack ran out) must not come in here.
  function outer(ask: () => string): string {
    let answer: string | undefined;
    try {
      answer = ask();
    } catch {
      answer = undefined;
    }
    if (answer === undefined) throw new RangeError("Too little stack is left for this call.");
    return answer;
  }

  // --- text and base64 -----------------------------------------------------------------------------------------------------
  class TextEncoder {
    get encoding() {
      return "utf-8";
    }
    encode(value: unknown = ""): Uint8Array {
      const bytes = unescapeBytes(encode((String(value) as Any).toWellFormed()));
      const out = new Uint8Array(bytes.length);
      for (let k = 0; k < bytes.length; k++) out[k] = apply(code, bytes, [k]);
      return out;
    }
  }
  function unescapeBytes(s: string): string {
    return s.replace(/%([0-9A-F]{2})/g, (_, hex) => fromCharCode(parseInt(hex, 16)));
  }

  class TextDecoder {
    #fatal: boolean;
    constructor(label = "utf-8", options: { fatal?: boolean } = {}) {
      const name = String(label).toLowerCase();
      if (name !== "utf-8" && name !== "utf8") throw new RangeError("Only utf-8 is supported, not " + label + ".");
      this.#fatal = !!options?.fatal;
    }
    get encoding() {
      return "utf-8";
    }
    decode(value?: ArrayBuffer | ArrayBufferView): string {
      if (value === undefined) return "";
      const b = ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : new Uint8Array(value);
      let s = "", k = b[0] === 0xef && b[1] === 0xbb && b[2] === 0xbf ? 3 : 0;
      while (k < b.length) {
        const first = b[k++]!;
        if (first < 0x80) {
          s += fromCharCode(first);
          continue;
        }
        let more = first >= 0xc2 && first <= 0xdf ? 1 : first >= 0xe0 && first <= 0xef ? 2 : first >= 0xf0 && first <= 0xf4 ? 3 : 0;
        let point = more === 1 ? first & 0x1f : more === 2 ? first & 0x0f : first & 0x07, good = more > 0;
        let low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80, high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
        for (; more > 0 && good; more--) {
          const next = b[k];
          good = next !== undefined && next >= low && next <= high;
          if (good) point = (point << 6) | (b[k++]! & 0x3f);
          low = 0x80;
          high = 0xbf;
        }
        if (!good && this.#fatal) throw new TypeError("The bytes are not valid UTF-8.");
        s += good ? String.fromCodePoint(point) : "\ufffd";
      }
      return s;
    }
  }

  function btoa(value: unknown): string {
    const s = String(value);
    let out = "";
    for (let k = 0; k < s.length; k += 3) {
      const a = apply(code, s, [k]), b = k + 1 < s.length ? apply(code, s, [k + 1]) : 0, c = k + 2 < s.length ? apply(code, s, [k + 2]) : 0;
      if ((a | b | c) > 255) throw new RangeError("btoa takes characters up to U+00FF; encode the text as UTF-8 first.");
      out += alphabet[a >> 2]! + alphabet[((a & 3) << 4) | (b >> 4)] + (k + 1 < s.length ? alphabet[((b & 15) << 2) | (c >> 6)] : "=") +
        (k + 2 < s.length ? alphabet[c & 63] : "=");
    }
    return out;
  }
  function atob(value: unknown): string {
    const s = String(value).replace(/[\t\n\f\r ]/g, "").replace(/={1,2}$/, "");
    if (s.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(s)) throw new RangeError("atob needs base64 text.");
    let out = "", bits = 0, held = 0;
    for (let k = 0; k < s.length; k++) {
      held = ((held << 6) | alphabet.indexOf(s[k]!)) & 0xffffff;
      bits += 6;
      if (bits >= 8) {
        bits -= 8;
        out += fromCharCode((held >> bits) & 255);
      }
    }
    return out;
  }

  // --- addresses -----------------------------------------------------------------------------------------------------------
  const form = (s: string) => encode((s as Any).toWellFormed()).replace(/%20/g, "+").replace(/[!'()~]/g, (c) => "%" + apply(code, c, [0]).toString(16).toUpperCase());
  function plain(s: string): string {
    const spaced = s.replace(/\+/g, " ");
    try {
      return decode(spaced);
    } catch {
      return spaced;
    }
  }

  class URLSearchParams {
    #pairs: [string, string][] = [];
    #changed: ((query: string) => void) | undefined;
    constructor(init: Any = "", changed?: unknown) {
      if (changed !== undefined && changed === link) this.#changed = linked;
      if (typeof init === "object" && init !== null) {
        const pairs = typeof init[Symbol.iterator] === "function" ? [...init] : Object.entries(init);
        for (const [name, value] of pairs) this.#pairs.push([String(name), String(value)]);
      } else {
        for (const part of String(init).replace(/^\?/, "").split("&")) {
          if (part === "") continue;
          const at = part.indexOf("=");
          this.#pairs.push(at < 0 ? [plain(part), ""] : [plain(part.slice(0, at)), plain(part.slice(at + 1))]);
        }
      }
    }
    #tell() {
      this.#changed?.(this.toString());
    }
    get size() {
      return this.#pairs.length;
    }
    get(name: string) {
      return this.#pairs.find((p) => p[0] === String(name))?.[1] ?? null;
    }
    getAll(name: string) {
      return this.#pairs.filter((p) => p[0] === String(name)).map((p) => p[1]);
    }
    has(name: string, value?: string) {
      return this.#pairs.some((p) => p[0] === String(name) && (value === undefined || p[1] === String(value)));
    }
    append(name: string, value: unknown) {
      this.#pairs.push([String(name), String(value)]);
      this.#tell();
    }
    set(name: string, value: unknown) {
      const first = this.#pairs.find((p) => p[0] === String(name));
      if (first) {
        first[1] = String(value);
        this.#pairs = this.#pairs.filter((p) => p === first || p[0] !== String(name));
      } else this.#pairs.push([String(name), String(value)]);
      this.#tell();
    }
    delete(name: string, value?: string) {
      this.#pairs = this.#pairs.filter((p) => p[0] !== String(name) || (value !== undefined && p[1] !== String(value)));
      this.#tell();
    }
    sort() {
      this.#pairs.sort((a, b) => a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0);
      this.#tell();
    }
    forEach(each: (value: string, name: string, all: Any) => void) {
      for (const [name, value] of this.#pairs) each(value, name, this);
    }
    *entries() {
      for (const [name, value] of this.#pairs) yield [name, value];
    }
    *keys() {
      for (const [name] of this.#pairs) yield name;
    }
    *values() {
      for (const [, value] of this.#pairs) yield value;
    }
    [Symbol.iterator]() {
      return this.entries();
    }
    toString() {
      return this.#pairs.map(([name, value]) => form(name) + "=" + form(value)).join("&");
    }
  }
  const link = {};
  let linked: ((query: string) => void) | undefined;

  const partNames = ["href", "protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "hash"];
  class URL {
    #parts: Any;
    #query: URLSearchParams | undefined;
    constructor(href: unknown, base: unknown = "") {
      this.#parts = URL.#ask(String(href), String(base), "", "");
    }
    static #ask(href: string, base: string, part: string, value: string): Any {
      const answer = outer(() => url(href, base, part, value));
      if (answer === "") throw new TypeError("Invalid URL: " + apply(slice, href, [0, 200]));
      return parse(answer);
    }
    static canParse(href: unknown, base: unknown = "") {
      return outer(() => url(String(href), String(base), "", "")) !== "";
    }
    static parse(href: unknown, base: unknown = "") {
      return URL.canParse(href, base) ? new URL(href, base) : null;
    }
    static part(of: URL, name: string): string {
      return of.#parts[name];
    }
    static change(of: URL, name: string, value: string): void {
      of.#parts = URL.#ask(of.#parts.href, "", name, value);
      if (name === "search" || name === "href") of.#query = undefined;
    }
    get origin() {
      return this.#parts.origin;
    }
    get searchParams() {
      if (this.#query === undefined) {
        linked = (query) => {
          this.#parts = URL.#ask(this.#parts.href, "", "search", query);
        };
        this.#query = new URLSearchParams(this.#parts.search, link);
        linked = undefined;
      }
      return this.#query;
    }
    toString() {
      return this.#parts.href;
    }
    toJSON() {
      return this.#parts.href;
    }
  }
  const { part, change } = URL;
  delete (URL as Any).part;
  delete (URL as Any).change;
  for (const name of partNames) {
    defineProperty(URL.prototype, name, {
      get(this: URL) {
        return part(this, name);
      },
      set(this: URL, value: unknown) {
        change(this, name, String(value));
      },
      enumerable: true,
      configurable: true,
    });
  }

  // --- copies and chance ---------------------------------------------------------------------------------------------------
  function structuredClone(value: unknown): unknown {
    const seen = new Map<unknown, unknown>();
    function copy(v: Any): unknown {
      if (typeof v === "function" || typeof v === "symbol") throw new TypeError("A " + typeof v + " cannot be cloned.");
      if (v === null || typeof v !== "object") return v;
      const known = seen.get(v);
      if (known !== undefined) return known;
      const keep = <T>(c: T): T => (seen.set(v, c), c);
      if (Array.isArray(v)) {
        const list: unknown[] = keep([]);
        for (const each of v) list.push(copy(each));
        return list;
      }
      if (v instanceof Date) return keep(new Date(+v));
      if (v instanceof RegExp) return keep(new RegExp(v.source, v.flags));
      if (v instanceof Map) {
        const map = keep(new Map());
        v.forEach((value, key) => map.set(copy(key), copy(value)));
        return map;
      }
      if (v instanceof Set) {
        const set = keep(new Set());
        v.forEach((each) => set.add(copy(each)));
        return set;
      }
      if (v instanceof ArrayBuffer) return keep(v.slice(0));
      if (ArrayBuffer.isView(v)) return keep(new (v.constructor as Any)(v.buffer.slice(v.byteOffset, v.byteOffset + v.byteLength)));
      if (Error.isError(v)) return keep(Object.assign(new Error(v.message), { name: v.name, stack: v.stack }));
      const object: Any = keep({});
      for (const name of Object.keys(v)) defineProperty(object, name, { value: copy(v[name]), writable: true, enumerable: true, configurable: true });
      return object;
    }
    return copy(value);
  }

  const crypto = {
    /** A version 4 UUID. */
    randomUUID(): string {
      const hex = outer(() => randomBytes(16));
      const variant = "89ab"[parseInt(hex[16]!, 16) & 3];
      return hex.slice(0, 8) + "-" + hex.slice(8, 12) + "-4" + hex.slice(13, 16) + "-" + variant + hex.slice(17, 20) + "-" + hex.slice(20);
    },
    getRandomValues(into: Any): Any {
      if (!ArrayBuffer.isView(into) || into instanceof Float32Array || into instanceof Float64Array) throw new TypeError("getRandomValues fills an array of integers.");
      if (into.byteLength > 65536) throw new RangeError("getRandomValues fills at most 65536 bytes.");
      const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
      const hex = outer(() => randomBytes(bytes.length));
      for (let k = 0; k < bytes.length; k++) bytes[k] = parseInt(hex.slice(2 * k, 2 * k + 2), 16);
      return into;
    },
  };

  for (const [name, value] of Object.entries({ TextEncoder, TextDecoder, btoa, atob, URL, URLSearchParams, structuredClone, crypto })) define(name, value);
}

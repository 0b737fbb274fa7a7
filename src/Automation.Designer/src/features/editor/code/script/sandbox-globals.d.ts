// What scripts find beyond ECMAScript, as src/Automation.Sandbox/README.md lists it.

interface Console {
  /** Kept with the run: up to 100 lines. */
  log(...values: unknown[]): void
  info(...values: unknown[]): void
  warn(...values: unknown[]): void
  error(...values: unknown[]): void
  debug(...values: unknown[]): void
}
declare const console: Console

interface URLSearchParams extends Iterable<[string, string]> {
  readonly size: number
  append(name: string, value: unknown): void
  delete(name: string, value?: string): void
  get(name: string): string | null
  getAll(name: string): string[]
  has(name: string, value?: string): boolean
  set(name: string, value: unknown): void
  sort(): void
  forEach(each: (value: string, name: string, all: URLSearchParams) => void): void
  entries(): IterableIterator<[string, string]>
  keys(): IterableIterator<string>
  values(): IterableIterator<string>
  toString(): string
}
declare const URLSearchParams: { new (init?: string | Record<string, unknown> | Iterable<readonly [unknown, unknown]>): URLSearchParams; readonly prototype: URLSearchParams }

interface URL {
  href: string
  readonly origin: string
  protocol: string
  username: string
  password: string
  host: string
  hostname: string
  port: string
  pathname: string
  search: string
  hash: string
  readonly searchParams: URLSearchParams
  toString(): string
  toJSON(): string
}
declare const URL: { new (url: string | URL, base?: string | URL): URL; readonly prototype: URL; canParse(url: string, base?: string): boolean; parse(url: string, base?: string): URL | null }

interface TextEncoder {
  readonly encoding: 'utf-8'
  encode(text?: string): Uint8Array<ArrayBuffer>
}
declare const TextEncoder: { new (): TextEncoder; readonly prototype: TextEncoder }

interface TextDecoder {
  readonly encoding: 'utf-8'
  decode(bytes?: ArrayBuffer | ArrayBufferView): string
}
/** UTF-8 only. */
declare const TextDecoder: { new (label?: 'utf-8' | 'utf8', options?: { fatal?: boolean }): TextDecoder; readonly prototype: TextDecoder }

/** Base64 to a text of characters up to U+00FF. */
declare function atob(base64: string): string
/** Characters up to U+00FF to base64; encode other text as UTF-8 first. */
declare function btoa(text: string): string
declare function structuredClone<T>(value: T): T
declare function queueMicrotask(callback: () => void): void

interface Crypto {
  /** A version 4 UUID. */
  randomUUID(): string
  /** Fills an array of integers, 65,536 bytes at most. */
  getRandomValues<T extends ArrayBufferView>(array: T): T
}
declare const crypto: Crypto

/** Dates, times and durations: https://tc39.es/proposal-temporal/docs/ */
declare const Temporal: any

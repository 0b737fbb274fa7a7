/** A JSON value as a workflow file holds it. */
export type Json = null | boolean | number | string | Numeral | readonly Json[] | JsonObject

/** Names in the order of the file, also where JavaScript would put those that look like numbers first: see {@link keysOf}. */
export interface JsonObject {
  readonly [name: string]: Json
  readonly [order]?: readonly string[]
}

/** The names of an object in the file's order, where an object of JavaScript would not keep it. Spread copies it. */
export const order = Symbol('order')

/** A number that JavaScript would write in another way than the file does: 1.0, 1e3, or more digits than it holds. */
export class Numeral {
  constructor(readonly text: string) {}

  valueOf(): number {
    return Number(this.text)
  }

  toJSON(): number {
    return Number(this.text)
  }
}

export const isObject = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Numeral)
export const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value)
const isScalar = (value: Json): boolean => !isObject(value) && !isList(value)

/** Whether all of an object's or a list's values are single ones. */
export const isFlat = (value: JsonObject | readonly Json[]): boolean => (isList(value) ? value.every(isScalar) : keysOf(value).every((name) => isScalar(value[name] ?? null)))

export const objectAt = (value: JsonObject, name: string): JsonObject => {
  const found = value[name]
  return isObject(found) ? found : {}
}

export const textAt = (value: JsonObject, name: string): string | null => {
  const found = value[name]
  return typeof found === 'string' ? found : null
}

const looksLikeIndex = /^(0|[1-9][0-9]*)$/

export function keysOf(value: JsonObject): readonly string[] {
  const present = Object.keys(value)
  const wanted = value[order]
  if (!wanted) return present
  const known = new Set(wanted)
  return [...wanted.filter((name) => Object.hasOwn(value, name)), ...present.filter((name) => !known.has(name))]
}

export const entriesOf = (value: JsonObject): [string, Json][] => keysOf(value).map((name) => [name, value[name] as Json])

/** An object with these entries in this order. */
export function objectOf(entries: readonly (readonly [string, Json])[]): JsonObject {
  const value: Record<string, Json> = {}
  for (const [name, entry] of entries) Object.defineProperty(value, name, { value: entry, enumerable: true, configurable: true, writable: true }) // also __proto__
  if (entries.some(([name]) => looksLikeIndex.test(name))) Object.defineProperty(value, order, { value: entries.map(([name]) => name), enumerable: true })
  return value
}

/** The object with one property set; a new one goes behind the others. */
export function withProperty(value: JsonObject, name: string, entry: Json): JsonObject {
  if (value[name] === entry && Object.hasOwn(value, name)) return value
  const entries = entriesOf(value)
  return objectOf(Object.hasOwn(value, name) ? entries.map(([key, old]) => [key, key === name ? entry : old]) : [...entries, [name, entry]])
}

export const without = (value: JsonObject, ...names: readonly string[]): JsonObject => (names.some((name) => Object.hasOwn(value, name)) ? objectOf(entriesOf(value).filter(([key]) => !names.includes(key))) : value)

/** The object with one property called otherwise, at the same place. */
export const withName = (value: JsonObject, from: string, to: string): JsonObject => objectOf(entriesOf(value).map(([key, entry]) => [key === from ? to : key, entry]))

/** Sets or, with `undefined`, takes out what a path leads to; objects on the way are made. */
export function withPath(value: Json | undefined, path: readonly (string | number)[], entry: Json | undefined): Json {
  const [step, ...rest] = path
  if (step === undefined) return entry ?? null
  if (isList(value)) {
    const index = Number(step)
    if (rest.length === 0 && entry === undefined) return value.filter((_, at) => at !== index)
    const copy = [...value]
    copy[index] = withPath(value[index], rest, entry)
    return copy
  }
  const object = isObject(value) ? value : {}
  if (rest.length === 0 && entry === undefined) return without(object, String(step))
  return withProperty(object, String(step), withPath(object[String(step)], rest, entry))
}

export function atPath(value: Json | undefined, path: readonly (string | number)[]): Json | undefined {
  let at = value
  for (const step of path) {
    if (isList(at)) at = at[Number(step)]
    else if (isObject(at) && Object.hasOwn(at, String(step))) at = at[String(step)]
    else return undefined
  }
  return at
}

/** Whether two values are the same JSON; the order of an object's names does not matter. */
export function same(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true
  if (a instanceof Numeral || b instanceof Numeral) return String(a instanceof Numeral ? a.text : a) === String(b instanceof Numeral ? b.text : b)
  if (isList(a) && isList(b)) return a.length === b.length && a.every((entry, at) => same(entry, b[at]))
  if (!isObject(a) || !isObject(b)) return false
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && same(a[name], b[name]))
}

/** JSON Pointer (RFC 6901) as a path. */
export const pathOf = (pointer: string): string[] => pointer.split('/').slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
export const pointerOf = (path: readonly (string | number)[]): string => path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

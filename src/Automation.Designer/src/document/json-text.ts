import { Numeral, objectOf, pointerOf, type Json } from './json'

/** Text that is not JSON, and where: an offset, and the line and column (both from 1) that people count in. */
export class JsonError extends Error {
  override readonly name = 'JsonError'

  constructor(
    message: string,
    readonly offset: number,
    readonly line: number,
    readonly column: number,
  ) {
    super(message)
  }
}

interface Place {
  from: number
  to: number
}

export interface ParsedJson {
  value: Json
  /** Where in the text the value of a JSON pointer stands. */
  places: ReadonlyMap<string, Place>
}

const deepest = 200

/**
 * Reads JSON (RFC 8259) and loses nothing of it: the order of names and the way numbers are written stay.
 * @throws JsonError What is wrong and where; a name that stands twice in an object is an error too.
 */
export function parseJson(text: string): ParsedJson {
  const places = new Map<string, Place>()
  const path: (string | number)[] = []
  let at = text.startsWith('\uFEFF') ? 1 : 0

  const fail = (message: string, offset = at): never => {
    const before = text.slice(0, offset)
    throw new JsonError(message, offset, before.split('\n').length, offset - before.lastIndexOf('\n'))
  }
  const blank = () => {
    while (at < text.length && ' \t\r\n'.includes(text.charAt(at))) at++
  }
  const expect = (character: string, what: string) => {
    blank()
    if (text.charAt(at) !== character) fail(at < text.length ? `Here should be ${what}.` : `The text ends where ${what} should be.`)
    at++
  }

  function string(): string {
    const match = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y // eslint-disable-line no-control-regex -- JSON forbids just these
    match.lastIndex = at
    const found = match.exec(text)?.[0]
    if (found === undefined) return fail('This text has no end, or holds a character that needs a backslash.')
    at += found.length
    return JSON.parse(found) as string
  }

  function number(): Json {
    const match = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
    match.lastIndex = at
    const found = match.exec(text)?.[0]
    if (found === undefined) return fail('Here should be a value: text in double quotes, a number, true, false, null, { } or [ ].')
    at += found.length
    return String(Number(found)) === found ? Number(found) : new Numeral(found)
  }

  function value(): Json {
    blank()
    const from = at
    const read = (): Json => {
      const next = text.charAt(at)
      if (next === '{') return object()
      if (next === '[') return list()
      if (next === '"') return string()
      for (const [word, meaning] of words) {
        if (!text.startsWith(word, at)) continue
        at += word.length
        return meaning
      }
      return number()
    }
    const found = read()
    places.set(pointerOf(path), { from, to: at })
    return found
  }

  function object(): Json {
    if (path.length > deepest) fail(`Objects and lists lie more than ${deepest} deep in each other.`)
    at++
    const entries: [string, Json][] = []
    const names = new Set<string>()
    blank()
    if (text.charAt(at) === '}') {
      at++
      return {}
    }
    for (;;) {
      blank()
      if (text.charAt(at) !== '"') fail(text.charAt(at) === '}' ? 'There is a comma too many before this.' : 'Here should be a name in double quotes.')
      const start = at
      const name = string()
      if (names.has(name)) fail(`"${name}" stands twice in this object.`, start)
      names.add(name)
      expect(':', 'a colon')
      path.push(name)
      entries.push([name, value()])
      path.pop()
      blank()
      if (text.charAt(at) !== ',') break
      at++
    }
    expect('}', 'a comma or }')
    return objectOf(entries)
  }

  function list(): Json {
    if (path.length > deepest) fail(`Objects and lists lie more than ${deepest} deep in each other.`)
    at++
    const items: Json[] = []
    blank()
    if (text.charAt(at) === ']') {
      at++
      return items
    }
    for (;;) {
      path.push(items.length)
      items.push(value())
      path.pop()
      blank()
      if (text.charAt(at) !== ',') break
      at++
    }
    expect(']', 'a comma or ]')
    return items
  }

  const found = value()
  blank()
  if (at < text.length) fail('The JSON ends before this.')
  return { value: found, places }
}

const words: readonly [string, Json][] = [
  ['true', true],
  ['false', false],
  ['null', null],
]

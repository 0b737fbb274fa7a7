import { plainText } from './canonical'
import { noLayout, type Layout, type Note, type Point } from './document'
import { entriesOf, isList, isObject, objectAt, objectOf, withProperty, type Json, type JsonObject } from './json'
import { JsonError, parseJson } from './json-text'

const numberIn = (value: JsonObject, name: string): number | null => {
  const found = Number(value[name] ?? NaN)
  return Number.isFinite(found) ? found : null
}

function pointsIn(value: JsonObject): Record<string, Point> {
  const points: Record<string, Point> = {}
  for (const [id, at] of entriesOf(value)) {
    if (!isObject(at)) continue
    const [x, y] = [numberIn(at, 'x'), numberIn(at, 'y')]
    if (x !== null && y !== null) points[id] = { x, y }
  }
  return points
}

/** Reads `<id>.layout.json`. It is never needed: what cannot be read of it is as if it were not there. */
export function readLayout(text: string | undefined): Layout {
  let value: Json
  try {
    value = parseJson(text ?? '{}').value
  } catch {
    return noLayout
  }
  if (!isObject(value)) return noLayout
  const notes: Record<string, Note> = {}
  for (const [id, note] of entriesOf(objectAt(value, 'notes'))) {
    if (!isObject(note)) continue
    notes[id] = { x: numberIn(note, 'x') ?? 0, y: numberIn(note, 'y') ?? 0, width: numberIn(note, 'width') ?? 240, height: numberIn(note, 'height') ?? 120, text: typeof note['text'] === 'string' ? note['text'] : '' }
  }
  const collapsed = isList(value['collapsed']) ? value['collapsed'].filter((id): id is string => typeof id === 'string') : []
  return { steps: pointsIn(objectAt(value, 'steps')), triggers: pointsIn(objectAt(value, 'triggers')), notes, collapsed }
}

/** What is wrong with a layout file, so that all of it counts as not there; null when it can be read. */
export function layoutProblem(text: string | undefined): string | null {
  try {
    return isObject(parseJson(text ?? '{}').value) ? null : 'It is no object.'
  } catch (error) {
    if (error instanceof JsonError) return `Line ${error.line}: ${error.message}`
    throw error
  }
}

/**
 * The file's text; null when there is nothing to say, and so no file.
 * @param before The text that was there: what it says beside places, comments and loops stays.
 */
export function layoutText(layout: Layout, before?: string): string | null {
  const old = layoutProblem(before) === null ? (parseJson(before ?? '{}').value as JsonObject) : {}
  const others = entriesOf(old).filter(([name]) => !Object.hasOwn(layout, name))
  const parts = Object.entries(layout as unknown as JsonObject).filter(([, part]) => (isObject(part) || isList(part)) && Object.keys(part).length > 0)
  const written = parts.map(([name, part]) => [name, isObject(part) ? objectOf(entriesOf(part).map(([id, entry]) => [id, over(objectAt(old, name)[id], entry)])) : part] as const)
  return others.length + written.length === 0 ? null : plainText(objectOf([...written, ...others]))
}

/** An object's members over those that it had. */
const over = (old: Json | undefined, now: Json): Json => (isObject(old) && isObject(now) ? entriesOf(now).reduce((at, [name, value]) => withProperty(at, name, value), old) : now)

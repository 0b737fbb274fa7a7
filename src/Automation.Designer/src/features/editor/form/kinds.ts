import { isExpression, shapeOf } from '@/document/catalog'
import { isList, isObject, objectAt, type Json, type JsonObject } from '@/document/json'

export type FieldKind = 'choice' | 'truth' | 'number' | 'text' | 'duration' | 'size' | 'list' | 'map' | 'object' | 'any'

/** What a property of a JSON Schema asks for. */
export interface FieldShape {
  kind: FieldKind
  schema: JsonObject
  choices: readonly string[]
  /** Whether `${…}` may stand for a value that is no text. */
  expression: boolean
  whole: boolean
}

export function fieldOf(property: Json | undefined): FieldShape {
  const schema = shapeOf(property)
  const alternatives = isObject(property) ? property['anyOf'] : undefined
  const expression = isList(alternatives) && alternatives.some(isExpression)
  const type = schema['type']
  const types = (isList(type) ? type : [type]).filter((each): each is string => typeof each === 'string' && each !== 'null')
  const choices = isList(schema['enum']) ? schema['enum'].filter((each): each is string => typeof each === 'string') : []
  return { kind: kindOf(schema, types, choices), schema, choices, expression, whole: types.includes('integer') }
}

function kindOf(schema: JsonObject, types: readonly string[], choices: readonly string[]): FieldKind {
  if (choices.length > 0) return 'choice'
  if (types.length !== 1) return 'any'
  const [type] = types
  if (type === 'boolean') return 'truth'
  if (type === 'integer' || type === 'number') return 'number'
  if (type === 'array') return objectAt(schema, 'items')['type'] === 'string' ? 'list' : 'any'
  if (type === 'object') return Object.keys(objectAt(schema, 'properties')).length > 0 ? 'object' : isObject(schema['additionalProperties']) ? 'map' : 'any'
  if (type !== 'string') return 'any'
  const pattern = typeof schema['pattern'] === 'string' ? schema['pattern'] : ''
  return pattern.includes('(ms|s|m|h|d)') ? 'duration' : pattern.includes('(B|KB|MB|GB)') ? 'size' : 'text'
}

const hints: Partial<Record<FieldKind, string>> = { duration: '5s, 10m, 2h, 1d', size: '256KB, 1MB' }

/** Said in an empty field: what counts when nothing is given, else what it looks like. */
export function placeholderOf({ schema, kind }: FieldShape): string {
  const value = schema['default']
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value)
  return hints[kind] ?? ''
}

/** What is wrong with a text for a field, as a sentence; null when nothing is. The server has the last word. */
export function textProblem({ kind, schema, whole }: FieldShape, text: string): string | null {
  if (text === '' || text.includes('${')) return null
  const pattern = schema['pattern']
  if ((kind === 'duration' || kind === 'size') && typeof pattern === 'string' && !new RegExp(pattern).test(text)) return kind === 'duration' ? 'A time is written as 250ms, 5s, 10m, 2h or 1d.' : 'A size is written as 512B, 256KB or 1MB.'
  if (kind !== 'number') return null
  const number = Number(text)
  if (!Number.isFinite(number)) return 'Here has to be a number.'
  if (whole && !Number.isInteger(number)) return 'Here has to be a whole number.'
  const [least, most] = [schema['minimum'], schema['maximum']]
  if (typeof least === 'number' && number < least) return `Here has to be ${least} or more.`
  return typeof most === 'number' && number > most ? `Here has to be ${most} or less.` : null
}

import { entriesOf, isList, isObject, type Json } from './json'
import { isWholeExpression, partsOf } from './references'

/** What stands between `${` and `}` in the texts of a value, each once. */
export function expressionsIn(value: Json | undefined): string[] {
  if (typeof value === 'string') return [...new Set(partsOf(value).filter((part) => part.expression).map((part) => part.text))]
  if (isList(value)) return [...new Set(value.flatMap((item) => expressionsIn(item)))]
  return isObject(value) ? [...new Set(entriesOf(value).flatMap(([, entry]) => expressionsIn(entry)))] : []
}

/** Whether an expression stands for a secret: it is no JavaScript, and nobody reads its value here. */
export const isSecret = (expression: string): boolean => /^\s*secret\.\w+\s*$/.test(expression)

/**
 * The value with what its expressions give in their place, as the server puts it there.
 * @param results What each expression gives.
 */
export function filled(value: Json, results: ReadonlyMap<string, unknown>): unknown {
  if (typeof value === 'string') return filledText(value, results)
  if (isList(value)) return value.map((item) => filled(item, results))
  if (!isObject(value)) return value
  return Object.fromEntries(entriesOf(value).map(([name, entry]) => [name, filled(entry, results)]))
}

function filledText(text: string, results: ReadonlyMap<string, unknown>): unknown {
  const parts = partsOf(text)
  if (isWholeExpression(text)) return results.get(parts[0]?.text ?? '') ?? null
  return parts.map((part) => (part.expression ? written(results.get(part.text) ?? null) : part.text.replaceAll('$${', '${'))).join('')
}

const written = (value: unknown): string => (value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value))

import type { Json } from '@/document/json'
import { valueOf } from './value-text'

/** A name and what stands beside it, as they are typed. */
export type Entry = readonly [name: string, text: string]

/**
 * Why rows of a map cannot be read as one, as a sentence; null when they can.
 * @param isText Whether its values are texts only, as which all can be read.
 */
export function entriesProblem(rows: readonly Entry[], isText: boolean): string | null {
  const seen = new Set<string>()
  for (const [name, text] of rows) {
    if (name === '' && text !== '') return 'An entry needs a name.'
    if (name !== '' && seen.has(name)) return `${name}: There is an entry of this name already.`
    seen.add(name)
    const meant = isText ? null : valueOf(text)
    if (meant && 'problem' in meant) return `${name}: ${meant.problem}`
  }
  return null
}

/** What an entry's text means; a text that cannot be read means itself. */
export function entryValue(text: string): Json {
  const meant = valueOf(text)
  if ('problem' in meant) return text
  return meant.value === undefined ? '' : meant.value
}

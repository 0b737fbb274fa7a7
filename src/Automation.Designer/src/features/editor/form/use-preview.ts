import { useQueries } from '@tanstack/react-query'
import { evaluateExpression, type Evaluated } from '@/api/evaluation'
import type { Json } from '@/document/json'
import { expressionsIn, filled, isSecret } from '@/document/template'
import { usePaused } from '@/ui/paused'
import { pathAt, valueAt, type Scope } from '../code/completion'

/** What a field gives for the sample, or the first expression that gives none. */
export type Preview = { value: unknown } | { problem: string; expression: string; column: number | null }

const pause = 250

/** Expressions of one field that are worked out; beyond that there is no preview. */
const most = 20

/**
 * @param mayAsk Whether the server may be asked: it works out expressions only for who may edit.
 * @returns Null where there is nothing to work out, no recorded data, or no answer yet.
 */
export function usePreview(value: Json | undefined, scope: Scope, mayAsk: boolean): Preview | null {
  const all = expressionsIn(value)
  const known = new Map<string, unknown>(all.flatMap((each) => givenBy(each, scope)))
  const asked = usePaused(JSON.stringify(mayAsk && isRecorded(scope) && all.length <= most ? all.filter((each) => !known.has(each)) : []), pause)
  const expressions = JSON.parse(asked) as string[]
  const answers = useQueries({
    queries: expressions.map((text) => ({ queryKey: ['evaluate', numberOf(scope), text], staleTime: Infinity, gcTime: 60_000, retry: false, queryFn: ({ signal }: { signal: AbortSignal }) => evaluateExpression(text, scope, signal) })),
    combine: (results) => results.map(({ data }) => data),
  })
  if (value === undefined || all.length === 0 || !isRecorded(scope)) return null
  const results = new Map<string, Evaluated | undefined>(expressions.map((text, index) => [text, answers[index]]))
  for (const expression of all.filter((each) => !known.has(each))) {
    const answer = results.get(expression)
    if (!answer) return null
    if (answer.error) return { problem: answer.error.message, expression, column: answer.error.column }
    known.set(expression, answer.value)
  }
  return { value: filled(value, known) }
}

/** A plain path is looked up here; the server is asked for all else. */
function givenBy(expression: string, scope: Scope): [string, unknown][] {
  if (isSecret(expression)) return [[expression, '•••']]
  const path = expression.trim()
  const value = pathAt(path) === path ? valueAt(scope, path) : undefined
  return value === undefined ? [] : [[expression, value]]
}

const isRecorded = (scope: Scope): boolean => typeof scope['event'] === 'object' && scope['event'] !== null && Object.keys(scope['event']).length > 0

let last = 0
const numbers = new WeakMap<Scope, number>()

/** Scopes stay the same object while their data does: a number says which it is, where the data would be long. */
function numberOf(scope: Scope): number {
  const number = numbers.get(scope) ?? ++last
  numbers.set(scope, number)
  return number
}

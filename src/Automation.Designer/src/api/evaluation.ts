import { bodyOf, client, type Schemas } from './client'

export type Evaluated = Schemas['EvaluatedView']

/** What an expression or a script sees; what is left out is undefined there. */
export type EvaluationScope = Partial<Record<'event' | 'input' | 'steps' | 'vars' | 'item' | 'index' | 'state', unknown>>

async function evaluate(kind: Schemas['EvaluationKind'], text: string, file: string | null, { event, input, steps, vars, item, index, state }: EvaluationScope, signal: AbortSignal): Promise<Evaluated> {
  return bodyOf(await client.POST('/api/evaluate', { body: { kind, text, file, event, input, steps, vars, item, index, state }, signal }))
}

/** Runs what stands between `${` and `}` on sample data; nothing is stored. */
export const evaluateExpression = (text: string, scope: EvaluationScope, signal: AbortSignal): Promise<Evaluated> => evaluate('expression', text, null, scope, signal)

/** Runs a script on sample data; nothing is stored. @param file The name of its file; null for a function body. */
export const evaluateScript = (text: string, file: string | null, scope: EvaluationScope, signal: AbortSignal): Promise<Evaluated> => evaluate('script', text, file, scope, signal)

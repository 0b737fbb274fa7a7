import type { Diagnostic } from '@codemirror/lint'
import type { Problem } from '@/api/workflow-files'
import type { Mistake } from './service'

export interface SampleError {
  message: string
  line: number | null
  column: number | null
}

/**
 * All that is wrong with a script: what TypeScript finds, what the server refuses, what went wrong with the sample. What several say of a line is said once.
 * @param server The server's problems with the script.
 * @param inline Whether it stands in the workflow file, a line a text of a list.
 */
export function diagnosticsOf(text: string, mistakes: readonly Mistake[], server: readonly Problem[], error: SampleError | null, inline: boolean): Diagnostic[] {
  const all = mistakes.map(({ from, to, message, severity }): Diagnostic => ({ from, to, message, severity, source: 'TypeScript' }))
  if (mistakes.some((mistake) => mistake.syntax)) return all
  const lineAt = (at: number) => text.slice(0, at).split('\n').length
  const add = (message: string, line: number | null, column: number | null, source: string) => {
    if (!all.some((known) => known.severity === 'error' && lineAt(known.from) === (line ?? 1))) all.push({ ...placeOf(text, line, column), severity: 'error', message, source })
  }
  for (const problem of server) add(problem.message, lineOf(problem, inline), problem.column, 'server')
  if (error) add(error.message, error.line, error.column, 'sample')
  return all
}

/** What keeps a text from being a script, with its line; null when nothing does. */
export function syntaxError(text: string, mistakes: readonly Mistake[]): SampleError | null {
  const mistake = mistakes.find((each) => each.syntax)
  if (!mistake) return null
  const lines = text.slice(0, mistake.from).split('\n')
  return { message: mistake.message, line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 }
}

/** Where a line and a column, both from 1, are in a text; the nearest place where there is none such. */
export function offsetOf(text: string, line: number | null, column: number | null): number {
  const lines = text.split('\n')
  const number = Math.min(Math.max(line ?? 1, 1), lines.length)
  const start = lines.slice(0, number - 1).reduce((sum, each) => sum + each.length + 1, 0)
  return start + Math.min(Math.max((column ?? 1) - 1, 0), lines[number - 1]?.length ?? 0)
}

/** The word at a place; without a column the line. */
function placeOf(text: string, line: number | null, column: number | null): { from: number; to: number } {
  const from = offsetOf(text, line, column)
  const rest = (column === null ? /^.*/ : /^[\w$]+/).exec(text.slice(from))?.[0] ?? ''
  return { from, to: from + Math.max(rest.length, 1) }
}

/** In the workflow file the index in the list of lines says the line, where the file does not. */
function lineOf({ pointer, line }: Problem, inline: boolean): number | null {
  const index = /\/code\/(\d+)$/.exec(pointer)?.[1]
  return index === undefined ? (inline ? 1 : line) : Number(index) + 1
}

import { expect, test } from 'vitest'
import { diagnosticsOf, offsetOf, syntaxError } from './diagnostics'

const text = 'const a = 1\nreturn evnt.data'
const at = text.indexOf('evnt')
const problem = (pointer: string, line: number | null, column: number | null) => ({ file: 'a.json', pointer, message: 'evnt is not defined', line, column }) as never

test('a line and a column are a place in the text', () => {
  expect(offsetOf(text, 2, 8)).toBe(at)
  expect(offsetOf(text, 1, 1)).toBe(0)
  expect(offsetOf(text, 9, 99)).toBe(text.length)
})

test('the word at the place is underlined', () => expect(diagnosticsOf(text, [], [], { message: 'evnt is not defined', line: 2, column: 8 }, true)).toMatchObject([{ from: at, to: at + 4, severity: 'error', source: 'sample' }]))

test('of a script in the workflow file the index in its list is the line', () => expect(diagnosticsOf(text, [], [problem('/steps/a/code/1', 14, 8)], null, true)).toMatchObject([{ from: at, to: at + 4 }]))

test('of a file the line is the line', () => expect(diagnosticsOf(text, [], [problem('', 2, null)], null, false)).toMatchObject([{ from: text.indexOf('return'), to: text.length }]))

test('what TypeScript says of a line is not said again', () => {
  const mistake = { from: at, to: at + 4, message: "Cannot find name 'evnt'.", severity: 'error' as const, syntax: false }
  expect(diagnosticsOf(text, [mistake], [problem('/steps/a/code/1', 2, 8)], { message: 'evnt is not defined', line: 2, column: 8 }, true)).toHaveLength(1)
})

test('a warning does not hide an error', () => {
  const warning = { from: at, to: at + 4, message: 'never recorded', severity: 'warning' as const, syntax: false }
  expect(diagnosticsOf(text, [warning], [], { message: 'boom', line: 2, column: 8 }, true)).toHaveLength(2)
})

test('of a text that is no script only TypeScript says why', () => {
  const mistake = { from: at, to: at + 1, message: "Expression expected.", severity: 'error' as const, syntax: true }
  const error = { message: 'Unexpected strict mode reserved word', line: 1, column: 1 }
  expect(diagnosticsOf(text, [mistake], [], error, true)).toHaveLength(1)
  expect(syntaxError(text, [mistake])).toEqual({ message: 'Expression expected.', line: 2, column: 8 })
  expect(syntaxError(text, [])).toBeNull()
})

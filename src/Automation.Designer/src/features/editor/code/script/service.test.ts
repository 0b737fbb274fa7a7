import { readFileSync } from 'node:fs'
import ts from 'typescript'
import { expect, test, vi } from 'vitest'
import { libraries } from './libraries'
import type { ScriptText } from './prepared'
import globals from './sandbox-globals.d.ts?raw'
import { createService } from './service'

vi.setConfig({ testTimeout: 60_000 }) // the compiler reads its libraries; slow where much else runs

const scope = `interface WorkflowScope {
  event: { id: string; data: { celsius: number; "odd name": string; note: string | null } }
  input: any
  steps: { warm: { output: { rooms: string[] }; outcome: "done" | "error" } }
  vars: {}
  run: { id: string }
  env: Readonly<Record<string, string>>
  item: undefined
  index: undefined
  state: undefined
}`
const service = createService(ts, libraries, globals)
const body = (text: string, language: 'js' | 'ts' = 'js'): ScriptText => ({ text, kind: 'body', language, scope })
const module = (text: string, language: 'js' | 'ts' = 'js'): ScriptText => ({ text, kind: 'module', language, scope })
const mistakes = (script: ScriptText) => service.mistakes(script).map(({ from, to, message, severity }) => `${severity} ${script.text.slice(from, to)}: ${message.split('\n')[0]}`)
/** Names suggested at the bar. */
const names = (script: ScriptText) => service.suggestions({ ...script, text: script.text.replace('|', '') }, script.text.indexOf('|')).map(({ name }) => name)

test('a body that returns and awaits has no mistakes', () => expect(mistakes(body('const data = await Promise.resolve(event.data)\nreturn { text: data.celsius.toFixed(1), rooms: steps.warm.output.rooms }'))).toEqual([]))

test('a name that was never recorded is a warning at its place', () => expect(mistakes(body('const a = 1\nreturn event.data.celcius'))).toEqual(["warning celcius: Property 'celcius' does not exist on type '{ celsius: number; \"odd name\": string; note: string | null; }'. Did you mean 'celsius'?".replace('string | null', 'string')]))

test('a name that is nowhere is an error', () => expect(mistakes(body('return evnt'))).toEqual(["error evnt: Cannot find name 'evnt'. Did you mean 'event'?"]))

test('wrong arguments are an error', () => expect(mistakes(body('return event.data.celsius.toFixed("1")'))).toEqual([`error "1": Argument of type 'string' is not assignable to parameter of type 'number'.`]))

test('what is not closed is said at the end', () => expect(mistakes(body('return [1, 2')).length).toBeGreaterThan(0))

test('only TypeScript is strict about what may be null', () => {
  expect(mistakes(body('return event.data.note.length'))).toEqual([])
  expect(mistakes(body('return event.data.note.length', 'ts'))).toEqual(["warning event.data.note: 'event.data.note' is possibly 'null'."])
})

test('the parameter of a default export has the type of what the script sees', () => {
  const texts = [
    'export default function ({ event }) {\n  return event.data.celcius\n}',
    'export default ({ event }) => event.data.celcius',
    'export default scope => scope.event.data.celcius',
    'function main({ event }) { return event.data.celcius }\nexport default main',
    'const main = async ({ event }) => event.data.celcius\nexport default main',
  ]
  for (const language of ['js', 'ts'] as const)
    for (const text of texts) expect(mistakes(module(text, language)), text).toEqual([expect.stringMatching(/^warning celcius: /)])
})

test('a parameter that has a type keeps it', () => expect(mistakes(module('interface Scope { event: { data: { fahrenheit: number } } }\nexport default ({ event }: Scope) => event.data.fahrenheit', 'ts'))).toEqual([]))

test('TypeScript that has to be translated is refused, as the sandbox does', () => expect(mistakes(body('enum Colour { Red }\nreturn Colour.Red', 'ts'))[0]).toContain('error'))

test('what a browser or Node has is not there', () => {
  for (const text of ['fetch("http://x")', 'setTimeout(() => 1, 1)', 'document.title', 'process.env', 'require("fs")']) expect(mistakes(body(text)).length, text).toBe(1)
})

test('what the sandbox gives is there', () => {
  const readme = readFileSync('../Automation.Sandbox/README.md', 'utf8')
  const available = readme.slice(readme.indexOf('## What scripts find'), readme.indexOf('TypeScript is run')).split('\n').map((row) => row.split('|')[1] ?? '')
  const listed = available.flatMap((cell) => [...cell.matchAll(/`([\w.]+)`/g)].map(([, name = '']) => name)).map((name) => (/^(info|warn|error|debug)$/.test(name) ? `console.${name}` : name))
  expect(listed.length).toBeGreaterThan(20)
  for (const name of listed) expect(mistakes(body(`return ${name}`)), name).toEqual([])
})

test('the script files of the examples have no errors without recorded data', () => {
  const any = scope.replace(/event: .*/, 'event: any')
  for (const name of ['cold-room-alert.ts', 'github-push-to-chat.js', 'new-order.js']) {
    const text = readFileSync(`../../workflows/${name}`, 'utf8')
    expect(service.mistakes({ text, kind: 'module', language: name.endsWith('.ts') ? 'ts' : 'js', scope: any }), name).toEqual([])
  }
})

test('members are suggested, names that need brackets too', () => {
  expect(names(body('return event.data.|'))).toEqual(expect.arrayContaining(['celsius', 'odd name', 'note']))
  expect(names(body('return event.data.celsius.|'))).toContain('toFixed')
  expect(names(module('export default ({ event }) => event.|'))).toEqual(['data', 'id'])
  const text = 'return event.data.'
  expect(service.suggestions(body(text), text.length).find(({ name }) => name === 'odd name')).toMatchObject({ insert: '["odd name"]', from: 'return event.data'.length })
})

test('the names that scripts see are suggested', () => expect(names(body('ret|'))).toEqual(expect.arrayContaining(['event', 'steps', 'return', 'structuredClone'])))

test('a suggestion can be explained', () => expect(service.details(body('crypto.'), 7, 'randomUUID')).toMatchObject({ type: '(method) Crypto.randomUUID(): string', documentation: 'A version 4 UUID.' }))

test('a name is explained where it stands', () => {
  const text = 'const a = 1\nreturn event.data.celsius'
  expect(service.explanation(body(text), text.length - 3)).toMatchObject({ from: text.indexOf('celsius'), to: text.length, type: '(property) celsius: number' })
})

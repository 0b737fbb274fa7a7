import { plainText } from './canonical'
import { entriesOf, isObject, objectAt, objectOf, textAt, withProperty, without, type Json, type JsonObject } from './json'
import { JsonError, parseJson } from './json-text'

// `<id>.tests.json`: docs/workflow-format.md, "Test cases".

/** A case as a file has it. */
export interface TestCase {
  trigger: string
  /** The event as expressions see it. */
  event: JsonObject
  /** By step: what it should do. */
  steps: Readonly<Record<string, { outcome: string | null; output: Json }>>
}

/** The cases of a file by name; none of a text that is no JSON, which the server's check tells of. */
export function readTestCases(text: string | undefined): ReadonlyMap<string, TestCase> {
  const found = new Map<string, TestCase>()
  for (const [name, value] of entriesOf(objectAt(parsed(text), 'cases'))) {
    if (!isObject(value)) continue
    const steps = entriesOf(objectAt(objectAt(value, 'expect'), 'steps')).map(([step, expected]) => [step, isObject(expected) ? { outcome: textAt(expected, 'outcome'), output: expected['output'] ?? null } : { outcome: null, output: null }] as const)
    found.set(name, { trigger: textAt(value, 'trigger') ?? '', event: objectAt(value, 'event'), steps: Object.fromEntries(steps) })
  }
  return found
}

function parsed(text: string | undefined): JsonObject {
  try {
    const { value } = parseJson(text ?? '{}')
    return isObject(value) ? value : {}
  } catch (error) {
    if (error instanceof JsonError) return {}
    throw error
  }
}

/**
 * What a step sees of a case, as far as it says that: the event, and what steps are expected to put out.
 * @param leads What each step leads to.
 */
export function testScope(test: TestCase, step: string | null, leads: readonly (readonly [string, readonly string[]])[]): { event: JsonObject; input: Json; steps: JsonObject } {
  const before = leads.filter(([, targets]) => step !== null && targets.includes(step)).map(([id]) => test.steps[id]?.output ?? null)
  return { event: test.event, input: before.length === 0 ? (test.event['data'] ?? null) : (before.find((output) => output !== null) ?? null), steps: objectOf(Object.entries(test.steps)) }
}

/**
 * The file's text with one case more, behind the others.
 * @param id The workflow's.
 * @throws JsonError The text is not JSON.
 */
export function withTestCase(id: string, text: string | undefined, name: string, test: JsonObject): string {
  const { value } = parseJson(text ?? '{}')
  const file = isObject(value) && Object.keys(value).length > 0 ? value : objectOf([['$schema', `${'../'.repeat(id.split('/').length - 1) || './'}tests.schema.json`]])
  return plainText(withProperty(file, 'cases', withProperty(objectAt(file, 'cases'), name, test)))
}

/** What is recorded of an event. */
export interface RecordedEvent {
  attributes: unknown
  data: unknown
}

/** What is recorded of a run. */
export interface RecordedRun {
  trigger: string
  state: string
  steps: readonly { step: string; type: string; iteration: string; outcome: string; output: unknown }[]
}

// What was a credential is •••; a signature is of that one message.
const hidden = '•••'
const proof = /authorization|cookie|signature|hmac|digest/i
const credential = /token|secret|password|auth|sig|api-?_?key|^key$/i

// The id is of that one event; `verified` names a secret.
const own = ['id', 'verified']

/** A recorded event as a file may hold it: without what let its sender in. */
export function testEvent({ attributes, data }: RecordedEvent): JsonObject {
  const event = without(isObject(attributes as Json) ? (attributes as JsonObject) : {}, ...own)
  const safe = entriesOf(event).map(([name, value]): [string, Json] => [name, name === 'headers' ? cleaned(value, proof) : name === 'query' ? cleaned(value, credential) : value])
  return withProperty(objectOf(safe), 'data', data as Json)
}

const cleaned = (value: Json, names: RegExp): Json => (isObject(value) ? objectOf(entriesOf(value).filter(([name, entry]) => entry !== hidden && !names.test(name))) : value)

// An id of this server is another one the next time.
const serversId = /\b[a-z]{3}_[0-9a-hjkmnp-tv-z]{13}\b/

/**
 * The case that a run is: its event, how it ended, and how its steps did, those outside of loops.
 * @param withOutputs Also what they put out, where that can be the same again.
 */
export function testCaseOf(run: RecordedRun, event: RecordedEvent, withOutputs: boolean): JsonObject {
  const steps = new Map<string, Json>()
  for (const { step, iteration, outcome, output } of run.steps) {
    if (iteration === '') steps.set(step, withOutputs && !serversId.test(JSON.stringify(output ?? null)) ? { outcome, output: output as Json } : { outcome })
  }
  return { trigger: run.trigger, event: testEvent(event), expect: { state: run.state, ...(steps.size > 0 ? { steps: objectOf([...steps]) } : {}) } }
}

/** Why a case cannot be called so; null when it can. */
export function refuseName(name: string, taken: Iterable<string>): string | null {
  if (name.trim() === '') return 'Give the test case a name.'
  if (name.trim().length > 100) return 'A name has 100 characters at the most.'
  for (const other of taken) if (other === name.trim()) return `There is a test case “${other}” already. Give this one another name.`
  return null
}

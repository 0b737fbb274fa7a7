import type { Catalog } from './catalog'
import { graphOf, keyOf, outcomesOf, step as stepRef, stepsOf, triggersOf, typeOf, type Graph } from './graph'
import { entriesOf, isList, isObject, keysOf, objectAt, textAt, type JsonObject } from './json'
import { propertyName, recordedType } from './recorded-type'

/** What a script saw in a recorded run, by name. */
export type Seen = Readonly<Record<string, unknown>>

/** What scripts find by name, in the order of the documentation. */
export const scopeNames = ['event', 'input', 'steps', 'vars', 'run', 'env', 'item', 'index', 'state'] as const

/** Name of the type that {@link scopeType} declares. */
export const scopeTypeName = 'WorkflowScope'

/** A declaration of what a step's script sees: from what recorded runs gave it, and where none says it, from the workflow. */
export function scopeType(seen: readonly Seen[], workflow: JsonObject, id: string, catalog: Catalog): string {
  const graph = graphOf(workflow, catalog)
  const of = (name: string) => seen.map((each) => each[name])
  const types: Record<(typeof scopeNames)[number], string> = {
    event: known(of('event')).length > 0 ? recordedType(known(of('event'))) : eventType(workflow),
    input: typeOf(objectAt(stepsOf(workflow), id)) === 'window' ? windowInput(of('input')) : recordedType(of('input')),
    steps: stepsType(seen, workflow, id, graph, catalog),
    vars: varsType(of('vars'), workflow),
    run: runType(workflow),
    env: 'Readonly<Record<string, string>>',
    ...loopTypes(seen, graph, id),
    state: workflow['key'] === undefined ? 'undefined' : stateType(of('state')),
  }
  return `interface ${scopeTypeName} {\n${scopeNames.map((name) => `  ${name}: ${types[name]}`).join('\n')}\n}\n`
}

/** Without objects in which nothing was recorded. */
const known = (values: readonly unknown[]): readonly unknown[] => values.filter((value) => typeof value === 'object' && value !== null && Object.keys(value).length > 0)

const lines = (members: readonly string[], indent: string): string => `{\n${members.map((member) => `${indent}  ${member}`).join('\n')}\n${indent}}`

function eventType(workflow: JsonObject): string {
  const params = [...new Set(entriesOf(triggersOf(workflow)).flatMap(([, config]) => (isObject(config) ? paramsOf(textAt(config, 'topic') ?? textAt(config, 'path') ?? '') : [])))]
  const own = params.length > 0 ? [`params: { ${params.map((name) => `${propertyName(name)}: string`).join('; ')} }`] : []
  return lines(['id: string', 'source: string', 'type: string', 'time: string', 'subject: string | null', 'data: any', ...own, '[name: string]: any'], '  ')
}

/** The names in `plants/{plant}/rooms/{room}`. */
const paramsOf = (template: string): string[] => [...template.matchAll(/\{([\w-]+)\*?\}/g)].map(([, name = '']) => name)

const windowInput = (inputs: readonly unknown[]): string => {
  const recorded = inputs.filter((input) => isObject(input as never) && 'items' in (input as object))
  return recorded.length > 0 ? recordedType(recorded) : lines(['items: any[]', 'start: string', 'end: string', 'reason: string'], '  ')
}

/** Steps that a run may go through before it comes to this one, itself too where a loop leads back. */
function before(graph: Graph, id: string): ReadonlySet<string> {
  const found = new Set<string>()
  const open = [keyOf(stepRef(id))]
  for (let at = open.pop(); at !== undefined; at = open.pop())
    for (const { from } of graph.edges.filter((edge) => edge.to === at && !found.has(edge.from))) {
      found.add(from)
      open.push(from)
    }
  return found
}

function stepsType(seen: readonly Seen[], workflow: JsonObject, id: string, graph: Graph, catalog: Catalog): string {
  const earlier = before(graph, id)
  const members = entriesOf(stepsOf(workflow)).flatMap(([name, config]) => {
    if (!isObject(config) || !earlier.has(keyOf(stepRef(name)))) return []
    const runs = seen.flatMap((each) => (isObject(each['steps'] as never) ? [(each['steps'] as Record<string, { output?: unknown } | undefined>)[name]] : []))
    const recorded = runs.filter((run) => run !== undefined)
    const outcomes = [...outcomesOf(config, catalog), 'error'].map((outcome) => JSON.stringify(outcome)).join(' | ')
    const optional = recorded.length > 0 && recorded.length < runs.length ? '?' : ''
    return [`${propertyName(name)}${optional}: { output: ${indented(recordedType(recorded.map((run) => run.output)), 2)}; outcome: ${outcomes} }`]
  })
  return lines(members, '  ')
}

const indented = (text: string, by: number): string => text.replaceAll('\n', `\n${' '.repeat(by)}`)

function varsType(recorded: readonly unknown[], workflow: JsonObject): string {
  const named = entriesOf(stepsOf(workflow)).flatMap(([, config]) => (isObject(config) && typeOf(config) === 'set' ? keysOf(objectAt(config, 'values')) : []))
  const all = recorded.flatMap((vars) => (typeof vars === 'object' && vars !== null ? [vars as Record<string, unknown>] : []))
  const names = new Set([...named, ...all.flatMap((vars) => Object.keys(vars))])
  return lines([...names].map((name) => `${propertyName(name)}: ${indented(recordedType(all.map((vars) => vars[name])), 2)}`), '  ')
}

function runType(workflow: JsonObject): string {
  const waits = entriesOf(stepsOf(workflow)).filter(([, config]) => isObject(config) && typeOf(config) === 'wait' && config['callback'] !== undefined)
  const callbacks = waits.map(([name]) => `${propertyName(name)}: string`).join('; ')
  return lines(['id: string', 'workflow: string', 'version: string', 'startedAt: string', ...(workflow['key'] === undefined ? [] : ['key: string']), ...(callbacks === '' ? [] : [`callbacks: { ${callbacks} }`])], '  ')
}

/** A state takes new members, and those it has may be missing for another key. */
function stateType(recorded: readonly unknown[]): string {
  const all = recorded.flatMap((state) => (typeof state === 'object' && state !== null && !isList(state as never) ? [state as Record<string, unknown>] : []))
  const names = new Set(all.flatMap((state) => Object.keys(state)))
  return lines([...[...names].map((name) => `${propertyName(name)}?: ${indented(recordedType(all.map((state) => state[name])), 2)}`), '[name: string]: any'], '  ')
}

function loopTypes(seen: readonly Seen[], graph: Graph, id: string): { item: string; index: string } {
  const around = [...graph.bodies].filter(([, body]) => body.has(id)).map(([loop]) => graph.nodes.find((node) => node.key === keyOf(stepRef(loop)))?.type)
  const items = seen.map((each) => each['item'])
  return { item: around.includes('forEach') ? recordedType(items) : 'undefined', index: around.length > 0 ? 'number' : 'undefined' }
}

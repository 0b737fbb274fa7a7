import type { Catalog } from './catalog'
import { entriesOf, isList, isObject, keysOf, objectAt, objectOf, textAt, withProperty, without, type Json, type JsonObject } from './json'

/** A step or a trigger: ids of steps and triggers are apart, so that both may have the same. */
export interface NodeRef {
  kind: 'step' | 'trigger'
  id: string
}

export const keyOf = ({ kind, id }: NodeRef): string => `${kind}:${id}`
export const refOf = (key: string): NodeRef => ({ kind: key.startsWith('trigger:') ? 'trigger' : 'step', id: key.slice(key.indexOf(':') + 1) })
export const step = (id: string): NodeRef => ({ kind: 'step', id })
export const trigger = (id: string): NodeRef => ({ kind: 'trigger', id })

export interface GraphNode extends NodeRef {
  key: string
  type: string
  /** As in the file. */
  config: JsonObject
  /** Those it can end with, without `error`. */
  outcomes: readonly string[]
  canFail: boolean
}

export interface GraphEdge {
  /** Made of the ends and the outcome: it stays the same while these do. */
  id: string
  from: string
  outcome: string
  to: string
  /** True where the file does not say it: a trigger leads to the step that runs begin with. */
  implied: boolean
}

export interface Graph {
  nodes: readonly GraphNode[]
  edges: readonly GraphEdge[]
  /** Ids of loops, each with the ids of the steps that it repeats, inner loops' included. */
  bodies: ReadonlyMap<string, ReadonlySet<string>>
}

/** Outcomes that begin a round of a loop. */
const loopOutcomes: Readonly<Record<string, string>> = { forEach: 'item', repeat: 'again' }

export const stepsOf = (workflow: JsonObject): JsonObject => objectAt(workflow, 'steps')
export const triggersOf = (workflow: JsonObject): JsonObject => objectAt(workflow, 'triggers')
export const typeOf = (config: JsonObject): string => textAt(config, 'type') ?? ''

/** What follows each outcome. */
export function nextOf(config: JsonObject): Map<string, string[]> {
  const next = config['next']
  if (isObject(next)) return new Map(entriesOf(next).map(([outcome, targets]) => [outcome, targetsOf(targets)]))
  return next === undefined ? new Map() : new Map([['done', targetsOf(next)]])
}

const targetsOf = (value: Json): string[] => (isList(value) ? value : [value]).filter((target): target is string => typeof target === 'string')

/** The step with this following its outcomes, written as shortly as the format allows; an object that was there stays one. */
export function withNext(config: JsonObject, next: ReadonlyMap<string, readonly string[]>): JsonObject {
  const used = [...next].filter(([, targets]) => targets.length > 0)
  if (used.length === 0) return without(config, 'next')
  const written = (targets: readonly string[]): Json => (targets.length === 1 ? (targets[0] ?? null) : targets)
  const [first] = used
  const short = !isObject(config['next']) && used.length === 1 && first?.[0] === 'done'
  return withProperty(config, 'next', short ? written(first[1]) : objectOf(used.map(([outcome, targets]) => [outcome, written(targets)])))
}

/** Outcomes of a step as it is configured, without `error`: those of its type, of its own, and any that its `next` names. */
export function outcomesOf(config: JsonObject, catalog: Catalog): readonly string[] {
  const known = catalog.steps.get(typeOf(config))?.outcomes ?? ['done']
  const named = [...nextOf(config).keys()].filter((outcome) => outcome !== 'error')
  return [...new Set([...ownOutcomes(config, known), ...named])]
}

function ownOutcomes(config: JsonObject, known: readonly string[]): readonly string[] {
  if (typeOf(config) === 'switch') return [...keysOf(objectAt(config, 'cases')), ...known]
  if (typeOf(config) !== 'wait') return known
  const choices = objectAt(config, 'callback')['outcomes']
  return isList(choices) && choices.length > 0 ? [...targetsOf(choices), ...known.filter((outcome) => outcome !== 'done')] : known
}

/** Every way on from a step or trigger: its outcomes, and `error` of steps that can fail. */
export function waysOf(kind: NodeRef['kind'], config: JsonObject, catalog: Catalog): readonly string[] {
  if (kind === 'trigger') return ['start']
  return typeOf(config) === 'stop' ? outcomesOf(config, catalog) : [...outcomesOf(config, catalog), 'error']
}

export function onErrorOf(workflow: JsonObject): string | null {
  const handler = workflow['onError']
  return isObject(handler) ? textAt(handler, 'step') : typeof handler === 'string' ? handler : null
}

/** Steps that no other leads to and that do not take errors: one of them begins runs. */
export function rootsOf(workflow: JsonObject): string[] {
  const steps = entriesOf(stepsOf(workflow))
  const led = new Set(steps.flatMap(([, config]) => (isObject(config) ? [...nextOf(config).values()].flat() : [])))
  const onError = onErrorOf(workflow)
  return steps.map(([id]) => id).filter((id) => !led.has(id) && (id !== onError || steps.length === 1))
}

/** The step that runs begin with where their trigger names none; null when the file does not make it clear. */
export function startOf(workflow: JsonObject): string | null {
  const named = textAt(workflow, 'start')
  if (named !== null) return named
  const roots = rootsOf(workflow)
  return roots.length === 1 ? (roots[0] ?? null) : null
}

export function graphOf(workflow: JsonObject, catalog: Catalog): Graph {
  const steps = entriesOf(stepsOf(workflow)).filter((entry): entry is [string, JsonObject] => isObject(entry[1]))
  const triggers = entriesOf(triggersOf(workflow)).filter((entry): entry is [string, JsonObject] => isObject(entry[1]))
  const present = new Set(steps.map(([id]) => id))
  const start = startOf(workflow)
  const edges: GraphEdge[] = []
  const connect = (from: string, outcome: string, target: string, implied = false) => {
    const to = keyOf(step(target))
    if (present.has(target)) edges.push({ id: `${from}|${outcome}|${to}`, from, outcome, to, implied })
  }
  for (const [id, config] of triggers) {
    const own = textAt(config, 'start')
    const target = own ?? start
    if (target !== null) connect(keyOf(trigger(id)), 'start', target, own === null)
  }
  for (const [id, config] of steps) for (const [outcome, targets] of nextOf(config)) for (const target of new Set(targets)) connect(keyOf(step(id)), outcome, target)
  const nodes: GraphNode[] = [
    ...triggers.map(([id, config]): GraphNode => ({ kind: 'trigger', id, key: keyOf(trigger(id)), type: typeOf(config), config, outcomes: ['start'], canFail: false })),
    ...steps.map(([id, config]): GraphNode => ({ kind: 'step', id, key: keyOf(step(id)), type: typeOf(config), config, outcomes: outcomesOf(config, catalog), canFail: typeOf(config) !== 'stop' })),
  ]
  return { nodes, edges, bodies: bodiesOf(steps) }
}

function bodiesOf(steps: readonly [string, JsonObject][]): Map<string, ReadonlySet<string>> {
  const next = new Map(steps.map(([id, config]) => [id, nextOf(config)]))
  const bodies = new Map<string, ReadonlySet<string>>()
  for (const [id, config] of steps) {
    const outcome = loopOutcomes[typeOf(config)]
    if (outcome === undefined) continue
    const body = new Set<string>()
    const open = [...(next.get(id)?.get(outcome) ?? [])]
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (at === id || body.has(at) || !next.has(at)) continue
      body.add(at)
      open.push(...[...(next.get(at)?.values() ?? [])].flat())
    }
    bodies.set(id, body)
  }
  return bodies
}

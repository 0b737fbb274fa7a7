import { nextOf, onErrorOf, stepsOf, triggersOf, withNext } from './graph'
import { entriesOf, isObject, objectAt, objectOf, textAt, withPath, withProperty, without, type JsonObject } from './json'

/** What leads to a step: an outcome of another, a trigger, or the workflow's own `start` or `onError`. */
export interface Arrow {
  from: 'step' | 'trigger' | 'start' | 'onError'
  /** The step's or trigger's id. */
  id: string
  outcome: string
  to: string
}

export function arrowsOf(workflow: JsonObject): Arrow[] {
  const arrows: Arrow[] = []
  for (const [id, config] of entriesOf(stepsOf(workflow))) {
    if (isObject(config)) for (const [outcome, targets] of nextOf(config)) for (const to of targets) arrows.push({ from: 'step', id, outcome, to })
  }
  for (const [id, config] of entriesOf(triggersOf(workflow))) {
    const to = isObject(config) ? textAt(config, 'start') : null
    if (to !== null) arrows.push({ from: 'trigger', id, outcome: 'start', to })
  }
  const [start, onError] = [textAt(workflow, 'start'), onErrorOf(workflow)]
  if (start !== null) arrows.push({ from: 'start', id: '', outcome: 'start', to: start })
  if (onError !== null) arrows.push({ from: 'onError', id: '', outcome: 'error', to: onError })
  return arrows
}

/** The workflow with an arrow more; as it is where there is nothing that it could come from. */
export function withArrow(workflow: JsonObject, { from, id, outcome, to }: Arrow): JsonObject {
  if (from === 'start') return withProperty(workflow, 'start', to)
  if (from === 'onError') return withPath(workflow, isObject(workflow['onError']) ? ['onError', 'step'] : ['onError'], to) as JsonObject
  const kind = from === 'step' ? 'steps' : 'triggers'
  const all = objectAt(workflow, kind)
  const config = all[id]
  if (!isObject(config)) return workflow
  if (from === 'trigger') return withProperty(workflow, kind, withProperty(all, id, withProperty(config, 'start', to)))
  const next = nextOf(config)
  const targets = next.get(outcome) ?? []
  if (targets.includes(to)) return workflow
  return withProperty(workflow, kind, withProperty(all, id, withNext(config, next.set(outcome, [...targets, to]))))
}

/** The workflow without all that leads to a step. */
export function withoutArrows(workflow: JsonObject, to: string): JsonObject {
  const found = arrowsOf(workflow).filter((arrow) => arrow.to === to)
  if (found.length === 0) return workflow
  const from = (kind: Arrow['from']) => new Set(found.filter((arrow) => arrow.from === kind).map(({ id }) => id))
  const changed = (kind: 'steps' | 'triggers', ids: ReadonlySet<string>, change: (config: JsonObject) => JsonObject) =>
    ids.size === 0 ? workflow : withProperty(workflow, kind, objectOf(entriesOf(objectAt(workflow, kind)).map(([id, config]) => [id, ids.has(id) && isObject(config) ? change(config) : config])))
  workflow = changed('steps', from('step'), (config) => withNext(config, new Map([...nextOf(config)].map(([outcome, targets]) => [outcome, targets.filter((target) => target !== to)]))))
  workflow = changed('triggers', from('trigger'), (config) => without(config, 'start'))
  if (from('start').size > 0) workflow = without(workflow, 'start')
  if (from('onError').size > 0) workflow = isObject(workflow['onError']) ? (withPath(workflow, ['onError', 'step'], undefined) as JsonObject) : without(workflow, 'onError')
  return workflow
}

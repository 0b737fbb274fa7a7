import { noLayout, type Layout, type Point, type WorkflowDocument } from './document'
import { configOf, keepStart, newId, renameInCodeOf, withLead } from './edit'
import { keyOf, nextOf, refOf, stepsOf, triggersOf, withNext, type NodeRef } from './graph'
import { entriesOf, isObject, keysOf, objectAt, objectOf, textAt, withProperty, without, type Json, type JsonObject } from './json'
import { renameInValue } from './references'

/** What was copied, as JSON text: the same form as a workflow file, with the places beside it. */
export function copy(document: WorkflowDocument, keys: readonly string[], places: ReadonlyMap<string, Point>): string {
  const refs = keys.filter((key) => !key.startsWith('note:')).map(refOf)
  const chosen = new Set(refs.filter((ref) => ref.kind === 'step').map((ref) => ref.id))
  const steps = refs.filter((ref) => ref.kind === 'step').map((ref): [string, Json] => {
    const config = configOf(document, ref)
    return [ref.id, withNext(config, new Map([...nextOf(config)].map(([outcome, targets]) => [outcome, targets.filter((target) => chosen.has(target))])))]
  })
  const triggers = refs.filter((ref) => ref.kind === 'trigger').map((ref): [string, Json] => {
    const config = configOf(document, ref)
    return [ref.id, chosen.has(textAt(config, 'start') ?? '') ? config : without(config, 'start')]
  })
  const at = (kind: NodeRef['kind']) => Object.fromEntries(refs.filter((ref) => ref.kind === kind).flatMap((ref) => (places.has(keyOf(ref)) ? [[ref.id, places.get(keyOf(ref))]] : [])))
  const notes = Object.fromEntries(keys.filter((key) => key.startsWith('note:')).flatMap((key) => (document.layout.notes[key.slice(5)] ? [[key.slice(5), document.layout.notes[key.slice(5)]]] : [])))
  return JSON.stringify({ triggers: objectOf(triggers), steps: objectOf(steps), layout: { steps: at('step'), triggers: at('trigger'), notes } }, null, 2)
}

export interface Pasted {
  document: WorkflowDocument
  /** Keys of what came. */
  keys: string[]
}

/** Adds what {@link copy} gave, or a whole workflow file, under new ids where theirs are taken. @returns null when the text is neither. */
export function paste(document: WorkflowDocument, clip: Json, middle: Point): Pasted | null {
  if (!isObject(clip) || (!isObject(clip['steps']) && !isObject(clip['triggers']) && !isObject(objectAt(clip, 'layout')['notes']))) return null
  const layout = objectAt(clip, 'layout') as unknown as Partial<Layout>
  const points = [...Object.values(layout.steps ?? {}), ...Object.values(layout.triggers ?? {}), ...Object.values(layout.notes ?? {})]
  const left = points.length > 0 ? Math.min(...points.map((point) => point.x)) : 0
  const top = points.length > 0 ? Math.min(...points.map((point) => point.y)) : 0
  const moved = <T extends Point>(point: T): T => ({ ...point, x: Math.round(point.x - left + middle.x), y: Math.round(point.y - top + middle.y) })

  const steps = stepsOf(document.workflow)
  const triggers = triggersOf(document.workflow)
  const pastedSteps = entriesOf(objectAt(clip, 'steps')).filter((entry): entry is [string, JsonObject] => isObject(entry[1]))
  const pastedTriggers = entriesOf(objectAt(clip, 'triggers')).filter((entry): entry is [string, JsonObject] => isObject(entry[1]))
  const ids = new Map<string, string>()
  for (const [id] of pastedSteps) ids.set(id, newId(id.replace(/[0-9]+$/, ''), [...keysOf(steps), ...ids.values()]))
  const triggerIds = new Map<string, string>()
  for (const [id] of pastedTriggers) triggerIds.set(id, newId(id.replace(/[0-9]+$/, ''), [...keysOf(triggers), ...triggerIds.values()]))

  // Through names that no id can have, so that swapped ids do not meet.
  const renamed = (config: JsonObject): JsonObject => {
    const away = [...ids.keys()].reduce((value, id) => renameInCodeOf(renameInValue(value, id, `§${id}`) as JsonObject, id, `§${id}`), without(config, 'next'))
    const back = [...ids].reduce((value, [id, to]) => renameInCodeOf(renameInValue(value, `§${id}`, to) as JsonObject, `§${id}`, to), away)
    const next = new Map([...nextOf(config)].map(([outcome, targets]) => [outcome, targets.flatMap((target) => ids.get(target) ?? [])]))
    return withNext(config['next'] === undefined ? back : { ...back, next: config['next'] }, next)
  }
  const withSteps = pastedSteps.reduce((at, [id, config]) => withProperty(at, ids.get(id) ?? id, renamed(config)), steps)
  const withTriggers = pastedTriggers.reduce((at, [id, config]) => withProperty(at, triggerIds.get(id) ?? id, withLead(config, (start) => (start === null ? null : (ids.get(start) ?? null)))), triggers)
  let workflow = pastedSteps.length > 0 ? withProperty(document.workflow, 'steps', withSteps) : document.workflow
  if (pastedTriggers.length > 0) workflow = withProperty(workflow, 'triggers', withTriggers)

  const noteIds = new Map<string, string>()
  for (const id of Object.keys(layout.notes ?? {})) noteIds.set(id, newId('note', [...Object.keys(document.layout.notes), ...noteIds.values()]))
  const placed = <T extends Point>(all: Readonly<Record<string, T>> | undefined, names: ReadonlyMap<string, string>): Record<string, T> =>
    Object.fromEntries(Object.entries(all ?? {}).flatMap(([id, at]) => (names.has(id) ? [[names.get(id) ?? id, moved(at)]] : [])))
  const old = document.layout
  const after: WorkflowDocument = {
    ...document,
    workflow,
    layout: { ...noLayout, steps: { ...old.steps, ...placed(layout.steps, ids) }, triggers: { ...old.triggers, ...placed(layout.triggers, triggerIds) }, notes: { ...old.notes, ...placed(layout.notes, noteIds) }, collapsed: old.collapsed },
  }
  const keys = [...[...ids.values()].map((id) => keyOf({ kind: 'step', id })), ...[...triggerIds.values()].map((id) => keyOf({ kind: 'trigger', id })), ...[...noteIds.values()].map((id) => `note:${id}`)]
  return { document: keepStart(document, after), keys }
}

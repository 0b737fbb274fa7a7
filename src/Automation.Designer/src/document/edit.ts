import type { Catalog } from './catalog'
import type { Layout, Note, Point, WorkflowDocument } from './document'
import { nextOf, onErrorOf, outcomesOf, refOf, rootsOf, startOf, stepsOf, triggersOf, withNext, type GraphEdge, type NodeRef } from './graph'
import { entriesOf, isObject, keysOf, objectAt, objectOf, textAt, withName, withPath, withProperty, without, type Json, type JsonObject } from './json'
import { renameInCode, renameInValue } from './references'

// Each function gives the document after one edit and leaves the one before as it was.

const place = (kind: NodeRef['kind']): 'steps' | 'triggers' => (kind === 'step' ? 'steps' : 'triggers')

export const configOf = (document: WorkflowDocument, { kind, id }: NodeRef): JsonObject => objectAt(objectAt(document.workflow, place(kind)), id)

const withWorkflow = (document: WorkflowDocument, workflow: JsonObject): WorkflowDocument => (workflow === document.workflow ? document : { ...document, workflow })

export function withConfig(document: WorkflowDocument, ref: NodeRef, config: JsonObject): WorkflowDocument {
  const name = place(ref.kind)
  return withWorkflow(document, withProperty(document.workflow, name, withProperty(objectAt(document.workflow, name), ref.id, config)))
}

/** Sets one value of a step or trigger; `undefined` takes it out. */
export const setValue = (document: WorkflowDocument, ref: NodeRef, path: readonly (string | number)[], value: Json | undefined): WorkflowDocument =>
  withConfig(document, ref, withPath(configOf(document, ref), path, value) as JsonObject)

/** Sets a property of the workflow itself. */
export const setProperty = (document: WorkflowDocument, path: readonly (string | number)[], value: Json | undefined): WorkflowDocument => withWorkflow(document, withPath(document.workflow, path, value) as JsonObject)

/** An id of the form that the format asks for, made of `wanted`, and not among `taken`. */
export function newId(wanted: string, taken: Iterable<string>): string {
  const words = wanted.normalize('NFKD').replaceAll(/[^A-Za-z0-9]+/g, ' ').trim().split(' ')
  const joined = words.map((word, at) => (at === 0 ? word.charAt(0).toLowerCase() : word.charAt(0).toUpperCase()) + word.slice(1)).join('')
  const base = /^[a-z]/.test(joined) ? joined : `step${joined}`
  const used = new Set(taken)
  if (!used.has(base)) return base
  let number = 2
  while (used.has(`${base}${number}`)) number++
  return `${base}${number}`
}

/** What is wrong with an id, as a sentence; null when nothing is. */
export function idProblem(id: string, ref: NodeRef, document: WorkflowDocument): string | null {
  if (!/^[a-z][a-zA-Z0-9_-]*$/.test(id)) return 'An id is a lower-case letter, then letters, digits, _ and -.'
  return id !== ref.id && Object.hasOwn(objectAt(document.workflow, place(ref.kind)), id) ? `There is a ${ref.kind} ${id} already.` : null
}

export interface Added {
  document: WorkflowDocument
  ref: NodeRef
}

/** Adds a step or trigger of a type. Its id comes of the type. */
export function add(document: WorkflowDocument, kind: NodeRef['kind'], type: string, at: Point | null, config: JsonObject = {}): Added {
  const name = place(kind)
  const entries = objectAt(document.workflow, name)
  const id = newId(type.slice(type.lastIndexOf('.') + 1), keysOf(entries))
  const workflow = withProperty(document.workflow, name, withProperty(entries, id, { type, ...config }))
  const layout = at ? withPlace(document.layout, { kind, id }, at) : document.layout
  return { document: keepStart(document, { ...document, workflow, layout }), ref: { kind, id } }
}

/** Leads an outcome to a step, beside those it leads to already. A trigger leads to one step only. */
export function connect(document: WorkflowDocument, from: NodeRef, outcome: string, to: string): WorkflowDocument {
  const config = configOf(document, from)
  if (from.kind === 'trigger') return startOf(document.workflow) === to ? withConfig(document, from, without(config, 'start')) : setValue(document, from, ['start'], to)
  return lead(document, from, outcome, null, to)
}

/** Leads an outcome elsewhere: from one step to another in its place, to one more (`old` null), or there no more (`to` null). */
export function lead(document: WorkflowDocument, from: NodeRef, outcome: string, old: string | null, to: string | null): WorkflowDocument {
  if (from.kind === 'trigger') return to === null ? withConfig(document, from, without(configOf(document, from), 'start')) : connect(document, from, outcome, to)
  const config = configOf(document, from)
  const next = nextOf(config)
  const targets = next.get(outcome) ?? []
  if (to === from.id || (to !== null && targets.includes(to))) return document
  next.set(outcome, old === null ? [...targets, ...(to === null ? [] : [to])] : targets.flatMap((target) => (target !== old ? [target] : to === null ? [] : [to])))
  return keepStart(document, withConfig(document, from, withNext(config, next)))
}

export function disconnect(document: WorkflowDocument, edges: readonly Pick<GraphEdge, 'from' | 'outcome' | 'to'>[]): WorkflowDocument {
  const changed = edges.reduce((at, { from, outcome, to }) => {
    const ref = refOf(from)
    const config = configOf(at, ref)
    if (ref.kind === 'trigger') return withConfig(at, ref, without(config, 'start'))
    const next = nextOf(config)
    next.set(outcome, (next.get(outcome) ?? []).filter((target) => target !== refOf(to).id))
    return withConfig(at, ref, withNext(config, next))
  }, document)
  return keepStart(document, changed)
}

/** Puts a step between the two ends of an edge; what followed the edge follows the step's first outcome. */
export function insertOnEdge(document: WorkflowDocument, edge: Pick<GraphEdge, 'from' | 'outcome' | 'to'>, type: string, catalog: Catalog, at: Point | null = null): Added {
  const added = add(document, 'step', type, at)
  const from = refOf(edge.from)
  const target = refOf(edge.to).id
  const id = added.ref.id
  const outcome = forward(configOf(added.document, added.ref), catalog)
  let changed = added.document
  if (from.kind === 'trigger') {
    changed = textAt(configOf(document, from), 'start') === null ? setProperty(changed, ['start'], id) : setValue(changed, from, ['start'], id)
  } else {
    const config = configOf(changed, from)
    const next = nextOf(config)
    next.set(edge.outcome, (next.get(edge.outcome) ?? []).map((to) => (to === target ? id : to)))
    changed = withConfig(changed, from, withNext(config, next))
  }
  if (outcome !== null) changed = withConfig(changed, added.ref, withNext(configOf(changed, added.ref), new Map([[outcome, [target]]])))
  return { document: tidyStart(document, changed), ref: added.ref }
}

/** The outcome by which a step goes on when nothing is said: `done`, else its first. */
export function forward(config: JsonObject, catalog: Catalog): string | null {
  const outcomes = outcomesOf(config, catalog)
  return outcomes.includes('done') ? 'done' : (outcomes[0] ?? null)
}

/** Deletes steps, triggers and notes (`note:<id>`). What led to a deleted step leads to what followed it by its first outcome. */
export function remove(document: WorkflowDocument, keys: readonly string[], catalog: Catalog): WorkflowDocument {
  const noteIds = keys.filter((key) => key.startsWith('note:')).map((key) => key.slice(5))
  const refs = keys.filter((key) => !key.startsWith('note:')).map(refOf)
  const gone = new Set(refs.filter((ref) => ref.kind === 'step').map((ref) => ref.id))
  const steps = stepsOf(document.workflow)
  const follows = (id: string, seen: ReadonlySet<string>): string[] => {
    if (!gone.has(id)) return [id]
    if (seen.has(id)) return []
    const config = objectAt(steps, id)
    const outcome = forward(config, catalog)
    return outcome === null ? [] : (nextOf(config).get(outcome) ?? []).flatMap((target) => follows(target, new Set([...seen, id])))
  }
  const instead = (targets: readonly string[], own: string) => [...new Set(targets.flatMap((target) => follows(target, new Set())))].filter((target) => target !== own)

  const keptSteps = entriesOf(steps)
    .filter(([id]) => !gone.has(id))
    .map(([id, config]): [string, Json] => {
      if (!isObject(config)) return [id, config]
      const next = nextOf(config)
      if (![...next.values()].flat().some((target) => gone.has(target))) return [id, config]
      return [id, withNext(config, new Map([...next].map(([outcome, targets]) => [outcome, instead(targets, id)])))]
    })
  const deletedTriggers = refs.filter((ref) => ref.kind === 'trigger').map((ref) => ref.id)
  const lead = (id: string | null) => (id !== null && gone.has(id) ? (follows(id, new Set())[0] ?? null) : id)
  const keptTriggers = entriesOf(without(triggersOf(document.workflow), ...deletedTriggers)).map(([id, config]): [string, Json] => [id, isObject(config) ? withLead(config, lead) : config])

  let workflow = document.workflow
  if (gone.size > 0) workflow = withProperty(workflow, 'steps', objectOf(keptSteps))
  if (Object.hasOwn(workflow, 'triggers')) workflow = withProperty(workflow, 'triggers', objectOf(keptTriggers))
  workflow = withLead(workflow, lead)
  if (gone.has(onErrorOf(workflow) ?? '')) workflow = isObject(workflow['onError']) ? (withPath(workflow, ['onError', 'step'], undefined) as JsonObject) : without(workflow, 'onError')

  const { layout } = document
  const after = { ...document, workflow, layout: { steps: dropped(layout.steps, gone), triggers: dropped(layout.triggers, deletedTriggers), notes: dropped(layout.notes, noteIds), collapsed: layout.collapsed.filter((id) => !gone.has(id)) } }
  const begin = startOf(document.workflow)
  return begin !== null && gone.has(begin) ? withBegin(document, after, lead(begin)) : keepStart(document, after)
}

function dropped<T>(all: Readonly<Record<string, T>>, names: Iterable<string>): Record<string, T> {
  const gone = new Set(names)
  return Object.fromEntries(Object.entries(all).filter(([name]) => !gone.has(name)))
}

/** `start` of a workflow or trigger, led elsewhere. */
export function withLead(config: JsonObject, lead: (id: string | null) => string | null): JsonObject {
  const old = textAt(config, 'start')
  const now = lead(old)
  return now === old ? config : now === null ? without(config, 'start') : withProperty(config, 'start', now)
}

/** Makes runs begin where they did, though a step was added or let loose that nothing leads to. */
export function keepStart(before: WorkflowDocument, after: WorkflowDocument): WorkflowDocument {
  return withBegin(before, after, startOf(before.workflow))
}

function withBegin(before: WorkflowDocument, after: WorkflowDocument, begin: string | null): WorkflowDocument {
  if (begin === null || startOf(after.workflow) === begin || !Object.hasOwn(stepsOf(after.workflow), begin)) return after
  return Object.hasOwn(before.workflow, 'start') || rootsOf(after.workflow).length !== 1 ? setProperty(after, ['start'], begin) : after
}

/** Takes out a `start` that edits since `before` made necessary and that is so no more. */
export function tidyStart(before: WorkflowDocument, after: WorkflowDocument): WorkflowDocument {
  if (Object.hasOwn(before.workflow, 'start')) return after
  const free = setProperty(after, ['start'], undefined)
  return startOf(free.workflow) === startOf(after.workflow) ? free : after
}

/** Adds a step behind an outcome of another. */
export function addAfter(document: WorkflowDocument, from: NodeRef, outcome: string, type: string, at: Point | null): Added {
  const added = add(document, 'step', type, at)
  return { document: tidyStart(document, connect(added.document, from, outcome, added.ref.id)), ref: added.ref }
}

/** Calls a step or trigger otherwise, and everything that names it: arrows, `start`, `onError`, expressions and the workflow's scripts. */
export function rename(document: WorkflowDocument, ref: NodeRef, to: string): WorkflowDocument {
  const { id, kind } = ref
  if (id === to) return document
  const name = place(kind)
  const { layout } = document
  const places = Object.fromEntries(Object.entries(layout[name]).map(([key, at]) => [key === id ? to : key, at]))
  const renamed = withProperty(document.workflow, name, withName(objectAt(document.workflow, name), id, to))
  if (kind === 'trigger') return { ...document, workflow: renamed, layout: { ...layout, triggers: places } }

  const other = (target: string) => (target === id ? to : target)
  const steps = entriesOf(stepsOf(renamed)).map(([key, config]): [string, Json] => {
    if (!isObject(config)) return [key, config]
    const { next, ...rest } = config
    const renamedConfig = renameInCodeOf(renameInValue(rest, id, to) as JsonObject, id, to)
    const ended = next === undefined ? config : withNext(config, new Map([...nextOf(config)].map(([outcome, targets]) => [outcome, targets.map(other)])))
    return [key, objectOf(entriesOf(config).map(([property, old]) => [property, (property === 'next' ? ended['next'] : renamedConfig[property]) ?? old]))]
  })
  const lead = (target: string | null) => (target === null ? null : other(target))
  const triggers = entriesOf(triggersOf(renamed)).map(([key, config]): [string, Json] => [key, isObject(config) ? withLead(config, lead) : config])
  let workflow = withProperty(renamed, 'steps', objectOf(steps))
  if (triggers.length > 0) workflow = withProperty(workflow, 'triggers', objectOf(triggers))
  workflow = withLead(workflow, lead)
  if (onErrorOf(workflow) === id) workflow = withPath(workflow, isObject(workflow['onError']) ? ['onError', 'step'] : ['onError'], to) as JsonObject
  const scripts = Object.fromEntries(Object.entries(document.scripts).map(([file, text]) => [file, renameInCode(text, id, to)]))
  return { ...document, workflow, scripts, layout: { ...layout, steps: places, collapsed: layout.collapsed.map(other) } }
}

export function renameInCodeOf(config: JsonObject, from: string, to: string): JsonObject {
  const { code } = config
  if (typeof code === 'string') return withProperty(config, 'code', renameInCode(code, from, to))
  return Array.isArray(code) ? withProperty(config, 'code', code.map((line: Json) => (typeof line === 'string' ? renameInCode(line, from, to) : line))) : config
}

/** Passes steps over, or no longer. */
export const setDisabled = (document: WorkflowDocument, ids: readonly string[], disabled: boolean): WorkflowDocument =>
  ids.reduce((at, id) => setValue(at, { kind: 'step', id }, ['disabled'], disabled ? true : undefined), document)

function withPlace(layout: Layout, { kind, id }: NodeRef, at: Point): Layout {
  const point = { x: Math.round(at.x), y: Math.round(at.y) }
  return kind === 'step' ? { ...layout, steps: { ...layout.steps, [id]: point } } : { ...layout, triggers: { ...layout.triggers, [id]: point } }
}

/** Moves things to places; keys as {@link keyOf} gives them, or `note:<id>`. */
export function move(document: WorkflowDocument, places: ReadonlyMap<string, Point>): WorkflowDocument {
  let layout = document.layout
  for (const [key, at] of places) {
    if (!key.startsWith('note:')) {
      layout = withPlace(layout, refOf(key), at)
      continue
    }
    const id = key.slice(5)
    const note = layout.notes[id]
    if (note) layout = { ...layout, notes: { ...layout.notes, [id]: { ...note, x: Math.round(at.x), y: Math.round(at.y) } } }
  }
  return { ...document, layout }
}

/** Forgets where steps and triggers were put, so that they place themselves. */
export const arrange = (document: WorkflowDocument): WorkflowDocument => ({ ...document, layout: { ...document.layout, steps: {}, triggers: {} } })

export function setNote(document: WorkflowDocument, id: string, note: Note | null): WorkflowDocument {
  const { notes } = document.layout
  return { ...document, layout: { ...document.layout, notes: note ? { ...notes, [id]: note } : dropped(notes, [id]) } }
}

/** Changes what a comment says, if it is there. */
export function writeNote(document: WorkflowDocument, id: string, text: string): WorkflowDocument {
  const note = document.layout.notes[id]
  return note ? setNote(document, id, { ...note, text }) : document
}

export function setCollapsed(document: WorkflowDocument, id: string, collapsed: boolean): WorkflowDocument {
  const others = document.layout.collapsed.filter((other) => other !== id)
  return { ...document, layout: { ...document.layout, collapsed: collapsed ? [...others, id] : others } }
}

/** Puts a script's text into the document; null takes the file out. */
export function setScript(document: WorkflowDocument, file: string, text: string | null): WorkflowDocument {
  const { scripts } = document
  return { ...document, scripts: text === null ? dropped(scripts, [file]) : { ...scripts, [file]: text } }
}

import { arrowsOf, withArrow, withoutArrows, type Arrow } from './arrows'
import type { Layout, WorkflowDocument } from './document'
import { rename } from './edit'
import { stepsOf, type NodeRef } from './graph'
import { atPath, entriesOf, isObject, keysOf, objectAt, objectOf, same, withPath, type Json, type JsonObject } from './json'
import { renamesOf } from './renames'

/** Two people changed the same thing differently. */
export interface Conflict {
  /** Where: a path in the workflow file, `['script', file]`, or `['tests']`. */
  path: readonly string[]
  /** Undefined where it is not there. */
  base: Json | undefined
  mine: Json | undefined
  theirs: Json | undefined
  /** The names beside it as they should stand, so that what is put back stands where it stood. */
  order: readonly string[]
  /** Of a step that one side does not have: what leads to it where it is there. */
  arrows: readonly Arrow[]
}

export interface Merge {
  /** Both sides' changes; where they conflict, mine. */
  document: WorkflowDocument
  conflicts: readonly Conflict[]
}

/**
 * Brings two changed documents together that began as the same one. Steps and triggers are told apart by their ids, of which renames are followed,
 * their properties by name, arrows by outcome. Where both gave one step another id, mine stays. No arrow leads to a step that one side deleted: it is asked about.
 */
export function merge(base: WorkflowDocument, mine: WorkflowDocument, theirs: WorkflowDocument): Merge {
  const sides = withSameIds({ base, mine, theirs })
  const conflicts: Conflict[] = []
  const workflow = mergeValues(sides.base.workflow, sides.mine.workflow, sides.theirs.workflow, [], 3, [], conflicts)
  const scripts: Record<string, string> = {}
  for (const file of new Set([...Object.keys(mine.scripts), ...Object.keys(theirs.scripts)])) {
    const text = mergeValues(sides.base.scripts[file], sides.mine.scripts[file], sides.theirs.scripts[file], ['script', file], 0, [], conflicts)
    if (typeof text === 'string') scripts[file] = text
  }
  const tests = mergeValues(base.tests ?? undefined, mine.tests ?? undefined, theirs.tests ?? undefined, ['tests'], 0, [], conflicts)
  const whole = withAllTargets(isObject(workflow) ? workflow : {}, sides, conflicts)
  return {
    document: { workflow: whole.workflow, scripts, tests: typeof tests === 'string' ? tests : null, layout: mergeLayouts(sides.base.layout, sides.mine.layout, sides.theirs.layout) },
    conflicts: whole.conflicts,
  }
}

export type Side = 'mine' | 'theirs'

/**
 * The document that choices lead to. Each begins anew from the merged one and takes all of them in order: what one takes out, another's arrows say too.
 * @param sides By {@link nameOf}; mine where none is chosen.
 */
export function decided(merged: WorkflowDocument, conflicts: readonly Conflict[], sides: ReadonlyMap<string, Side>): WorkflowDocument {
  const chosen = conflicts.filter((conflict) => sides.get(nameOf(conflict)) === 'theirs').reduce(takeTheirs, merged)
  return settled(chosen, conflicts)
}

/** What tells a conflict from others. */
export const nameOf = ({ path }: Conflict): string => path.join('/')

function takeTheirs(document: WorkflowDocument, { path, order, arrows, theirs: value }: Conflict): WorkflowDocument {
  const [first, name = ''] = path
  if (first === 'tests') return { ...document, tests: typeof value === 'string' ? value : null }
  if (first === 'script') {
    const scripts = Object.fromEntries(Object.entries(document.scripts).filter(([file]) => file !== name))
    return { ...document, scripts: typeof value === 'string' ? { ...scripts, [name]: value } : scripts }
  }
  const workflow = put(document.workflow, path, value, order)
  if (!isStep(path)) return { ...document, workflow }
  return { ...document, workflow: value === undefined ? withoutArrows(workflow, name) : arrows.reduce(withArrow, workflow) }
}

/** Without arrows to steps that the choices left out. */
function settled(document: WorkflowDocument, conflicts: readonly Conflict[]): WorkflowDocument {
  const gone = conflicts.filter(({ path }) => isStep(path)).map(({ path }) => path[1] ?? '').filter((id) => !Object.hasOwn(stepsOf(document.workflow), id))
  return { ...document, workflow: gone.reduce(withoutArrows, document.workflow) }
}

const isStep = (path: readonly string[]): boolean => path.length === 2 && path[0] === 'steps'

/** Sets a value, at its place among its neighbours when it is not there. */
function put(workflow: JsonObject, path: readonly string[], value: Json | undefined, order: readonly string[]): JsonObject {
  const changed = withPath(workflow, path, value) as JsonObject
  const parent = atPath(changed, path.slice(0, -1))
  if (path.length < 2 || value === undefined || !isObject(parent) || atPath(workflow, path) !== undefined) return changed
  const place = new Map(order.map((name, at) => [name, at]))
  const own = path.at(-1) ?? ''
  const others = entriesOf(parent).filter(([name]) => name !== own)
  const before = others.findLastIndex(([name]) => (place.get(name) ?? Infinity) < (place.get(own) ?? Infinity))
  return withPath(changed, path.slice(0, -1), objectOf([...others.slice(0, before + 1), [own, value], ...others.slice(before + 1)])) as JsonObject
}

interface Sides {
  base: WorkflowDocument
  mine: WorkflowDocument
  theirs: WorkflowDocument
}

/** All three with one id for what one of the sides calls otherwise. */
function withSameIds({ base, mine, theirs }: Sides): Sides {
  const has = (document: WorkflowDocument, kind: NodeRef['kind'], id: string) => Object.hasOwn(objectAt(document.workflow, `${kind}s`), id)
  const others = renamesOf(base, theirs)
  for (const { ref, to } of renamesOf(base, mine)) {
    const other = others.findIndex((each) => each.ref.kind === ref.kind && each.ref.id === ref.id)
    const [own] = other < 0 ? [] : others.splice(other, 1)
    const there = own?.to ?? ref.id
    if (there !== to && has(theirs, ref.kind, to)) continue
    if (there !== to && has(theirs, ref.kind, there)) theirs = rename(theirs, { kind: ref.kind, id: there }, to)
    base = rename(base, ref, to)
  }
  for (const { ref, to } of others) {
    if (has(mine, ref.kind, to)) continue
    if (has(mine, ref.kind, ref.id)) mine = rename(mine, ref, to)
    base = rename(base, ref, to)
  }
  return { base, mine, theirs }
}

/** @param depth How many levels of objects are merged by name: the workflow, its steps, their properties. */
function mergeValues(base: Json | undefined, mine: Json | undefined, theirs: Json | undefined, path: readonly string[], depth: number, order: readonly string[], conflicts: Conflict[]): Json | undefined {
  if (same(mine, theirs) || same(base, theirs)) return mine
  if (same(base, mine)) return theirs
  if (depth > 0 && isObject(mine) && isObject(theirs)) return mergeObjects(isObject(base) ? base : {}, mine, theirs, path, depth, conflicts)
  if (path.length === 3 && path[0] === 'steps' && path[2] === 'next' && (isObject(mine) || isObject(theirs))) return mergeNext(base, mine, theirs, path, conflicts)
  conflicts.push({ path, base, mine, theirs, order, arrows: [] })
  return mine
}

function mergeObjects(base: JsonObject, mine: JsonObject, theirs: JsonObject, path: readonly string[], depth: number, conflicts: Conflict[]): JsonObject {
  const order = orderOf(mine, theirs)
  return objectOf(
    order.flatMap((name): [string, Json][] => {
      const value = mergeValues(base[name], mine[name], theirs[name], [...path, name], depth - 1, order, conflicts)
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

/** What follows a step, outcome by outcome; a single one is that of `done`. */
function mergeNext(base: Json | undefined, mine: Json | undefined, theirs: Json | undefined, path: readonly string[], conflicts: Conflict[]): Json | undefined {
  const byOutcome = (value: Json | undefined): JsonObject => (value === undefined ? {} : isObject(value) ? value : { done: value })
  const before = conflicts.length
  const merged = mergeObjects(byOutcome(base), byOutcome(mine), byOutcome(theirs), path, 1, conflicts)
  const outcomes = keysOf(merged)
  if (outcomes.length === 0) return undefined
  return outcomes.length === 1 && outcomes[0] === 'done' && !isObject(mine) && conflicts.length === before ? merged['done'] : merged
}

/** Names of both: in my order, with what only they have behind what it stands behind there. */
function orderOf(mine: JsonObject, theirs: JsonObject): string[] {
  const names = [...keysOf(mine)]
  keysOf(theirs).forEach((name, index, all) => {
    if (names.includes(name)) return
    const before = index > 0 ? names.indexOf(all[index - 1] ?? '') : -1
    names.splice(before + 1, 0, name)
  })
  return names
}

/** Asks about steps that one side deleted and the other leads to, or keeps changed; what led to those that are not there is taken out. */
function withAllTargets(workflow: JsonObject, { base, mine, theirs }: Sides, conflicts: readonly Conflict[]): { workflow: JsonObject; conflicts: Conflict[] } {
  const [from, own, other] = [stepsOf(base.workflow), stepsOf(mine.workflow), stepsOf(theirs.workflow)]
  const all = [...conflicts]
  const targets = () => [workflow, ...all.map(({ path, theirs: value }) => put({}, path, value, []))].flatMap(arrowsOf).map(({ to }) => to)
  const missing = () => targets().find((id) => !Object.hasOwn(stepsOf(workflow), id) && (Object.hasOwn(own, id) || Object.hasOwn(other, id)) && !all.some(({ path }) => isStep(path) && path[1] === id))
  for (let id = missing(); id !== undefined; id = missing()) {
    const path = ['steps', id]
    const order = orderOf(own, other)
    all.push({ path, base: from[id], mine: own[id], theirs: other[id], order, arrows: [] })
    if (Object.hasOwn(own, id)) workflow = put(workflow, path, own[id], order)
  }
  const oneSided = all.map((conflict) => (isStep(conflict.path) ? { ...conflict, arrows: arrowsOf(workflow).filter(({ to }) => to === conflict.path[1]) } : conflict))
  return { workflow: oneSided.filter(({ path, mine: value }) => isStep(path) && value === undefined).reduce((at, { path }) => withoutArrows(at, path[1] ?? ''), workflow), conflicts: oneSided }
}

function mergeLayouts(base: Layout, mine: Layout, theirs: Layout): Layout {
  const entries = <T>(from: Readonly<Record<string, T>>, own: Readonly<Record<string, T>>, other: Readonly<Record<string, T>>): Record<string, T> => {
    const merged: Record<string, T> = {}
    for (const id of new Set([...Object.keys(own), ...Object.keys(other)])) {
      const changedHere = JSON.stringify(own[id]) !== JSON.stringify(from[id])
      const value = changedHere ? own[id] : other[id]
      if (value !== undefined) merged[id] = value
    }
    return merged
  }
  const isCollapsed = (id: string) => (base.collapsed.includes(id) ? mine.collapsed.includes(id) && theirs.collapsed.includes(id) : true)
  return {
    steps: entries(base.steps, mine.steps, theirs.steps),
    triggers: entries(base.triggers, mine.triggers, theirs.triggers),
    notes: entries(base.notes, mine.notes, theirs.notes),
    collapsed: mine.collapsed.join() === base.collapsed.join() ? theirs.collapsed : [...new Set([...mine.collapsed, ...theirs.collapsed])].filter(isCollapsed),
  }
}

import type { WorkflowDocument } from './document'
import { rename } from './edit'
import { typeOf, type NodeRef } from './graph'
import { keysOf, objectAt, same, without, type JsonObject } from './json'

export interface Rename {
  ref: NodeRef
  to: string
}

/** Steps and triggers that are called otherwise in the second document: the same but for the id, or much alike and at the same place. */
export function renamesOf(before: WorkflowDocument, after: WorkflowDocument): Rename[] {
  const found: Rename[] = []
  for (const kind of ['step', 'trigger'] as const) {
    // What names a renamed step differs too: with the renames that are known, others are found.
    for (let next = pairs(before, after, kind); next.length > 0; next = pairs(before, after, kind)) {
      found.push(...next)
      before = next.reduce((document, { ref, to }) => rename(document, ref, to), before)
    }
  }
  return found
}

function pairs(before: WorkflowDocument, after: WorkflowDocument, kind: NodeRef['kind']): Rename[] {
  const name = `${kind}s` as const
  const [old, now] = [objectAt(before.workflow, name), objectAt(after.workflow, name)]
  const removed = keysOf(old).filter((id) => !Object.hasOwn(now, id))
  const added = keysOf(now).filter((id) => !Object.hasOwn(old, id))
  if (removed.length === 0 || added.length === 0) return []
  const taken = new Set<string>()
  const pair = (id: string, twin: string | undefined): Rename[] => {
    if (twin === undefined) return []
    taken.add(twin)
    return [{ ref: { kind, id }, to: twin }]
  }
  const equal = removed.flatMap((id) => pair(id, added.find((other) => !taken.has(other) && same(without(objectAt(old, id), 'next'), without(objectAt(now, other), 'next')))))
  if (equal.length > 0) return equal
  const gaps = gapsOf(old, now)
  const newGaps = gapsOf(now, old)
  return removed.flatMap((id) => {
    const [gap, newGap] = [gaps.get(gapOf(gaps, id)) ?? [], newGaps.get(gapOf(gaps, id)) ?? []]
    const twin = gap.length === newGap.length ? newGap[gap.indexOf(id)] : undefined
    if (twin === undefined) return []
    const [from, to] = [before.layout[name][id], after.layout[name][twin]]
    const stands = from !== undefined && to !== undefined && from.x === to.x && from.y === to.y
    return stands || isAlike(objectAt(old, id), objectAt(now, twin)) ? pair(id, twin) : []
  })
}

/** Ids that the other object does not have, by the one before them that it has. */
function gapsOf(own: JsonObject, other: JsonObject): Map<string, string[]> {
  const gaps = new Map<string, string[]>()
  let last = ''
  for (const id of keysOf(own)) {
    if (Object.hasOwn(other, id)) last = id
    else gaps.set(last, [...(gaps.get(last) ?? []), id])
  }
  return gaps
}

const gapOf = (gaps: ReadonlyMap<string, readonly string[]>, id: string): string => [...gaps].find(([, ids]) => ids.includes(id))?.[0] ?? ''

function isAlike(before: JsonObject, after: JsonObject): boolean {
  if (typeOf(before) !== typeOf(after)) return false
  const names = keysOf(before).filter((name) => name !== 'type')
  return names.length === 0 ? keysOf(after).length <= 1 : names.some((name) => Object.hasOwn(after, name) && same(before[name], after[name]))
}

import type { WorkflowDocument } from './document'
import { nextOf, stepsOf, triggersOf, typeOf } from './graph'
import { isList, isObject, keysOf, objectAt, same, without, type Json, type JsonObject } from './json'
import { lineDifference } from './lines'
import { shortText } from './summary'

/** What changed from one document to another, a sentence each. Names of the file stand in backquotes. */
export function difference(before: WorkflowDocument, after: WorkflowDocument): string[] {
  const top = (document: WorkflowDocument) => without(document.workflow, '$schema', 'steps', 'triggers')
  return [
    ...properties('', top(before), top(after)),
    ...entries('trigger', triggersOf(before.workflow), triggersOf(after.workflow)),
    ...entries('step', stepsOf(before.workflow), stepsOf(after.workflow)),
    ...scripts(before.scripts, after.scripts),
    ...testCases(before.tests, after.tests),
    ...layout(before, after),
  ]
}

function entries(word: 'step' | 'trigger', before: JsonObject, after: JsonObject): string[] {
  const added = keysOf(after).filter((id) => !Object.hasOwn(before, id))
  const removed = keysOf(before).filter((id) => !Object.hasOwn(after, id))
  const renamed = new Map<string, string>()
  for (const id of removed) {
    const twin = added.find((other) => ![...renamed.values()].includes(other) && same(without(objectAt(before, id), 'next'), without(objectAt(after, other), 'next')))
    if (twin !== undefined) renamed.set(id, twin)
  }
  const oldOf = new Map([...renamed].map(([old, now]) => [now, old]))
  const now = (id: string) => renamed.get(id) ?? id
  const sentences = [...renamed].map(([old, other]) => `${word} \`${old}\` is now \`${other}\``)
  for (const id of added) if (!oldOf.has(id)) sentences.push(`${word} \`${id}\` added (${typeOf(objectAt(after, id))})`)
  for (const id of removed) if (!renamed.has(id)) sentences.push(`${word} \`${id}\` deleted`)
  for (const id of keysOf(after)) {
    const old = oldOf.get(id) ?? id
    if (!Object.hasOwn(before, old)) continue
    const [from, to] = [objectAt(before, old), objectAt(after, id)]
    sentences.push(...properties(`\`${id}\`: `, without(from, 'next'), without(to, 'next')), ...arrows(id, from, to, now))
  }
  const kept = keysOf(before).filter((id) => !removed.includes(id))
  const order = keysOf(after).filter((id) => !added.includes(id))
  if (kept.join() !== order.join()) sentences.push(`${word}s stand in another order`)
  return sentences
}

function arrows(id: string, before: JsonObject, after: JsonObject, now: (id: string) => string): string[] {
  const [from, to] = [nextOf(before), nextOf(after)]
  return [...new Set([...from.keys(), ...to.keys()])].flatMap((outcome) => {
    const was = (from.get(outcome) ?? []).map(now)
    const is = to.get(outcome) ?? []
    const words = (ids: readonly string[]) => ids.map((target) => `\`${target}\``).join(' and ')
    if (was.join() === is.join()) return []
    if (was.length === 0) return [`\`${id}\`: ${outcome} leads to ${words(is)}`]
    return is.length === 0 ? [`\`${id}\`: ${outcome} leads to ${words(was)} no more`] : [`\`${id}\`: ${outcome} leads to ${words(is)} instead of ${words(was)}`]
  })
}

function properties(whose: string, before: JsonObject, after: JsonObject, path = ''): string[] {
  return [...new Set([...keysOf(before), ...keysOf(after)])].flatMap((name) => {
    const [was, is] = [before[name], after[name]]
    const what = `${whose}${path}${name}`
    if (same(was, is)) return []
    if (isObject(was) && isObject(is)) return properties(whose, was, is, `${path}${name}.`)
    if (is === undefined) return [`${what} removed (was ${shortText(was)})`]
    if (was === undefined) return [`${what} ${shortText(is)}`]
    if (name === 'code') return [`${what}: ${lineWords(codeText(was), codeText(is))}`]
    return [`${what} ${shortText(was)} → ${shortText(is)}`]
  })
}

/** A script step's code as one text. */
export const codeText = (code: Json | undefined): string => (isList(code) ? code.map(String).join('\n') : typeof code === 'string' ? code : '')

function lineWords(before: string, after: string): string {
  const lines = lineDifference(before, after)
  const count = (kind: 'added' | 'removed') => lines.filter((line) => line.kind === kind).length
  const parts = [count('added') > 0 ? `${count('added')} added` : '', count('removed') > 0 ? `${count('removed')} removed` : '']
  return `${parts.filter(Boolean).join(', ')} ${count('added') + count('removed') === 1 ? 'line' : 'lines'}`
}

function scripts(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((file) => {
    const [was, is] = [before[file], after[file]]
    if (was === is) return []
    if (was === undefined) return [`script \`${file}\` added`]
    return is === undefined ? [`script \`${file}\` deleted`] : [`script \`${file}\`: ${lineWords(was, is)}`]
  })
}

function testCases(before: string | null, after: string | null): string[] {
  if (before === after) return []
  if (before === null) return ['test cases added']
  return after === null ? ['test cases deleted'] : [`test cases: ${lineWords(before, after)}`]
}

function layout(before: WorkflowDocument, after: WorkflowDocument): string[] {
  const moved = (['steps', 'triggers'] as const).reduce((sum, kind) => {
    const names = new Set([...Object.keys(before.layout[kind]), ...Object.keys(after.layout[kind])])
    const present = (id: string) => Object.hasOwn(objectAt(before.workflow, kind), id) && Object.hasOwn(objectAt(after.workflow, kind), id)
    return sum + [...names].filter((id) => present(id) && JSON.stringify(before.layout[kind][id]) !== JSON.stringify(after.layout[kind][id])).length
  }, 0)
  const byHand = ({ layout: { steps, triggers } }: WorkflowDocument) => Object.keys(steps).length + Object.keys(triggers).length > 0
  const places = !byHand(before) ? 'boxes stay where they were put from now on' : !byHand(after) ? 'boxes place themselves again' : moved === 1 ? '1 box moved' : `${moved} boxes moved`
  const sentences = moved > 0 ? [places] : []
  if (JSON.stringify(before.layout.notes) !== JSON.stringify(after.layout.notes)) sentences.push('comments changed')
  if (before.layout.collapsed.join() !== after.layout.collapsed.join()) sentences.push('other loops are collapsed')
  return sentences
}


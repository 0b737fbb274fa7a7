import type { Problem } from '@/api/workflow-files'
import { compactText } from '@/document/canonical'
import { fileOf } from '@/document/files'
import { atPath, isObject, pathOf, pointerOf, textAt, type Json, type JsonObject } from '@/document/json'
import type { UnfinishedFields, UnfinishedField } from '@/parts/drafts'

// What is typed into a field and cannot be read is no part of the document. It is kept by the field's JSON Pointer for as long as the document
// holds the value that it was typed over, so that a form that is shown anew shows it again.

/** The fields with what was typed into one. @param problem Why it cannot be read; null where it can, and so is in the document. */
export function withField(fields: UnfinishedFields, workflow: JsonObject, pointer: string, typed: UnfinishedField['typed'], problem: string | null): UnfinishedFields {
  if (problem !== null) return { ...fields, [pointer]: { typed, problem, over: valueIn(workflow, pointer) } }
  return Object.hasOwn(fields, pointer) ? only(fields, (each) => each !== pointer) : fields
}

/** The fields whose value is as it was. Those of a step that is gone wait for it, as undo may bring it back. */
export const stillOver = (fields: UnfinishedFields, workflow: JsonObject): UnfinishedFields =>
  Object.entries(fields).every(([pointer, { over }]) => over === valueIn(workflow, pointer) || !isThere(workflow, pointer)) ? fields : only(fields, (pointer, { over }) => over === valueIn(workflow, pointer) || !isThere(workflow, pointer))

/** The fields of a step or trigger under its new id. */
export function underNewId(fields: UnfinishedFields, from: readonly string[], to: readonly string[]): UnfinishedFields {
  const [old, now] = [`${pointerOf(from)}/`, `${pointerOf(to)}/`]
  return Object.fromEntries(Object.entries(fields).map(([pointer, field]) => [pointer.startsWith(old) ? now + pointer.slice(old.length) : pointer, field]))
}

/** Whether something unfinished is in a field, or in one of those inside of it. */
export function isUnfinishedAt(fields: UnfinishedFields, path: readonly string[]): boolean {
  const at = pointerOf(path)
  return Object.keys(fields).some((pointer) => pointer === at || pointer.startsWith(`${at}/`))
}

/** They as problems, beside those that the server finds. */
export const problemsOfFields = (id: string, fields: UnfinishedFields, workflow: JsonObject): Problem[] =>
  Object.entries(fields).flatMap(([pointer, { problem }]) => (isThere(workflow, pointer) ? [{ file: fileOf(id), pointer, message: problem, line: null, column: null }] : []))

const only = (fields: UnfinishedFields, keeps: (pointer: string, field: UnfinishedField) => boolean): UnfinishedFields => Object.fromEntries(Object.entries(fields).filter(([pointer, field]) => keeps(pointer, field)))

/** The value as text, as fields are kept in drafts, behind what it belongs to: of another type or scheme, or of a part that was taken out, it is another field. */
function valueIn(workflow: JsonObject, pointer: string): string {
  const path = pathOf(pointer)
  const kinds = path.slice(2).map((_, at) => kindOf(atPath(workflow, path.slice(0, at + 2))))
  const value = atPath(workflow, path)
  return `${kinds.join('/')} ${value === undefined ? '' : compactText(value)}`
}

const kindOf = (part: Json | undefined): string => (part === undefined ? 'none' : isObject(part) ? (textAt(part, 'type') ?? textAt(part, 'scheme') ?? '') : '')

/** Whether the step or trigger of a field is there. */
function isThere(workflow: JsonObject, pointer: string): boolean {
  const path = pathOf(pointer)
  return (path[0] !== 'steps' && path[0] !== 'triggers') || atPath(workflow, path.slice(0, 2)) !== undefined
}

import { fileOf, layoutOf, testsOf } from '@/document/files'
import { isObject, objectAt, type JsonObject } from '@/document/json'
import { JsonError, parseJson } from '@/document/json-text'
import { scriptsOf, underId } from '@/document/under-id'
import { freeId } from '@/document/workflow-id'
import { forgetDraft, writeDraft } from '@/parts/drafts'

/**
 * Keeps a workflow that is not on the server yet as a draft, to be looked at and saved in the editor.
 * @throws Error The browser's store is full.
 */
export function draftOf(user: string, id: string, from: string, files: Readonly<Record<string, string>>): void {
  const kept = writeDraft(user, id, { files: {}, base: null, changed: underId(files, from, id), at: new Date().toISOString() })
  if (!kept) throw new Error(`This browser has no room for a draft of ${id}. Save or drop other drafts first.`)
}

export interface Imported {
  /** Under which id, by the id that its files have. */
  id: string
  from: string
  /** Its own ones: the workflow, its layout and test cases, and scripts. */
  files: Readonly<Record<string, string>>
}

/**
 * The workflows among some files, each with what belongs to it.
 * @param taken Ids that are not free.
 * @throws Error Not all of them can be taken; the sentence says which and why.
 */
export function workflowsIn(files: Readonly<Record<string, string>>, taken: readonly string[]): Imported[] {
  const names = Object.keys(files)
  const main = names.filter((name) => name.endsWith('.json') && !/\.(layout|tests|schema)\.json$/.test(name)).map((name) => name.replace(/\.json$/, ''))
  if (main.length === 0) throw new Error('There is no workflow among these files: it is a .json file with "steps".')
  const named = new Map(main.map((from) => [from, new Set(scriptsOf(workflowOf(fileOf(from), files[fileOf(from)] ?? '')))]))
  const ids: string[] = []
  const found = main.map((from): Imported => {
    const id = freeId(from, [...taken, ...ids])
    ids.push(id)
    const own = names.filter((name) => [fileOf(from), layoutOf(from), testsOf(from)].includes(name) || named.get(from)?.has(name) || (main.length === 1 && /\.(js|ts)$/.test(name)))
    return { id, from, files: Object.fromEntries(own.map((name) => [name, files[name] ?? ''])) }
  })
  const left = names.filter((name) => !name.endsWith('.schema.json') && !found.some((each) => Object.hasOwn(each.files, name)))
  if (left.length > 0) throw new Error(`No workflow among these files names ${left.join(', ')}. Nothing was imported: leave ${left.length === 1 ? 'it' : 'them'} out.`)
  return found
}

function workflowOf(name: string, text: string): JsonObject {
  try {
    const { value } = parseJson(text)
    if (isObject(value) && Object.keys(objectAt(value, 'steps')).length > 0) return value
  } catch (error) {
    throw error instanceof JsonError ? new Error(`${name} is not JSON: line ${error.line}: ${error.message}`, { cause: error }) : error
  }
  throw new Error(`${name} is no workflow: it has no "steps".`)
}

/**
 * Makes drafts of files that were dropped: a workflow, or several, with scripts, layouts and test cases.
 * @returns The workflows' ids.
 * @throws Error They cannot be taken; the sentence says why.
 */
export async function importFiles(user: string, dropped: readonly File[], taken: readonly string[]): Promise<string[]> {
  const files = Object.fromEntries(await Promise.all(dropped.filter((file) => /\.(json|js|ts)$/.test(file.name)).map(async (file) => [file.name, await file.text()] as const)))
  const found = workflowsIn(files, taken)
  const written: string[] = []
  try {
    for (const each of found) {
      draftOf(user, each.id, each.from, each.files)
      written.push(each.id)
    }
  } catch (error) {
    for (const id of written) forgetDraft(user, id) // all or none: else those would be there twice when they are dropped again
    throw error
  }
  return found.map(({ id }) => id)
}

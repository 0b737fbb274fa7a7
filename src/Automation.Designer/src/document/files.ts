import { canonicalText } from './canonical'
import type { Catalog } from './catalog'
import type { WorkflowDocument } from './document'
import { isObject, same, type JsonObject } from './json'
import { parseJson } from './json-text'
import { layoutText, readLayout } from './layout-file'

/** Names below the workflows folder → texts, as the server gives and takes them. */
export type Files = Readonly<Record<string, string>>

export const fileOf = (id: string): string => `${id}.json`
export const layoutOf = (id: string): string => `${id}.layout.json`
export const testsOf = (id: string): string => `${id}.tests.json`

/** The name below the workflows folder of a file that a workflow names. */
export const pathBeside = (id: string, file: string): string => `${id.slice(0, id.lastIndexOf('/') + 1)}${file}`

/**
 * Reads a workflow's files.
 * @throws JsonError The workflow file is not JSON.
 */
export function readFiles(id: string, files: Files): WorkflowDocument {
  const { value } = parseJson(files[fileOf(id)] ?? '{}')
  const own = [fileOf(id), layoutOf(id), testsOf(id)]
  const scripts = Object.fromEntries(Object.entries(files).filter(([name]) => !own.includes(name)))
  return { workflow: isObject(value) ? value : {}, layout: readLayout(files[layoutOf(id)]), scripts, tests: files[testsOf(id)] ?? null }
}

/** The text of the workflow file. What was not changed stays as it was written, also where that is not the canonical form. */
export function workflowText(id: string, document: WorkflowDocument, before: Files, catalog: Catalog): string {
  const text = before[fileOf(id)]
  return text !== undefined && sameAsText(document.workflow, text) ? text : canonicalText(document.workflow, catalog)
}

function sameAsText(workflow: JsonObject, text: string): boolean {
  try {
    return same(parseJson(text).value, workflow)
  } catch {
    return false
  }
}

/** All files of the document that differ from those before; null for one that is to go. */
export function changedFiles(id: string, document: WorkflowDocument, before: Files, catalog: Catalog): Record<string, string | null> {
  const changed: Record<string, string | null> = {}
  const put = (name: string, text: string | null) => {
    if ((before[name] ?? null) !== text) changed[name] = text
  }
  put(fileOf(id), workflowText(id, document, before, catalog))
  const beside = before[layoutOf(id)]
  const layout = layoutText(document.layout, beside)
  if (layout !== layoutText(readLayout(beside), beside)) put(layoutOf(id), layout)
  put(testsOf(id), document.tests)
  const gone = Object.keys(readFiles(id, { ...before, [fileOf(id)]: '{}' }).scripts).filter((name) => !Object.hasOwn(document.scripts, name))
  for (const name of gone) put(name, null)
  for (const [name, text] of Object.entries(document.scripts)) put(name, text)
  return changed
}

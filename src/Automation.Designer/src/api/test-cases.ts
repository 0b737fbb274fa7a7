import { testsOf } from '@/document/files'
import type { JsonObject } from '@/document/json'
import { parseJson } from '@/document/json-text'
import { readTestCases, refuseName, withTestCase } from '@/document/test-cases'
import { bodyOf, client, type Schemas } from './client'
import { FilesConflict, readWorkflowFiles, saveWorkflowFiles } from './workflow-files'

/** A name that cannot be taken: the sentence says why. */
export class NameRefused extends Error {
  override readonly name = 'NameRefused'
}

/** A run and its event, with numbers as they are stored, beyond those that JavaScript counts with too. @throws ApiError */
export async function readRecorded(id: string): Promise<{ run: Schemas['RunDetails']; event: Schemas['EventDetails'] }> {
  const run = exact<Schemas['RunDetails']>(bodyOf(await client.GET('/api/runs/{id}', { params: { path: { id } }, parseAs: 'text' })))
  return { run, event: exact(bodyOf(await client.GET('/api/events/{id}', { params: { path: { id: run.eventId } }, parseAs: 'text' }))) }
}

const exact = <T>(text: string): T => parseJson(text).value as T

/**
 * Puts a test case behind those that a workflow has.
 * @returns The file it is in.
 * @throws NameRefused It is empty, too long, or taken.
 * @throws JsonError The file of test cases is not JSON.
 * @throws ApiError As of reading and writing files.
 */
export async function saveTestCase(workflow: string, name: string, test: JsonObject): Promise<string> {
  const file = testsOf(workflow)
  let present = await readWorkflowFiles(workflow)
  for (;;) {
    const text = present.files[file]
    const refused = refuseName(name, readTestCases(text).keys())
    if (refused !== null) throw new NameRefused(refused)
    try {
      await saveWorkflowFiles(workflow, present.base, { [file]: withTestCase(workflow, text, name.trim(), test) }, null)
      return file
    } catch (error) {
      if (!(error instanceof FilesConflict && error.current)) throw error
      present = error.current // somebody else was quicker: the case goes behind theirs
    }
  }
}

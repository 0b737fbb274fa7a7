import { ApiError, bodyOf, client, type Schemas } from './client'
import { readCaller } from './me'
import { listen } from './stream'

export type Problem = Schemas['Problem']
/** The files of a workflow as they are in the folder; `base` changes when one of them does. */
export type WorkflowFiles = Schemas['FilesView']
export type SavedFiles = Schemas['SavedFiles']

/** Texts by file; null for one that is to go, which the OpenAPI document's maps cannot say. */
type Texts = Record<string, string>

/** Somebody else wrote the files since they were read; nothing was written. */
export class FilesConflict extends Error {
  override readonly name = 'FilesConflict'

  /** @param current The files as they are now; null when they are gone. */
  constructor(
    message: string,
    readonly current: WorkflowFiles | null,
  ) {
    super(message)
  }
}

/** Somebody else is signed in than the one who made the changes; nothing was written. */
export class SignedInAs extends Error {
  override readonly name = 'SignedInAs'

  constructor(readonly user: string) {
    super(`${user} is signed in now.`)
  }
}

/** Mistakes that the server found in the files when it read them last. */
export const readProblems = async (id: string, signal?: AbortSignal): Promise<Problem[]> => bodyOf(await client.GET('/api/workflows/{id}/problems', { params: { path: { id } }, signal: signal ?? null })).problems

/** @throws ApiError 404 when there is no such workflow. */
export const readWorkflowFiles = async (id: string, signal?: AbortSignal): Promise<WorkflowFiles> => bodyOf(await client.GET('/api/workflows/{id}/files', { params: { path: { id } }, signal: signal ?? null }))

/**
 * Writes files; null deletes one.
 * @param base What `base` was when they were read; null for a workflow that must not be there yet.
 * @param message Commits them too; null for no commit.
 * @param user Whose changes they are; null for whoever is signed in.
 * @throws FilesConflict They are not as `base` says.
 * @throws SignedInAs It is somebody else's session by now.
 */
export async function saveWorkflowFiles(id: string, base: string | null, files: Readonly<Record<string, string | null>>, message: string | null, user: string | null = null): Promise<SavedFiles> {
  try {
    const caller = user === null ? null : await readCaller()
    if (caller !== null && caller.name !== user) throw new SignedInAs(caller.name)
    return bodyOf(await client.PUT('/api/workflows/{id}/files', { params: { path: { id } }, body: { base, files: files as Texts, message } }))
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    if (error.status === 0) throw new ApiError(0, error.title, 'The server does not answer. Nothing is lost: what you changed is kept in this browser.')
    if (error.status === 409) throw new FilesConflict(error.message, (error.problem as Schemas['FilesConflict']).current)
    throw error
  }
}

/** What would be wrong if these files were saved. */
export const checkWorkflowFiles = async (id: string, files: Readonly<Record<string, string | null>>, signal: AbortSignal): Promise<Problem[]> =>
  bodyOf(await client.POST('/api/workflows/{id}/check', { params: { path: { id } }, body: { files: files as Texts }, signal })).problems

export type Editor = Schemas['EditorPresence']

/** Says that this window has a workflow open, and hears of the others. */
export const notePresence = async (id: string, editor: string): Promise<Editor[]> => bodyOf(await client.POST('/api/workflows/{id}/presence', { params: { path: { id } }, body: { editor } })).editors

/** Starts a run by hand. @returns The run's id. */
export const startRun = async (id: string, data: unknown): Promise<string> => bodyOf(await client.POST('/api/workflows/{id}/run', { params: { path: { id } }, body: data as never })).runId

/** Tells of workflows whose files changed, and their `base`, null when they are gone, until the function it returns is called. */
export const watchWorkflows = (changed: (id: string, base: string | null) => void, missed: () => void): (() => void) => {
  const tell = (data: unknown) => {
    const { id, base = null } = data as { id: string; base?: string }
    changed(id, base)
  }
  return listen('/api/workflows/stream', { events: { workflow: tell, gone: tell }, missed })
}

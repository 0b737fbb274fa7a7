import { useEffect, useMemo } from 'react'
import { ApiError } from '@/api/client'
import { checkWorkflowFiles, readProblems, type Problem } from '@/api/workflow-files'
import { fileOf, pathBeside } from '@/document/files'
import { keyOf, stepsOf, triggersOf } from '@/document/graph'
import { keysOf, objectAt, pathOf, textAt, type JsonObject } from '@/document/json'
import { changesOf, documentOf, goTo, useDocument, useEditorState, type Editor, type EditorState } from './store'
import { problemsOfFields } from './unfinished-fields'

/** The step or trigger that a problem is about: its key; null for the workflow as a whole. */
export function keyOfProblem(id: string, workflow: JsonObject, problem: Problem): string | null {
  const [kind, name = ''] = pathOf(problem.pointer)
  if (problem.file === fileOf(id)) {
    if (kind === 'steps' && Object.hasOwn(stepsOf(workflow), name)) return keyOf({ kind: 'step', id: name })
    return kind === 'triggers' && Object.hasOwn(triggersOf(workflow), name) ? keyOf({ kind: 'trigger', id: name }) : null
  }
  const steps = stepsOf(workflow)
  const step = keysOf(steps).find((each) => pathBeside(id, textAt(objectAt(steps, each), 'file') ?? '') === problem.file)
  return step === undefined ? null : keyOf({ kind: 'step', id: step })
}

/** How many problems each step and trigger has, by key. */
export function countsOf(id: string, workflow: JsonObject, problems: readonly Problem[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const problem of problems) {
    const key = keyOfProblem(id, workflow, problem)
    if (key !== null) counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return counts
}

/** All that is wrong: what is typed and cannot be read, then what the server finds in the rest. */
export function useProblems(): readonly Problem[] {
  const id = useEditorState((state) => state.id)
  const fields = useEditorState((state) => state.fields)
  const found = useEditorState((state) => state.problems)
  const { workflow } = useDocument()
  return useMemo(() => [...problemsOfFields(id, fields, workflow), ...found], [id, fields, workflow, found])
}

/** Goes to where a problem is: the field in the form, or the line of the script. */
export function goToProblem(editor: Editor, problem: Problem): void {
  const state = editor.getState()
  const key = keyOfProblem(state.id, documentOf(state).workflow, problem)
  const [kind, , ...rest] = pathOf(problem.pointer)
  const path = key === null ? [kind ?? ''] : rest
  if (key === null) editor.setState({ selection: [], view: 'canvas' })
  else goTo(editor, key)
  if (key !== null && (problem.file !== fileOf(state.id) || path[0] === 'code')) return editor.setState({ script: key })
  editor.setState({ script: null })
  requestAnimationFrame(() => showField(path))
}

function showField(path: readonly string[]): void {
  const at = (name: string) => document.querySelector(`[data-path="${CSS.escape(name)}"]`)
  const field = at(path.join('/')) ?? at(path[0] ?? '')
  const folded = field?.closest('details')
  if (folded) folded.open = true
  field?.scrollIntoView({ block: 'center' })
  field?.querySelector<HTMLElement>('.cm-content, input, select, textarea')?.focus()
}

const pause = 350

/** How long it waits where the server does not say it, in seconds. */
const again = 5

/** Has the server look for mistakes whenever typing pauses, again until it did; who may only read sees those of the files. */
export function useCheck(editor: Editor): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let call = new AbortController()
    const check = async () => {
      call.abort()
      const own = (call = new AbortController())
      const state = editor.getState()
      editor.setState({ checking: true })
      try {
        const problems = await (state.readOnly === null ? checkWorkflowFiles(state.id, filesOf(state), own.signal) : readProblems(state.id, own.signal))
        if (!own.signal.aborted) editor.setState({ problems, checking: false, unchecked: null })
      } catch (error) {
        if (own.signal.aborted) return
        editor.setState({ problems: [], checking: false, unchecked: error instanceof Error ? error.message : String(error) })
        if (error instanceof ApiError && error.isPassing) checkIn((error.retryAfter ?? again) * 1_000)
      }
    }
    const checkIn = (milliseconds: number) => {
      clearTimeout(timer)
      timer = setTimeout(() => void check(), milliseconds)
    }
    const stop = editor.subscribe((state, before) => {
      if (state.history.present === before.history.present && state.opened === before.opened) return
      checkIn(pause)
    })
    void check()
    return () => {
      stop()
      clearTimeout(timer)
      call.abort()
    }
  }, [editor])
}

/** What differs from the folder, and at least the workflow file itself. */
function filesOf(state: EditorState): Record<string, string | null> {
  const name = fileOf(state.id)
  return { [name]: state.opened.files[name] ?? null, ...changesOf(state) }
}

import { isObject, type JsonObject } from '@/document/json'
import { JsonError, parseJson, type ParsedJson } from '@/document/json-text'
import { confirmed } from '@/ui/confirm'
import type { Editor } from './store'

export interface WorkflowText extends ParsedJson {
  value: JsonObject
}

/** A workflow file's text as it is typed: what it says, or where it is no workflow yet. */
export function readWorkflowText(text: string): WorkflowText | JsonError {
  try {
    const { value, places } = parseJson(text)
    return isObject(value) ? { value, places } : new JsonError('A workflow is an object: { … }.', 0, 1, 1)
  } catch (error) {
    if (error instanceof JsonError) return error
    throw error
  }
}

/** Goes back to the last text that was whole, after asking. */
export async function dropUnfinished(editor: Editor): Promise<void> {
  const sure = await confirmed({ title: 'Drop the text', consequences: ['What was typed since it was whole last is gone.'], action: 'Drop', danger: true })
  if (sure) editor.setState({ unfinished: null })
}

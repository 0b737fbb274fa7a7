import { compactText } from '@/document/canonical'
import { isList, isObject, type Json } from '@/document/json'
import { JsonError, parseJson } from '@/document/json-text'

/** How any JSON is written into a field: text as it is, unless it would be read as something else. */
export function textOf(value: Json | undefined): string {
  if (value === undefined) return ''
  if (typeof value !== 'string') return compactText(value)
  return value === '' || isJson(value) || /^\s*[[{"]/.test(value) ? JSON.stringify(value) : value
}

/** What a text in a field means. @returns A sentence when it is neither. */
export function valueOf(text: string): { value: Json | undefined } | { problem: string } {
  if (text.trim() === '') return { value: undefined }
  try {
    return { value: parseJson(text).value }
  } catch (error) {
    if (!(error instanceof JsonError) || !/^\s*[[{"]/.test(text)) return { value: text }
    return { problem: `${error.line > 1 ? `Line ${error.line}: ` : ''}${error.message}` }
  }
}

const isJson = (text: string): boolean => {
  try {
    parseJson(text)
    return true
  } catch {
    return false
  }
}

/** Whether a value takes more than a line. */
export const isLarge = (value: Json | undefined): boolean => isObject(value) || isList(value)

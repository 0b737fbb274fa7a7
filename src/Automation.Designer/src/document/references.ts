import { entriesOf, isList, isObject, objectOf, type Json } from './json'

/** A part of a text: plain, or the inside of `${…}`. */
export interface Part {
  expression: boolean
  text: string
  /** Where the part's text begins in the whole. */
  at: number
}

/** Splits a text at its expressions, as the server does: `$${` is a plain `${`, and braces and quotes inside an expression count. */
export function partsOf(text: string): Part[] {
  const parts: Part[] = []
  let plain = 0
  for (let at = text.indexOf('${'); at >= 0; at = text.indexOf('${', at)) {
    if (text.charAt(at - 1) === '$') {
      at += 2
      continue
    }
    const end = endOf(text, at + 2)
    if (at > plain) parts.push({ expression: false, text: text.slice(plain, at), at: plain })
    parts.push({ expression: true, text: text.slice(at + 2, end), at: at + 2 })
    plain = at = Math.min(end + 1, text.length)
  }
  if (plain < text.length) parts.push({ expression: false, text: text.slice(plain), at: plain })
  return parts
}

function endOf(text: string, from: number): number {
  let depth = 0
  for (let at = from; at < text.length; at++) {
    const character = text.charAt(at)
    if (character === '"' || character === "'" || character === '`') {
      for (at++; at < text.length && text.charAt(at) !== character; at++) if (text.charAt(at) === '\\') at++
    } else if (character === '{') depth++
    else if (character === '}' && depth-- === 0) return at
  }
  return text.length
}

/** Whether a text is one expression and nothing else, so that the value keeps its type. */
export function isWholeExpression(text: string): boolean {
  const parts = partsOf(text)
  return parts.length === 1 && parts[0]?.expression === true
}

/** A name that stands without quotes and brackets. */
export const word = /^[A-Za-z_$][\w$]*$/

/** JavaScript that reads a member: `.name` or `["odd name"]`, `[0]`. */
export const member = (name: string | number): string => (typeof name === 'number' ? `[${name}]` : word.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`)

/** Code in which what is said of one step is said of another: `steps.old.output`, `run.callbacks["old"]`. */
export function renameInCode(code: string, from: string, to: string): string {
  const id = from.replaceAll('-', '\\-')
  return code.replaceAll(new RegExp(`\\b(steps|run\\.callbacks)\\s*(?:\\.${id}(?![\\w-])|\\[\\s*(["'])${id}\\2\\s*\\])`, 'g'), (_, object: string) => `${object}${member(to)}`)
}

/** Any value, with the step renamed in the expressions of its texts. */
export function renameInValue(value: Json, from: string, to: string): Json {
  if (typeof value === 'string') return value.includes('${') ? renameInText(value, from, to) : value
  if (isList(value)) return value.map((item) => renameInValue(item, from, to))
  return isObject(value) ? objectOf(entriesOf(value).map(([name, entry]) => [name, renameInValue(entry, from, to)])) : value
}

const renameInText = (text: string, from: string, to: string): string =>
  partsOf(text)
    .map((part) => (part.expression ? `\${${renameInCode(part.text, from, to)}}` : part.text))
    .join('')

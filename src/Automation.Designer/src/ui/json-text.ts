/** The members of an object or the items of a list, by name; none of a plain value. */
export function childrenOf(value: unknown): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value)
}

/** How an expression names a part: `path.name`, `path[3]`, `path["a b"]`. */
export function memberPath(path: string, name: string, inList: boolean): string {
  if (inList) return `${path}[${name}]`
  return /^[A-Za-z_$][\w$]*$/.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`
}

/** A value as text for the clipboard: texts as they are, all else as JSON. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? ''))

/** A text that says how much of it is left out where it is longer. @param longest In characters. */
export const cutText = (text: string, longest: number): string => (text.length > longest ? `${text.slice(0, longest)}\n… ${(text.length - longest).toLocaleString('en')} more characters` : text)

const longest = 120

/** A value in one line. */
export function preview(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[ ${value.length} ]`
  if (typeof value === 'object' && value !== null) {
    const names = Object.keys(value)
    return names.length === 0 ? '{}' : cut(`{ ${names.join(', ')} }`)
  }
  return cut(JSON.stringify(value) ?? 'undefined')
}

const cut = (text: string): string => (text.length > longest ? `${text.slice(0, longest)}…` : text)

/** Reads JSON that a person wrote. @throws an error that says where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Error(`This is not JSON: ${(error as Error).message}`, { cause: error })
  }
}

import { plainText } from './canonical'
import { fileOf, layoutOf, pathBeside, testsOf } from './files'
import { entriesOf, isObject, objectAt, objectOf, textAt, withProperty, type JsonObject } from './json'
import { parseJson } from './json-text'

/** Files that its steps name. */
export const scriptsOf = (workflow: JsonObject): string[] => entriesOf(objectAt(workflow, 'steps')).flatMap(([, step]) => (isObject(step) ? (textAt(step, 'file') ?? []) : []))

/**
 * Files of a workflow under another id: its scripts get names of their own, so that no other workflow's are written over.
 * @param from The id that the files have.
 */
export function underId(files: Readonly<Record<string, string>>, from: string, id: string): Record<string, string> {
  const result: Record<string, string> = {}
  const { value } = parseJson(files[fileOf(from)] ?? '{}')
  let workflow = isObject(value) ? value : {}
  const short = id.slice(id.lastIndexOf('/') + 1)
  const names = new Map<string, string>()
  for (const [name, text] of Object.entries(files)) {
    if (name === fileOf(from)) continue
    if (name === layoutOf(from)) result[layoutOf(id)] = text
    else if (name === testsOf(from)) result[testsOf(id)] = text
    else {
      const ending = name.slice(name.lastIndexOf('.'))
      const own = from === id ? name : names.size === 0 ? `${short}${ending}` : `${short}-${names.size + 1}${ending}`
      names.set(name, own)
      result[pathBeside(id, own)] = text
    }
  }
  const renamed = entriesOf(objectAt(workflow, 'steps')).map(([step, config]) => {
    const file = isObject(config) ? textAt(config, 'file') : null
    return [step, isObject(config) && file !== null && names.has(file) ? withProperty(config, 'file', names.get(file) ?? file) : config] as const
  })
  if (names.size > 0) workflow = withProperty(workflow, 'steps', objectOf(renamed))
  return { [fileOf(id)]: from === id && names.size === 0 ? (files[fileOf(from)] ?? '') : plainText(workflow), ...result }
}

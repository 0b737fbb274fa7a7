import { isObject, entriesOf, textAt, objectAt } from '@/document/json'
import { parseJson } from '@/document/json-text'
import { scriptsOf } from '@/document/under-id'

// The examples of the repository, read when somebody chooses one.
const texts = import.meta.glob<string>(['../../../../../workflows/*.json', '../../../../../workflows/*.js', '../../../../../workflows/*.ts', '!**/*.schema.json', '!**/*.tests.json', '!**/*.layout.json'], { query: '?raw', import: 'default' })

const byName = new Map(Object.entries(texts).map(([path, read]) => [path.slice(path.lastIndexOf('/') + 1), read]))

export interface Template {
  id: string
  name: string
  description: string
  /** Types of what starts it. */
  triggers: readonly string[]
  /** Name → text, as in the folder of the examples. */
  files: Readonly<Record<string, string>>
}

export async function readTemplates(): Promise<Template[]> {
  const names = [...byName.keys()].filter((name) => name.endsWith('.json'))
  const all = await Promise.all(names.map(readTemplate))
  return all.sort((a, b) => a.name.localeCompare(b.name))
}

async function readTemplate(name: string): Promise<Template> {
  const read = async (file: string) => (await byName.get(file)?.()) ?? ''
  const text = await read(name)
  const { value } = parseJson(text)
  const workflow = isObject(value) ? value : {}
  const scripts = scriptsOf(workflow).filter((file) => byName.has(file))
  const files = Object.fromEntries([[name, text], ...(await Promise.all(scripts.map(async (file) => [file, await read(file)] as const)))])
  const triggers = entriesOf(objectAt(workflow, 'triggers')).map(([, trigger]) => (isObject(trigger) ? (textAt(trigger, 'type') ?? '') : ''))
  return { id: name.replace(/\.json$/, ''), name: textAt(workflow, 'name') ?? name, description: textAt(workflow, 'description') ?? '', triggers, files }
}

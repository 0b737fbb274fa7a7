import { readFileSync } from 'node:fs'
import { catalogOf, type Catalog } from './catalog'
import type { JsonObject } from './json'
import { parseJson } from './json-text'

const outcomes: Readonly<Record<string, string[]>> = {
  filter: ['done', 'rejected'],
  if: ['true', 'false'],
  switch: ['default'],
  forEach: ['item', 'done'],
  repeat: ['again', 'done', 'limit'],
  join: ['done', 'timeout'],
  wait: ['done', 'timeout'],
  threshold: ['raised', 'cleared', 'held', 'dropped'],
  stop: [],
  fail: [],
}

/** For tests: the catalogue of the schema that is committed beside the examples. */
export function testCatalog(): Catalog {
  const schema = parseJson(readFileSync('../../workflows/workflow.schema.json', 'utf8')).value as JsonObject
  const names = Object.keys(schema['$defs'] as JsonObject)
  const types = (kind: string) => names.filter((name) => name.startsWith(`${kind}.`)).map((name) => name.slice(kind.length + 1))
  const entry = (type: string) => ({ type, title: type, description: null, icon: 'plug' })
  return catalogOf(
    schema,
    types('step').map((type) => ({ ...entry(type), category: type.includes('.') && !/^(http|webhook|event|mqtt|workflow)\./.test(type) ? 'Connectors' : 'Data', outcomes: outcomes[type] ?? ['done'] })),
    types('trigger').map(entry),
  )
}

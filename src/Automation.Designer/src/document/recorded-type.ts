import { word } from './references'

/** What recorded values have in common. */
interface Shape {
  simple: Set<'null' | 'boolean' | 'number' | 'string'>
  /** Of the items of all lists; null when there was no list. */
  items: Shape | null
  /** How many objects there were; a member that fewer of them had may be missing. */
  objects: number
  members: Map<string, { shape: Shape; seen: number }>
  /** Not all was looked at. */
  cut: boolean
}

/** Bounds of what is looked at: recorded data may be a megabyte, and a type that nobody can read helps nobody. */
const most = { depth: 12, items: 200, members: 200 }

const empty = (): Shape => ({ simple: new Set(), items: null, objects: 0, members: new Map(), cut: false })

/** The type of TypeScript that all of these JSON values have. `any` where they say nothing, and for what is beyond the bounds. */
export function recordedType(values: readonly unknown[]): string {
  const shape = empty()
  for (const value of values) see(shape, value, 0)
  return written(shape, '')
}

function see(shape: Shape, value: unknown, depth: number): void {
  if (value === undefined) return
  if (depth > most.depth) shape.cut = true
  else if (value === null) shape.simple.add('null')
  else if (Array.isArray(value)) {
    shape.items ??= empty()
    for (const item of value.slice(0, most.items)) see(shape.items, item, depth + 1)
  } else if (typeof value === 'object') {
    shape.objects++
    for (const [name, entry] of Object.entries(value)) seeMember(shape, name, entry, depth)
  } else if (typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string') shape.simple.add(typeof value as 'boolean' | 'number' | 'string')
}

function seeMember(shape: Shape, name: string, entry: unknown, depth: number): void {
  let member = shape.members.get(name)
  if (!member) {
    if (shape.members.size === most.members) {
      shape.cut = true
      return
    }
    shape.members.set(name, (member = { shape: empty(), seen: 0 }))
  }
  member.seen++
  see(member.shape, entry, depth + 1)
}

function written(shape: Shape, indent: string): string {
  const parts: string[] = [...shape.simple].filter((type) => type !== 'null').sort()
  if (shape.objects > 0) parts.push(objectText(shape, indent))
  if (shape.items) {
    const item = written(shape.items, indent)
    parts.push(item.includes(' | ') ? `(${item})[]` : `${item}[]`)
  }
  if (parts.length === 0) return 'any' // only null, or nothing at all
  return [...parts, ...(shape.simple.has('null') ? ['null'] : [])].join(' | ')
}

function objectText({ members, objects, cut }: Shape, indent: string): string {
  const inner = `${indent}  `
  const lines = [...members].map(([name, { shape, seen }]) => `${inner}${propertyName(name)}${seen < objects ? '?' : ''}: ${written(shape, inner)}`)
  if (cut || lines.length === 0) lines.push(`${inner}[name: string]: any`)
  return `{\n${lines.join('\n')}\n${indent}}`
}

/** A property's name as a type has it. */
export const propertyName = (name: string): string => (word.test(name) ? name : JSON.stringify(name))

import { beforeEach, expect, test, vi } from 'vitest'
import { changedFiles, readFiles } from '@/document/files'
import { underId } from '@/document/under-id'
import { testCatalog } from '@/document/test-catalog'
import { draftsOf } from '@/parts/drafts'
import { importFiles, workflowsIn } from './import'

/** A browser's store, as large as said. */
class Store {
  [name: string]: unknown
  constructor(room: number) {
    Object.defineProperty(this, 'room', { value: room })
  }
  getItem(name: string) {
    return (this[name] as string | undefined) ?? null
  }
  setItem(name: string, value: string) {
    if (Object.values(this).join('').length + value.length > (this['room'] as number)) throw new Error('QuotaExceededError')
    this[name] = value
  }
  removeItem(name: string) {
    Reflect.deleteProperty(this, name)
  }
}

beforeEach(() => {
  vi.stubGlobal('window', { addEventListener: () => {} })
  vi.stubGlobal('sessionStorage', new Store(1_000))
})

const workflow = (message: string, file?: string) => JSON.stringify({ steps: { s: { type: 'log', message }, ...(file ? { t: { type: 'script', file } } : {}) } })

test('several workflows are several drafts, each with its own text and files', () => {
  const files = { 'A.json': workflow('a', 'x.ts'), 'B.json': workflow('b', 'x.ts'), 'x.ts': 'code', 'A.tests.json': '{ "cases": {} }', 'B.layout.json': '{}' }
  const found = workflowsIn(files, ['b'])
  expect(found.map(({ id, from }) => [id, from])).toEqual([['a', 'A'], ['b-2', 'B']])
  const [a, b] = found.map((each) => underId(each.files, each.from, each.id))
  expect(Object.keys(a ?? {}).sort()).toEqual(['a.json', 'a.tests.json', 'a.ts'])
  expect(Object.keys(b ?? {}).sort()).toEqual(['b-2.json', 'b-2.layout.json', 'b-2.ts'])
  expect(a?.['a.json']).toContain('"message": "a"')
  expect(b?.['b-2.json']).toContain('"message": "b"')
})

test('test cases are part of what is saved', () => {
  const files = workflowsIn({ 'a.json': workflow('a'), 'a.tests.json': '{ "cases": {} }' }, [])[0]?.files ?? {}
  expect(Object.keys(changedFiles('a', readFiles('a', files), {}, testCatalog()))).toContain('a.tests.json')
  expect(changedFiles('a', readFiles('a', files), files, testCatalog())).toEqual({})
})

test('two that would have one id have two', () => expect(workflowsIn({ 'A.json': workflow('1'), 'a.json': workflow('2') }, []).map(({ id }) => id)).toEqual(['a', 'a-2']))

test('what belongs to none of them is not left out in silence', () => {
  const both = { 'a.json': workflow('a'), 'b.json': workflow('b') }
  expect(() => workflowsIn({ ...both, 'x.ts': 'code' }, [])).toThrow('No workflow among these files names x.ts.')
  expect(() => workflowsIn({ ...both, 'c.tests.json': '{}' }, [])).toThrow('c.tests.json')
  expect(() => workflowsIn({ ...both, 'package.json': '{}' }, [])).toThrow('package.json is no workflow')
  expect(workflowsIn({ 'a.json': workflow('a'), 'x.ts': 'code' }, [])[0]?.files).toHaveProperty(['x.ts'])
})

test('an import that the browser has no room for leaves nothing behind', async () => {
  const files = ['a', 'b', 'c'].map((id) => new File([workflow(id.repeat(100))], `${id}.json`))
  vi.stubGlobal('localStorage', new Store(450))
  await expect(importFiles('ann', files, [])).rejects.toThrow('This browser has no room for a draft of')
  expect(draftsOf('ann')).toEqual([])
  vi.stubGlobal('localStorage', new Store(10_000))
  expect(await importFiles('ann', files, [])).toEqual(['a', 'b', 'c'])
  expect(draftsOf('ann').map(({ id }) => id).sort()).toEqual(['a', 'b', 'c'])
})

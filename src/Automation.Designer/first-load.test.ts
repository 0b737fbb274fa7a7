import { expect, test } from 'vitest'
import { firstLoads } from './first-load.ts'

const chunk = (fileName: string, bytes: number, imports: string[] = [], dynamicImports: string[] = []) => ({ fileName, code: 'x'.repeat(bytes), isEntry: fileName === 'entry', imports, dynamicImports })

test('a page needs the entry, itself, and what both import, each once; not what it loads later', () => {
  const loads = firstLoads(
    [chunk('entry', 1, ['shared', 'router']), chunk('router', 2, ['shared'], ['list', 'editor']), chunk('shared', 4), chunk('list', 8, ['shared']), chunk('editor', 16, ['canvas', 'entry'], ['code']), chunk('canvas', 32), chunk('code', 64)],
    (code) => code.length,
  )
  expect(loads).toEqual(new Map([['list', 15], ['editor', 55]]))
})

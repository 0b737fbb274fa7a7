import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { arrowsOf } from './arrows'
import { difference } from './difference'
import { noLayout, type WorkflowDocument } from './document'
import { add, addAfter, connect, newId, remove, rename, setCollapsed, setProperty, setValue } from './edit'
import { changedFiles, readFiles } from './files'
import { step } from './graph'
import type { Json, JsonObject } from './json'
import { layoutProblem } from './layout-file'
import { lineDifference, withContext } from './lines'
import { decided, merge, nameOf, type Conflict, type Side } from './merge'
import { renamesOf } from './renames'
import { testCatalog } from './test-catalog'

const documentOf = (steps: JsonObject, scripts: Record<string, string> = {}): WorkflowDocument => ({ workflow: { name: 'N', steps }, layout: noLayout, scripts, tests: null })
const [a, b] = [{ type: 'threshold', above: 8, for: '5m', next: { raised: 'b' } }, { type: 'log', message: 'x' }]
const base = documentOf({ a, b }, { 'x.js': 'one\ntwo\n' })
const set = (document: WorkflowDocument, id: string, name: string, value: Json | undefined) => setValue(document, step(id), [name], value)

describe('merge', () => {
  test('takes changes of both sides, also of one step', () => {
    const { document, conflicts } = merge(base, set(base, 'a', 'above', 9), set(set(base, 'a', 'for', '1m'), 'b', 'message', 'y'))
    expect(conflicts).toEqual([])
    expect(document.workflow['steps']).toEqual({ a: { type: 'threshold', above: 9, for: '1m', next: { raised: 'b' } }, b: { type: 'log', message: 'y' } })
  })

  test('puts a new step of theirs where it stands there', () => {
    const theirs = documentOf({ a, n: { type: 'set' }, b }, { 'x.js': 'one\ntwo\n' })
    expect(Object.keys(merge(base, set(base, 'b', 'message', 'z'), theirs).document.workflow['steps'] as JsonObject)).toEqual(['a', 'n', 'b'])
  })

  test('names what both changed, keeps mine, and can take theirs', () => {
    const { document, conflicts } = merge(base, set(base, 'a', 'above', 9), set(base, 'a', 'above', 10))
    expect(conflicts).toMatchObject([{ path: ['steps', 'a', 'above'], base: 8, mine: 9, theirs: 10 }])
    expect(decided(document, conflicts, new Map())).toEqual(document)
    expect(decided(document, conflicts, new Map([['steps/a/above', 'theirs']])).workflow['steps']).toMatchObject({ a: { above: 10 } })
  })

  test('a step that one deleted and the other changed is a conflict', () => {
    const without = documentOf({ a }, { 'x.js': 'one\ntwo\n' })
    expect(merge(base, without, set(base, 'b', 'message', 'y')).conflicts.map((conflict) => conflict.path)).toEqual([['steps', 'b']])
    expect(merge(base, without, base).document.workflow['steps']).not.toHaveProperty('b')
  })

  test('scripts conflict as a whole', () => {
    const changed = (text: string) => ({ ...base, scripts: { 'x.js': text } })
    expect(merge(base, changed('mine'), changed('theirs')).conflicts[0]?.path).toEqual(['script', 'x.js'])
    expect(merge(base, base, changed('theirs')).document.scripts['x.js']).toBe('theirs')
  })
})

describe('merge of ids and arrows', () => {
  const chain = documentOf({ a: { type: 'set', values: { x: 1 }, next: 'b' }, b: { type: 'log', message: '${steps.a.x}', next: 'c' }, c: { type: 'log', message: 'end' } })
  const stepsOf = (document: WorkflowDocument) => document.workflow['steps'] as Record<string, JsonObject>
  const deleted = (document: WorkflowDocument, id: string) => remove(document, [`step:${id}`], testCatalog())
  const only = (conflicts: readonly Conflict[]) => {
    expect(conflicts).toHaveLength(1)
    return conflicts[0] as Conflict
  }

  const theirsOf = (document: WorkflowDocument, conflict: Conflict) => decided(document, [conflict], new Map([[nameOf(conflict), 'theirs']]))

  test('each choice counts, whatever another one takes out', () => {
    const mine = set(deleted(chain, 'a'), 'b', 'message', 'mine')
    const both = merge(chain, mine, documentOf({ a: { type: 'set', values: { x: 2 }, next: 'b' }, c: { type: 'log', message: 'end' } }))
    expect(both.conflicts.map(nameOf)).toEqual(['steps/a', 'steps/b'])
    const choose = (first: Side, second: Side) => stepsOf(decided(both.document, both.conflicts, new Map([['steps/a', first], ['steps/b', second]])))
    expect(Object.keys(choose('theirs', 'theirs'))).toEqual(['a', 'c'])
    expect(choose('theirs', 'theirs')['a']).toEqual({ type: 'set', values: { x: 2 } })
    expect(choose('theirs', 'mine')).toMatchObject({ a: { values: { x: 2 }, next: 'b' }, b: { message: 'mine' } })
    expect(Object.keys(choose('mine', 'theirs'))).toEqual(['c'])
    expect(Object.keys(choose('mine', 'mine'))).toEqual(['b', 'c'])
  })

  test('follows a rename of either side, also where what was renamed changed too', () => {
    const mine = set(rename(chain, step('b'), 'tell'), 'tell', 'notes', 'Mine.')
    const theirs = set(set(chain, 'b', 'message', 'changed'), 'a', 'next', ['b', 'c'])
    for (const { document, conflicts } of [merge(chain, mine, theirs), merge(chain, theirs, mine)]) {
      expect(conflicts).toEqual([])
      expect(Object.keys(stepsOf(document))).toEqual(['a', 'tell', 'c'])
      expect(stepsOf(document)).toMatchObject({ a: { next: ['tell', 'c'] }, tell: { message: 'changed', notes: 'Mine.' } })
    }
    expect(stepsOf(merge(chain, rename(chain, step('a'), 'one'), set(chain, 'b', 'name', 'B')).document)['b']).toMatchObject({ message: '${steps.one.x}', name: 'B' })
  })

  test('of two renames of one step mine stays, and all lead to it', () => {
    const { document, conflicts } = merge(chain, rename(chain, step('b'), 'mine'), rename(chain, step('b'), 'theirs'))
    expect(conflicts).toEqual([])
    expect(document).toEqual(rename(chain, step('b'), 'mine'))
  })

  test('asks about a step that one deleted and the other leads to', () => {
    const leads = connect(chain, step('a'), 'error', 'c')
    const conflict = only(merge(chain, deleted(chain, 'c'), leads).conflicts)
    expect(conflict).toMatchObject({ path: ['steps', 'c'], mine: undefined, theirs: { message: 'end' } })
    const { document } = merge(chain, deleted(chain, 'c'), leads)
    expect(stepsOf(document)['a']).toEqual({ type: 'set', values: { x: 1 }, next: { done: 'b' } })
    expect(stepsOf(theirsOf(document, conflict))).toMatchObject({ a: { next: { done: 'b', error: 'c' } }, c: { message: 'end' } })
    expect(stepsOf(document)['a']).toEqual({ type: 'set', values: { x: 1 }, next: { done: 'b' } })

    const other = merge(chain, leads, deleted(chain, 'c'))
    expect(stepsOf(other.document)).toMatchObject({ a: { next: { done: 'b', error: 'c' } }, c: { message: 'end' } })
    expect(stepsOf(theirsOf(other.document, only(other.conflicts)))).toEqual({ a: { type: 'set', values: { x: 1 }, next: { done: 'b' } }, b: { type: 'log', message: '${steps.a.x}' } })
  })

  test('asks about a start and an error handler that the other side deleted', () => {
    const theirs = { ...chain, workflow: { ...chain.workflow, start: 'c', onError: { step: 'c' } } }
    const { document, conflicts } = merge(chain, deleted(chain, 'c'), theirs)
    expect(document.workflow).not.toHaveProperty('start')
    expect(theirsOf(document, only(conflicts)).workflow).toMatchObject({ start: 'c', onError: { step: 'c' } })
  })

  test('a step that is put back stands where it stood', () => {
    const { document, conflicts } = merge(chain, deleted(chain, 'b'), set(chain, 'b', 'message', 'changed'))
    expect(Object.keys(stepsOf(theirsOf(document, only(conflicts))))).toEqual(['a', 'b', 'c'])
  })

  test('takes arrows of different outcomes from both sides, and asks about the same one', () => {
    const [mine, theirs] = [connect(chain, step('b'), 'error', 'a'), set(chain, 'b', 'next', { done: 'c', retry: 'a' })]
    expect(merge(chain, mine, theirs)).toMatchObject({ conflicts: [], document: { workflow: { steps: { b: { next: { done: 'c', error: 'a', retry: 'a' } } } } } })
    expect(merge(chain, set(mine, 'b', 'next', { done: 'a', error: 'a' }), set(theirs, 'b', 'next', { done: ['a', 'c'] })).conflicts.map(({ path }) => path)).toEqual([['steps', 'b', 'next', 'done']])
  })

  test('loops that either side collapses or opens are so', () => {
    const loops = (...collapsed: string[]) => ({ ...chain, layout: { ...noLayout, collapsed } })
    expect(merge(loops('a', 'b'), loops('b', 'c'), loops('a', 'b', 'd')).document.layout.collapsed).toEqual(['b', 'c', 'd'])
  })

  test('test cases are merged as a whole', () => {
    const cases = (tests: string | null) => ({ ...chain, tests })
    expect(merge(cases('{}'), cases('{}'), cases('{ "cases": {} }')).document.tests).toBe('{ "cases": {} }')
    const { document, conflicts } = merge(cases('1'), cases('2'), cases(null))
    expect([document.tests, theirsOf(document, only(conflicts)).tests]).toEqual(['2', null])
  })

  describe('of any two series of edits', () => {
    let seed = 5
    const random = (below: number) => (seed = (seed * 16807) % 2147483647) % below
    const one = <T,>(of: readonly T[]): T => of[random(of.length)] as T
    const catalog = testCatalog()
    const edits: readonly ((document: WorkflowDocument, id: string) => WorkflowDocument)[] = [
      (document, id) => rename(document, step(id), newId(`${id}Renamed`, Object.keys(stepsOf(document)))),
      (document, id) => remove(document, [`step:${id}`], catalog),
      (document, id) => connect(document, step(id), one(['done', 'error', 'other']), one(Object.keys(stepsOf(document)))),
      (document, id) => setValue(document, step(id), [one(['message', 'notes', 'name'])], `text ${random(1_000)}`),
      (document) => add(document, 'step', one(['log', 'set', 'stop']), null).document,
      (document, id) => addAfter(document, step(id), 'done', 'log', null).document,
      (document, id) => setProperty(document, [one(['start', 'onError'])], id),
      (document, id) => setCollapsed(document, id, random(2) === 0),
    ]
    const edited = (document: WorkflowDocument) => {
      let at = document
      for (let count = random(4) + 1; count > 0; count--) {
        const ids = Object.keys(stepsOf(at))
        if (ids.length > 0) at = one(edits)(at, one(ids))
      }
      return at
    }
    const dangling = (document: WorkflowDocument) => arrowsOf(document.workflow).filter(({ to }) => !Object.hasOwn(stepsOf(document), to))
    const rounds = Array.from({ length: 300 }, () => {
      const begin = edited(documentOf({ ...stepsOf(chain), d: { type: 'log', message: 'd' } }))
      return { begin, mine: edited(begin), theirs: edited(begin) }
    })

    test('one side alone is as it is', () => {
      for (const { begin, mine } of rounds) {
        expect(merge(begin, mine, begin)).toEqual({ document: mine, conflicts: [] })
        expect(merge(begin, begin, mine)).toEqual({ document: mine, conflicts: [] })
        expect(merge(begin, mine, mine)).toEqual({ document: mine, conflicts: [] })
      }
    })

    test('no arrow leads to nothing, whatever is chosen', () => {
      for (const { begin, mine, theirs } of rounds) {
        const { document, conflicts } = merge(begin, mine, theirs)
        expect(dangling(document)).toEqual([])
        for (const choose of [() => 'theirs' as const, () => one(['mine', 'theirs'] as const)]) {
          expect(dangling(decided(document, conflicts, new Map(conflicts.map((conflict) => [nameOf(conflict), choose()]))))).toEqual([])
        }
      }
    })

    test('no step is lost that nobody deleted', () => {
      for (const { begin, mine, theirs } of rounds) {
        const { document } = merge(begin, mine, theirs)
        const deletions = [mine, theirs].flatMap((side) => Object.keys(stepsOf(begin)).filter((id) => !Object.hasOwn(stepsOf(side), id)))
        const wanted = new Set([mine, theirs].flatMap((side) => Object.keys(stepsOf(side))))
        const lost = [...wanted].filter((id) => !Object.hasOwn(stepsOf(document), id))
        expect(lost.filter((id) => !deletions.includes(id) && Object.hasOwn(stepsOf(begin), id))).toEqual([])
        expect(lost.length).toBeLessThanOrEqual(deletions.length)
      }
    })

    test('sides that are exchanged conflict at the same places', () => {
      for (const { begin, mine, theirs } of rounds) {
        if (renamesOf(begin, mine).length + renamesOf(begin, theirs).length > 0) continue // of two names mine stays
        const paths = (conflicts: readonly Conflict[]) => conflicts.map(({ path }) => path.join('/')).sort()
        expect(paths(merge(begin, mine, theirs).conflicts)).toEqual(paths(merge(begin, theirs, mine).conflicts))
      }
    })
  })
})

describe('difference in words', () => {
  test('says what became of steps, values and arrows', () => {
    const after = documentOf({ a: { type: 'threshold', above: 9, next: { raised: 'slack', cleared: 'slack' } }, slack: { type: 'slack.message' } }, { 'x.js': 'one\n2\n3\n' })
    expect(difference(base, after)).toEqual([
      'step `slack` added (slack.message)',
      'step `b` deleted',
      '`a`: above 8 → 9',
      '`a`: for removed (was "5m")',
      '`a`: raised leads to `slack` instead of `b`',
      '`a`: cleared leads to `slack`',
      'script `x.js`: 2 added, 1 removed lines',
    ])
  })

  test('knows a renamed step, and does not speak of the arrows that follow it', () => expect(difference(base, rename(base, step('b'), 'tell'))).toEqual(['step `b` is now `tell`']))

  test('counts what was moved, and says when boxes begin or cease to be placed by hand', () => {
    const placed = (x: number) => ({ ...base, layout: { ...noLayout, steps: { a: { x, y: 1 } } } })
    expect(difference(placed(1), placed(2))).toEqual(['1 box moved'])
    expect(difference(base, placed(1))).toEqual(['boxes stay where they were put from now on'])
    expect(difference(placed(1), base)).toEqual(['boxes place themselves again'])
  })
})

describe('difference in lines', () => {
  const shown = (before: string, after: string) => lineDifference(before, after).map(({ kind, text }) => ({ same: ' ', added: '+', removed: '-' })[kind] + text)

  test('is the shortest', () => expect(shown('a\nb\nc\nd\n', 'a\nc\nx\nd\n')).toEqual([' a', '-b', ' c', '+x', ' d']))
  test('of nothing is all', () => expect([shown('', 'a\n'), shown('a\n', '')]).toEqual([['+a'], ['-a']]))
  test('leaves out what is far from changes', () => expect(withContext(lineDifference('1\n2\n3\n4\n5\n6\n7\n', '1\n2\n3\n4\n5\n6\nx\n'), 1).map((line) => line?.text)).toEqual([undefined, '6', '7', 'x']))

  test('leads from each text to the other', () => {
    let seed = 7
    const random = (below: number) => (seed = (seed * 16807) % 2147483647) % below
    for (let round = 0; round < 300; round++) {
      const text = () => Array.from({ length: random(12) }, () => 'abc'.charAt(random(3))).map((letter) => `${letter}\n`).join('')
      const [before, after] = [text(), text()]
      const lines = lineDifference(before, after)
      expect(lines.filter((line) => line.kind !== 'added').map((line) => `${line.text}\n`).join('')).toBe(before)
      expect(lines.filter((line) => line.kind !== 'removed').map((line) => `${line.text}\n`).join('')).toBe(after)
    }
  })
})

describe('files', () => {
  const catalog = testCatalog()
  const text = readFileSync('../../workflows/cold-room-alert.json', 'utf8')
  const files = { 'shop/cold.json': text, 'shop/x.ts': 'old' }

  test('unchanged ones are not written, whatever their form', () => {
    const odd = { 'a.json': '{ "steps":\n{"a": {"type":"stop"}} }' }
    expect(changedFiles('a', readFiles('a', odd), odd, catalog)).toEqual({})
    expect(changedFiles('shop/cold', readFiles('shop/cold', files), files, catalog)).toEqual({})
  })

  test('places go into a file of their own, and the logic stays as it is', () => {
    const document = readFiles('shop/cold', files)
    expect(changedFiles('shop/cold', { ...document, layout: { ...noLayout, steps: { warm: { x: 1, y: 2 } } } }, files, catalog)).toEqual({ 'shop/cold.layout.json': '{\n  "steps": {\n    "warm": { "x": 1, "y": 2 }\n  }\n}\n' })
  })

  test('what a file of places says beside them stays, and what cannot be read is told', () => {
    const before = { ...files, 'shop/cold.layout.json': '{ "steps": { "warm": { "x": 1, "y": 2, "colour": "red" }, "gone": { "x": 0, "y": 0 } }, "zoom": 2 }' }
    const read = readFiles('shop/cold', before)
    expect(changedFiles('shop/cold', read, before, catalog)).toEqual({})
    const moved = { ...read, layout: { ...read.layout, steps: { warm: { x: 9, y: 2 } } } }
    expect(JSON.parse(changedFiles('shop/cold', moved, before, catalog)['shop/cold.layout.json'] ?? '')).toEqual({ steps: { warm: { x: 9, y: 2, colour: 'red' } }, zoom: 2 })
    expect([layoutProblem('{ "steps": {'), layoutProblem('<<<<<<< ours'), layoutProblem('[]'), layoutProblem(undefined)]).toEqual([expect.stringMatching(/^Line 1: /), expect.stringMatching(/^Line 1: /), 'It is no object.', null])
  })

  test('scripts are written and deleted', () => expect(changedFiles('shop/cold', { ...readFiles('shop/cold', files), scripts: { 'shop/y.js': 'new' } }, files, catalog)).toEqual({ 'shop/x.ts': null, 'shop/y.js': 'new' }))
})

/** A workflow of about so many steps: lanes that split, go side by side and meet again. */
export function largeWorkflow(count: number): string {
  const steps: Record<string, Record<string, unknown>> = {}
  const add = (config: Record<string, unknown>) => {
    const id = `s${Object.keys(steps).length + 1}`
    steps[id] = config
    return id
  }
  const lanes = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k']
  const middle = [{ type: 'set', values: { a: '${input.a}' } }, { type: 'filter', condition: '${input.a > 3}' }, { type: 'script', code: 'return input' }, { type: 'delay', for: '1s' }]
  let ends: string[] = []
  while (Object.keys(steps).length + 1 + lanes.length * 4 <= count) {
    const split = add({ type: 'switch', value: '${input.kind}', cases: Object.fromEntries(lanes.map((lane) => [lane, lane])) })
    for (const end of ends) steps[end]!['next'] = split
    const next: Record<string, string> = {}
    ends = lanes.map((lane, index) => {
      const ids = [0, 1, 2, 3].map((place) => add({ ...middle[(index + place) % middle.length] }))
      ids.slice(0, -1).forEach((id, place) => (steps[id]!['next'] = ids[place + 1]))
      next[lane] = ids[0] ?? ''
      return ids[3] ?? ''
    })
    steps[split]!['next'] = next
  }
  while (Object.keys(steps).length < count) {
    const last = add({ type: 'script', code: 'return input' })
    for (const end of ends) steps[end]!['next'] = last
    ends = [last]
  }
  return JSON.stringify({ name: 'Large', triggers: { hand: { type: 'manual' } }, start: 's1', steps }, null, 2)
}

/** A workflow whose run has 9,999 step runs: the most that one may have, less one. */
export const longRun = JSON.stringify({
  name: 'Long',
  triggers: { hand: { type: 'manual' } },
  start: 'list',
  steps: {
    list: { type: 'script', code: 'return Array.from({ length: 3332 }, (_, index) => ({ index, name: `item ${index}` }))', next: 'each' },
    each: { type: 'forEach', items: '${input}', concurrency: 20, next: { item: 'one', done: 'end' } },
    one: { type: 'set', values: { a: '${item.index}' }, next: 'two' },
    two: { type: 'if', condition: '${item.index % 2 == 0}', next: { true: 'even', false: 'odd' } },
    even: { type: 'set', values: { b: 'even' } },
    odd: { type: 'set', values: { b: 'odd' } },
    end: { type: 'script', code: 'return input.length' },
  },
})

export interface Line {
  kind: 'same' | 'added' | 'removed'
  text: string
  /** Numbers of the line, from 1, before and after. */
  before: number | null
  after: number | null
}

const most = 4_000

/** What changed between two texts, line by line: the shortest way from one to the other (Myers 1986), or all anew where that would take too long. */
export function lineDifference(before: string, after: string): Line[] {
  const a = before === '' ? [] : before.replace(/\n$/, '').split('\n')
  const b = after === '' ? [] : after.replace(/\n$/, '').split('\n')
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++
  const middle = shortest(a.slice(start, a.length - end), b.slice(start, b.length - end))
  const kinds: Line['kind'][] = [...Array.from({ length: start }, () => 'same' as const), ...middle, ...Array.from({ length: end }, () => 'same' as const)]
  let [at, to] = [0, 0]
  return kinds.map((kind) => {
    const text = (kind === 'added' ? b[to] : a[at]) ?? ''
    if (kind !== 'added') at++
    if (kind !== 'removed') to++
    return { kind, text, before: kind === 'added' ? null : at, after: kind === 'removed' ? null : to }
  })
}

function shortest(a: readonly string[], b: readonly string[]): Line['kind'][] {
  const replaced = () => [...a.map(() => 'removed' as const), ...b.map(() => 'added' as const)]
  if (a.length === 0 || b.length === 0 || a.length + b.length > most) return replaced()
  const reach = a.length + b.length
  const furthest = new Int32Array(2 * reach + 2)
  const trace: Int32Array[] = []
  for (let depth = 0; depth <= reach; depth++) {
    trace.push(furthest.slice())
    for (let k = -depth; k <= depth; k += 2) {
      const down = k === -depth || (k !== depth && (furthest[reach + k - 1] ?? 0) < (furthest[reach + k + 1] ?? 0))
      let x = down ? (furthest[reach + k + 1] ?? 0) : (furthest[reach + k - 1] ?? 0) + 1
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++
      furthest[reach + k] = x
      if (x >= a.length && x - k >= b.length) return walkBack(trace, a.length, b.length, reach)
    }
  }
  return replaced()
}

function walkBack(trace: readonly Int32Array[], x: number, y: number, reach: number): Line['kind'][] {
  const kinds: Line['kind'][] = []
  for (let depth = trace.length - 1; depth >= 0; depth--) {
    const furthest = trace[depth] ?? new Int32Array()
    const k = x - y
    const down = k === -depth || (k !== depth && (furthest[reach + k - 1] ?? 0) < (furthest[reach + k + 1] ?? 0))
    const from = down ? k + 1 : k - 1
    const fromX = furthest[reach + from] ?? 0
    while (x > fromX && y > fromX - from) {
      kinds.push('same')
      x--
      y--
    }
    if (depth === 0) break
    if (down) y--
    else x--
    kinds.push(down ? 'added' : 'removed')
  }
  return kinds.reverse()
}

/** The changed lines with some around them; null stands for lines that were left out. */
export function withContext(lines: readonly Line[], context = 3): (Line | null)[] {
  const shown = new Set<number>()
  lines.forEach((line, index) => {
    if (line.kind !== 'same') for (let near = index - context; near <= index + context; near++) shown.add(near)
  })
  const result: (Line | null)[] = []
  lines.forEach((line, index) => {
    if (shown.has(index)) result.push(line)
    else if (result.at(-1) !== null) result.push(null)
  })
  return result
}

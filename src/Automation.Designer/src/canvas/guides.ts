import type { Point } from '@/document/document'
import type { Size } from '@/document/layout'

export interface Box extends Point, Size {}

/** Lines through which a box that is moved lines up with others; null where it does not. */
export interface Guides {
  at: Point
  x: number | null
  y: number | null
}

/** Draws a moved box to the edges and middles of others that are nearer than `reach`. */
export function alignedTo(box: Box, others: readonly Box[], reach: number): Guides {
  const find = (start: number, size: number, lines: (other: Box) => readonly number[]): { shift: number; line: number } | null => {
    let best: { shift: number; line: number } | null = null
    for (const other of others) {
      for (const line of lines(other)) {
        for (const own of [start, start + size / 2, start + size]) {
          const shift = line - own
          if (Math.abs(shift) <= reach && (!best || Math.abs(shift) < Math.abs(best.shift))) best = { shift, line }
        }
      }
    }
    return best
  }
  const x = find(box.x, box.width, (other) => [other.x, other.x + other.width / 2, other.x + other.width])
  const y = find(box.y, box.height, (other) => [other.y, other.y + other.height / 2, other.y + other.height])
  return { at: { x: box.x + (x?.shift ?? 0), y: box.y + (y?.shift ?? 0) }, x: x?.line ?? null, y: y?.line ?? null }
}

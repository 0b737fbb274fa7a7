const spare = 6

/** Which rows of a long list are to be in the page, with some above and below what is seen. `last` is the one after. */
export function windowOf(count: number, rowHeight: number, top: number, height: number): { first: number; last: number } {
  const first = Math.max(0, Math.floor(top / rowHeight) - spare)
  return { first: Math.min(first, count), last: Math.min(count, Math.ceil((top + height) / rowHeight) + spare) }
}

/** A text with its lines ended by LF, whatever they ended with: CR LF, CR or LF. */
export const withLf = (text: string): string => text.replaceAll(/\r\n?/g, '\n')

/** An offset in a text as it is in {@link withLf} of it. */
export const offsetInLf = (text: string, offset: number): number => withLf(text.slice(0, offset)).length

/** The smallest change from one text to another. */
export function changeIn(old: string, now: string): { from: number; to: number; insert: string } {
  let from = 0
  while (from < old.length && from < now.length && old[from] === now[from]) from++
  let end = 0
  while (end < old.length - from && end < now.length - from && old[old.length - 1 - end] === now[now.length - 1 - end]) end++
  return { from, to: old.length - end, insert: now.slice(from, now.length - end) }
}

/**
 * A text after an edit that was made in it with LF: its lines end as they did, new ones as the first does.
 * @param edited All of it after the edit, with LF.
 */
export function withEndsOf(text: string, edited: string): string {
  const end = /\r\n?|\n/.exec(text)?.[0] ?? '\n'
  if (!text.includes('\r')) return edited
  const { from, to, insert } = changeIn(withLf(text), edited)
  const result = text.slice(0, offsetOfLf(text, from)) + insert.replaceAll('\n', end) + text.slice(offsetOfLf(text, to))
  return withLf(result) === edited ? result : edited.replaceAll('\n', end) // a CR and an LF that met would be one end
}

/** The other way round of {@link offsetInLf}. */
function offsetOfLf(text: string, offset: number): number {
  let at = 0
  for (let left = offset; left > 0; left--) at += text.startsWith('\r\n', at) ? 2 : 1
  return at
}

/** States of something that is edited, for undo and redo without limit. States share what they have in common, so that many are cheap. */
export interface History<T> {
  readonly past: readonly Edit<T>[]
  readonly present: T
  readonly future: readonly Edit<T>[]
}

interface Edit<T> {
  /** The state before the edit in `past`, after it in `future`. */
  readonly state: T
  /** What the edit did, as a person would say: "Delete 3 steps". */
  readonly label: string
  /** Edits of one burst, as of typing into one field, are undone at once. */
  readonly burst: string | null
  /** When the burst went on last, in milliseconds. */
  readonly at: number
}

/** A burst ends by itself when nothing was done for so long, in milliseconds. */
const pause = 1_000

export const historyOf = <T>(present: T): History<T> => ({ past: [], present, future: [] })

/** @param at When, in milliseconds. */
export function edited<T>(history: History<T>, state: T, label: string, burst: string | null = null, at = Date.now()): History<T> {
  if (state === history.present) return history
  const last = history.past.at(-1)
  if (last && burst !== null && last.burst === burst && at - last.at < pause && history.future.length === 0) return { past: [...history.past.slice(0, -1), { ...last, at }], present: state, future: [] }
  return { past: [...history.past, { state: history.present, label, burst, at }], present: state, future: [] }
}

/** Ends a burst: the next edit is undone by itself. */
export function sealed<T>(history: History<T>): History<T> {
  const last = history.past.at(-1)
  return last?.burst ? { ...history, past: [...history.past.slice(0, -1), { ...last, burst: null }] } : history
}

/** All states, of the past and the future too, made anew: as when others' changes belong to each of them. */
export function remade<T>({ past, present, future }: History<T>, make: (state: T) => T): History<T> {
  const each = (edit: Edit<T>): Edit<T> => ({ ...edit, state: make(edit.state) })
  return { past: past.map(each), present: make(present), future: future.map(each) }
}

export function undone<T>(history: History<T>): History<T> {
  const last = history.past.at(-1)
  return last ? { past: history.past.slice(0, -1), present: last.state, future: [{ ...last, burst: null, state: history.present }, ...history.future] } : history
}

export function redone<T>(history: History<T>): History<T> {
  const [next, ...future] = history.future
  return next ? { past: [...history.past, { ...next, state: history.present }], present: next.state, future } : history
}

/** What is wrong with an id of a workflow, as a sentence; null when nothing is. */
export function idProblem(id: string, taken: readonly string[]): string | null {
  if (!/^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*$/.test(id)) return 'An id has letters, digits, - and _, with / between folders.'
  return taken.includes(id) ? `There is a workflow ${id} already.` : null
}

/** An id like `wanted` that is free. */
export function freeId(wanted: string, taken: readonly string[]): string {
  const base = wanted.toLowerCase().replaceAll(/[^a-z0-9_/-]+/g, '-').replaceAll(/^[-/]+|[-/]+$/g, '') || 'workflow'
  let number = 2
  let id = base
  while (taken.includes(id)) id = `${base}-${number++}`
  return id
}

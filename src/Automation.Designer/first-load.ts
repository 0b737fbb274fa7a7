import { gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

/** What is known of a script of the build. */
interface Chunk {
  fileName: string
  code: string
  isEntry: boolean
  imports: readonly string[]
  dynamicImports: readonly string[]
}

/** Compressed bytes of JavaScript that each page needs before it is there: the entry, the page, and all that both import. By the page's file. */
export function firstLoads(chunks: readonly Chunk[], sizeOf = (code: string): number => gzipSync(code).length): Map<string, number> {
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]))
  const sizes = new Map(chunks.map((chunk) => [chunk.fileName, sizeOf(chunk.code)]))
  const needed = (names: readonly string[], found = new Set<string>()): Set<string> => {
    for (const name of names) {
      if (found.has(name) || !byName.has(name)) continue
      found.add(name)
      needed(byName.get(name)?.imports ?? [], found)
    }
    return found
  }
  const entries = chunks.filter((chunk) => chunk.isEntry)
  const pages = [...needed(entries.map((entry) => entry.fileName))].flatMap((name) => byName.get(name)?.dynamicImports ?? [])
  return new Map(pages.map((page) => [page, [...needed([...entries.map((entry) => entry.fileName), page])].reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0)]))
}

/** Fails a build of which some page needs more than so many compressed bytes of JavaScript at first. */
export const limitFirstLoad = (most: number): Plugin => ({
  name: 'limit-first-load',
  apply: 'build',
  generateBundle(_, bundle) {
    const loads = firstLoads(Object.values(bundle).filter((part) => part.type === 'chunk'))
    if (loads.size === 0) return this.error('No page was found whose first load could be measured.')
    for (const [page, bytes] of loads) {
      if (bytes > most) this.error(`${page} needs ${Math.ceil(bytes / 1024)} KB of compressed JavaScript at first, more than the ${most / 1024} that it may. Load what is not seen at once later: lazy(() => import(…)).`)
    }
    const [page, bytes] = [...loads].reduce((a, b) => (b[1] > a[1] ? b : a))
    this.info(`at most ${Math.ceil(bytes / 1024)} KB of compressed JavaScript at first, of ${page}`)
  },
})

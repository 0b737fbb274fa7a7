import { infiniteQueryOptions, type QueryKey } from '@tanstack/react-query'
import { read } from './client'

/** A part of a list, and the address of the next one. */
export interface Page<T> {
  items: T[]
  next: string | null
}

/** A list that is read page by page: `first` is the first page's address, later ones are the server's `next`. */
export const pagesOf = <T>(key: QueryKey, first: string) => pagesWith(key, first, (pages: readonly Page<T>[]) => pages.flatMap((page) => page.items))

/** The same, where the pages say more than their items: `select` makes one thing of those that were read. */
export function pagesWith<P extends Page<unknown>, T>(key: QueryKey, first: string, select: (pages: readonly P[]) => T) {
  return infiniteQueryOptions({
    queryKey: key,
    initialPageParam: first,
    queryFn: ({ pageParam, signal }) => read<P>(pageParam, signal),
    getNextPageParam: (last) => last.next,
    select: (data) => select(data.pages),
  })
}

/** How often a list is read anew, for `refetchInterval`: all pages that are shown are read, so that more of them are read less often. @param one For one page, in milliseconds. */
export const everyPage = (one: number) => ({ state }: { state: { data?: { pages: readonly unknown[] } | undefined } }): number => one * (state.data?.pages.length ?? 1)

/** A whole list, page after page: for those that are short by nature. @param first The first page's address. */
export async function allPages<T>(first: string, signal: AbortSignal): Promise<T[]> {
  const page = await read<Page<T>>(first, signal)
  return page.next === null ? page.items : [...page.items, ...(await allPages<T>(page.next, signal))]
}

/** `path` with the parameters that are set. */
export function withQuery(path: string, parameters: Readonly<Record<string, string | number | boolean | null | undefined>>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) if (value !== null && value !== undefined && value !== '') query.set(name, String(value))
  const text = query.toString()
  return text ? `${path}?${text}` : path
}

/** Where a change of many goes on: behind the last, up to the time at which the server began, as what it does makes new ones. */
export function restOf(next: string | null): { after?: string; until?: string } {
  const query = new URLSearchParams(next?.split('?')[1])
  const [after, until] = [query.get('after'), query.get('until')]
  return { ...(after ? { after } : {}), ...(until ? { until } : {}) }
}

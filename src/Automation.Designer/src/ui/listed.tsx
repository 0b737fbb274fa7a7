import type { ReactNode } from 'react'
import { Empty, Loading, Problem, sentencesOf } from './page'
import { More } from './pager'
import { Table, type Column } from './table'

/** A list that is read page by page, as TanStack Query has it. */
export interface Listing<T> {
  data: readonly T[] | undefined
  error: Error | null
  isPending: boolean
  hasNextPage: boolean
  isFetchingNextPage: boolean
  fetchNextPage: () => unknown
  refetch: () => unknown
}

interface ListedProps<T> {
  label: string
  list: Listing<T>
  columns: readonly Column<T>[]
  rowKey: (row: T) => string
  /** Where a row leads. */
  to?: (row: T) => string
  /** Instead of the rows, when there are none. */
  empty: { title: string; children?: ReactNode }
}

/** A list with its rows, or with what is there instead of them: it is coming, it did not come, there are none. */
export function Listed<T>({ label, list, columns, rowKey, to, empty }: ListedProps<T>) {
  if (list.isPending) return <Loading />
  if (list.error && !list.data) return <Problem sentences={sentencesOf(list.error)} onRetry={() => void list.refetch()} />
  if (!list.data || list.data.length === 0) return <Empty title={empty.title}>{empty.children}</Empty>
  return (
    <>
      <Table label={label} columns={columns} rows={list.data} rowKey={rowKey} {...(to ? { to } : {})} />
      <More hasMore={list.hasNextPage} isLoading={list.isFetchingNextPage} onMore={() => void list.fetchNextPage()} />
    </>
  )
}

interface Loadable<T> {
  data: T | undefined
  error: Error | null
  refetch: () => unknown
}

/** One thing, or what is there instead of it. */
export function Loaded<T>({ query, children }: { query: Loadable<T>; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) return children(query.data)
  if (query.error) return <Problem sentences={sentencesOf(query.error)} onRetry={() => void query.refetch()} />
  return <Loading />
}

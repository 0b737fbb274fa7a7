import type { ReactNode } from 'react'
import { Link } from 'react-router'
import styles from './table.module.css'

export interface Column<T> {
  /** Empty for the column of a row's actions. */
  title: string
  /** CSS width; left out, the column takes what is left. */
  width?: string
  align?: 'end'
  cell: (row: T) => ReactNode
}

interface TableProps<T> {
  /** What the table lists, for people who cannot see it. */
  label: string
  columns: readonly Column<T>[]
  rows: readonly T[]
  rowKey: (row: T) => string
  /** Where a row leads: its first cell is the link, and the whole row can be clicked. */
  to?: (row: T) => string
}

export function Table<T>({ label, columns, rows, rowKey, to }: TableProps<T>) {
  return (
    <div className={styles.frame}>
      <table aria-label={label} className={styles.table}>
        <colgroup>
          {columns.map((column) => (
            <col key={column.title} style={column.width ? { width: column.width } : undefined} />
          ))}
        </colgroup>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.title} scope="col" data-align={column.align}>
                {column.title || <span className="visually-hidden">Actions</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((column, index) => (
                <td key={column.title} data-align={column.align}>
                  {to && index === 0 ? (
                    <Link to={to(row)} className={styles.link}>
                      {column.cell(row)}
                    </Link>
                  ) : (
                    column.cell(row)
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

import { ChevronRight } from 'lucide-react'
import { useState } from 'react'
import { Copy } from './copy'
import { childrenOf, memberPath, preview, textOf } from './json-text'
import styles from './json-tree.module.css'

interface JsonTreeProps {
  value: unknown
  /** How expressions name the value: `event.data`. */
  path: string
  /** Levels that are open at first. */
  depth?: number
}

/** A JSON value to look into; each part's path and value can be copied. */
export function JsonTree({ value, path, depth = 2 }: JsonTreeProps) {
  return (
    <ul className={styles.tree}>
      <Branch name={null} value={value} path={path} open={depth} />
    </ul>
  )
}

const page = 100

function Branch({ name, value, path, open }: { name: string | null; value: unknown; path: string; open: number }) {
  const children = childrenOf(value)
  const [isOpen, setOpen] = useState(open > 0 && children.length <= page)
  const [shown, setShown] = useState(page)
  const label = (
    <>
      {name === null ? <span className={styles.root}>{path}</span> : <span className={styles.name}>{name}</span>}
      {children.length > 0 && isOpen ? <span className={styles.count}>{Array.isArray(value) ? `${children.length} items` : ''}</span> : <Value value={value} />}
    </>
  )
  return (
    <li>
      <div className={styles.row}>
        {children.length > 0 ? (
          <button type="button" className={styles.toggle} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            <ChevronRight aria-hidden size={14} />
            {label}
          </button>
        ) : (
          <span className={styles.leaf}>{label}</span>
        )}
        <span className={styles.tools}>
          <Copy text={path} label={`Copy the path ${path}`} />
          <Copy text={() => textOf(value)} label="Copy the value" />
        </span>
      </div>
      {isOpen && children.length > 0 ? (
        <ul>
          {children.slice(0, shown).map(([key, child]) => (
            <Branch key={key} name={key} value={child} path={memberPath(path, key, Array.isArray(value))} open={open - 1} />
          ))}
          {children.length > shown ? (
            <li>
              <button type="button" className={styles.more} onClick={() => setShown(shown + 10 * page)}>
                {children.length - shown} more
              </button>
            </li>
          ) : null}
        </ul>
      ) : null}
    </li>
  )
}

function Value({ value }: { value: unknown }) {
  const kind = value === null ? 'null' : typeof value
  return <span className={styles[kind] ?? styles.object}>{preview(value)}</span>
}

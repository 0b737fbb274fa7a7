import { useEffect, useRef } from 'react'
import styles from './code-block.module.css'
import { Copy } from './copy'

interface CodeBlockProps {
  text: string
  /** Shown above. */
  title?: string
  /** A line to point at, from 1, with what is to be said of it. */
  mark?: { line: number; column?: number | null; message: string } | undefined
  /** Without numbers of lines. */
  plain?: boolean
}

/** Text as it is, with numbered lines; a marked line is scrolled to. */
export function CodeBlock({ text, title, mark, plain = false }: CodeBlockProps) {
  const marked = useRef<HTMLLIElement>(null)
  useEffect(() => {
    marked.current?.scrollIntoView({ block: 'nearest' })
  }, [mark?.line, text])
  return (
    <figure className={styles.figure}>
      <figcaption className={title ? styles.caption : styles.bare}>
        <span>{title}</span>
        <Copy text={text} />
      </figcaption>
      {plain ? (
        <pre className={styles.plain} tabIndex={0}>
          {text}
        </pre>
      ) : (
        <ol className={styles.lines} tabIndex={0} aria-label={title}>
          {text.split('\n').map((line, index) => (
            <li key={index} ref={index + 1 === mark?.line ? marked : null} className={index + 1 === mark?.line ? styles.marked : undefined}>
              {index + 1 === mark?.line ? (
                <>
                  <Pointed line={line} column={mark.column ?? null} />
                  <p>{mark.message}</p>
                </>
              ) : (
                <code>{line || ' '}</code>
              )}
            </li>
          ))}
        </ol>
      )}
    </figure>
  )
}

/** A line with the word at a column, from 1, underlined. */
function Pointed({ line, column }: { line: string; column: number | null }) {
  if (column === null || column > line.length) return <code>{line || ' '}</code>
  const from = column - 1
  const word = /^[\w$]+|^./.exec(line.slice(from))?.[0] ?? ''
  return (
    <code>
      {line.slice(0, from)}
      <mark>{word}</mark>
      {line.slice(from + word.length)}
    </code>
  )
}

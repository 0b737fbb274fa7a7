import { NodeResizer, type Node, type NodeProps } from '@xyflow/react'
import { memo, useEffect, useRef, useState } from 'react'
import type { Note } from '@/document/document'
import { useEdits } from './canvas-edits'
import styles from './note-node.module.css'

export type NoteNodeType = Node<{ id: string; note: Note }, 'note'>

/** A comment. A double click or Enter writes in it, Escape or a click elsewhere ends that. */
export const NoteNode = memo(function NoteNode({ data: { id, note }, selected }: NodeProps<NoteNodeType>) {
  const edits = useEdits()
  const box = useRef<HTMLDivElement>(null)
  const [draft, setDraft] = useState<string | null>(edits && selected && note.text === '' ? '' : null) // a new one is written in at once
  useEffect(() => {
    const node = box.current?.closest('.react-flow__node') // the keys come to it
    const onKey = (event: Event) => {
      if (!edits || event.target !== node || (event as KeyboardEvent).key !== 'Enter') return
      event.preventDefault()
      setDraft(note.text)
    }
    node?.addEventListener('keydown', onKey)
    return () => node?.removeEventListener('keydown', onKey)
  }, [edits, note.text])
  return (
    <div ref={box} className={styles.note} data-selected={selected} onDoubleClick={() => edits && setDraft(note.text)}>
      {edits && selected ? (
        <NodeResizer minWidth={120} minHeight={60} onResizeEnd={(_, { x, y, width, height }) => edits.setNote(id, { ...note, x: Math.round(x), y: Math.round(y), width: Math.round(width), height: Math.round(height) })} />
      ) : null}
      {draft === null ? (
        note.text || <span className={styles.empty}>Double click or Enter to write</span>
      ) : (
        <textarea
          aria-label="Comment"
          className="nodrag nowheel"
          autoFocus
          value={draft}
          onChange={(event) => {
            setDraft(event.target.value)
            edits?.write(id, event.target.value)
          }}
          onBlur={() => setDraft(null)}
          onKeyDown={(event) => {
            if (!event.ctrlKey && !event.metaKey) event.stopPropagation() // Ctrl+S is a command here too
            if (event.key === 'Escape') setDraft(null)
          }}
        />
      )}
    </div>
  )
})

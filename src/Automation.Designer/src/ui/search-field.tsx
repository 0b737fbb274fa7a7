import { useEffect, useId, useState, type KeyboardEvent } from 'react'
import { TextField } from './field'

interface SearchFieldProps {
  label: string
  value: string
  onChange: (value: string) => void
  width?: number
  /** What there is to choose from, also several times. */
  list?: readonly string[]
}

/** A field whose value counts when typing pauses, so that each letter does not ask the server; at once when it is left, or with Enter. Blanks around it do not count. */
export function SearchField({ label, value, onChange, width = 170, list }: SearchFieldProps) {
  const [typed, setTyped] = useState(value)
  const [known, setKnown] = useState(value)
  const [told, setTold] = useState(value)
  if (known !== value) {
    setKnown(value)
    if (told !== value) {
      setTold(value)
      setTyped(value)
    } // else it is what was typed here, and more may have been typed since
  }
  const meant = typed.trim()
  const tell = () => {
    if (meant === value) return
    setTold(meant)
    onChange(meant)
  }
  useEffect(() => {
    if (meant === value) return
    const timer = setTimeout(() => {
      setTold(meant)
      onChange(meant)
    }, 300)
    return () => clearTimeout(timer)
  }, [meant, value, onChange])
  const enter = (event: KeyboardEvent) => {
    if (event.key !== 'Enter') return
    if (meant !== value) event.preventDefault() // else a form around it is sent with what it knew before
    tell()
  }
  const id = useId()
  return (
    <>
      <TextField type="search" label={label} value={typed} style={{ width }} list={list ? id : undefined} onChange={(event) => setTyped(event.target.value)} onBlur={tell} onKeyDown={enter} />
      {list ? (
        <datalist id={id}>
          {[...new Set(list)].filter(Boolean).map((item) => (
            <option key={item} value={item} />
          ))}
        </datalist>
      ) : null}
    </>
  )
}

import { useEffect, useState } from 'react'
import { TextField } from './field'

interface SearchFieldProps {
  label: string
  value: string
  onChange: (value: string) => void
  width?: number
  list?: readonly string[]
}

/** A field whose value counts when typing pauses, so that each letter does not ask the server. */
export function SearchField({ label, value, onChange, width = 170, list }: SearchFieldProps) {
  const [typed, setTyped] = useState(value)
  const [known, setKnown] = useState(value)
  if (known !== value) {
    setKnown(value)
    setTyped(value)
  }
  useEffect(() => {
    if (typed === value) return
    const timer = setTimeout(() => onChange(typed.trim()), 300)
    return () => clearTimeout(timer)
  }, [typed, value, onChange])
  const id = `known-${label.toLowerCase().replaceAll(' ', '-')}`
  return (
    <>
      <TextField type="search" label={label} value={typed} style={{ width }} list={list ? id : undefined} onChange={(event) => setTyped(event.target.value)} />
      {list ? (
        <datalist id={id}>
          {list.map((item) => (
            <option key={item} value={item} />
          ))}
        </datalist>
      ) : null}
    </>
  )
}

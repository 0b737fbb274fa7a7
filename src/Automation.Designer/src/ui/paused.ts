import { useEffect, useState } from 'react'

/** The value as it was when it last stayed the same for some milliseconds: for what is asked while people type. */
export function usePaused<T>(value: T, milliseconds: number): T {
  const [paused, setPaused] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setPaused(value), milliseconds)
    return () => clearTimeout(timer)
  }, [value, milliseconds])
  return paused
}

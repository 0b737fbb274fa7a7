import { useEffect, useState } from 'react'

const pause = 400

/** A text once it has rested: not each letter on the way to it. */
export function useDelayed(text: string): string {
  const [rested, setRested] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setRested(text), pause)
    return () => clearTimeout(timer)
  }, [text])
  return rested
}

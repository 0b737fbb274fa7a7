import { useEffect, useState } from 'react'
import { ask } from './client'
import type { ScriptText } from './prepared'
import type { Mistake } from './service'

const pause = 250

export interface KnownMistakes {
  /** The text that the places are of. */
  text: string
  mistakes: readonly Mistake[]
}

/** What TypeScript finds wrong, asked when typing pauses: of the text that it was asked for last. */
export function useMistakes({ text, kind, language, scope }: ScriptText): KnownMistakes | null {
  const [known, setKnown] = useState<KnownMistakes | null>(null)
  useEffect(() => {
    let current = true
    const timer = setTimeout(() => {
      void ask('mistakes', { text, kind, language, scope })
        .catch((): Mistake[] => []) // the server still checks what is needed to run it
        .then((mistakes) => current && setKnown({ text, mistakes }))
    }, pause)
    return () => {
      current = false
      clearTimeout(timer)
    }
  }, [text, kind, language, scope])
  return known
}

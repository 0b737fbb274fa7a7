import { useEffect, useState } from 'react'
import { ApiError } from '@/api/client'
import { evaluateScript, type Evaluated } from '@/api/evaluation'
import type { Scope } from './code/completion'

const pause = 300

/** What a script gave for the sample, or why it was not run. */
export interface ScriptResult {
  /** The text that was run. */
  text: string
  evaluated: Evaluated | null
  failure: string | null
}

/** Runs a script on the sample when typing pauses. A newer text or sample ends what is under way, so that an answer is never of an older one. @param scope Null while it is not known. */
export function useScriptResult(text: string, file: string | null, scope: Scope | null) {
  const [result, setResult] = useState<ScriptResult | null>(null)
  const [running, setRunning] = useState(false)
  const [turn, setTurn] = useState(0)
  if (text.trim() === '' && result !== null) setResult(null)
  useEffect(() => {
    if (scope === null || text.trim() === '') return
    const call = new AbortController()
    const end = (next: Omit<ScriptResult, 'text'>) => {
      if (call.signal.aborted) return
      setResult({ text, ...next })
      setRunning(false)
    }
    const timer = setTimeout(() => {
      setRunning(true)
      evaluateScript(text, file, scope, call.signal).then(
        (evaluated) => end({ evaluated, failure: null }),
        (error: unknown) => end({ evaluated: null, failure: error instanceof ApiError ? error.sentences.join(' ') : String(error) }),
      )
    }, pause)
    return () => {
      clearTimeout(timer)
      call.abort()
      setRunning(false)
    }
  }, [text, file, scope, turn])
  return { result, running, run: () => setTurn(turn + 1) }
}

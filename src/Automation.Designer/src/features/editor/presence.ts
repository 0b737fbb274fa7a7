import { useEffect, useState } from 'react'
import { notePresence, type Editor } from '@/api/workflow-files'

/** Of this window. (Without TLS browsers have no randomUUID.) */
const own = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
const every = 10_000

/** The others who may edit and have the workflow open, asked for each ten seconds; that tells them of this window too. Who only reads is nobody's hindrance. */
export function useOthers(id: string, edits: boolean): readonly Editor[] {
  const [others, setOthers] = useState<readonly Editor[]>([])
  useEffect(() => {
    if (!edits) return
    let stopped = false
    const tell = async () => {
      try {
        const editors = await notePresence(id, own)
        if (!stopped) setOthers(editors.filter((each) => each.editor !== own))
      } catch {
        if (!stopped) setOthers([]) // who else is here is not worth an error
      }
    }
    void tell()
    const timer = setInterval(() => void tell(), every)
    return () => {
      stopped = true
      clearInterval(timer)
    }
  }, [id, edits])
  return others
}

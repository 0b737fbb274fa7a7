import ts from 'typescript'
import { libraries } from './libraries'
import globals from './sandbox-globals.d.ts?raw'
import { createService, type ScriptService } from './service'

// TypeScript's language service, beside the page: what it is asked takes longer than a frame.

export interface Question {
  id: number
  method: keyof ScriptService
  parameters: unknown[]
}

export interface Answer {
  id: number
  result: unknown
  /** What the compiler threw: a defect of its own. */
  error: string | null
}

const service = createService(ts, libraries, globals)

addEventListener('message', ({ data }: MessageEvent<Question>) => {
  const { id, method, parameters } = data
  try {
    const result: unknown = (service[method] as (...parameters: unknown[]) => unknown)(...parameters)
    postMessage({ id, result, error: null } satisfies Answer)
  } catch (error) {
    postMessage({ id, result: null, error: String(error) } satisfies Answer)
  }
})

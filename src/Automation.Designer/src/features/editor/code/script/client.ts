import type { ScriptService } from './service'
import type { Answer, Question } from './worker'

type Result<Method extends keyof ScriptService> = ReturnType<ScriptService[Method]>

let worker: Worker | null = null
let last = 0
const waiting = new Map<number, { resolve: (result: never) => void; reject: (error: Error) => void }>()

/** Asks TypeScript in its worker, which is read and started with the first question and stays for the next script. */
export function ask<Method extends keyof ScriptService>(method: Method, ...parameters: Parameters<ScriptService[Method]>): Promise<Result<Method>> {
  worker ??= started()
  const id = ++last
  return new Promise<Result<Method>>((resolve, reject) => {
    waiting.set(id, { resolve, reject })
    worker?.postMessage({ id, method, parameters } satisfies Question)
  })
}

function started(): Worker {
  const made = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'typescript' })
  made.addEventListener('message', ({ data }: MessageEvent<Answer>) => {
    const question = waiting.get(data.id)
    waiting.delete(data.id)
    if (data.error === null) question?.resolve(data.result as never)
    else question?.reject(new Error(data.error))
  })
  made.addEventListener('error', () => {
    for (const question of waiting.values()) question.reject(new Error('TypeScript could not be started.'))
    waiting.clear()
    made.terminate()
    if (worker === made) worker = null
  })
  return made
}

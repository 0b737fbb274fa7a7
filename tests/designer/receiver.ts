import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Arrival = { method: string; path: string; headers: Record<string, string | string[] | undefined>; body: string }

/** The other end of what workflows send: keeps what arrives, and answers 200 unless told otherwise. */
export class Receiver {
  private readonly arrivals: Arrival[] = []
  private readonly waiting: ((arrival: Arrival) => void)[] = []
  private readonly answers = new Map<string, number>()

  private constructor(private readonly server: Server) {}

  static async start(): Promise<Receiver> {
    const server = createServer()
    const receiver = new Receiver(server)
    server.on('request', (request, response) => {
      const parts: Buffer[] = []
      request.on('data', (part: Buffer) => parts.push(part))
      request.on('end', () => {
        const arrival = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body: Buffer.concat(parts).toString('utf8') }
        const next = receiver.waiting.shift()
        if (next) next(arrival)
        else receiver.arrivals.push(arrival)
        response.writeHead(receiver.answers.get(arrival.path) ?? 200).end()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return receiver
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  /** Answers requests to the path with a status from now on. */
  on(path: string, status: number): void {
    this.answers.set(path, status)
  }

  /** The next request that no call has returned yet. */
  next(): Promise<Arrival> {
    const first = this.arrivals.shift()
    return first ? Promise.resolve(first) : new Promise((resolve) => this.waiting.push(resolve))
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
  }
}

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))
const dll = process.env['AUTOMATION_SERVER_DLL'] ?? join(root, '.build/server/Automation.Server.dll')

export type ServerOptions = {
  /** Workflow files by name; `RECEIVER` in them becomes the receiver's address. */
  files?: Record<string, string>
  /** Starts with the repository's own examples. */
  examples?: boolean
  /** The workflows folder is a git repository with its files committed. */
  git?: boolean
  /** Settings by key: `{ 'Runs:MaxConcurrent': '4' }`. */
  settings?: Record<string, string>
  secrets?: Record<string, string>
}

/** The real server: a process of its own, on free ports and folders of its own. */
export class Server {
  static readonly token = 'a-token-for-these-tests'

  private constructor(
    private readonly process: ChildProcess,
    private readonly home: string,
    readonly url: string,
    readonly mqttPort: number,
    /** Makes the first user. */
    readonly setUpUrl: string,
  ) {}

  static async start(options: ServerOptions = {}): Promise<Server> {
    const home = await mkdtemp(join(tmpdir(), 'automation-designer-'))
    const workflows = join(home, 'workflows')
    await mkdir(join(home, 'data/secrets'), { recursive: true })
    await mkdir(workflows)
    if (options.examples) await cp(join(root, 'workflows'), workflows, { recursive: true })
    for (const [name, text] of Object.entries(options.files ?? {})) await writeNew(join(workflows, name), text)
    for (const [name, value] of Object.entries(options.secrets ?? {})) await writeFile(join(home, 'data/secrets', name), value)
    if (options.git) await git(workflows, 'init', '-q', '-b', 'main').then(() => commitAll(workflows, 'Begin'))

    const settings = Object.fromEntries(Object.entries(options.settings ?? {}).map(([key, value]) => [key.replaceAll(':', '__'), value]))
    const process_ = spawn(
      'dotnet',
      [dll, 'serve', '--data', join(home, 'data'), '--workflows', workflows, '--urls', 'http://127.0.0.1:0', '--mqtt-port', '0', '--allow-private', 'loopback', '--sandbox', join(root, 'src/Automation.Sandbox')],
      { env: { ...process.env, ...settings, AUTOMATION_ADMIN_TOKEN: Server.token, DOTNET_gcServer: '0' }, stdio: ['ignore', 'pipe', 'pipe'] },
    )
    const { url, mqttPort, setUpUrl } = await ready(process_)
    return new Server(process_, home, url, mqttPort, setUpUrl)
  }

  get workflows(): string {
    return join(this.home, 'workflows')
  }

  read(name: string): Promise<string> {
    return readFile(join(this.workflows, name), 'utf8')
  }

  /** Writes a file into the workflows folder, as another program would. */
  write(name: string, text: string): Promise<void> {
    return writeNew(join(this.workflows, name), text)
  }

  /** What git says in the workflows folder. */
  async git(...words: string[]): Promise<string> {
    return (await git(this.workflows, ...words)).stdout.trim()
  }

  /** Calls the API as its admin; fails on any answer but success. */
  async api<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(this.url + path, {
      method,
      headers: { authorization: `Bearer ${Server.token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return (text === '' ? undefined : JSON.parse(text)) as T
  }

  /** Posts JSON to a webhook. */
  async hook(path: string, body: unknown): Promise<Response> {
    return fetch(`${this.url}/hooks${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  }

  /** Publishes by mosquitto's own client, and returns when the broker has acknowledged. */
  async publish(topic: string, payload: unknown): Promise<void> {
    await run('mosquitto_pub', ['-p', `${this.mqttPort}`, '-t', topic, '-q', '1', '-m', typeof payload === 'string' ? payload : JSON.stringify(payload)])
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.process.once('exit', resolve))
    if (this.process.exitCode === null && this.process.signalCode === null) {
      this.process.kill('SIGKILL')
      await ended
    }
    await rm(this.home, { recursive: true, force: true, maxRetries: 5 })
  }
}

function ready(server: ChildProcess): Promise<{ url: string; mqttPort: number; setUpUrl: string }> {
  const said: string[] = []
  let mqttPort = 0
  return new Promise((resolve, reject) => {
    server.once('exit', (code) => reject(new Error(`The server ended with ${code}:\n${said.join('\n')}`)))
    for (const stream of [server.stdout, server.stderr]) {
      if (stream) {
        createInterface({ input: stream }).on('line', (line) => {
          if (said.push(line) > 200) said.shift()
          mqttPort = Number(/^ {2}MQTT .*?mqtt:\/\/[^:]+:(\d+)/.exec(line)?.[1] ?? mqttPort)
          const setUp = /^ {2}Set up +((http:\/\/[^/]+)\S+)/.exec(line) // the last of the lines with addresses
          if (setUp?.[1] && setUp[2]) resolve({ url: setUp[2], mqttPort, setUpUrl: setUp[1] })
        })
      }
    }
  })
}

async function writeNew(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
}

const git = (folder: string, ...words: string[]) => run('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...words], { cwd: folder })

async function commitAll(folder: string, message: string): Promise<void> {
  await git(folder, 'add', '-A')
  await git(folder, 'commit', '-q', '--allow-empty', '-m', message)
}

import { type Page, test as base } from '@playwright/test'
import { Receiver } from './receiver.ts'
import { Server, type ServerOptions } from './server.ts'

export { expect } from '@playwright/test'
export { Server } from './server.ts'

/** Fails when the page has shown an error in its console or asked for something outside its server. */
async function watched(page: Page, url: string, use: (page: Page) => Promise<void>): Promise<void> {
  const wrong: string[] = []
  page.on('pageerror', (error) => wrong.push(`${error}`))
  page.on('console', (message) => {
    // What the server refuses on purpose is a line of the browser's own.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) wrong.push(message.text())
  })
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) wrong.push(`asked for ${request.url()}`)
  })
  await use(page)
  if (wrong.length > 0) throw new Error(`The page complained:\n${wrong.join('\n')}`)
}

/** Has the server refuse what a page asks for, until the function that it returns is called. */
export async function refuse(page: Page, path: RegExp, detail: string): Promise<() => Promise<void>> {
  await page.route(path, (route) => route.fulfill({ status: 403, contentType: 'application/problem+json', body: JSON.stringify({ title: 'Refused', detail }) }))
  return () => page.unroute(path)
}

type Fixtures = {
  /** How the server of a test is started: `test.use({ setUp: { examples: true } })`. */
  setUp: ServerOptions
  receiver: Receiver
  server: Server
  /** Signed in as the admin. */
  page: Page
  /** In a browser of its own, signed in as nobody. */
  visitor: Page
}

export const test = base.extend<Fixtures>({
  setUp: [{}, { option: true }],
  // eslint-disable-next-line no-empty-pattern -- Playwright reads the names
  receiver: async ({}, use) => {
    const receiver = await Receiver.start()
    await use(receiver)
    await receiver.stop()
  },
  server: async ({ setUp, receiver }, use) => {
    const files = Object.fromEntries(Object.entries(setUp.files ?? {}).map(([name, text]) => [name, text.replaceAll('RECEIVER', receiver.url)]))
    const server = await Server.start({ ...setUp, files })
    await use(server)
    await server.stop()
  },
  baseURL: async ({ server }, use) => use(server.url),
  page: async ({ page, server }, use) => {
    await watched(page, server.url, async () => {
      await page.goto(`/?token=${Server.token}`)
      await use(page)
    })
  },
  visitor: async ({ browser, server }, use) => {
    const context = await browser.newContext({ baseURL: server.url })
    await watched(await context.newPage(), server.url, use)
    await context.close()
  },
})

import type { Locator, Page } from '@playwright/test'
import { expect, test } from './fixtures.ts'
import { during, said, sessionOf } from './frames.ts'
import { longRun } from './large.ts'

test.use({ setUp: { examples: true, files: { 'long.json': longRun } } })

/** What is pressed on a page that just came, and what shows that it was heard. */
const presses: Record<string, (page: Page) => [pressed: Locator, shown: Locator]> = {
  '/workflows': (page) => [page.getByRole('button', { name: 'New workflow' }), page.getByRole('dialog')],
  '/workflows/cold-room-alert': (page) => [page.getByRole('group', { name: /^step / }).first(), page.getByRole('textbox', { name: 'Id of the step' })],
  '/runs': (page) => [page.getByRole('button', { name: 'Retry failed runs' }), page.getByRole('dialog')],
  '/dashboard': (page) => [page.getByRole('link', { name: 'Runs', exact: true }), page.getByRole('heading', { level: 1, name: 'Runs' })],
}

test('first load', async ({ browser, page: signedIn, server }) => {
  await signedIn.goto('/runs') // a server just started answers its first page later
  for (const [path, press] of Object.entries(presses)) {
    const context = await browser.newContext({ storageState: await signedIn.context().storageState() }) // signed in, with nothing cached
    const page = await context.newPage()
    const cdp = await context.newCDPSession(page)
    const scripts = new Map<string, number>()
    await cdp.send('Network.enable')
    const kinds = new Map<string, string>()
    cdp.on('Network.responseReceived', ({ requestId, response }) => kinds.set(requestId, response.mimeType))
    cdp.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => kinds.get(requestId)?.includes('javascript') && scripts.set(requestId, encodedDataLength))
    await page.goto(`${server.url}${path}`, { waitUntil: 'commit' })
    const [pressed, shown] = press(page)
    await pressed.click()
    await expect(shown).toBeVisible()
    const { drawn, answered } = await page.evaluate(() => ({ drawn: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN, answered: performance.now() }))
    await page.evaluate(() => new Promise((resolve) => requestIdleCallback(resolve)))
    const size = [...scripts.values()].reduce((sum, each) => sum + each, 0)
    console.log(`${path.padEnd(30)} ${(size / 1024).toFixed(0).padStart(4)} KB of compressed JavaScript  first drawn after ${drawn.toFixed(0)} ms, answers a press after ${answered.toFixed(0)} ms`)
    await context.close()
  }
})

test('a run of 9,999 step runs', async ({ page, server }) => {
  const { runId } = await server.api<{ runId: string }>('POST', '/api/workflows/long/run', {})
  await expect.poll(async () => (await server.api<{ state: string }>('GET', `/api/runs/${runId}`)).state, { timeout: 120_000 }).toBe('succeeded')
  const began = Date.now()
  await server.api('GET', `/api/runs/${runId}`)
  console.log(`\nthe server answers after ${Date.now() - began} ms`)
  const cdp = await sessionOf(page)
  const begun = Date.now()
  await page.goto(`/runs/${runId}`)
  const rows = page.getByRole('listbox', { name: 'Step runs' }).getByRole('option')
  await expect(rows.first()).toBeVisible()
  console.log(`its rows are there after ${Date.now() - begun} ms`)
  await expect(page.locator('.react-flow__node').first()).toBeVisible()
  console.log(`its canvas is there after ${Date.now() - begun} ms`)
  await rows.first().hover()
  const frames = await during(page, cdp, async () => {
    for (let turn = 0; turn < 120; turn++) {
      await page.mouse.wheel(0, turn < 90 ? 2_000 : -4_000)
      await page.evaluate(() => new Promise(requestAnimationFrame))
    }
  })
  console.log(said('scroll through all step runs', frames))
  const row = page.locator(`[id="${await rows.nth(12).getAttribute('id')}"]`)
  const chosen = Date.now()
  await row.click()
  await expect(row).toHaveAttribute('aria-selected', 'true')
  console.log(`a row that is chosen is shown after ${Date.now() - chosen} ms`)
})

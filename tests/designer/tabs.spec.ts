import { expect, test } from './fixtures.ts'

test.use({ setUp: { files: { 'greet.json': '{ "triggers": { "in": { "type": "webhook", "path": "/greet" } }, "steps": { "say": { "type": "log", "message": "hello" } } }\n' } } })

test('a page that nobody sees holds no connection, and has missed nothing when it is seen again', async ({ page, server }) => {
  // Headless pages are never hidden by themselves.
  const see = (seen: boolean) =>
    page.evaluate((hidden) => {
      Object.defineProperty(document, 'hidden', { value: hidden, configurable: true })
      document.dispatchEvent(new Event('visibilitychange'))
    }, !seen)
  const stream = page.waitForRequest(/\/api\/runs\/stream/)
  await page.goto('/runs')
  await stream
  await expect(page.getByText('No runs yet')).toBeVisible()

  const ended = page.waitForEvent('requestfailed', (request) => request.url().includes('/api/runs/stream'))
  await see(false)
  await ended
  await server.hook('/greet', {})
  await see(true)

  await expect(page.getByRole('row', { name: /greet/ })).toBeVisible()
})

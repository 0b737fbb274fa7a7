import type { Page } from '@playwright/test'
import { expect, refuse, test } from './fixtures.ts'

const orders = {
  name: 'Orders',
  triggers: { order: { type: 'webhook', path: '/orders' } },
  steps: { check: { type: 'filter', condition: '${event.data.amount > 0}', next: 'tell' }, tell: { type: 'webhook.send', url: 'RECEIVER/tell', headers: { Authorization: 'Bearer ${secret.TELL_TOKEN}' } } },
}
test.use({ setUp: { files: { 'orders.json': JSON.stringify(orders) } } })

const rows = (page: Page, label: string) => page.getByRole('table', { name: label }).getByRole('row')
async function settings(page: Page, name: string): Promise<void> {
  await page.getByRole('link', { name: 'Settings', exact: true }).click()
  await page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name }).click()
}

test('a token is shown once, lets a program in, and is over at once when it is ended', async ({ page, server }) => {
  await settings(page, 'Tokens')
  await page.getByRole('main').getByRole('button', { name: 'Make a token' }).first().press('Enter')
  const form = page.getByRole('dialog', { name: 'Make a token' })
  await form.getByRole('textbox', { name: 'What it is for' }).fill('ci')
  await page.mouse.click(8, 8) // beside it
  await form.getByRole('combobox', { name: 'Role' }).selectOption('viewer')
  await form.getByRole('combobox', { name: 'Expires after' }).selectOption('30d')
  await form.getByRole('button', { name: 'Make it' }).click()
  const shown = page.getByRole('dialog', { name: 'Token ci' })
  const token = (await shown.getByText(/^atk_/).textContent()) ?? ''
  const calls = (method: string, path: string) => fetch(server.url + path, { method, headers: { authorization: `Bearer ${token}` } }).then(({ status }) => status)
  await page.mouse.click(8, 8) // beside it: it is shown this once
  await expect(shown.getByText(token)).toBeVisible()
  expect(await calls('GET', '/api/runs')).toBe(200)
  expect(await calls('POST', '/api/workflows/orders/run')).toBe(403) // a viewer's
  await shown.getByRole('button', { name: 'I have kept it' }).click()
  await expect(page.getByText(token)).toHaveCount(0)
  await expect(rows(page, 'Tokens').filter({ hasText: 'ci' })).toContainText('viewer')
  await page.getByRole('button', { name: 'End the token ci' }).press('Enter')
  await page.getByRole('dialog', { name: 'End the token ci?' }).getByRole('button', { name: 'End it' }).press('Enter')
  await expect(page.getByRole('heading', { name: 'There are no tokens yet.' })).toBeVisible()
  expect(await calls('GET', '/api/runs')).toBe(401)
})

test('a secret is set and replaced, used, and never read', async ({ page, server, receiver }) => {
  const answers: string[] = []
  page.on('response', (response) => void response.text().then((text) => answers.push(text), () => undefined))
  await settings(page, 'Secrets')
  await page.getByRole('main').getByRole('button', { name: 'Set a secret' }).first().press('Enter')
  const first = page.getByRole('dialog', { name: 'Set a secret' })
  await first.getByRole('textbox', { name: 'Name' }).fill('TELL_TOKEN')
  await first.getByLabel('Value').fill('first-value')
  await page.keyboard.press('Enter')
  await expect(rows(page, 'Secrets').filter({ hasText: 'TELL_TOKEN' })).toContainText('the database')
  await expect.poll(() => server.hook('/orders', { amount: 1 }).then(({ status }) => status)).toBe(202) // the workflow works now
  expect((await receiver.next()).headers['authorization']).toBe('Bearer first-value')
  await page.getByRole('button', { name: 'Actions for TELL_TOKEN' }).press('Enter')
  await page.getByRole('menuitem', { name: 'Set another value' }).press('Enter')
  const other = page.getByRole('dialog', { name: 'Another value for TELL_TOKEN' })
  await other.getByLabel('Value').fill('second-value')
  await page.keyboard.press('Enter')
  await expect(other).toBeHidden()
  await expect(rows(page, 'Secrets').filter({ hasText: 'TELL_TOKEN' }).getByRole('link', { name: 'orders' })).toBeVisible()
  await page.getByRole('link', { name: 'Deliveries', exact: true }).click()
  await rows(page, 'Deliveries').nth(1).click()
  await expect(page.getByText('What was sent')).toBeVisible()
  expect(answers.join('\n')).not.toMatch(/(first|second)-value/)
  await settings(page, 'Secrets')
  await page.getByRole('button', { name: 'Actions for TELL_TOKEN' }).click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await expect(page.getByRole('dialog', { name: 'Delete TELL_TOKEN?' })).toContainText('orders')
  await page.getByRole('dialog', { name: 'Delete TELL_TOKEN?' }).getByRole('button', { name: 'Delete' }).click()
  await expect(rows(page, 'Secrets').filter({ hasText: 'TELL_TOKEN' })).toContainText('missing')
})

test('the audit log says who did what, is searched, and shows that it is whole', async ({ page, server }) => {
  await server.api('PUT', '/api/users/anna', { role: 'editor', password: 'four words are good' })
  await server.api('PUT', '/api/endpoints/acme', { url: 'https://example.com/hook', events: ['*'] })
  await settings(page, 'Audit')
  await expect(rows(page, 'Audit log').filter({ hasText: 'anna' })).toHaveCount(1)
  const what = page.getByRole('combobox', { name: 'What' })
  await expect(page.locator('datalist option[value="putEndpoint"]')).toBeAttached()
  await what.fill('endpoint')
  await expect(page.getByText('have to be written whole')).toBeVisible()
  await what.fill('putEndpoint')
  await expect(rows(page, 'Audit log')).toHaveCount(2)
  await rows(page, 'Audit log').nth(1).getByRole('button', { name: 'putEndpoint' }).press('Enter')
  const entry = page.getByRole('dialog', { name: /^Entry/ })
  await expect(entry).toContainText('admin-token')
  await expect(entry).toContainText('example.com')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Clear' }).click()
  await page.getByRole('button', { name: 'Check it' }).click()
  await expect(page.getByRole('status').filter({ hasText: 'entries are as they were written.' })).toBeVisible()
  const download = page.waitForEvent('download')
  await page.getByRole('link', { name: 'CSV' }).click()
  expect((await download).suggestedFilename()).toMatch(/\.csv$/)
})

test('the dashboard has what needs attention, and plots that are read by pointer and by keyboard', async ({ page, server, receiver }) => {
  await server.api('PUT', '/api/secrets/TELL_TOKEN', { value: 'a value' })
  let refused = -1 // until the secret is there
  await expect
    .poll(() => {
      refused++
      return server.hook('/orders', { amount: 1 }).then(({ status }) => status)
    })
    .toBe(202)
  await receiver.next()
  await server.hook('/orders', { amount: -1 })
  await page.getByRole('link', { name: 'Dashboard', exact: true }).click()
  await expect(page.getByText('Nothing does.')).toBeVisible()
  for (const title of ['Events', 'Runs ended', 'Deliveries', 'Run time', 'Lag', 'Open']) await expect(page.getByRole('figure').filter({ has: page.getByRole('heading', { name: title }) }).getByRole('img')).toBeVisible()
  await expect(page.getByRole('img', { name: `Events: accepted 2, refused ${refused}` })).toBeVisible()
  await expect(page.getByRole('img', { name: 'Runs ended: succeeded 2, failed 0' })).toBeVisible()
  await expect(page.getByRole('img', { name: 'Deliveries: made 1, failed 0' })).toBeVisible()
  await page.getByRole('img', { name: /^Events:/ }).focus()
  await page.keyboard.press('ArrowLeft')
  await expect(page.getByRole('figure').filter({ has: page.getByRole('heading', { name: 'Events' }) })).toContainText(/\d\d:\d\d/)
  await page.getByRole('combobox', { name: 'Time' }).selectOption('24h')
  await expect(page.getByRole('img', { name: `Events: accepted 2, refused ${refused}` })).toBeVisible()

  const allow = await refuse(page, /\/api\/destinations/, 'Destinations are not for you.')
  await page.reload()
  await expect(page.getByRole('region', { name: 'Needs attention' }).getByRole('alert')).toContainText('Destinations are not for you.')
  await expect(page.getByText('Nothing does.')).toHaveCount(0) // nobody knows
  await allow()
  await expect(page.getByText('Nothing does.')).toBeVisible() // it asks again by itself
})

import { expect, test } from './fixtures.ts'

const orders = {
  name: 'Orders',
  key: '${event.data.customer}',
  onKeyFailure: 'continue',
  triggers: { order: { type: 'webhook', path: '/orders' } },
  steps: {
    check: { type: 'script', code: ['if (event.data.price === undefined) throw new Error(`Order ${event.data.order} has no price.`);', "if (event.data.price === 0) throw new Error('Nothing is given away.');", 'return event.data;'], next: 'crm' },
    crm: { type: 'webhook.send', url: 'RECEIVER/crm', body: '${input}', maxAttempts: 1 },
  },
}

test.use({ setUp: { files: { 'orders.json': JSON.stringify(orders) } } })

const ended = (page: import('@playwright/test').Page, count: number) => expect(page.getByRole('table', { name: 'Runs' }).getByRole('row')).toHaveCount(count + 1)

test('runs are found by words and ids', async ({ page, server }) => {
  await server.hook('/orders', { order: 4711, customer: 'anna@example.com', price: 1 })
  await server.hook('/orders', { order: 4712, customer: 'bert@example.com' })
  await page.goto('/runs')
  await ended(page, 2)
  const search = page.getByRole('searchbox', { name: 'Search' })
  await search.fill('ANNA@')
  await ended(page, 1)
  await search.fill('')
  await search.pressSequentially('has ')
  await expect(page).toHaveURL(/search=has$/) // a pause within the words
  await search.pressSequentially('no price')
  await ended(page, 1)
  await expect(search).toHaveValue('has no price')
  await expect(page.getByRole('table', { name: 'Runs' })).toContainText('bert@example.com')
  const [run] = (await server.api<{ items: { id: string }[] }>('GET', '/api/runs?search=anna')).items
  await search.fill(run?.id ?? '')
  await ended(page, 1)
  await expect(page.getByRole('table', { name: 'Runs' })).toContainText('anna@example.com')
  await search.fill('%')
  await expect(page.getByRole('heading', { name: 'No run is like this.' })).toBeVisible()
})

test('failures are put together, whatever their numbers', async ({ page, server }) => {
  for (const order of [4711, 4712, 4713]) await server.hook('/orders', { order, customer: 'anna' })
  await page.goto('/runs/errors')
  const rows = page.getByRole('table', { name: 'Errors' }).getByRole('row')
  await expect(rows.nth(1)).toContainText('Order … has no price.')
  await expect(rows.nth(1)).toContainText('orders · check')
  await expect(rows.nth(1).getByRole('cell').first()).toHaveText('3')
  await rows.nth(1).click()
  await expect(page.getByRole('heading', { name: 'orders failed' })).toBeVisible()
})

test('a group of failures is retried, and nothing else that failed there with the same code', async ({ page, server }) => {
  for (const order of [4711, 4712, 4713]) await server.hook('/orders', { order, customer: `anna-${order}` })
  await server.hook('/orders', { order: 4714, customer: 'bert', price: 0 })
  const failed = async () => (await server.api<{ items: { id: string; error: { message: string }; endedAt: string }[] }>('GET', '/api/runs?state=failed')).items
  await expect.poll(async () => (await failed()).length).toBe(4)
  const before = await failed()
  await page.goto('/runs/errors')
  await page.getByRole('row').filter({ hasText: 'Order … has no price.' }).getByRole('button', { name: 'Retry these 3' }).click()
  const dialog = page.getByRole('dialog', { name: 'Retry failed runs' })
  await expect(dialog).toContainText('Runs of orders that failed at check')
  await expect(dialog).toContainText('Order … has no price.')
  await dialog.getByRole('button', { name: 'Retry 3 runs' }).click()
  await expect(page.getByText('3 runs were retried.', { exact: true })).toBeVisible()
  await expect.poll(async () => (await failed()).length).toBe(4)
  const again = await failed()
  const changed = again.filter(({ id, endedAt }) => before.find((run) => run.id === id)?.endedAt !== endedAt)
  expect(changed.map(({ error }) => error.message).sort()).toEqual([4711, 4712, 4713].map((order) => expect.stringContaining(`Order ${order} has no price.`)))
})

test('a receiver that fails shows its queue', async ({ page, server, receiver }) => {
  receiver.on('/crm', 400)
  await server.hook('/orders', { order: 1, customer: 'anna', price: 1 })
  await page.goto('/deliveries/destinations')
  const row = page.getByRole('table', { name: 'Destinations' }).getByRole('row').nth(1)
  await expect(row).toContainText(receiver.url)
  await expect(row).toContainText('receiver_refused')
  await row.click()
  await expect(page.getByRole('table', { name: 'Deliveries' }).getByRole('row').nth(1)).toContainText('dead')
})

import { expect, test } from './fixtures.ts'

const orders = {
  name: 'Orders',
  triggers: { order: { type: 'webhook', path: '/orders', idempotencyKey: '${event.data.id}' } },
  steps: { price: { type: 'script', code: ["if (event.data.amount > 100) throw new Error('Too much.');"] } },
}
const rooms = { name: 'Cold rooms', triggers: { reading: { type: 'mqtt', topic: 'rooms/+' } }, steps: { note: { type: 'log', message: 'read' } } }

test.use({ setUp: { files: { 'orders.json': JSON.stringify(orders), 'rooms.json': JSON.stringify(rooms) } } })

test('workflows are found by name and trigger, show their last runs as these end, and may be imported again after a mistake', async ({ page, server }) => {
  const list = page.getByRole('table', { name: 'Workflows' }).getByRole('row')
  await page.goto('/workflows')
  await expect(list).toHaveCount(3)
  const row = list.filter({ hasText: 'Orders' })
  await expect(row).toContainText('no runs yet')
  await page.clock.install() // so that the list's own time does not come
  for (const amount of [1, 101]) await server.hook('/orders', { id: amount, amount })
  await page.clock.runFor(2_000)
  await expect(row.getByRole('img', { name: '1 of the last 2 runs failed' })).toBeVisible()
  const search = page.getByRole('searchbox', { name: 'Search' })
  await search.fill('mqtt')
  await expect(list).toHaveCount(2)
  await expect(list.nth(1)).toContainText('Cold rooms')
  await search.fill('order')
  await expect(list).toHaveCount(2)
  await expect(list.nth(1)).toContainText('Orders')

  const file = { name: 'new.json', mimeType: 'application/json', buffer: Buffer.from('no JSON') }
  const input = page.getByLabel('Files of a workflow')
  await input.setInputFiles(file)
  await expect(page.getByText('new.json is not JSON').first()).toBeVisible()
  await expect(input).toHaveValue('') // so that the same file, mended, is another choice
})

test('the list of events has also those that start no run, by itself, and is read page by page', async ({ page, server }) => {
  const list = page.getByRole('table', { name: 'Events' }).getByRole('row')
  await page.goto('/events')
  await expect(page.getByRole('heading', { name: 'No events yet.' })).toBeVisible()
  const send = () => server.hook('/orders', { id: 7, amount: 1 })
  await send()
  await expect(list.filter({ hasText: 'done' })).toHaveCount(1)
  await send()
  await expect(list.filter({ hasText: 'duplicate' })).toHaveCount(1)
  await Promise.all(Array.from({ length: 49 }, send))
  await page.getByRole('button', { name: 'Show more' }).click()
  await expect(list).toHaveCount(52) // with the heading
  await expect(page.getByRole('button', { name: 'Show more' })).toHaveCount(0)
  const type = page.getByRole('combobox', { name: 'Type' })
  await expect(page.locator('datalist option[value="webhook.received"]')).toHaveCount(1)
  await type.fill('webhook')
  await expect(page.getByText('have to be written whole')).toBeVisible()
  await type.fill('webhook.received')
  await expect(list).toHaveCount(51)
})

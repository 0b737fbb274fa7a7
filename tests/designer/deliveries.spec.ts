import type { Page } from '@playwright/test'
import { expect, test } from './fixtures.ts'
import { tabTo } from './keyboard.ts'
import { holdUp } from './requests-held-up.ts'

const send = (path: string) => ({ name: path, triggers: { hook: { type: 'webhook', path: `/${path}` } }, steps: { send: { type: 'webhook.send', url: `RECEIVER/${path}`, body: { parcel: '${event.data.parcel}' } } } })

test.use({
  setUp: {
    files: { 'parcels.json': JSON.stringify(send('parcels')), 'pallets.json': JSON.stringify(send('pallets')) },
    settings: { 'Deliveries:Schedule': '0s 20ms 20ms' },
  },
})

const rows = (page: Page, label = 'Deliveries') => page.getByRole('table', { name: label }).getByRole('row')
const goTo = (page: Page, place: string) => page.getByRole('link', { name: place, exact: true }).click()

test('a dead letter shows its attempts, where their time went, and what was said; replayed it is delivered', async ({ page, server, receiver }) => {
  receiver.on('/parcels', 500)
  await server.hook('/parcels', { parcel: 7 })
  for (let attempt = 0; attempt < 3; attempt++) await receiver.next()
  await goTo(page, 'Deliveries')
  await rows(page).filter({ hasText: 'dead' }).click()
  await expect(page.getByRole('heading', { name: /^POST .* dead$/ })).toBeVisible()
  const attempts = page.getByRole('main').getByRole('listitem').filter({ has: page.locator('summary') })
  await expect(attempts).toHaveCount(3)
  await expect(attempts.first()).toContainText('500')
  await expect(attempts.last().getByRole('img', { name: /^connection .* answer .* rest / })).toBeVisible() // later ones have the connection already
  await expect(attempts.first()).toContainText('HTTP/1.1 500 Internal Server Error')
  await expect(attempts.last().getByText('What was sent')).toBeHidden()
  await attempts.last().locator('summary').focus()
  await page.keyboard.press('Enter')
  await expect(attempts.last()).toContainText('POST /parcels HTTP/1.1')
  await expect(page.getByText('"parcel": 7')).toBeVisible()

  receiver.on('/parcels', 200)
  await page.getByRole('button', { name: 'Replay' }).focus()
  await page.keyboard.press('Enter')
  await expect(page.getByText('It is made again.', { exact: true })).toBeVisible()
  expect(JSON.parse((await receiver.next()).body)).toEqual({ parcel: 7 })
  await expect(page.getByRole('heading', { name: /^POST .* succeeded$/ })).toBeVisible()
  await expect(attempts).toHaveCount(4)
  await expect(attempts.first()).toContainText('Delivered.')
})

test('dead letters of a filter are made again together, after their number was shown', async ({ page, server, receiver }) => {
  for (const path of ['/parcels', '/pallets']) receiver.on(path, 500)
  for (const path of ['/parcels', '/parcels', '/pallets']) await server.hook(path, { parcel: 1 })
  await goTo(page, 'Deliveries')
  await expect(rows(page).filter({ hasText: 'dead' })).toHaveCount(3)
  await page.getByRole('combobox', { name: 'State' }).selectOption('dead')
  await expect(page.locator('datalist option[value^="http://127.0.0.1"]').first()).toBeAttached() // of the destinations
  await page.getByRole('combobox', { name: 'Workflow' }).fill('parcel')
  await expect(page.getByText('have to be written whole')).toBeVisible()
  await page.getByRole('combobox', { name: 'Workflow' }).fill('parcels')
  await expect(rows(page)).toHaveCount(3)
  for (const path of ['/parcels', '/pallets']) receiver.on(path, 200)

  await page.getByRole('button', { name: 'Replay dead letters' }).focus()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Make deliveries again' })
  await expect(dialog.getByRole('button', { name: 'Replay 2 deliveries' })).toBeVisible() // the list's filter is the window's
  await dialog.getByRole('combobox', { name: 'Workflow' }).fill('')
  await expect(dialog.getByRole('button', { name: 'Replay 3 deliveries' })).toBeVisible()
  await dialog.getByRole('combobox', { name: 'Workflow' }).fill('none')
  await dialog.getByRole('combobox', { name: 'Workflow' }).press('Enter') // before it was counted
  await expect(dialog.getByText('No delivery is like this.')).toBeVisible()
  await dialog.getByRole('combobox', { name: 'Workflow' }).fill('parcels')
  await expect(dialog.getByRole('button', { name: 'Replay 2 deliveries' })).toBeVisible()
  await dialog.getByRole('checkbox', { name: /another idempotency key/ }).check()
  await tabTo(page, dialog.getByRole('button', { name: 'Replay 2 deliveries' }))
  const goOn = await holdUp(page, '/api/deliveries/replay')
  await page.keyboard.press('Enter')
  await expect(dialog.getByRole('progressbar')).toBeVisible()
  await expect(dialog).toContainText('0 of 2')
  goOn()
  await expect(page.getByText('2 deliveries are made again.', { exact: true })).toBeVisible()
  await page.getByRole('button', { name: 'Clear' }).click()
  await expect(rows(page).filter({ hasText: 'succeeded' })).toHaveCount(2)
  await expect(rows(page).filter({ hasText: 'dead' })).toHaveCount(1)
})

test.describe('a receiver that keeps failing', () => {
  test.use({ setUp: { files: { 'parcels.json': JSON.stringify(send('parcels')), 'pallets.json': JSON.stringify(send('pallets')) }, settings: { 'Deliveries:Schedule': '0s 20ms 1h', 'Deliveries:CircuitFailures': '2', 'Deliveries:CircuitPause': '01:00:00', 'Deliveries:CircuitMaxPause': '01:00:00' } } })

  test('is not called for a while, which its line says, and leads to what waits for it', async ({ page, server, receiver }) => {
    await goTo(page, 'Deliveries')
    await page.getByRole('navigation', { name: 'Views of deliveries' }).getByRole('link', { name: 'Destinations' }).click()
    await expect(page.getByRole('heading', { name: 'Nothing waits.' })).toBeVisible()
    receiver.on('/parcels', 500)
    await server.hook('/parcels', { parcel: 7 })
    for (let attempt = 0; attempt < 2; attempt++) await receiver.next()
    const destination = rows(page, 'Destinations').filter({ hasText: receiver.url })
    await expect(destination).toContainText('open')
    await server.hook('/pallets', { parcel: 8 }) // not before: a call that gets through closes it
    await expect(destination).toContainText('receiver_')
    await destination.click()
    await expect(rows(page)).toHaveCount(3)
    await expect(rows(page).filter({ hasText: 'retrying' })).toHaveCount(1)
    await goTo(page, 'Dashboard')
    await expect(page.getByRole('region', { name: 'Needs attention' })).toContainText(`${receiver.url} is not called at the moment`)
  })
})

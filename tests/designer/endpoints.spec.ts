import { expect, test } from './fixtures.ts'
import { tabTo } from './keyboard.ts'

test('an endpoint is registered by keyboard, gets what is emitted, and waits while it is paused', async ({ page, receiver }) => {
  await page.getByRole('link', { name: 'Endpoints', exact: true }).click()
  await expect(page.getByRole('heading', { name: 'No application listens yet.' })).toBeVisible()
  await tabTo(page, page.getByRole('main').getByRole('button', { name: 'Register an endpoint' }).first())
  await page.keyboard.press('Enter')
  const form = page.getByRole('dialog', { name: 'Register an endpoint' })
  await expect(form.getByRole('textbox', { name: 'Name' })).toBeFocused()
  await page.keyboard.type('Acme!')
  await form.getByRole('textbox', { name: 'Address' }).fill('not an address')
  await form.getByRole('textbox', { name: 'Event types' }).fill('order.*')
  await page.keyboard.press('Enter')
  await expect(form.getByRole('alert')).toContainText('Acme!') // what is wrong is said in the form
  await form.getByRole('textbox', { name: 'Name' }).fill('acme')
  await form.getByRole('textbox', { name: 'Address' }).fill(`${receiver.url}/acme`)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: 'acme active' })).toBeVisible()

  await page.getByRole('link', { name: 'Emit an event of a type that it gets' }).click()
  await page.getByRole('button', { name: 'Describe a type' }).first().click()
  const type = page.getByRole('dialog', { name: 'Describe a type' })
  await type.getByRole('textbox', { name: 'Name' }).fill('order.created')
  await type.getByRole('textbox', { name: 'What it says' }).fill('Somebody has ordered.')
  await type.getByRole('textbox', { name: 'Example' }).fill('{ "id": 7 }')
  await type.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('row', { name: /order\.created/ })).toContainText('Somebody has ordered.')

  const emit = async () => {
    await page.getByRole('button', { name: 'Actions for order.created' }).press('Enter')
    await page.getByRole('menuitem', { name: 'Emit one …' }).press('Enter')
    await page.getByRole('dialog', { name: 'Emit order.created' }).getByRole('button', { name: 'Emit' }).click()
    await expect(page.getByText('order.created was emitted.', { exact: true })).toBeVisible()
  }
  await emit()
  const call = await receiver.next()
  expect(JSON.parse(call.body)).toMatchObject({ type: 'order.created', data: { id: 7 } })
  expect(call.headers['webhook-signature']).toMatch(/^v1,/)

  const open = async () => {
    await page.getByRole('link', { name: 'Endpoints', exact: true }).first().click()
    await page.getByRole('row', { name: /acme/ }).click()
  }
  await open()
  const deliveries = page.getByRole('table', { name: 'Deliveries' }).getByRole('row')
  await expect(deliveries.filter({ hasText: 'succeeded' })).toHaveCount(1)
  await page.getByRole('button', { name: 'Pause' }).press('Enter')
  await expect(page.getByRole('heading', { name: 'acme paused' })).toBeVisible()
  await page.goto('/endpoints/types')
  await emit()
  await open()
  await expect(deliveries.filter({ hasText: 'pending' })).toHaveCount(1)
  await page.getByRole('button', { name: 'Resume' }).press('Enter')
  await expect(page.getByRole('heading', { name: 'acme active' })).toBeVisible()
  await receiver.next()
  await expect(deliveries.filter({ hasText: 'succeeded' })).toHaveCount(2)
})

test("an endpoint's secret is shown when asked for, and another made of it counts beside it", async ({ page, server, receiver }) => {
  await server.api('PUT', '/api/endpoints/acme', { url: `${receiver.url}/acme`, events: ['order.*'] })
  await page.goto('/endpoints/acme')
  await page.getByRole('button', { name: 'More actions' }).click()
  await page.getByRole('menuitem', { name: 'Secret …' }).click()
  const dialog = page.getByRole('dialog', { name: 'Secret of acme' })
  await expect(dialog.getByText(/whsec_/)).toHaveCount(0)
  await dialog.getByRole('button', { name: 'Show it' }).click()
  const first = (await dialog.getByText(/^whsec_/).textContent()) ?? ''
  await dialog.getByRole('button', { name: 'Make another' }).click()
  await expect(dialog.getByText(/^whsec_/)).toHaveCount(2)
  await expect(dialog.getByText(first)).toBeVisible() // both count for a day
  await page.keyboard.press('Escape')
  await expect(dialog).toBeHidden()
  await server.api('POST', '/api/emissions', { type: 'order.created', data: {} })
  expect(`${(await receiver.next()).headers['webhook-signature']}`.split(' ')).toHaveLength(2)
})

test("a link to its portal opens the endpoint's deliveries to somebody without an account, and nothing else", async ({ page, server, receiver, browser }) => {
  await server.api('PUT', '/api/endpoints/acme', { url: `${receiver.url}/acme`, events: ['order.*'] })
  await server.api('POST', '/api/emissions', { type: 'order.created', data: {} })
  await receiver.next()
  await page.goto('/endpoints/acme')
  await page.getByRole('button', { name: 'More actions' }).click()
  await page.getByRole('menuitem', { name: 'Link to its portal …' }).click()
  const dialog = page.getByRole('dialog', { name: 'Portal of acme' })
  await dialog.getByRole('button', { name: 'Make a link' }).click()
  const url = (await dialog.getByText(/\/portal\?token=/).textContent()) ?? ''
  await expect(dialog.getByText('never opened')).toBeVisible()

  const outside = await (await browser.newContext()).newPage()
  await outside.goto(url)
  await expect(outside.getByText('order.created').first()).toBeVisible()
  await outside.goto(`${server.url}/runs`)
  await expect(outside).toHaveURL(/\/sign-in/)
  await dialog.getByRole('button', { name: /^End the link/ }).click()
  await expect(dialog.getByText('never opened')).toHaveCount(0)
  expect((await outside.goto(url))?.ok()).toBe(false)
  await outside.context().close()
})

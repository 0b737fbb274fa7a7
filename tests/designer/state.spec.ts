import type { Page } from '@playwright/test'
import { expect, Server, test } from './fixtures.ts'

const meters = {
  name: 'Meters',
  key: '${event.params.meter}',
  triggers: { reading: { type: 'webhook', path: '/meters/{meter}' } },
  steps: {
    count: { type: 'script', code: ['state.count = (state.count ?? 0) + 1;', 'state.last = input.kw;', 'return input;'], next: 'tell' },
    tell: { type: 'http.request', url: 'RECEIVER/readings', method: 'POST', body: '${input}' },
  },
}

test.use({ setUp: { files: { 'meters.json': JSON.stringify(meters) } } })

const rows = (page: Page, label: string) => page.getByRole('table', { name: label, exact: true }).getByRole('row')
const states = async (page: Page, state: string, count: number) => {
  await page.getByRole('link', { name: 'Runs', exact: true }).click()
  await expect(rows(page, 'Runs').filter({ hasText: state })).toHaveCount(count)
}

test("what a workflow keeps for a key is looked at, changed and forgotten", async ({ page, server }) => {
  await server.hook('/meters/m-1', { kw: 3 })
  await server.hook('/meters/m-1', { kw: 4 })
  await server.hook('/meters/n-2', { kw: 5 })
  await states(page, 'succeeded', 3)
  await page.getByRole('link', { name: 'State', exact: true }).click()
  await expect(page.getByRole('heading', { name: 'Choose a workflow to see its keys.' })).toBeVisible()
  await page.getByRole('combobox', { name: 'Workflow' }).fill('meters')
  await expect(rows(page, 'Keys')).toHaveCount(3)
  await page.getByRole('searchbox', { name: 'Begins with' }).fill('m-')
  await expect(rows(page, 'Keys')).toHaveCount(2)
  await page.getByRole('link', { name: 'm-1' }).press('Enter')
  const state = page.getByRole('region', { name: 'State' })
  await expect(state.getByRole('listitem').filter({ hasText: /^count/ })).toContainText('2')

  await page.getByRole('button', { name: 'Change' }).press('Enter')
  const form = page.getByRole('dialog', { name: 'State of m-1' })
  await expect(form.getByRole('textbox', { name: 'State' })).toHaveValue(/"count": 2/)
  await form.getByRole('textbox', { name: 'State' }).fill('{ "count": ')
  await form.getByRole('button', { name: 'Save' }).click()
  await expect(form.getByRole('alert')).toContainText('JSON')
  await form.getByRole('textbox', { name: 'State' }).fill('{ "count": 40 }')
  await form.getByRole('button', { name: 'Save' }).click()
  await expect(state.getByRole('listitem').filter({ hasText: /^count/ })).toContainText('40')
  await server.hook('/meters/m-1', { kw: 6 })
  await expect(state.getByRole('listitem').filter({ hasText: /^count/ })).toContainText('41') // by itself

  await states(page, 'succeeded', 4)
  await page.goBack()
  await page.getByRole('button', { name: 'Forget the state' }).click()
  await page.getByRole('dialog', { name: 'Forget the state of m-1?' }).getByRole('button', { name: 'Forget it' }).click()
  await expect(page.getByRole('heading', { name: 'Nothing is kept for this key.' })).toBeVisible()
  await server.hook('/meters/m-1', { kw: 7 })
  await expect(state.getByRole('listitem').filter({ hasText: /^count/ })).toContainText('1')
})

test('a state that a run writes meanwhile is not overwritten unseen, and large numbers stay as they are', async ({ page, server }) => {
  await server.hook('/meters/m-1', { kw: 3 })
  await states(page, 'succeeded', 1)
  await fetch(`${server.url}/api/workflows/meters/keys/m-1/state`, { method: 'PUT', body: '{"count":1,"serial":90071992547409931}', headers: { authorization: `Bearer ${Server.token}`, 'content-type': 'application/json' } })
  await page.goto('/state/meters/m-1')
  await page.getByRole('button', { name: 'Change' }).click()
  const form = page.getByRole('dialog', { name: 'State of m-1' })
  const state = form.getByRole('textbox', { name: 'State' })
  await expect(state).toHaveValue(/90071992547409931/)
  await state.fill('{ "count": 40, "serial": 90071992547409931 }')
  await server.hook('/meters/m-1', { kw: 7 }) // a run counts to 2 while the form is open
  await expect(page.getByRole('region', { name: 'State' })).toContainText('7')
  await form.getByRole('button', { name: 'Save' }).click()
  await expect(form.getByRole('alert')).toContainText('The state was changed while you wrote')
  await expect(form.getByRole('alert')).toContainText('"count": 2')
  await expect(state).toHaveValue(/"count": 40/)
  await form.getByRole('button', { name: 'Save over it' }).click()
  await expect(form).toBeHidden()
  const kept = await fetch(`${server.url}/api/workflows/meters/keys/m-1`, { headers: { authorization: `Bearer ${Server.token}` } })
  expect(await kept.text()).toContain('{"count":40,"serial":90071992547409931}')
})

test('a parked key goes on without the run that failed, and another with it once its reason is gone', async ({ page, server, receiver }) => {
  receiver.on('/readings', 503)
  await server.hook('/meters/m-1', { kw: 1 })
  await server.hook('/meters/n-2', { kw: 1 })
  await states(page, 'failed', 2)
  for (const kw of [2, 3]) await server.hook('/meters/m-1', { kw })
  await server.hook('/meters/n-2', { kw: 2 })
  await page.getByRole('link', { name: 'State', exact: true }).click()
  const parked = rows(page, 'Parked keys')
  await expect(parked.filter({ hasText: 'm-1' })).toContainText('The receiver answered 503.')
  await expect(parked.filter({ hasText: 'm-1' }).getByRole('cell').nth(3)).toHaveText('2')
  await states(page, 'blocked', 3)
  receiver.on('/readings', 200)

  await page.getByRole('link', { name: 'State', exact: true }).click()
  await parked.filter({ hasText: 'm-1' }).getByRole('button', { name: 'Skip' }).press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Let m-1 go on without the run that failed?' })
  await expect(dialog).toContainText('The 2 runs behind it have their turn')
  await dialog.getByRole('button', { name: 'Skip the run' }).press('Enter')
  await expect(page.getByText('The key goes on without that run.', { exact: true })).toBeVisible()
  await expect(parked.filter({ hasText: 'm-1' })).toHaveCount(0)

  await parked.filter({ hasText: 'n-2' }).getByRole('link', { name: 'n-2' }).click()
  await expect(page.getByRole('heading', { name: 'n-2 parked' })).toBeVisible()
  await expect(page.getByRole('note')).toContainText('1 run waits behind it')
  await page.getByRole('button', { name: 'Retry' }).click()
  await expect(page.getByRole('heading', { name: 'n-2', exact: true })).toBeVisible()
  await states(page, 'succeeded', 4) // two of m-1, two of n-2
  await expect(rows(page, 'Runs').filter({ hasText: 'failed' })).toHaveCount(1)
})

test('what waits behind a parked key is cancelled when it is drained', async ({ page, server, receiver }) => {
  receiver.on('/readings', 503)
  await server.hook('/meters/m-1', { kw: 1 })
  await states(page, 'failed', 1)
  for (const kw of [2, 3]) await server.hook('/meters/m-1', { kw })
  await page.goto('/state/meters/m-1')
  await page.getByRole('button', { name: 'Drain' }).click()
  await page.getByRole('dialog', { name: 'Cancel all that waits for m-1?' }).getByRole('button', { name: 'Cancel them' }).click()
  await expect(page.getByText('2 runs are cancelled.', { exact: true })).toBeVisible()
  await expect(page.getByRole('heading', { name: 'm-1', exact: true })).toBeVisible()
  await states(page, 'cancelled', 2)
})

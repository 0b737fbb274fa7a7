import { readFile } from 'node:fs/promises'
import { expect, test } from './fixtures.ts'
import { tabTo } from './keyboard.ts'

const example = await readFile(new URL('../../workflows/expense-approval.json', import.meta.url), 'utf8')
const rooms = {
  name: 'Rooms',
  triggers: { start: { type: 'webhook', path: '/rooms' } },
  steps: { each: { type: 'forEach', items: '${event.data.rooms}', concurrency: 50, next: { item: 'ask' } }, ask: { type: 'wait', callback: { outcomes: ['clean', 'dirty'] }, timeout: '2d' } },
}
test.use({ setUp: { files: { 'rooms.json': JSON.stringify(rooms), 'expense-approval.json': example.replaceAll('http://127.0.0.1:9999', 'RECEIVER') } } })

test('a wait is approved on the page of its run, all by keyboard', async ({ page, server, receiver }) => {
  await server.hook('/expenses', { id: 'e-7' })
  await tabTo(page, page.getByRole('link', { name: 'Runs', exact: true }))
  await page.keyboard.press('Enter')
  await tabTo(page, page.getByRole('table', { name: 'Runs' }).getByRole('link', { name: 'waiting' }))
  await page.keyboard.press('Enter')
  await expect(page.getByRole('group', { name: /^step approval, .*waiting/ })).toBeVisible()
  const waits = page.getByRole('list', { name: 'Waits' })
  await expect(waits.getByRole('listitem')).toContainText('approval')
  await tabTo(page, waits.getByRole('button', { name: 'approve' }))
  await page.keyboard.press('Enter')

  const dialog = page.getByRole('dialog', { name: 'approval: approve' })
  await expect(dialog.getByRole('textbox', { name: 'Data' })).toBeFocused()
  await page.keyboard.type('{ "name": Ada }')
  await tabTo(page, dialog.getByRole('button', { name: 'approve' }))
  await page.keyboard.press('Enter')
  await expect(dialog.getByRole('alert')).toContainText('JSON')
  await dialog.getByRole('textbox', { name: 'Data' }).focus()
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.type('{ "name": "Ada" }')
  await tabTo(page, dialog.getByRole('button', { name: 'approve' }))
  await page.keyboard.press('Enter')

  await expect(page.getByText('Answered: approve.', { exact: true })).toBeVisible()
  await expect(page.getByRole('heading', { name: 'expense-approval succeeded' })).toBeVisible()
  await expect(waits).toHaveCount(0)
  await expect(page.getByRole('group', { name: /^step pay, .*succeeded/ })).toBeVisible()
  const call = await receiver.next()
  expect(call.path).toBe('/bookkeeping/payments')
  expect(JSON.parse(call.body)).toEqual({ expense: 'e-7', by: 'Ada' })
})

test('a wait is refused, and the run goes the other way', async ({ page, server, receiver }) => {
  await server.hook('/expenses', { id: 'e-8' })
  await page.getByRole('link', { name: 'Runs', exact: true }).click()
  await page.getByRole('row', { name: /waiting/ }).click()
  await page.getByRole('list', { name: 'Waits' }).getByRole('button', { name: 'reject' }).click()
  await page.getByRole('dialog', { name: 'approval: reject' }).getByRole('button', { name: 'reject' }).click()
  await expect(page.getByRole('heading', { name: 'expense-approval succeeded' })).toBeVisible()
  await expect(page.getByRole('group', { name: /^step refuse, .*succeeded/ })).toBeVisible()
  expect((await receiver.next()).path).toBe('/bookkeeping/refusals')
  await page.getByRole('tab', { name: 'Links' }).click()
  await expect(page.getByRole('tabpanel', { name: 'Links' })).toContainText('admin-token') // who answered
})

test('of two answers the first counts, and the second is told so', async ({ page, server, receiver }) => {
  const links = (await (await server.hook('/expenses', { id: 'e-9' })).json()) as { approve: string }
  await page.getByRole('link', { name: 'Runs', exact: true }).click()
  await page.getByRole('row', { name: /waiting/ }).click()
  await page.getByRole('list', { name: 'Waits' }).getByRole('button', { name: 'reject' }).click()
  const dialog = page.getByRole('dialog', { name: 'approval: reject' })
  await expect(dialog).toBeVisible()
  expect((await fetch(links.approve, { method: 'POST', body: '{"name":"Grace"}', headers: { 'content-type': 'application/json' } })).ok).toBe(true)
  expect((await receiver.next()).path).toBe('/bookkeeping/payments')
  await expect(page.getByRole('list', { name: 'Waits', includeHidden: true })).toHaveCount(0) // by itself; the window with the answer stays
  await dialog.getByRole('button', { name: 'reject' }).click()
  await expect(dialog.getByRole('alert')).not.toBeEmpty()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('heading', { name: 'expense-approval succeeded' })).toBeVisible()
})

test('every one of many waits can be answered', async ({ page, server }) => {
  await server.hook('/rooms', { rooms: Array.from({ length: 45 }, (_, room) => room) })
  await page.getByRole('link', { name: 'Runs', exact: true }).click()
  await page.getByRole('row', { name: /waiting/ }).click()
  const waits = page.getByRole('list', { name: 'Waits' })
  const answers = waits.getByRole('button', { name: 'clean' })
  await expect(waits.getByRole('button', { name: 'Show 20 more of the 25 others' })).toBeVisible()
  await expect(answers).toHaveCount(20)
  await waits.getByRole('button', { name: 'Show 20 more' }).click()
  await waits.getByRole('button', { name: 'Show the 5 others' }).click()
  await expect(answers).toHaveCount(45)
  await answers.last().click()
  await page.getByRole('dialog', { name: 'ask: clean' }).getByRole('button', { name: 'clean' }).click()
  await expect(page.getByText('Answered: clean.', { exact: true })).toBeVisible()
  await expect(answers).toHaveCount(44)
})

import { createHmac } from 'node:crypto'
import type { Page } from '@playwright/test'
import { Editor } from './editor.ts'
import { expect, refuse, test } from './fixtures.ts'
import { tabTo } from './keyboard.ts'

const pushes = {
  name: 'Pushes',
  triggers: { push: { type: 'webhook', path: '/pushes', verify: { scheme: 'github', secrets: ['GITHUB_SECRET'] } } },
  steps: { note: { type: 'log', message: '${event.data.ref}' } },
}
const shop = { name: 'Shop', triggers: { order: { type: 'webhook', path: '/new-shop' } }, steps: { keep: { type: 'set', values: { id: '${event.data.id}' } } } }

const rooms = {
  name: 'Rooms',
  triggers: { reading: { type: 'webhook', path: '/rooms/{room}', verify: { scheme: 'github', secrets: ['GITHUB_SECRET'] } }, door: { type: 'webhook', path: '/doors/{door}' } },
  steps: { note: { type: 'log', message: '${event.data.ref}' } },
}

test.use({ setUp: { files: { 'pushes.json': JSON.stringify(pushes), 'rooms.json': JSON.stringify(rooms) }, secrets: { GITHUB_SECRET: 'the right secret' } } })

const rows = (page: Page) => page.getByRole('table', { name: 'Requests' }).getByRole('row')

test('a request with a wrong signature says why it was refused, and what would be right', async ({ page, server }) => {
  await page.getByRole('link', { name: 'Requests', exact: true }).click()
  await expect(page.getByRole('heading', { name: 'No requests yet.' })).toBeVisible()
  const body = JSON.stringify({ ref: 'refs/heads/main' })
  const send = (secret: string) => fetch(`${server.url}/hooks/pushes`, { method: 'POST', body, headers: { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` } })
  expect((await send('another secret')).status).toBe(401)
  await expect(rows(page).filter({ hasText: 'refused' })).toHaveCount(1)
  expect((await send('the right secret')).status).toBe(202)
  await expect(rows(page).filter({ hasText: 'accepted' })).toHaveCount(1)
  await page.getByRole('combobox', { name: 'Outcome' }).selectOption('refused')
  await expect(rows(page)).toHaveCount(2)
  await tabTo(page, page.getByRole('link', { name: 'refused' }))
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: 'POST /pushes refused' })).toBeVisible()
  await expect(page.getByRole('note')).toContainText('no configured secret matches')
  await expect(page.getByText('answered 401')).toBeVisible()
  await expect(page.getByRole('region', { name: 'What the signature is compared over' })).toBeVisible()
  await expect(page.getByRole('region', { name: 'Data' })).toContainText('refs/heads/main')
  await expect(page.getByText('the right secret')).toHaveCount(0)
})

test('a path without a workflow is captured; once there is one, what came is replayed as a test', async ({ page, server }) => {
  await page.getByRole('link', { name: 'Requests', exact: true }).click()
  await page.getByRole('button', { name: 'Capture a path' }).press('Enter')
  const form = page.getByRole('dialog', { name: 'Capture a path' })
  await expect(form.getByRole('textbox', { name: 'Path' })).toBeFocused()
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.type('/new-shop')
  await form.getByRole('combobox', { name: 'For' }).selectOption('15m')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('list', { name: 'Captured paths' })).toContainText('/hooks/new-shop')
  expect((await server.hook('/new-shop', { id: 'o-1' })).status).toBe(202)
  await rows(page).filter({ hasText: 'captured' }).click()
  await expect(page.getByRole('region', { name: 'Data' })).toContainText('o-1')
  await page.getByRole('button', { name: 'Replay as a test' }).click()
  await expect(page.getByRole('listitem').filter({ hasText: 'workflow' })).toBeVisible() // none takes it: said in a message

  await server.write('shop.json', JSON.stringify(shop))
  await expect.poll(() => server.api<{ items: { id: string }[] }>('GET', '/api/workflows').then(({ items }) => items.map(({ id }) => id))).toContain('shop')
  await page.getByRole('button', { name: 'Replay as a test' }).click()
  await expect(page.getByText('It started a run.', { exact: true })).toBeVisible()
  await expect(page.getByRole('heading', { name: 'shop succeeded' })).toBeVisible()
  await page.goto('/requests')
  await page.getByRole('list', { name: 'Captured paths' }).getByRole('button', { name: 'Stop' }).click()
  await expect(page.getByRole('list', { name: 'Captured paths' })).toHaveCount(0)
  await refuse(page, /\/api\/webhooks\/captures/, 'Captures are not for you.')
  await page.reload()
  await expect(page.getByRole('main').getByRole('alert')).toContainText('Captures are not for you.') // not as if there were none
})

test("what comes to a trigger's path with parameters is shown beside it: accepted, refused, and listened for", async ({ page, server }) => {
  const editor = new Editor(page)
  await editor.open('rooms')
  expect((await server.hook('/rooms/fish', { celsius: 3 })).status).toBe(401) // not signed
  expect((await server.hook('/doors/east', { open: true })).status).toBe(202)
  await editor.trigger('reading').click()
  const refused = page.getByRole('log', { name: 'Refused lately' })
  await expect(refused.getByRole('link')).toHaveText('POST /rooms/fish')
  await editor.trigger('door').click()
  await page.getByRole('tab', { name: 'Try it' }).click()
  await expect(page.getByRole('link', { name: 'POST /doors/east' })).toBeVisible()
  await expect(page.getByRole('link', { name: 'POST /rooms/fish' })).toHaveCount(0)

  await page.getByRole('tab', { name: 'Settings' }).click()
  await editor.type(editor.field('path'), 'gates/{gate}') // as people write it; not saved yet
  await page.getByRole('tab', { name: 'Try it' }).click()
  await expect(page.getByText('Nothing came to such a path yet.')).toBeVisible()
  await page.getByRole('button', { name: 'Listen for a test event' }).click()
  await expect(page.getByText('Waiting for a request …')).toBeVisible()
  expect((await server.hook('/gates/north', { open: true })).status).toBe(202)
  await expect(page.getByRole('link', { name: 'POST /gates/north' })).toBeVisible()
  await page.getByRole('button', { name: 'Stop listening' }).click()
  await expect(page.getByRole('button', { name: 'Listen for a test event' })).toBeVisible()
  expect((await server.hook('/gates/north', { open: true })).status).toBe(404)
})

test('who may call is chosen by scheme and secret, and what is refused then is said beside it', async ({ page, server }) => {
  const editor = new Editor(page)
  await editor.open('rooms')
  await editor.trigger('door').click()
  const form = page.getByRole('region', { name: 'Who may call' })
  await form.getByRole('combobox', { name: 'Who may call' }).selectOption('GitHub')
  await form.getByRole('combobox', { name: 'Add a secret' }).selectOption('GITHUB_SECRET')
  await expect(form.getByRole('button', { name: 'Take GITHUB_SECRET out' })).toBeVisible()
  await editor.save()
  expect(JSON.parse(await server.read('rooms.json'))).toMatchObject({ triggers: { door: { verify: { scheme: 'github', secrets: ['GITHUB_SECRET'] } } } })

  const signed = (secret: string) => {
    const body = '{"open":true}'
    return fetch(`${server.url}/hooks/doors/east`, { method: 'POST', body, headers: { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` } }).then(({ status }) => status)
  }
  await expect.poll(() => signed('another secret')).toBe(401)
  await expect(form.getByRole('log', { name: 'Refused lately' })).toContainText('no configured secret matches')
  expect(await signed('the right secret')).toBe(202)
})

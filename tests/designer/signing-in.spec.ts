import type { BrowserContext, Page } from '@playwright/test'
import { Editor } from './editor.ts'
import { expect, test } from './fixtures.ts'

const password = 'correct horse battery'
const workflow = { name: 'Watch', triggers: { hook: { type: 'webhook', path: '/watch' } }, steps: { note: { type: 'log', message: 'Seen.' } } }

test.use({ setUp: { files: { 'watch.json': JSON.stringify(workflow) } } })

async function signIn(page: Page): Promise<void> {
  await page.getByRole('textbox', { name: 'User name' }).fill('anna')
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

const endSession = (context: BrowserContext) => context.clearCookies()

test('signing in leads on to the page that was asked for', async ({ page, context, server }) => {
  await server.api('PUT', '/api/users/anna', { role: 'editor', password })
  await endSession(context)
  await page.goto('/runs?state=failed&since=24h')
  await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible()
  await signIn(page)
  await expect(page).toHaveURL(`${server.url}/runs?state=failed&since=24h`)
  await expect(page.getByRole('combobox', { name: 'State' })).toHaveValue('failed')

  await endSession(context)
  await page.goto(`/sign-in?return=${encodeURIComponent('//elsewhere.example/runs')}`)
  await signIn(page)
  await expect(page.getByRole('link', { name: 'Runs', exact: true })).toBeVisible()
  expect(new URL(page.url()).origin).toBe(server.url)
})

test('what is edited is there again when the session ended meanwhile', async ({ page, context, server }) => {
  await server.api('PUT', '/api/users/anna', { role: 'editor', password })
  await endSession(context)
  await page.goto('/sign-in?return=/workflows/watch')
  await signIn(page)
  const editor = new Editor(page)
  await editor.step('note').click()
  await editor.type(editor.field('message'), 'Seen again.')
  await endSession(context) // the next that the page asks finds it gone
  await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible()
  await signIn(page)
  await expect(page).toHaveURL(/\/workflows\/watch\?at=step%3Anote$/) // at the step that was edited
  await expect(editor.field('message')).toContainText('Seen again.')
  expect(await server.read('watch.json')).not.toContain('again')
})

test('a request of the session before does not make the page that of who signed in since', async ({ page, context, server }) => {
  await server.api('PUT', '/api/users/anna', { role: 'editor', password })
  const editor = new Editor(page)
  await editor.open('watch')
  await editor.step('note').click()
  await context.request.post('/sign-in', { form: { user: 'anna', password }, headers: { origin: server.url } })
  await page.route('**/api/workflows/watch/check', (route) => route.fulfill({ status: 401, contentType: 'application/problem+json', body: '{}' }), { times: 1 })
  await editor.type(editor.field('message'), 'Mine.')
  await expect(page.getByRole('dialog', { name: 'anna is signed in now' })).toBeVisible()
  await expect(editor.field('message')).toContainText('Mine.')
})

test('a tab saves nothing as who signed in in another one, and leaves when that one signs out', async ({ page, context, server }) => {
  await server.api('PUT', '/api/users/anna', { role: 'editor', password })
  const editor = new Editor(page)
  await editor.open('watch')
  await editor.step('note').click()
  await editor.type(editor.field('message'), 'Not by anna.')
  await expect(editor.status).toHaveText('Draft, kept in this browser')
  await expect(page.getByRole('button', { name: 'No problems' })).toBeVisible() // what is asked for while anna signs in tells it before the save does
  await page.route('**/presence', (route) => route.fulfill({ json: { editors: [] } }))

  const other = await context.newPage()
  await context.request.post('/sign-in', { form: { user: 'anna', password }, headers: { origin: server.url } })
  await other.goto('/workflows')
  await expect(other.getByRole('row', { name: /Watch/ })).toContainText('active')

  await page.keyboard.press('Control+s')
  await page.getByRole('dialog', { name: 'Save' }).getByRole('button', { name: 'Save' }).click()
  const dialog = page.getByRole('dialog', { name: 'anna is signed in now' })
  await expect(dialog).toBeVisible()
  expect(await server.read('watch.json')).not.toContain('Not by anna.')
  await dialog.getByRole('button', { name: 'Reload' }).click()
  await expect(editor.status).toHaveText('Saved')
  await expect(editor.step('note')).not.toContainText('Not by anna.')

  await other.getByRole('button', { name: 'Sign out' }).click()
  await expect(other.getByLabel('User name')).toBeVisible()
  await expect(page).toHaveURL(/\/sign-in\?return=%2Fworkflows%2Fwatch/)
})

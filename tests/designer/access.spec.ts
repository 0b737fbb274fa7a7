import type { Locator, Page } from '@playwright/test'
import { Editor } from './editor.ts'
import { expect, test } from './fixtures.ts'

const password = 'four words are good'
const rows = (page: Page, label: string) => page.getByRole('table', { name: label }).getByRole('row')

/** Goes to a page of the settings as a user does. */
async function settings(page: Page, name: string): Promise<void> {
  await page.getByRole('link', { name: 'Settings', exact: true }).click()
  await page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name }).click()
}

async function signIn(page: Page, name: string, word = password): Promise<void> {
  await page.getByLabel('User name').fill(name)
  await page.getByLabel('Password').fill(word)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

const refused = (button: Locator, role: string) => expect(button).toHaveAccessibleDescription(new RegExp(`asks for the role ${role}`))

test('the link of the first start makes the first user, once', async ({ visitor, server }) => {
  await visitor.goto('/runs')
  await expect(visitor).toHaveURL(/\/sign-in/)
  await expect(visitor.getByText('There are no users yet.')).toBeVisible()
  await visitor.goto(server.setUpUrl)
  await visitor.getByLabel('User name').fill('ada')
  await visitor.getByLabel('Password', { exact: true }).fill(password)
  await visitor.getByLabel('Password again').fill('something else here')
  await visitor.getByRole('button', { name: 'Make the user' }).click()
  await expect(visitor.getByRole('alert')).toHaveText('The two passwords differ.')
  await visitor.getByLabel('Password', { exact: true }).fill(password)
  await visitor.getByLabel('Password again').fill(password)
  await visitor.keyboard.press('Enter')
  await expect(visitor.getByRole('heading', { name: 'Workflows' })).toBeVisible()
  await settings(visitor, 'Users')
  await expect(rows(visitor, 'Users').filter({ hasText: 'ada' })).toContainText('you')
  expect((await visitor.goto(server.setUpUrl))?.status()).toBe(403)
})

test('users of all roles are made in the settings, and sign in with their passwords until they are kept out', async ({ page, visitor }) => {
  await settings(page, 'Users')
  await expect(page.getByRole('heading', { name: 'There are no users yet.' })).toBeVisible()
  for (const role of ['viewer', 'operator', 'editor', 'admin']) {
    await page.getByRole('main').getByRole('button', { name: 'Make a user' }).first().press('Enter')
    const form = page.getByRole('dialog', { name: 'Make a user' })
    await expect(form.getByRole('textbox', { name: 'Name' })).toBeFocused()
    await page.keyboard.type(`the-${role}`)
    await form.getByRole('combobox', { name: 'Role' }).selectOption(role)
    await form.getByLabel('Password').fill(password)
    await page.keyboard.press('Enter')
    await expect(rows(page, 'Users').filter({ hasText: `the-${role}` })).toContainText('never')
  }

  await visitor.goto('/')
  await signIn(visitor, 'the-viewer', 'not the password')
  await expect(visitor.getByRole('alert')).toHaveText('The user name or the password is wrong.')
  await expect(visitor.getByLabel('User name')).toHaveValue('the-viewer')
  for (const role of ['operator', 'editor', 'admin', 'viewer']) {
    await signIn(visitor, `the-${role}`)
    await expect(visitor.getByRole('navigation', { name: 'Main' })).toContainText(`the-${role}${role}`)
    if (role === 'viewer') break
    await visitor.getByRole('button', { name: 'Sign out' }).press('Enter')
    await expect(visitor).toHaveURL(/\/sign-in/)
  }

  await page.reload()
  await expect(rows(page, 'Users').filter({ hasText: 'the-viewer' })).not.toContainText('never')
  await page.getByRole('button', { name: 'Actions for the-viewer' }).click()
  await page.getByRole('menuitem', { name: 'Change' }).click()
  const form = page.getByRole('dialog', { name: 'the-viewer' })
  await form.getByRole('checkbox', { name: 'Keep the user out' }).check()
  await form.getByRole('button', { name: 'Save' }).click()
  await expect(rows(page, 'Users').filter({ hasText: 'the-viewer' })).toContainText('kept out')
  await visitor.getByRole('link', { name: 'Runs', exact: true }).click()
  await expect(visitor).toHaveURL(/\/sign-in/) // its session is over
  await signIn(visitor, 'the-viewer')
  await expect(visitor.getByRole('alert')).toBeVisible()
})

test("one's own password is changed with the one before, and ends the session", async ({ visitor, server }) => {
  await server.api('PUT', '/api/users/vera', { role: 'viewer', password })
  await visitor.goto('/')
  await signIn(visitor, 'vera')
  await settings(visitor, 'Account')
  await visitor.getByLabel('The one now').fill('not that one at all')
  await visitor.getByLabel('The new one').fill('five words are even better')
  await visitor.getByRole('button', { name: 'Change it' }).click()
  await expect(visitor.getByRole('alert')).toBeVisible()
  await visitor.getByLabel('The one now').fill(password)
  await visitor.keyboard.press('Enter')
  await expect(visitor).toHaveURL(/\/sign-in/)
  await signIn(visitor, 'vera', 'five words are even better')
  await expect(visitor.getByRole('navigation', { name: 'Main' })).toContainText('vera')
})

const broken = {
  name: 'Broken',
  key: '${event.data.part}',
  triggers: { hook: { type: 'webhook', path: '/broken' } },
  steps: { send: { type: 'webhook.send', url: 'RECEIVER/parts', next: 'end' }, end: { type: 'fail', message: 'As it should' } },
}
const roles = ['viewer', 'operator', 'editor', 'admin'] as const

test.describe('a role', () => {
  test.use({ setUp: { files: { 'broken.json': JSON.stringify(broken) }, settings: { 'Deliveries:Schedule': '0s' } } })

  for (const role of roles) {
    test(`${role} is offered what it may, told what it may not, and refused nothing by surprise`, async ({ visitor, server, receiver }) => {
      const may = (needed: (typeof roles)[number]) => roles.indexOf(role) >= roles.indexOf(needed)
      receiver.on('/parts', 500)
      await server.api('PUT', '/api/users/uma', { role, password })
      await server.api('PUT', '/api/endpoints/acme', { url: `${receiver.url}/acme`, events: ['order.*'] })
      await server.api('PUT', '/api/event-types/order.created', { description: 'Somebody has ordered.' })
      await server.hook('/broken', { part: 'p-1' })
      const forbidden: string[] = []
      visitor.on('response', (response) => response.status() === 403 && forbidden.push(`${response.request().method()} ${response.url()}`))
      await visitor.goto('/')
      await signIn(visitor, 'uma')

      const go = (place: string) => visitor.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: place, exact: true }).click()
      /** A button is for those who may, and says to others which role it asks for. */
      const offered = async (name: string | RegExp, needed: (typeof roles)[number]) => {
        const button = visitor.getByRole('main').getByRole('button', { name }).first()
        if (may(needed)) await expect(button).toBeEnabled()
        else await refused(button, needed)
      }
      await go('Dashboard')
      await expect(visitor.getByRole('main')).toContainText('run failed in the last day')
      await go('Events')
      await rows(visitor, 'Events').nth(1).click()
      await rows(visitor, 'Runs of the event').nth(1).click()
      await offered('Retry from end', 'operator')
      await visitor.getByRole('button', { name: 'More actions' }).click()
      for (const item of ['Retry from the start', 'Replay with the newest version']) await expect(visitor.getByRole('menuitem', { name: item })).toBeEnabled({ enabled: may('operator') })
      await visitor.keyboard.press('Escape')
      await visitor.getByRole('tab', { name: 'Links' }).click()
      await visitor.getByRole('link', { name: 'send', exact: true }).click()
      await expect(visitor.getByRole('heading', { name: /dead$/ })).toBeVisible()
      await offered('Replay', 'operator')
      await go('Runs')
      await offered('Retry failed runs', 'operator')
      await visitor.getByRole('navigation', { name: 'Views of runs' }).getByRole('link', { name: 'Errors' }).click()
      await offered(/^Retry these/, 'operator')
      await go('Deliveries')
      await offered('Replay dead letters', 'operator')
      await visitor.getByRole('navigation', { name: 'Views of deliveries' }).getByRole('link', { name: 'Destinations' }).click()
      await expect(rows(visitor, 'Destinations')).toHaveCount(2)
      await go('Endpoints')
      await offered('Register an endpoint', 'editor')
      await rows(visitor, 'Endpoints').filter({ hasText: 'acme' }).click()
      await offered('Pause', 'operator')
      await offered('Change', 'editor')
      await visitor.getByRole('button', { name: 'More actions' }).click()
      await expect(visitor.getByRole('menuitem', { name: 'Secret' })).toBeEnabled({ enabled: may('admin') })
      await visitor.keyboard.press('Escape')
      await visitor.goto('/endpoints/types')
      await offered('Describe a type', 'editor')
      await visitor.getByRole('button', { name: 'Actions for order.created' }).click()
      await expect(visitor.getByRole('menuitem', { name: 'Emit one …' })).toBeEnabled({ enabled: may('operator') })
      await visitor.keyboard.press('Escape')
      await go('Requests')
      await offered('Capture a path', 'editor')
      await go('State')
      await offered('Skip', 'operator')
      await visitor.getByRole('link', { name: 'p-1' }).click()
      await offered('Change', 'editor')
      await go('MQTT')
      await offered('Publish', 'editor')
      for (const part of ['Clients', 'Sessions', 'Retained', 'Connections']) await visitor.getByRole('navigation', { name: 'Parts of MQTT' }).getByRole('link', { name: part }).click()
      const users = visitor.getByRole('navigation', { name: 'Parts of MQTT' }).getByRole('link', { name: 'Users' })
      await users.click()
      await offered('Make a user', 'admin')

      const tabs = visitor.getByRole('navigation', { name: 'Settings' }).getByRole('link')
      await go('Settings')
      const shown = ['Server', 'Schedules', 'Connectors', ...(may('editor') ? ['Connections', 'Secrets'] : []), ...(may('admin') ? ['Users', 'Tokens', 'Sessions', 'Audit'] : []), 'Account']
      await expect(tabs).toHaveText(shown)
      for (const name of shown) {
        await tabs.filter({ hasText: new RegExp(`^${name}$`) }).click()
        await expect(visitor.getByRole('status', { name: 'Loading' })).toHaveCount(0)
        if (name === 'Secrets') await offered('Set a secret', 'admin')
      }
      const editor = new Editor(visitor)
      await editor.open('broken')
      await editor.step('send').click()
      await expect(visitor.getByRole('textbox', { name: 'Id of the step' })).toBeEditable({ editable: may('editor') })
      await expect(visitor.getByRole('combobox', { name: 'done of send leads to' })).toBeEnabled({ enabled: may('editor') })
      await expect(visitor.getByRole('button', { name: /^Run/ }).first()).toBeEnabled({ enabled: may('operator') })
      if (!may('editor')) {
        await expect(editor.status).toContainText('Read only. ')
        for (const key of ['Delete', 'd', 'c', 'a', 'Control+v']) await visitor.keyboard.press(key)
        await expect(editor.arrow('send', 'done', 'end')).toBeAttached()
        await expect(editor.palette).toBeHidden()
        await expect(visitor.getByRole('dialog')).toHaveCount(0)
        await editor.trigger('hook').click()
        await visitor.getByRole('tab', { name: 'Try it' }).click()
        await refused(visitor.getByRole('button', { name: 'Listen for a test event' }), 'editor')
        await visitor.keyboard.press('Control+j')
        const json = visitor.getByRole('textbox', { name: 'The workflow as JSON' })
        await json.click()
        const text = await json.innerText()
        await visitor.keyboard.type('nothing')
        expect(await json.innerText()).toBe(text)
      }
      await visitor.goto('/settings/users') // by an address that somebody passed on
      if (may('admin')) await expect(rows(visitor, 'Users').filter({ hasText: 'uma' })).toHaveCount(1)
      else await expect(visitor.getByRole('heading', { name: 'You may not see this.' })).toBeVisible()
      expect(forbidden).toEqual([])
    })
  }
})

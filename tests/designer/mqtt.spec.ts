import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import type { Page } from '@playwright/test'
import { expect, type Server, test } from './fixtures.ts'
import { tabTo } from './keyboard.ts'

const run = promisify(execFile)
const alarm = { name: 'Alarm', triggers: { reading: { type: 'mqtt', topic: 'plants/{plant}/alarm' } }, steps: { note: { type: 'log', message: '${event.params.plant}' } } }
test.use({ setUp: { files: { 'alarm.json': JSON.stringify(alarm) } } })

const rows = (page: Page, label: string) => page.getByRole('table', { name: label }).getByRole('row')
const part = (page: Page, name: string) => page.getByRole('navigation', { name: 'Parts of MQTT' }).getByRole('link', { name }).click()

/** mosquitto's own subscriber; it is there when the broker has acknowledged what it asked for. */
async function subscribe(server: Server, ...words: string[]): Promise<ChildProcess> {
  const client = spawn('stdbuf', ['-oL', 'mosquitto_sub', '-p', `${server.mqttPort}`, '-d', '-v', ...words])
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: client.stdout }).on('line', (line) => /received SUBACK|^Subscribed/.test(line) && resolve())
    client.once('exit', (code) => reject(new Error(`mosquitto_sub ended with ${code}`)))
  })
  return client
}

const ended = (client: ChildProcess) => (client.exitCode === null ? new Promise((resolve) => client.once('exit', resolve)) : Promise.resolve())

test('the tree of topics shows last values and rates, and leads to the messages of a topic', async ({ page, server }) => {
  await page.getByRole('link', { name: 'MQTT', exact: true }).click()
  await expect(page.getByRole('heading', { name: 'No topic yet.' })).toBeVisible()
  await expect(page.getByText('live', { exact: true })).toBeVisible()
  await server.publish('plants/1/temperature', { celsius: 21.5 })
  await server.publish('plants/1/temperature', { celsius: 22.5 })
  await server.publish('plants/2/humidity', 'dry')

  const messages = page.getByRole('listbox', { name: 'Messages' })
  await expect(messages.getByRole('option')).toHaveCount(3)
  const topics = page.getByRole('main').getByRole('listitem')
  const temperature = topics.filter({ has: page.getByRole('button', { name: 'temperature' }) }).last()
  await expect(temperature).toContainText('22.5')
  await expect(temperature).toContainText(/[\d.]+\/s/)
  await temperature.getByRole('button', { name: 'temperature' }).press('Enter')
  await expect(page.getByRole('searchbox', { name: 'Filter' })).toHaveValue('plants/1/temperature')
  await expect(page).toHaveURL(/filter=plants/)
  await expect(page.getByText('live', { exact: true })).toBeVisible()
  await server.publish('plants/2/humidity', 'wet') // not of the filter
  await server.publish('plants/1/temperature', { celsius: 23.5, note: 'door' })
  await expect(messages.getByRole('option')).toHaveCount(1)
  await messages.focus()
  await page.keyboard.press('ArrowDown')
  await expect(page.getByText('"door"', { exact: true })).toBeVisible()

  const filter = page.getByRole('searchbox', { name: 'Filter' })
  await filter.fill('')
  await expect(page).not.toHaveURL(/filter=/)
  await expect(messages).toHaveCount(0) // what the filter before let through is gone
  await expect(page.getByText('live', { exact: true })).toBeVisible()
  await server.publish('plants/2/humidity', 'damp')
  await expect(messages.getByRole('option')).toHaveCount(1)
  await expect(page.getByText('"door"', { exact: true })).toHaveCount(0)
  await filter.pressSequentially('plants/')
  await expect(page).toHaveURL(/filter=plants%2F$/) // a pause while typing
  await page.keyboard.type('1/#')
  await expect(page).toHaveURL(/filter=plants%2F1/)
  await expect(filter).toHaveValue('plants/1/#')
  await page.getByRole('button', { name: 'Levels below plants/2' }).click()
  await expect(page.getByRole('button', { name: 'humidity' })).toHaveCount(0)
})

test('a trigger says whether a topic fits it, and shows what is published', async ({ page, server }) => {
  await page.goto('/workflows/alarm')
  await page.getByRole('group', { name: /^trigger reading,/ }).click()
  await page.getByRole('tab', { name: 'Try it' }).click()
  const panel = page.getByRole('tabpanel', { name: 'Try it' })
  const topic = panel.getByRole('textbox', { name: /^A topic/ })
  await topic.fill('plants/p1/alarm')
  await expect(panel).toContainText('It fits. Steps see event.params.plant = p1')
  await topic.fill('plants/alarm')
  await expect(panel).toContainText('It does not fit plants/{plant}/alarm.')
  await expect(panel.getByText('watching', { exact: true })).toBeVisible()
  await server.publish('plants/p7/door', 'open')
  await server.publish('plants/p7/alarm', { on: true })
  const message = panel.getByRole('listitem')
  await expect(message).toContainText('{"on":true}')
  await message.getByRole('button', { name: 'plants/p7/alarm' }).click()
  await expect(panel).toContainText('event.params.plant = p7')
})

test('a level of more topics than fit at once is shown page by page', async ({ page, server }) => {
  await page.getByRole('link', { name: 'MQTT', exact: true }).click()
  await expect(page.getByRole('heading', { name: 'No topic yet.' })).toBeVisible() // counting goes on while somebody looks
  for (let room = 0; room < 210; room++) await server.api('POST', '/api/mqtt/publish', { topic: `rooms/${String(room).padStart(3, '0')}`, payload: room })
  const more = page.getByRole('button', { name: 'More topics below rooms' })
  const room = (name: string) => page.getByRole('button', { name, exact: true })
  await expect(room('099')).toBeVisible()
  await expect(room('100')).toHaveCount(0)
  await more.press('Enter')
  await expect(room('199')).toBeVisible()
  await more.press('Enter')
  await expect(room('209')).toBeVisible()
  await expect(more).toHaveCount(0)

  for (let site = 0; site < 10; site++) await server.api('POST', '/api/mqtt/publish', { topic: `site-${site}/door`, payload: 'shut' })
  await page.reload()
  await expect(page.getByRole('button', { name: 'Levels below rooms' })).toHaveAttribute('aria-expanded', 'false') // each of so many would ask the server
  await page.getByRole('button', { name: 'Levels below site-3' }).press('Enter')
  await expect(room('door')).toHaveCount(1)
})

test('a message published by hand reaches subscribers and workflows, and is retained until it is removed', async ({ page, server }) => {
  const client = await subscribe(server, '-t', 'plants/#', '-C', '1')
  const heard: string[] = []
  createInterface({ input: client.stdout ?? process.stdin }).on('line', (line) => heard.push(line))
  await page.getByRole('link', { name: 'MQTT', exact: true }).click()
  await tabTo(page, page.getByRole('button', { name: 'Publish' }))
  await page.keyboard.press('Enter')
  const form = page.getByRole('dialog', { name: 'Publish a message' })
  await expect(form.getByRole('textbox', { name: 'Topic' })).toBeFocused()
  await page.keyboard.type('plants/+/alarm')
  await expect(form.getByRole('alert')).toBeVisible() // a filter is no topic
  await form.getByRole('textbox', { name: 'Topic' }).fill('plants/9/alarm')
  await form.getByRole('textbox', { name: 'Payload' }).fill('{ "level": 3 }')
  await form.getByRole('checkbox', { name: /^Retain/ }).check()
  await form.getByRole('textbox', { name: 'Topic' }).press('Enter')
  await expect(page.getByText('Published on plants/9/alarm.', { exact: true })).toBeVisible()
  await ended(client)
  expect(heard.join('\n')).toMatch(/plants\/9\/alarm \{\s*"level":\s*3\s*\}/)
  await page.keyboard.press('Escape')

  await part(page, 'Retained')
  await page.getByRole('button', { name: 'plants/9/alarm', exact: true }).click()
  await expect(page.getByRole('dialog', { name: 'plants/9/alarm' })).toContainText('level')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Remove the retained message of plants/9/alarm' }).press('Enter')
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
  await expect(page.getByRole('heading', { name: 'No message is retained.' })).toBeVisible()
  await page.getByRole('link', { name: 'Runs', exact: true }).click()
  await expect(rows(page, 'Runs').filter({ hasText: 'alarm' })).toHaveCount(1)
})

test('clients are listed and can be disconnected; their sessions stay as they asked, until they are ended', async ({ page, server }) => {
  const client = await subscribe(server, '-i', 'press-7', '-c', '-q', '1', '-t', 'orders/#', '-t', 'plants/+/alarm', ...Array.from({ length: 200 }, (_, room) => ['-t', `rooms/${room}`]).flat())
  await page.getByRole('link', { name: 'MQTT', exact: true }).click()
  await part(page, 'Clients')
  await expect(rows(page, 'Clients').filter({ hasText: 'press-7' })).toContainText('127.0.0.1')
  await part(page, 'Sessions')
  await expect(rows(page, 'Sessions').filter({ hasText: 'press-7' })).toContainText('connected')
  client.kill('SIGKILL')
  await ended(client)
  await server.publish('orders/1', 'kept for it')
  await expect(rows(page, 'Sessions').filter({ hasText: 'press-7' })).toContainText('away')
  await rows(page, 'Sessions').filter({ hasText: 'press-7' }).click()
  await expect(rows(page, 'Subscriptions').filter({ hasText: 'plants/+/alarm' })).toContainText('1')
  await expect(rows(page, 'Subscriptions')).toHaveCount(101)
  await page.getByRole('button', { name: 'Show more' }).click()
  await expect(rows(page, 'Subscriptions')).toHaveCount(201)
  await page.getByRole('button', { name: 'Show more' }).press('Enter')
  await expect(rows(page, 'Subscriptions')).toHaveCount(203)
  await expect(page.getByRole('button', { name: 'Show more' })).toHaveCount(0)
  await expect(page.getByRole('definition').filter({ hasText: '1 messages' })).toBeVisible()

  const again = await subscribe(server, '-i', 'press-8', '-t', 'orders/#')
  await page.goto('/mqtt/clients')
  await page.getByRole('button', { name: 'Disconnect press-8' }).press('Enter')
  await page.getByRole('dialog', { name: 'Disconnect press-8?' }).getByRole('button', { name: 'Disconnect' }).press('Enter')
  // It comes back at once, as real clients do: what is seen is its new connection.
  await expect(page.getByRole('dialog')).toHaveCount(0)
  again.kill('SIGKILL')
  await ended(again)

  await page.goto('/mqtt/sessions/press-7')
  await page.getByRole('button', { name: 'End the session' }).click()
  await page.getByRole('dialog', { name: 'End the session of press-7?' }).getByRole('button', { name: 'End it' }).click()
  await expect(page).toHaveURL(/\/mqtt\/sessions$/)
  await expect(page.getByText('press-7')).toHaveCount(0)
})

test('with the first MQTT user clients need a password, and may publish what it says', async ({ page, server }) => {
  await server.publish('plants/1/temperature', 20)
  await page.getByRole('link', { name: 'MQTT', exact: true }).click()
  await part(page, 'Users')
  await page.getByRole('main').getByRole('button', { name: 'Make a user' }).first().click()
  const form = page.getByRole('dialog', { name: 'Make an MQTT user' })
  await form.getByRole('textbox', { name: 'Name' }).fill('press-7')
  await form.getByLabel('Password').fill('four words are good')
  await form.getByRole('textbox', { name: 'May publish to' }).fill('plants/1/#')
  await form.getByRole('button', { name: 'Save' }).click()
  await expect(rows(page, 'MQTT users').filter({ hasText: 'press-7' })).toContainText('plants/1/#')
  await expect(server.publish('plants/1/temperature', 21)).rejects.toThrow(/not authori[sz]ed/i)
  await run('mosquitto_pub', ['-p', `${server.mqttPort}`, '-u', 'press-7', '-P', 'four words are good', '-q', '1', '-t', 'plants/1/temperature', '-m', '22'])
  await part(page, 'Topics')
  await expect(page.getByRole('main').getByRole('listitem').filter({ has: page.getByRole('button', { name: 'temperature' }) }).last()).toContainText('22')
})

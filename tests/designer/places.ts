import type { Page } from '@playwright/test'
import { expect } from '@playwright/test'
import type { Receiver } from './receiver.ts'
import { Server } from './server.ts'

type Rows<T> = { items: T[] }

/** Workflows of a cold store: one of each kind of trouble, so that every page has something to show. */
export const coldStore: Record<string, string> = {
  'cold-room.json': `{
  "name": "Cold room alert",
  "description": "Tell the shift when a room is too warm.",
  "key": "\${event.params.room}",
  "triggers": {
    "reading": { "type": "mqtt", "topic": "plants/{plant}/rooms/{room}/temperature" },
    "tool": { "type": "webhook", "path": "/cold-room/{plant}/{room}", "verify": { "scheme": "github", "secrets": ["TOOL"] } }
  },
  "steps": {
    "warm": { "type": "if", "condition": "\${event.data.celsius > 8}", "next": { "true": "message", "false": "note" } },
    "message": { "type": "script", "code": "return { text: event.params.room + ' has ' + event.data.celsius.toFixed(1) + ' °C' }", "next": "chat" },
    "chat": { "type": "webhook.send", "url": "RECEIVER/chat", "body": { "text": "\${input.text}" }, "next": "crm" },
    "crm": { "type": "webhook.send", "url": "RECEIVER/crm", "body": { "room": "\${event.params.room}" } },
    "note": { "type": "script", "code": "state.celsius = event.data.celsius" }
  },
  "start": "warm"
}
`,
  'order.json': `{
  "name": "Pack an order",
  "triggers": { "order": { "type": "webhook", "path": "/orders" } },
  "steps": {
    "lines": { "type": "forEach", "items": "\${event.data.lines}", "next": { "item": "price", "done": "sum" } },
    "price": { "type": "script", "code": "return { price: item.count * item.price }" },
    "sum": { "type": "script", "code": "return steps.lines.output.reduce((sum, line) => sum + line.price, 0)", "next": "approve" },
    "approve": { "type": "wait", "callback": { "outcomes": ["approve", "reject"] }, "timeout": "2d", "next": { "approve": "pack" } },
    "pack": { "type": "log", "message": "pack \${event.data.number}" }
  },
  "start": "lines"
}
`,
  'nightly.json': `{
  "name": "Nightly report",
  "triggers": { "night": { "type": "schedule", "cron": "30 2 * * *", "timeZone": "Europe/Berlin" } },
  "steps": { "say": { "type": "log", "message": "good night" } }
}
`,
}

/** Sends what fills the pages, and returns once it is all there. */
export async function live(server: Server, receiver: Receiver): Promise<void> {
  receiver.on('/crm', 410)
  for (const [room, celsius] of [['fish', 9.4], ['meat', 4.2], ['milk', 11.8], ['fish', 3.1], ['ice', '12.6']] as const) {
    await server.publish(`plants/north/rooms/${room}/temperature`, { celsius })
  }
  await server.api('POST', '/api/mqtt/publish', { topic: 'plants/north/name', payload: 'North', retain: true })
  await server.hook('/orders', { number: 1041, lines: [{ count: 2, price: 12.5 }, { count: 1, price: 99 }] })
  await server.hook('/cold-room/north/fish', { celsius: 12 }) // not signed: refused
  await settled(server, '/api/runs?state=waiting', 1)
  await settled(server, '/api/runs?state=succeeded', 4)
  await settled(server, '/api/runs?state=failed', 1)
  await settled(server, '/api/deliveries?state=dead', 2)
}

async function settled(server: Server, list: string, count: number): Promise<void> {
  await expect.poll(async () => (await server.api<Rows<unknown>>('GET', list)).items.length, { message: list }).toBe(count)
}

/** Every page, by a name for people; `{run}` and the like are filled in by `found`. */
export const pages: Record<string, string> = {
  'Workflows': '/workflows',
  'Editor': '/workflows/cold-room',
  'Runs': '/runs',
  'Errors': '/runs/errors',
  'Run': '/runs/{failedRun}',
  'Waiting run': '/runs/{waitingRun}',
  'Events': '/events',
  'Event': '/events/{event}',
  'Deliveries': '/deliveries',
  'Destinations': '/deliveries/destinations',
  'Delivery': '/deliveries/{delivery}',
  'Endpoints': '/endpoints',
  'Event types': '/endpoints/types',
  'Requests': '/requests',
  'Request': '/requests/{request}',
  'Dashboard': '/dashboard',
  'State': '/state',
  'Key': '/state/cold-room/meat',
  'MQTT topics': '/mqtt',
  'MQTT clients': '/mqtt/clients',
  'MQTT sessions': '/mqtt/sessions',
  'MQTT retained': '/mqtt/retained',
  'MQTT connections': '/mqtt/connections',
  'MQTT users': '/mqtt/users',
  'Server': '/settings/server',
  'Schedules': '/settings/schedules',
  'Connectors': '/settings/connectors',
  'Connections': '/settings/connections',
  'Secrets': '/settings/secrets',
  'Users': '/settings/users',
  'Tokens': '/settings/tokens',
  'Sessions': '/settings/sessions',
  'Audit': '/settings/audit',
  'Account': '/settings/account',
  'Nothing there': '/nowhere',
}

/** The ids that stand in the addresses of `pages`. */
export async function found(server: Server): Promise<(path: string) => string> {
  const first = async (list: string) => (await server.api<Rows<{ id: string }>>('GET', list)).items[0]?.id ?? ''
  const ids: Record<string, string> = {
    failedRun: await first('/api/runs?state=failed'),
    waitingRun: await first('/api/runs?state=waiting'),
    event: await first('/api/events'),
    delivery: await first('/api/deliveries?state=dead'),
    request: await first('/api/webhooks/requests'),
  }
  return (path) => path.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? '')
}

/** Waits until a page shows what it asked the server for. */
export async function open(page: Page, path: string): Promise<void> {
  await page.goto(path)
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await expect(page.getByRole('status', { name: 'Loading' })).toHaveCount(0)
}

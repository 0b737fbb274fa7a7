import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { watchMessages, type Message } from '@/api/mqtt'
import { capture, captures, release, requests } from '@/api/requests'
import { workflowSchedules, type WorkflowSchedule } from '@/api/workflows'
import { isList, isObject, objectAt, textAt, type JsonObject } from '@/document/json'
import { Badge } from '@/ui/badge'
import { Button } from '@/ui/button'
import { CodeBlock } from '@/ui/code-block'
import { Copy } from '@/ui/copy'
import { TextField } from '@/ui/field'
import { Loaded } from '@/ui/listed'
import { Problem, sentencesOf } from '@/ui/page'
import { Ago, moment } from '@/ui/time'
import { useSampleData } from './sample'
import { useEditorState } from './store'
import { filterOf, namedLevels } from './topics'
import styles from './trigger-panel.module.css'
import { pathOf } from './verify/path'
import { RequestRows } from './verify/request-rows'
import { sampleCall } from './verify/sample-call'
import { schemeOf } from './verify/schemes'

/** What helps to try a trigger: its address, what comes in, when it fires. */
export function TriggerPanel({ id, config }: { id: string; config: JsonObject }) {
  const type = textAt(config, 'type')
  return (
    <div className={styles.panel}>
      {type === 'webhook' ? <Webhook config={config} /> : null}
      {type === 'mqtt' ? <Mqtt filter={textAt(config, 'topic') ?? ''} connection={textAt(config, 'connection')} /> : null}
      {type === 'schedule' ? <Schedule id={id} config={config} /> : null}
      {type !== 'webhook' && type !== 'mqtt' && type !== 'schedule' ? <p className={styles.muted}>Run the workflow by hand to try it (Run, above).</p> : null}
    </div>
  )
}

function Webhook({ config }: { config: JsonObject }) {
  const { run } = useSampleData()
  const path = pathOf(config)
  const methods = isList(config['methods']) ? config['methods'].map(String) : ['POST']
  const address = `${window.location.origin}/hooks${path}`
  const method = methods[0] === 'ANY' ? 'POST' : (methods[0] ?? 'POST')
  const sample = run?.steps[0]?.from === null ? run.steps[0].input : { hello: 'world' }
  const call = sampleCall(config, method, address.replaceAll(/\{(\w+)\*?\}/g, '$1'), sample)
  return (
    <>
      <section>
        <h3>Address</h3>
        <p className={styles.address}>
          <code>{address}</code>
          <Copy text={address} label="Copy the address" />
        </p>
        {path.includes('{') ? <p className={styles.muted}>Parts in braces stand for any text; steps see them as event.params.</p> : null}
      </section>
      <section>
        <h3>Try it</h3>
        {call.text === null ? null : <CodeBlock plain title={call.title} text={call.text} />}
        {call.note ? <p className={styles.muted}>{call.note}</p> : null}
      </section>
      <Listen path={path} />
      <Verification config={config} />
    </>
  )
}

const listenFor = '15m'

/** Keeps what comes to the path though no workflow takes it yet, and shows it. */
function Listen({ path }: { path: string }) {
  const queries = useQueryClient()
  const active = useQuery(captures).data?.find((each) => each.path === path)
  const saved = useEditorState((state) => state.opened.base !== null)
  const readOnly = useEditorState((state) => state.readOnly)
  const change = useMutation({ mutationFn: () => (active ? release(path) : capture(path, listenFor)), onSettled: () => queries.invalidateQueries({ queryKey: ['captures'] }) })
  const list = useInfiniteQuery({ ...requests({ path }), refetchInterval: 2_000 })
  const rows = (list.data ?? []).slice(0, 8)
  const nothing = active ? 'Waiting for a request …' : path.includes('{') ? 'Nothing came to such a path yet.' : 'Nothing came to this path yet.'
  return (
    <section>
      <h3>What came in</h3>
      <div className={styles.row}>
        <Button onClick={() => change.mutate()} disabled={change.isPending} reason={readOnly ?? undefined}>
          {active ? 'Stop listening' : 'Listen for a test event'}
        </Button>
        {active ? <Badge tone="info">listening</Badge> : null}
      </div>
      {active ? null : <p className={styles.muted}>{saved ? 'Keeps requests for 15 minutes, also those no workflow takes.' : 'Works before the first save too.'}</p>}
      {list.error && !list.data ? <Problem sentences={sentencesOf(list.error)} onRetry={() => void list.refetch()} /> : rows.length === 0 ? <p className={styles.muted}>{nothing}</p> : null}
      <RequestRows rows={rows} />
    </section>
  )
}

function Verification({ config }: { config: JsonObject }) {
  const verify = config['verify']
  const scheme = isObject(verify) ? schemeOf(textAt(verify, 'scheme') ?? '') : null
  return (
    <section>
      <h3>Who may call</h3>
      {scheme === null ? <p className={styles.warning}>Anyone who knows the address. The settings have who may call, so that only what the sender signed is taken.</p> : null}
      {scheme ? (
        <p className={styles.muted}>
          {scheme.title}. {scheme.setUp} Requests that do not fit are listed above, each with the reason.
        </p>
      ) : null}
    </section>
  )
}

function Mqtt({ filter, connection }: { filter: string; connection: string | null }) {
  const [messages, setMessages] = useState<readonly (Message & { n: number })[]>([])
  const [topic, setTopic] = useState('')
  const [connected, setConnected] = useState(false)
  const watched = connection === null ? filterOf(filter) : ''
  useEffect(() => {
    if (watched === '') return
    let n = 0
    return watchMessages(watched, (message) => setMessages((old) => [{ ...message, n: n++ }, ...old].slice(0, 30)), () => undefined, setConnected)
  }, [watched])
  if (connection !== null) return <p className={styles.muted}>Messages of the connection {connection} cannot be watched here; what came in is in the list of events.</p>
  const fit = topic === '' ? null : namedLevels(filter, topic)
  return (
    <>
      <section>
        <h3>Does a topic fit?</h3>
        <TextField label="A topic, as plants/p1/rooms/kitchen/temperature" value={topic} onChange={(event) => setTopic(event.target.value)} />
        {topic === '' ? null : fit === null ? (
          <p className={styles.wrong}>It does not fit {filter}.</p>
        ) : (
          <p>
            It fits. {Object.keys(fit).length > 0 ? 'Steps see ' : null}
            {Object.entries(fit).map(([name, value]) => (
              <code key={name} className={styles.param}>
                event.params.{name} = {value}
              </code>
            ))}
          </p>
        )}
      </section>
      <section>
        <h3>
          Live messages <Badge tone={connected ? 'good' : 'neutral'}>{connected ? 'watching' : 'not connected'}</Badge>
        </h3>
        {messages.length === 0 ? <p className={styles.muted}>What is published on {watched} appears here.</p> : null}
        <ul className={styles.messages}>
          {messages.map((message) => (
            <li key={message.n}>
              <button type="button" title="Test this topic" onClick={() => setTopic(message.topic)}>
                {message.topic}
              </button>
              <code>{JSON.stringify(message.payload)}</code>
            </li>
          ))}
        </ul>
      </section>
    </>
  )
}

function Schedule({ id, config }: { id: string; config: JsonObject }) {
  const workflow = useEditorState((state) => state.id)
  const saved = useEditorState((state) => JSON.stringify(objectAt(objectAt(state.saved.workflow, 'triggers'), id)))
  const list = useQuery({ ...workflowSchedules(workflow), enabled: saved !== '{}' })
  const zone = otherZone(textAt(config, 'cron') === null ? null : (textAt(config, 'timeZone') ?? 'UTC'))
  return (
    <section>
      <h3>Next times</h3>
      {saved === JSON.stringify(config) ? null : <p className={styles.warning}>As it was saved; with what you changed they come after the save.</p>}
      {saved === '{}' ? unsaved : <Loaded query={list}>{(schedules) => <Times schedule={schedules.find((each) => each.trigger === id)} zone={zone} />}</Loaded>}
    </section>
  )
}

const unsaved = <p className={styles.muted}>Shown once the workflow is saved and on.</p>

function Times({ schedule, zone }: { schedule: WorkflowSchedule | undefined; zone: string | null }) {
  if (!schedule) return unsaved
  return (
    <>
      {schedule.next.length === 0 ? <p className={styles.muted}>It does not fire while the workflow is off.</p> : null}
      <ol className={styles.times}>
        {schedule.next.map((at) => (
          <li key={at}>
            {moment(at)} {zone ? <small>{clockIn(zone, at)}</small> : null} <Ago at={at} />
          </li>
        ))}
      </ol>
      {schedule.lastAt ? <p className={styles.muted}>Fired last for {moment(schedule.lastAt)}.</p> : null}
    </>
  )
}

/** A zone whose clocks are not the browser's; null for one that is the same, or that nobody knows. */
function otherZone(zone: string | null): string | null {
  if (zone === null || zone === Intl.DateTimeFormat().resolvedOptions().timeZone) return null
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return zone
  } catch {
    return null // the problems panel says so
  }
}

const clockIn = (zone: string, at: string): string => `${new Intl.DateTimeFormat('en-GB', { weekday: 'short', hour: '2-digit', minute: '2-digit', timeZone: zone }).format(new Date(at))} in ${zone}`

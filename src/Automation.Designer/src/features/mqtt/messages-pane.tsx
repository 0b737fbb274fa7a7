import { Pause, Play, Trash2 } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { watchMessages } from '@/api/mqtt'
import { LiveDot } from '@/parts/live-dot'
import { IconButton } from '@/ui/button'
import { JsonTree } from '@/ui/json-tree'
import { KeyValues } from '@/ui/key-values'
import { Empty } from '@/ui/page'
import { SearchField } from '@/ui/search-field'
import { bytes } from '@/ui/size'
import { Split } from '@/ui/split'
import { VirtualList } from '@/ui/virtual-list'
import { inOneLine, withNewest, type Numbered } from './messages'
import styles from './mqtt.module.css'

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3 })

interface MessagesProps {
  filter: string
  /** The filter as it stands in the field: empty for all topics. */
  typed: string
  onFilter: (filter: string) => void
}

interface Heard {
  filter: string
  list: readonly Numbered[]
  isLive: boolean
  /** Messages were left out. */
  isMissing: boolean
}

const silence = (filter: string): Heard => ({ filter, list: [], isLive: false, isMissing: false })

/** Messages as they go by; they can be held still to look at one. */
export function Messages({ filter, typed, onFilter }: MessagesProps) {
  const [heard, setHeard] = useState(() => silence(filter))
  const [isPaused, setPaused] = useState(false)
  const [chosen, setChosen] = useState<number | null>(null)
  const count = useRef(0)
  if (heard.filter !== filter) {
    setHeard(silence(filter))
    setPaused(false)
    setChosen(null)
  }
  const { list, isLive, isMissing } = heard
  useEffect(() => {
    if (isPaused) return
    /** What a filter that was left still says is not of this list. */
    const change = (of: (before: Heard) => Partial<Heard>) => setHeard((before) => (before.filter === filter ? { ...before, ...of(before) } : before))
    let arrived: Numbered[] = []
    // Drawn at most five times a second, however many come.
    const timer = setInterval(() => {
      if (arrived.length === 0) return
      const taken = arrived
      arrived = []
      change(({ list }) => ({ list: withNewest(list, taken) }))
    }, 200)
    const close = watchMessages(filter, (message) => (arrived = withNewest(arrived, [{ n: ++count.current, message }])), () => change(() => ({ isMissing: true })), (isLive) => change(() => ({ isLive })))
    return () => {
      close()
      clearInterval(timer)
    }
  }, [filter, isPaused])
  const shown = list.find(({ n }) => n === chosen)?.message
  const tools = (
    <div className={styles.messageTools}>
      <SearchField label="Filter" value={typed} onChange={onFilter} width={260} />
      <LiveDot isLive={isLive && !isPaused} />
      <span className={styles.gap} />
      <IconButton label={isPaused ? 'Go on' : 'Hold still'} onClick={() => setPaused(!isPaused)}>
        {isPaused ? <Play aria-hidden /> : <Pause aria-hidden />}
      </IconButton>
      <IconButton label="Empty the list" onClick={() => setHeard({ ...heard, list: [] })}>
        <Trash2 aria-hidden />
      </IconButton>
    </div>
  )
  return (
    <div className={styles.messages}>
      {tools}
      {isMissing ? <p className={styles.muted}>More came than this page could take; some are left out.</p> : null}
      <Split name="mqtt-message" direction="column" initial={40} label="Border between messages and one of them">
        {list.length === 0 ? (
          <div className={styles.waiting}>
            <Empty title="Waiting for messages.">They appear here as they come; nothing is kept.</Empty>
          </div>
        ) : (
          <VirtualList
            label="Messages"
            rows={list}
            rowHeight={26}
            rowKey={({ n }) => n}
            chosen={list.findIndex(({ n }) => n === chosen)}
            onChoose={(index) => setChosen(list[index]?.n ?? null)}
            row={({ message }) => (
              <>
                <time className={styles.time}>{message.at ? clock.format(new Date(message.at)) : ''}</time>
                <span className={styles.messageTopic}>{message.topic}</span>
                <code className={styles.value}>{inOneLine(message.payload)}</code>
              </>
            )}
          />
        )}
        {shown ? (
          <div className={styles.message}>
            <KeyValues
              items={[
                ['Topic', <code key="">{shown.topic}</code>],
                ['From', shown.clientId],
                ['QoS', `${shown.qos}${shown.retain ? ', retained' : ''}`],
                ['Size', `${bytes(shown.payloadBytes)}${shown.cut ? ', the beginning is shown' : ''}`],
                ['Content type', shown.contentType],
                ['Response topic', shown.responseTopic],
                ['Properties', shown.userProperties.length > 0 ? shown.userProperties.map(({ name, value }) => `${name}: ${value}`).join(', ') : null],
              ]}
            />
            <JsonTree key={chosen} value={shown.payload} path="event.data" depth={4} />
          </div>
        ) : (
          <p className={styles.pick}>Choose a message to look into it.</p>
        )}
      </Split>
    </div>
  )
}

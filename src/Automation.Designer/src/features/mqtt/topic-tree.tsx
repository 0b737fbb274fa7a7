import { useInfiniteQuery } from '@tanstack/react-query'
import { ChevronRight } from 'lucide-react'
import { useState } from 'react'
import { topics, type Topic } from '@/api/mqtt'
import { Badge } from '@/ui/badge'
import { Empty, Loading, Problem, sentencesOf } from '@/ui/page'
import { inOneLine } from './messages'
import styles from './mqtt.module.css'

interface TreeProps {
  /** The filter that messages are shown of. */
  chosen: string
  onChoose: (filter: string) => void
}

/** So many first levels at most are opened without being asked for: each that is open asks the server. */
const fewRoots = 10

/** Levels of topics; each is read when it is opened, and while it is open every two seconds. */
export function TopicTree({ chosen, onChoose }: TreeProps) {
  return (
    <div className={styles.tree}>
      <button type="button" className={styles.all} data-chosen={chosen === '#'} onClick={() => onChoose('#')}>
        All topics
      </button>
      <Level under={null} depth={0} chosen={chosen} onChoose={onChoose} />
    </div>
  )
}

function Level({ under, depth, chosen, onChoose }: TreeProps & { under: string | null; depth: number }) {
  const { data, error, isPending, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(topics(under))
  if (isPending) return depth === 0 ? <Loading rows={4} /> : null
  if (error && !data) return <Problem sentences={sentencesOf(error)} onRetry={() => void refetch()} />
  if (!data || (data.length === 0 && depth === 0))
    return (
      <Empty title="No topic yet.">
        Topics appear when messages come. Try: <code>mosquitto_pub -t plants/1/temperature -m 21.5</code>
      </Empty>
    )
  return (
    <ul className={styles.level}>
      {data.map((topic) => (
        <Branch key={topic.topic} topic={topic} depth={depth} isOpenAtFirst={depth === 0 ? data.length <= fewRoots : depth < 4 && topic.topicsBelow <= 30} chosen={chosen} onChoose={onChoose} />
      ))}
      {hasNextPage ? (
        <li>
          <button type="button" className={styles.more} style={{ marginInlineStart: depth * 16 }} disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {under === null ? 'More topics' : `More topics below ${under}`}
          </button>
        </li>
      ) : null}
    </ul>
  )
}

function Branch({ topic, depth, isOpenAtFirst, chosen, onChoose }: TreeProps & { topic: Topic; depth: number; isOpenAtFirst: boolean }) {
  const [isOpen, setOpen] = useState(isOpenAtFirst)
  const hasBelow = topic.childCount > 0
  const filter = hasBelow ? `${topic.topic}/#` : topic.topic
  const rate = topic.messagesPerSecond + topic.messagesPerSecondBelow
  return (
    <li>
      <div className={styles.topic} data-chosen={chosen === filter} style={{ paddingInlineStart: 8 + depth * 16 }}>
        {hasBelow ? (
          <button type="button" className={styles.open} aria-expanded={isOpen} aria-label={`Levels below ${topic.topic}`} onClick={() => setOpen(!isOpen)}>
            <ChevronRight aria-hidden size={14} />
          </button>
        ) : (
          <span className={styles.noOpen} />
        )}
        <button type="button" className={styles.name} onClick={() => onChoose(filter)}>
          {topic.name === '' ? '(empty)' : topic.name}
          {hasBelow ? <small> {topic.topicsBelow}</small> : null}
        </button>
        <span className={styles.value}>{topic.last ? inOneLine(topic.last.payload) : ''}</span>
        {topic.retained ? <Badge tone="info">retained</Badge> : null}
        <span className={styles.rate}>{rate >= 0.05 ? `${rate < 10 ? rate.toFixed(1) : Math.round(rate)}/s` : ''}</span>
      </div>
      {isOpen && hasBelow ? <Level under={topic.topic} depth={depth + 1} chosen={chosen} onChoose={onChoose} /> : null}
    </li>
  )
}

import { Send } from 'lucide-react'
import { useState } from 'react'
import { useRefusal } from '@/api/me'
import { Button } from '@/ui/button'
import { useFilters } from '@/ui/filters'
import { Page } from '@/ui/page'
import { Split } from '@/ui/split'
import { LinkTabs } from '@/ui/tabs'
import { Messages } from './messages-pane'
import styles from './mqtt.module.css'
import { PublishForm } from './publish-form'
import { mqttTabs } from './tabs'
import { TopicTree } from './topic-tree'

/** The tree of topics with last values and rates, and beside it the messages as they go by. */
export function TopicsPage() {
  const { values, set } = useFilters('filter')
  const filter = values.filter || '#'
  const refusal = useRefusal('editor')
  const [publishing, setPublishing] = useState<string | null>(null)
  return (
    <Page
      layout="full"
      title="MQTT"
      hint="What goes over the server's broker now."
      actions={
        <Button icon={<Send aria-hidden />} reason={refusal} onClick={() => setPublishing(/[+#]/.test(filter) ? '' : filter)}>
          Publish
        </Button>
      }
      tabs={
        <div className={styles.tabs}>
          <LinkTabs label="Parts of MQTT" tabs={mqttTabs} />
        </div>
      }
    >
      <Split name="mqtt" direction="row" initial={52} label="Border between topics and messages">
        <TopicTree chosen={filter} onChoose={(next) => set({ filter: next })} />
        <Messages typed={values.filter} filter={filter} onFilter={(next) => set({ filter: next })} />
      </Split>
      {publishing === null ? null : <PublishForm initial={publishing} onClose={() => setPublishing(null)} />}
    </Page>
  )
}

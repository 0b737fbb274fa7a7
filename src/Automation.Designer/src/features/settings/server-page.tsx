import { useQuery } from '@tanstack/react-query'
import { apiVersion, health } from '@/api/server'
import { Badge } from '@/ui/badge'
import { KeyValues } from '@/ui/key-values'
import { Loaded } from '@/ui/listed'
import { Columns, Panel } from '@/ui/panel'
import { Copy } from '@/ui/copy'
import { SettingsPage } from './settings-page'
import styles from './settings.module.css'

export function ServerPage() {
  const state = useQuery(health)
  const about = useQuery(apiVersion).data
  const { origin } = window.location
  return (
    <SettingsPage title="Server" hint="Whether it can take work, and where it is reached." needs="viewer">
      <Columns least={400}>
        <Panel title="Health">
          <Loaded query={state}>
            {({ status, problems }) => (
              <>
                <p>
                  <Badge tone={status === 'ready' ? 'good' : 'bad'}>{status}</Badge>
                </p>
                {problems.length === 0 ? <p className={styles.muted}>It takes work: the database, the sandbox and the broker answer.</p> : null}
                <KeyValues items={problems.map(({ name, problem }) => [name, problem] as const)} />
              </>
            )}
          </Loaded>
        </Panel>
        <Panel title="Addresses">
          <KeyValues
            items={[
              ['Webhooks', <Address key="" text={`${origin}/hooks/`} />],
              ['API', <Address key="" text={`${origin}/api/`} />],
              ['API document', <a key="" href="/openapi/v1.json">{`${origin}/openapi/v1.json`}</a>],
              ['API version', about?.info.version],
              ['Health probes', <Address key="" text={`${origin}/health/ready`} />],
            ]}
          />
        </Panel>
      </Columns>
    </SettingsPage>
  )
}

const Address = ({ text }: { text: string }) => (
  <span className={styles.address}>
    <code>{text}</code> <Copy text={text} label={`Copy ${text}`} />
  </span>
)

import type { Json } from '@/document/json'
import { shortText } from '@/document/summary'
import styles from './form.module.css'
import type { Preview as PreviewOf } from './use-preview'

/** What a field gives for the sample, on one line below it. */
export function Preview({ name, preview }: { name: string; preview: PreviewOf | null }) {
  if (!preview) return null
  if ('problem' in preview) return <p className={styles.failed}>{`For this sample: ${preview.problem}`}</p>
  const { value } = preview
  return (
    <output className={styles.preview} aria-label={`${name} for the sample`} data-type={value === null ? 'null' : typeof value} title={shortText(value as Json, 1_000)}>
      {typeof value === 'string' ? value.slice(0, 200) : shortText(value as Json, 200)}
    </output>
  )
}

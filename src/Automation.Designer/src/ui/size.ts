const units = ['B', 'KB', 'MB', 'GB', 'TB']

/** A size as people say it: 812 B, 3.4 KB. One KB is 1024 bytes. */
export function bytes(count: number): string {
  let value = count
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

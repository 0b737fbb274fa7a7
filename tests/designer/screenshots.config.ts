import config from './playwright.config.ts'

/** Makes the pictures of the documentation: `npm run screenshots`. */
export default { ...config, testMatch: '*.shots.ts', workers: 1, reporter: 'line' as const }

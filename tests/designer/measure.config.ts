import config from './playwright.config.ts'

/** Measures how fast the designer is: `npm run measure`. One at a time, on a machine with nothing else to do. */
export default { ...config, testMatch: '*.measure.ts', workers: 1, fullyParallel: false, reporter: 'line' as const, timeout: 600_000 }

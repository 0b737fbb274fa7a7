import { readdirSync } from 'node:fs'
import js from '@eslint/js'
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript'
import imports from 'eslint-plugin-import-x'
import hooks from 'eslint-plugin-react-hooks'
import ts from 'typescript-eslint'

// app knows all; a feature knows parts, canvas, document, api and ui; parts know canvas, document, api and ui; canvas draws documents; api fetches, and may give what it reads the form of a document;
// document is plain TypeScript; ui knows nothing of the domain.
const features = readdirSync('src/features', { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => entry.name)
const forbid = (files, group, message) => ({ files, rules: { 'no-restricted-imports': ['error', { patterns: [{ group, message }] }] } })

export default ts.config(
  { ignores: ['dist', 'src/api/schema.d.ts', 'src/features/editor/code/script/sandbox-globals.d.ts'] },
  js.configs.recommended,
  ...ts.configs.strict,
  hooks.configs.flat['recommended-latest'],
  {
    plugins: { 'import-x': imports },
    settings: { 'import-x/resolver-next': [createTypeScriptImportResolver()] },
    rules: {
      'import-x/no-cycle': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      'no-console': 'error',
    },
  },
  forbid(['src/ui/**'], ['@/api/*', '@/canvas/*', '@/document/*', '@/parts/*', '@/features/*', '@/app/*'], 'ui knows nothing of the domain.'),
  forbid(['src/parts/**'], ['@/features/*', '@/app/*'], 'parts are what features are made of.'),
  forbid(['src/canvas/**'], ['@/api/*', '@/parts/*', '@/features/*', '@/app/*'], 'canvas draws what it is given.'),
  forbid(['src/document/**'], ['react', '@xyflow/*', '@/*'], 'document is plain TypeScript: no React, no fetching.'),
  forbid(['src/api/**'], ['@/ui/*', '@/canvas/*', '@/parts/*', '@/features/*', '@/app/*'], 'api only fetches.'),
  ...features.map((feature) =>
    forbid([`src/features/${feature}/**`], ['@/app/*', '@/features/*', ...features.filter((other) => other !== feature).map((other) => `**/features/${other}/*`)], 'A feature does not import another; put what they share into api or ui, or compose them in app.')),
)

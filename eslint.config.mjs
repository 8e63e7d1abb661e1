import tseslint from 'typescript-eslint'

const pure = ['pipelines/**/*.ts']

export default tseslint.config(
  { ignores: ['node_modules', 'dist', '.tap', 'coverage', '.rekindle', 'schemas/generated', '**/*.cjs', '**/*.mjs'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // `typeof import('kafkajs')` names the type of a module that must be loaded later, by hand.
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/require-await': 'off',
      'no-console': 'error',
      'no-restricted-syntax': [
        'error',
        {
          selector:
            'CallExpression[callee.object.name="AbortSignal"][callee.property.name="any"] CallExpression[callee.object.name="AbortSignal"][callee.property.name="timeout"]',
          message: 'Nothing else holds that time-out: on Node 20 it is collected and never fires. Use an AbortController and a timer.',
        },
      ],
      eqeqeq: 'error',
    },
  },
  {
    // What goes to the terminal is the purpose of these.
    files: ['cli/**', 'stack/**', 'bench/**', '**/tools/**', '**/generate.ts', 'test/**'],
    rules: { 'no-console': 'off' },
  },
  {
    files: pure,
    rules: {
      'no-restricted-globals': [
        'error',
        { name: 'Date', message: 'Pure rules read no clock: use ctx.at and milliseconds (luxon for calendars).' },
        'fetch',
        'process',
        'setTimeout',
        'setInterval',
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Pure rules draw no random numbers: hash an id.' },
      ],
    },
  },
  {
    files: ['test/**'],
    rules: {
      // tap's test functions return promises that tap itself awaits.
      '@typescript-eslint/no-floating-promises': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-misused-promises': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
)

/**
 * What no patch may touch: what says whether a program is right, what bounds it, and what would let it answer for the
 * judges. Matched without regard to case, since not every file system has one.
 */
const alwaysProtected: readonly string[] = [
  // Tests, and what runs them.
  '**/{test,tests,__tests__,spec,specs,fixtures,checks}/**',
  '**/*.{test,spec}.*',
  '**/test_*.py',
  '**/*_test.*',
  '**/{conftest.py,pytest.ini,tox.ini,setup.cfg,noxfile.py,pyproject.toml}',
  '**/{jest,vitest,mocha,ava,playwright,karma}.config.*',
  '**/.mocharc*',
  // Limits and policies.
  '**/switchyard.*',
  '**/{policy,policies,limits}.*',
  '**/{policy,policies,limits}/**',
  '**/.{github,gitlab,circleci,husky}/**',
  '**/.{npmrc,yarnrc,pypirc,env}',
  '**/.env.*',
  // What comes from elsewhere, and how it is found.
  '**/package.json',
  '**/{package-lock,npm-shrinkwrap}.json',
  '**/{yarn.lock,pnpm-lock.yaml,requirements*.txt,Pipfile,Pipfile.lock,poetry.lock,uv.lock}',
  '**/{node_modules,site-packages}/**',
  '**/*.pth',
  '**/{sitecustomize,usercustomize}.py',
  // Names under which a program's own file would stand for the judge.
  '**/{unittest,pytest,_pytest,doctest,nose,hypothesis,mocha,chai,vitest,jest,assert}.{py,js,mjs,cjs,ts}',
  '**/{unittest,pytest,_pytest,doctest,nose,hypothesis}/**',
];

/** Answers whether a path is read-only to the fixer: by what is always protected, or by further globs. */
export function protectedBy(further: readonly string[] = []): (path: string) => boolean {
  const patterns = [...alwaysProtected, ...further].map(toPattern);
  return (path) => patterns.some((pattern) => pattern.test(path));
}

/** Why a path cannot stand in a patch at all; undefined when it can. */
export function isPlainPath(path: string): boolean {
  if (path === '' || path.length > 400 || /[\p{Cc}\\:]/u.test(path) || path.startsWith('/')) return false;
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && !/[. ]$/.test(part));
}

/** `**` is any folders, `*` anything but a slash, `{a,b}` one of them. */
function toPattern(glob: string): RegExp {
  const tokens = glob.match(/\*\*\/|\*\*|\*|\{[^}]*\}|[^*{]+|./g) ?? [];
  const source = tokens.map((token) => {
    if (token === '**/') return '(?:.*/)?';
    if (token === '**') return '.*';
    if (token === '*') return '[^/]*';
    if (token.startsWith('{')) return `(?:${token.slice(1, -1).split(',').map(literal).join('|')})`;
    return literal(token);
  });
  return new RegExp(`^${source.join('')}$`, 'iu');
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('\\*', '[^/]*');
}

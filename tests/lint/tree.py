"""What the checks share: the files of the tree, C without its comments."""
import concurrent.futures
import os
import re
import shlex
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
SKIP = re.compile(r'(^|/)(build[^/]*|\.git|__pycache__|\.pytest_cache)/')
TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'
                   r"'(?:\\.|[^'\\\n])+'", re.S)


def files(*patterns):
    """Paths from the root of what git would commit; without git, of all
    files."""
    try:
        out = subprocess.run(
            ['git', 'ls-files', '-z', '-co', '--exclude-standard'], cwd=ROOT,
            capture_output=True, check=True).stdout.decode().split('\0')
    except (OSError, subprocess.CalledProcessError):
        out = [os.path.relpath(os.path.join(d, n), ROOT)
               for d, _, names in os.walk(ROOT) for n in names]
    return sorted(p for p in set(out) if p and not SKIP.search(p) and
                  os.path.isfile(os.path.join(ROOT, p)) and
                  (not patterns or
                   any(re.search(x, p) for x in patterns)))


def text(path):
    with open(os.path.join(ROOT, path), encoding='utf-8',
              errors='replace') as f:
        return f.read()


def code(source, strings=False):
    """C with comments blanked, and strings unless wanted; lines stay."""
    def blank(m):
        s = m.group(0)
        if s[0] in '"\'':
            return s if strings else s[0] + s[0]
        return re.sub(r'[^\n]', ' ', s)
    return TOKEN.sub(blank, source)


def close(findings):
    """Print the findings; the check's exit status tells whether there are
    any."""
    for f in findings:
        print(f)
    sys.exit(1 if findings else 0)


def differ(found, wanted):
    """Findings about a check itself, from what it finds in a made-up tree."""
    return [f'this check does not find "{x}"' for x in wanted
            if x not in found] + \
        [f'this check finds "{x}" where nothing is wrong' for x in found
         if x not in wanted]


def flags():
    """The makefile's preprocessor flags."""
    if 'LINT_CPPFLAGS' not in os.environ:
        sys.exit('run by `make lint`, which gives LINT_CPPFLAGS')
    return shlex.split(os.environ['LINT_CPPFLAGS'])


def sources():
    return files(r'^src/.*\.c$')


def unknown(tool, findings):
    """The findings that the file `known` does not explain."""
    known = [line.split(None, 3)[1:3]
             for line in text('tests/lint/known').splitlines()
             if line.startswith(tool + ' ')]
    return [f for f in findings
            if not any(f.startswith(path + ':') and f'[{check}' in f
                       for path, check in known)]


def each(tool, command):
    """Run command(path) for every source, as many at a time as there are
    processors; the warnings among what they print, each once."""
    def one(path):
        return subprocess.run(command(path), cwd=ROOT, text=True,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT).stdout
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        out = ''.join(pool.map(one, sources()))
    found = {line.replace(ROOT + '/', '') for line in out.splitlines()
             if re.search(r': (fatal )?(warning|error): ', line)}
    return unknown(tool, sorted(found))


def section(page, title):
    """The lines of a man page's .Sh or .Ss whose title matches."""
    inside, lines = None, []
    for line in text(page).splitlines():
        m = re.match(r'\.(Sh|Ss) (.*)', line)
        if m and inside is None and re.fullmatch(title, m.group(2)):
            inside = m.group(1)
        elif m and inside and (m.group(1) == inside or inside == 'Ss'):
            break
        elif inside:
            lines.append(line)
    return lines


def items(lines, macro=''):
    """First word, or quoted text, of each .It, behind the macro."""
    pattern = re.compile(r'\.It ' + (macro + ' ' if macro else '') +
                         r'(?:"((?:[^"]|"")*)"|(\S+))')
    found = [pattern.match(line) for line in lines]
    return [m.group(1) or m.group(2) for m in found if m]


def both_ways(page, here, there, what, where):
    """What only one of both sides has."""
    return [f'{page}: {what} {x} is in {where} only'
            for x in sorted(set(there) - set(here))] + \
        [f'{page}: {what} {x} is not in {where}'
         for x in sorted(set(here) - set(there))]

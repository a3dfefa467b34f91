"""What the object files of a build take from each other, according to nm."""
import os
import re
import subprocess
import sys

import tree

NOT_PLAIN = re.compile(
    rb'\ABC\xc0\xde|\.gnu\.lto_|__((a|hwa|l|m|t|ub)san|gcov)_')


def programs(build):
    """{program: its sources}, as the makefile links them."""
    out = subprocess.run(
        ['make', '-s', '-f', 'GNUmakefile', f'O={build}', 'objects'],
        cwd=tree.ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    found = {}
    for line in out.splitlines():
        program, _, paths = line.partition(': ')
        found[program] = [os.path.relpath(p, build)[:-2] + '.c'
                          for p in paths.split()]
    return found


def require_plain(build, sources):
    for source in sources:
        with open(f'{build}/{source[:-2]}.o', 'rb') as f:
            if NOT_PLAIN.search(f.read()):
                sys.exit(f'{source[:-2]}.o is made with LTO, a sanitizer or '
                         'for coverage; this check needs a plain build')


def symbols(build, sources):
    """{source: (global symbols that it defines, symbols that it needs)}"""
    require_plain(build, sources)
    found = {s: (set(), set()) for s in sources}
    out = subprocess.run(
        ['nm', '-A', '-P', '-g', *(s[:-2] + '.o' for s in sources)],
        cwd=build, check=True, stdout=subprocess.PIPE, text=True).stdout
    for line in out.splitlines():
        path, name, kind = line.split()[:3]
        found[path[:-len('.o:')] + '.c'][kind in 'Uvw'].add(name)
    return found


def graph(sources, found):
    """{file: {file that it needs: symbols}} within one program."""
    owner = {name: s for s in sources for name in found[s][0]}
    arrows = {s: {} for s in sources}
    for s in sources:
        for name in found[s][1] - found[s][0]:
            if name in owner:
                arrows[s].setdefault(owner[name], set()).add(name)
    return arrows


def circles(arrows):
    """Tarjan: the sets of two or more files that need each other."""
    number, low, stack, found = {}, {}, [], []

    def visit(file):
        number[file] = low[file] = len(number)
        stack.append(file)
        for other in sorted(arrows[file]):
            if other not in number:
                visit(other)
            if other in stack:
                low[file] = min(low[file], low[other])
        if low[file] == number[file]:
            at = stack.index(file)
            if len(stack) - at > 1:
                found.append(sorted(stack[at:]))
            del stack[at:]

    for file in sorted(arrows):
        if file not in number:
            visit(file)
    return found

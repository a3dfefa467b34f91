/*
 * The shared files of AWS's tools, read into sections and properties. They hold
 * secrets, so all memory is wiped when freed.
 */
#include <sys/queue.h>
#include <sys/stat.h>

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "environment.h"
#include "files.h"
#include "ini.h"
#include "mem.h"
#include "sys.h"

enum section_kind { SECTION_PROFILE, SECTION_SERVICES };

struct property {
	char			*name;
	char			*sub;	/* nested name, or NULL */
	char			*value;
	TAILQ_ENTRY(property)	 entry;
};

struct section {
	enum section_kind		 kind;
	char				*name;
	bool				 plain;	/* [default] in config */
	TAILQ_HEAD(, property)		 properties;
	TAILQ_ENTRY(section)		 entry;
};

struct file {
	char				*path;
	bool				 config;
	TAILQ_HEAD(, section)		 sections;
	struct section			*now;	/* being read, or NULL */
	struct stat			 seen;	/* just before it was read; 0:
						   it was not there */
};

struct aws_files {
	struct file	file[FILE_MAX];
};

/* --- sections and properties --- */

static void
properties_free(struct section *s)
{
	struct property *p;

	while ((p = TAILQ_FIRST(&s->properties)) != NULL) {
		TAILQ_REMOVE(&s->properties, p, entry);
		xfree_secret(p->name);
		xfree_secret(p->sub);
		xfree_secret(p->value);
		free(p);
	}
}

static struct section *
section_find(const struct file *file, enum section_kind kind, const char *name)
{
	struct section *s;

	TAILQ_FOREACH(s, &file->sections, entry)
		if (s->kind == kind && strcmp(s->name, name) == 0)
			return s;
	return NULL;
}

static bool
same_sub(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcasecmp(a, b) == 0;
}

static struct property *
property_find(const struct section *s, const char *name, const char *sub)
{
	struct property *p;

	if (s == NULL)
		return NULL;
	TAILQ_FOREACH(p, &s->properties, entry)
		if (strcasecmp(p->name, name) == 0 && same_sub(p->sub, sub))
			return p;
	return NULL;
}

static const char *
property_value(const struct section *s, const char *name, const char *sub)
{
	const struct property *p = property_find(s, name, sub);

	return p == NULL || p->value[0] == '\0' ? NULL : p->value;
}

/* "profile NAME" or "profile "NAME"" for a prefix: the name, cut out in place,
 * else NULL. */
static char *
after_prefix(char *title, const char *prefix)
{
	size_t n = strlen(prefix);
	char *name, *end;

	if (strncmp(title, prefix, n) != 0 ||
	    (title[n] != ' ' && title[n] != '\t'))
		return NULL;
	name = title + n + strspn(title + n, " \t");
	if (*name == '"' || *name == '\'') {
		end = strrchr(name, *name);
		if (end == name || end[1] != '\0')
			return NULL;
		*end = '\0';
		return name + 1;
	}
	return *name == '\0' || strpbrk(name, " \t") != NULL ? NULL : name;
}

/* Begin or continue a section. [profile default] in the config file replaces
 * all of [default]; unknown titles are ignored. */
static void
section_enter(struct file *file, const char *line)
{
	enum section_kind kind = SECTION_PROFILE;
	char *title = xstrdup(line), *name = title;
	bool plain = false;
	struct section *s;

	file->now = NULL;
	if (file->config && strcmp(title, "default") == 0) {
		plain = true;
	} else if (file->config &&
	    (name = after_prefix(title, "profile")) == NULL) {
		kind = SECTION_SERVICES;
		name = after_prefix(title, "services");
	}
	if (name == NULL)
		goto out;
	if ((s = section_find(file, kind, name)) == NULL) {
		s = xcalloc(1, sizeof(*s));
		s->kind = kind;
		s->name = xstrdup(name);
		s->plain = plain;
		TAILQ_INIT(&s->properties);
		TAILQ_INSERT_TAIL(&file->sections, s, entry);
	} else if (plain && !s->plain) {
		goto out;
	} else if (!plain && s->plain) {
		properties_free(s);
		s->plain = false;
	}
	file->now = s;
out:
	xfree_secret(title);
}

static int
take_line(const struct ini_line *l, void *arg, struct fail *fail)
{
	struct file *file = arg;
	struct property *p;

	(void)fail;
	if (l->name == NULL) {
		section_enter(file, l->section);
		return 0;
	}
	if (file->now == NULL)
		return 0;
	if ((p = property_find(file->now, l->name, l->sub)) == NULL) {
		p = xcalloc(1, sizeof(*p));
		p->name = xstrdup(l->name);
		p->sub = xstrdup(l->sub);
		TAILQ_INSERT_TAIL(&file->now->properties, p, entry);
	}
	xfree_secret(p->value);
	p->value = xstrdup(l->value);
	return 0;
}

/* --- finding and reading the files --- */

/* "~/x" below $HOME, or the home folder of the password database. */
static char *
home_path(const char *path)
{
	const char *home;
	struct passwd *pw;

	if (path[0] != '~' || (path[1] != '/' && path[1] != '\0'))
		return xstrdup(path);
	if ((home = variable("HOME")) == NULL) {
		pw = getpwuid(getuid());
		home = pw != NULL ? pw->pw_dir : "/";
	}
	return xasprintf("%s%s", home, path + 1);
}

/* After stat failed: whether the file's own folder is closed, so that it may
 * hold another identity than the next source has. A home folder that the unit
 * hides counts as none. */
static bool
is_closed(const char *path)
{
	bool closed = errno == EACCES;
	char *folder = xstrdup(path), *end;

	for (int up = 0; up < 2; up++)
		if ((end = strrchr(folder, '/')) != NULL)
			*end = '\0';
	closed = closed && access(folder, X_OK) == 0;
	free(folder);
	return closed;
}

static int
file_load(struct file *file, const char *option, const char *name,
    const char *usual, struct fail *fail)
{
	const char *given = option != NULL ? option : variable(name);
	char *text;
	size_t len;
	int rc;

	file->path = home_path(given != NULL ? given : usual);
	if (stat(file->path, &file->seen) != 0) {
		bool closed = is_closed(file->path);

		memset(&file->seen, 0, sizeof(file->seen));
		if (given == NULL && !closed)
			return 0;
	}
	if ((text = sys_read_file(file->path, AWS_FILE_MAX, &len)) == NULL)
		return fail_set(fail, FAIL_CONFIG, "cannot read %s%s%s: %s",
		    file->path, given == NULL ? "" : option != NULL ?
		    ", named by option" : ", named by ",
		    given != NULL && option == NULL ? name : "",
		    sys_read_error(errno, AWS_FILE_MAX));
	rc = ini_read(text, len, INI_AWS, take_line, file, fail);
	xfree_secret(text);
	if (rc != 0)
		return fail_prefix(fail, "%s: ", file->path);
	return 0;
}

int
files_load(struct aws_files **loaded, const struct options *o,
    struct fail *fail)
{
	struct aws_files *files = xcalloc(1, sizeof(*files));

	for (int i = 0; i < FILE_MAX; i++)
		TAILQ_INIT(&files->file[i].sections);
	files->file[FILE_CONFIG].config = true;
	*loaded = files;
	if (file_load(&files->file[FILE_CREDENTIALS], o->credentials_file,
	    "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials", fail) != 0)
		return -1;
	return file_load(&files->file[FILE_CONFIG], o->config_file,
	    "AWS_CONFIG_FILE", "~/.aws/config", fail);
}

void
files_free(struct aws_files *files)
{
	struct section *s;

	if (files == NULL)
		return;
	for (int i = 0; i < FILE_MAX; i++) {
		while ((s = TAILQ_FIRST(&files->file[i].sections)) != NULL) {
			TAILQ_REMOVE(&files->file[i].sections, s, entry);
			properties_free(s);
			free(s->name);
			free(s);
		}
		free(files->file[i].path);
	}
	free(files);
}

/* --- asking --- */

const char *
files_path(const struct aws_files *files, enum aws_file which)
{
	return files->file[which].path;
}

const struct stat *
files_seen(const struct aws_files *files, enum aws_file which)
{
	return &files->file[which].seen;
}

bool
files_has_profile(const struct aws_files *files, const char *name)
{
	for (int i = 0; i < FILE_MAX; i++)
		if (section_find(&files->file[i], SECTION_PROFILE, name) !=
		    NULL)
			return true;
	return false;
}

const char *
files_get(const struct aws_files *files, enum aws_file which,
    const char *profile, const char *key)
{
	return property_value(section_find(&files->file[which],
	    SECTION_PROFILE, profile), key, NULL);
}

const char *
files_find(const struct aws_files *files, const char *profile,
    const char *key, enum aws_file *where)
{
	for (int i = 0; i < FILE_MAX; i++) {
		const char *value = files_get(files, (enum aws_file)i, profile,
		    key);

		if (value == NULL)
			continue;
		if (where != NULL)
			*where = (enum aws_file)i;
		return value;
	}
	return NULL;
}

bool
files_has_services(const struct aws_files *files, const char *name)
{
	return section_find(&files->file[FILE_CONFIG], SECTION_SERVICES,
	    name) != NULL;
}

const char *
files_service(const struct aws_files *files, const char *services,
    const char *service, const char *key)
{
	return property_value(section_find(&files->file[FILE_CONFIG],
	    SECTION_SERVICES, services), service, key);
}
